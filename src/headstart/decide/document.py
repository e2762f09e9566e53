"""decision.json, made from the ledger alone."""

from __future__ import annotations

from typing import Any

from headstart.decide.evidence import at, branches, estimates, kind, leaves, value
from headstart.decide.figures import Reader
from headstart.decide.outputs import output_columns, output_reader
from headstart.decide.trace import Cited, cite, split
from headstart.types.ledger import Entry, LedgerView, escape, unescape

SCHEMA_VERSION = "1.5"


def decision_json(view: LedgerView) -> dict[str, Any]:
    """The content of decision.json (`decision.schema.json`, version `SCHEMA_VERSION`).

    Everything outside `timings` and `ledger` follows from the evidence: no clock, no row ids.

    Raises:
        KeyError: the view holds no decision.
    """
    view.entry("/decide/ship")
    document, ledger = split(
        {
            "schema_version": SCHEMA_VERSION,
            "name": value(view, "/brief/name", ""),
            "modality": value(view, "/data/modality"),
            "transfer": value(view, "/decide/transfer"),
            "approach": value(view, "/decide/approach"),
            "ship": value(view, "/decide/ship"),
            "rule": {
                "name": value(view, "/decide/rule", ""),
                "version": value(view, "/decide/rules_version", ""),
            },
            "reasons": _sentences(view, "reasons"),
            "risks": _sentences(view, "risks"),
            "next_steps": _sentences(view, "next_steps"),
            "outputs": _outputs(view),
            "metric": _metric(view),
            "chosen": _chosen(view),
            "holdout": _holdout(view),
            "comparisons": [_record(at(view, p)) for p in branches(view, "/adapt/comparisons")],
            "candidates": _candidates(view),
            "backbones": [_backbone(view, pointer) for pointer in branches(view, "/select")],
            "data": _data(view),
            "bundle": _bundle(view),
            "run": {key: _number(view, f"/run/{key}") for key in ("version", "seed")},
            "timings": _timings(view),
        }
    )
    return {**document, "ledger": ledger}


def _number(view: LedgerView, pointer: str) -> Any:
    """The leaf at `pointer` with its row; None where nothing was recorded."""
    found = at(view, pointer)
    return None if found is None else _record(found)


def _record(entry: Entry | None) -> Any:
    """A leaf as it stands in the document: records lose their kind, a hole says why."""
    if entry is None:
        return {"unavailable": "not recorded"}
    if kind(entry) == "NotAvailable":
        return {"unavailable": entry.value["reason"]}
    if isinstance(entry.value, dict):
        return cite(entry, {k: v for k, v in entry.value.items() if k != "kind"})
    return Cited(entry.value, (entry.id,))


def _metrics(view: LedgerView, pointer: str) -> dict[str, Any]:
    return {name: _record(entry) for name, entry in estimates(view, pointer).items()}


def _sentences(view: LedgerView, part: str) -> list[Cited]:
    found = at(view, f"/decide/{part}")
    if found is None:
        return []
    pieces = value(view, f"/decide/cited/{part}", [])
    sentences = []
    for index, text in enumerate(found.value):
        cited = pieces[index] if index < len(pieces) else []
        rows = [at(view, source) for _, source in cited if source.startswith("/")]
        ids = [found.id, *(row.id for row in rows if row is not None)]
        sentences.append(Cited(text, tuple(dict.fromkeys(ids)), sentence=True))
    return sentences


def _outputs(view: LedgerView) -> list[dict[str, Any]]:
    """A row for every label column; of a single one, the document's own answer once more."""
    read = Reader(view)
    columns = output_columns(read)
    if not columns:
        return [_one_output(view)]
    return [_one_output(output_reader(read, column).view) for column in columns]


def _one_output(view: LedgerView) -> dict[str, Any]:
    metric = value(view, "/adapt/metric")
    classes = at(view, "/data/classes")
    return {
        "column": value(view, "/data/label_column"),
        "ship": value(view, "/decide/ship"),
        "rule": value(view, "/decide/rule", ""),
        "transfer": value(view, "/decide/transfer"),
        "approach": value(view, "/decide/approach"),
        "metric": metric,
        "value": _record(at(view, f"/evaluate/metrics/{escape(str(metric))}")),
        "basis": value(view, "/evaluate/basis"),
        "transfer_comparison": _record(at(view, "/adapt/transfer_comparison")),
        "against_majority": _record(at(view, "/evaluate/against_majority")),
        "certificate": _record(at(view, "/evaluate/certificate")),
        "rows": _number(view, "/data/rows"),
        "classes": Cited(len(classes.value), (classes.id,)) if classes else 0,
        "unlabelled": _number(view, "/data/unlabelled") or 0,
    }


def _metric(view: LedgerView) -> dict[str, Any]:
    return {
        "name": value(view, "/adapt/metric"),
        "reason": value(view, "/audit/metric_reason", ""),
        "miss_weights": _tree(view, "/answers/weights") or {},
        "required_level": _number(view, "/brief/requirement/level"),
        "margin": _number(view, "/adapt/margin"),
        "confidence": _number(view, "/brief/requirement/confidence"),
    }


def _tree(view: LedgerView, pointer: str) -> Any:
    """A recorded mapping or list put together again."""
    found = at(view, pointer)
    if found is not None:
        return _record(found)
    return {
        unescape(branch.rsplit("/", 1)[1]): _tree(view, branch)
        for branch in branches(view, pointer)
    }


def _chosen(view: LedgerView) -> dict[str, Any]:
    return {"approach": value(view, "/decide/approach"), **_tree(view, "/decide/chosen")}


def _holdout(view: LedgerView) -> dict[str, Any]:
    return {
        "basis": value(view, "/evaluate/basis"),
        "kind": value(view, "/audit/holdout_kind"),
        "n": _number(view, "/evaluate/n"),
        "n_all": _number(view, "/evaluate/n_all"),
        "openings": _number(view, "/evaluate/openings"),
        "metrics": _metrics(view, "/evaluate/metrics"),
        "metrics_all": _metrics(view, "/evaluate/metrics_all"),
        "majority": _metrics(view, "/evaluate/majority"),
        "against_majority": _record(at(view, "/evaluate/against_majority")),
        "certificate": _record(at(view, "/evaluate/certificate")),
        "costs": _costs(view),
        "automation": _report(view, "automation", ("chosen", "review")),
        "calibration": _report(view, "calibration", ("sure_from",)),
        "prediction_sets": _report(view, "prediction_sets", ("level", "threshold", "n_reference")),
        "ordinal": _ordinal(view),
        "today": _today(view),
        "unseen_labels": list(value(view, "/evaluate/unseen_labels", [])),
    }


def _costs(view: LedgerView) -> Any:
    found = at(view, "/evaluate/costs")
    known = branches(view, "/evaluate/costs")
    return _metrics(view, "/evaluate/costs") if known and found is None else _record(found)


def _ordinal(view: LedgerView) -> Any:
    found = at(view, "/evaluate/ordinal")
    rows = branches(view, "/evaluate/ordinal/steps")
    if found is not None or not rows:
        return _record(found)
    names = ("steps", "or_more", "n")
    steps = [
        {**{name: _number(view, f"{row}/{name}") for name in names}, **_metrics(view, row)}
        for row in rows
    ]
    return {**_metrics(view, "/evaluate/ordinal"), "steps": steps}


def _today(view: LedgerView) -> Any:
    found = at(view, "/evaluate/today")
    if found is not None or not branches(view, "/evaluate/today"):
        return _record(found)
    names = ("answered", "accuracy", "accuracy_of_model", "accuracy_of_all", "cost",
             "cost_of_model", "difference")  # fmt: skip
    return {
        "column": value(view, "/brief/data/current"),
        **{name: _record(at(view, f"/evaluate/today/{name}")) for name in names},
        "strange": _number(view, "/evaluate/today/strange"),
        "strange_answers": list(value(view, "/evaluate/today/strange_answers", [])),
    }


def _report(view: LedgerView, name: str, numbers: tuple[str, ...]) -> Any:
    """A part of the evaluation: its estimates and numbers, or why there is none."""
    found = at(view, f"/evaluate/{name}")
    if found is not None or not branches(view, f"/evaluate/{name}"):
        return _record(found)
    plain = {number: _number(view, f"/evaluate/{name}/{number}") for number in numbers}
    return {**_metrics(view, f"/evaluate/{name}"), **plain}


def _candidates(view: LedgerView) -> list[dict[str, Any]]:
    chosen = value(view, "/adapt/chosen")
    found = []
    for arm in branches(view, "/adapt/arms"):
        plain = dict(leaves(view, arm))
        found.append(
            {
                "name": plain["name"].value,
                "family": plain["family"].value,
                "available": True,
                "chosen": plain["name"].value == chosen,
                "pretrained": plain["pretrained"].value,
                "deployable": plain["deployable"].value,
                "description": plain["describe"].value,
                "backbone": plain["backbone"].value,
                "metrics": _metrics(view, f"{arm}/metrics"),
            }
        )
    for arm in branches(view, "/adapt/unavailable"):
        found.append(
            {
                "name": value(view, f"{arm}/name"),
                "family": value(view, f"{arm}/family"),
                "available": False,
                "reason": value(view, f"{arm}/why", {}).get("reason", ""),
            }
        )
    return found


def _backbone(view: LedgerView, pointer: str) -> dict[str, Any]:
    card = {
        name: _number(view, f"{pointer}/card/{name}")
        for name in ("ref", "name", "licence", "source", "parameters", "feature_width")
    }
    measured = {
        name: _number(view, f"{pointer}/{name}")
        for name in ("weights_sha256", "runtime", "runtime_reason", "parity", "truncated_share")
    }
    return card | measured


def _data(view: LedgerView) -> dict[str, Any]:
    classes = at(view, "/data/classes")
    labels = list(classes.value) if classes else []
    return {
        "rows": _number(view, "/data/rows"),
        "classes": Cited(len(labels), (classes.id,)) if classes else 0,
        "labels": labels,
        "sha256": value(view, "/data/sha256"),
        "source": value(view, "/data/source"),
        "input_column": value(view, "/data/input_column"),
        "label_column": value(view, "/data/label_column"),
        "holdout_source": value(view, "/data/holdout_source"),
        "holdout_sha256": value(view, "/data/holdout_sha256"),
        "dropped": _dropped(view, "/data/set_aside") + _dropped(view, "/data/holdout_set_aside"),
    }


def _dropped(view: LedgerView, pointer: str) -> list[Cited]:
    found = []
    for branch in branches(view, pointer):
        entry = view.entry(branch)
        place = {k: v for k, v in entry.value["place"].items() if k != "kind"}
        rest = {key: entry.value[key] for key in ("reason", "excerpt")}
        found.append(cite(entry, {**place, **rest}))
    return found


def _bundle(view: LedgerView) -> dict[str, Any]:
    return {
        "size_bytes": _number(view, "/package/size_bytes"),
        "parity": _record(at(view, "/package/parity")),
    }


def _timings(view: LedgerView) -> dict[str, Any]:
    return {
        "created_at": value(view, "/run/created_at"),
        "machine": _tree(view, "/run/machine") or None,
        "stages": {name: _record(entry) for name, entry in leaves(view, "/timings")},
        "latency_ms": _metrics(view, "/package/latency_ms"),
        "rows_per_second": _number(view, "/package/rows_per_second"),
        "cost_per_million": _number(view, "/package/cost_per_million"),
    }
