"""The back of the memo: data, cost, brief, provenance and the ledger rows that were used."""

from __future__ import annotations

import json
from typing import Any

from headstart.decide.evidence import at, branches, kind, leaves, value
from headstart.decide.figures import Figure, Quote, Reader, Said
from headstart.decide.findings import findings
from headstart.decide.looks import widened
from headstart.decide.words import count, megabytes, milliseconds, seconds
from headstart.metrics.words import percent, significant
from headstart.types.brief import said_as
from headstart.types.ledger import Entry, LedgerRow, unescape

SHOWN_DROPPED = 30
EXHIBITS = 3
SHOWN_REASONS = 12
SHOWN_REMARKS = 12
VALUE_LENGTH = 140
PREVALENCE = "/brief/data/prevalence"
SHOWN_SHARES = 6


def data(read: Reader) -> dict[str, Any]:
    """Rows, classes, what was set aside and what the audit found."""
    groups = [_dropped(read, "/data/set_aside"), _dropped(read, "/data/holdout_set_aside")]
    classes = read.at("/data/classes")
    remarks = read.at("/data/remarks")
    return {
        "source": Quote(str(read.value("/data/source", "")), 160),
        "rows": read.number("/data/rows"),
        "classes": read.figure(count(len(classes.value)), classes) if classes else None,
        "holdout": Quote(str(read.value("/data/holdout_source", "")), 160),
        "holdout_rows": read.number("/data/holdout_rows"),
        "columns": [
            (name, Quote(str(read.value(f"/data/{key}")), 60))
            for name, key in (("Input column", "input_column"), ("Label column", "label_column"))
            if read.value(f"/data/{key}")
        ],
        "in_use": _in_use(read),
        "remarks": [read.prose(text, remarks) for text in remarks.value[:SHOWN_REMARKS]]
        if remarks
        else [],
        "dropped": [group for group in groups if group],
        "findings": findings(read, EXHIBITS),
    }


def _in_use(read: Reader) -> Said:
    """How common each label is in use, the commonest first, where the brief says so."""
    shares = sorted(leaves(read.view, PREVALENCE), key=lambda pair: -pair[1].value)
    said: list[str | Figure | Quote] = ["In use, cases come as the brief says: "] if shares else []
    for number, (name, entry) in enumerate(shares[:SHOWN_SHARES]):
        said += [", ‘" if number else "‘", Quote(unescape(name), 40), "’ "]
        said.append(read.figure(f"{100 * entry.value:.3g}%", entry))
    more = len(shares) > SHOWN_SHARES
    drawn = read.value("/audit/holdout_kind") == "carved" and not read.value(
        "/brief/data/time_column"
    )
    if shares:
        said.append(
            f"{' and others' if more else ''}. Probabilities, the arms' scores and thresholds are "
            f"those of use{', and so is the hold-out' if drawn else ''}."
        )
    return Said(tuple(said))


def _dropped(read: Reader, pointer: str) -> dict[str, Any] | None:
    entries = [read.view.entry(branch) for branch in branches(read.view, pointer)]
    if not entries:
        return None
    reasons: dict[str, list[Entry]] = {}
    for entry in entries:
        reasons.setdefault(entry.value["reason"], []).append(entry)
    common = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        "what": ("hold-out " if "holdout" in pointer else "")
        + ("row" if len(entries) == 1 else "rows"),
        "total": read.figure(count(len(entries)), entries[0], derived=True),
        "reasons": [
            (Quote(reason, 120), read.figure(count(len(found)), found[0], derived=True))
            for reason, found in common[:SHOWN_REASONS]
        ],
        "rows": [_row(read, entry) for entry in entries[:SHOWN_DROPPED]],
        "numbered": any(entry.value["place"]["row"] is not None for entry in entries),
        "hidden": _more(read, len(entries) - SHOWN_DROPPED, entries[-1]),
    }


def _more(read: Reader, hidden: int, entry: Entry) -> Figure | None:
    return read.figure(count(hidden), entry, derived=True) if hidden > 0 else None


def _row(read: Reader, entry: Entry) -> dict[str, Any]:
    found = entry.value
    place = found["place"]
    return {
        "file": Quote(str(place["file"]), 80),
        "row": read.figure(count(place["row"]), entry) if place["row"] is not None else None,
        "column": Quote(str(place["column"]), 40) if place["column"] else None,
        "reason": Quote(found["reason"], 160),
        "excerpt": Quote(found["excerpt"], 90) if found["excerpt"] else None,
    }


def cost(read: Reader) -> dict[str, Any]:
    """Latency, throughput, size, parity and what each stage took."""
    latency = [
        (name, read.measure("", entry, milliseconds))
        for name, entry in leaves(read.view, "/package/latency_ms")
    ]
    parity = read.at("/package/parity")
    facts: list[tuple[str, Said]] = []
    for label, pointer, write in (
        ("Answers a second, in batches", "/package/rows_per_second", significant),
        ("Compute cost of a million answers", "/package/cost_per_million", significant),
        ("Size of the bundle", "/package/size_bytes", megabytes),
    ):
        number = read.number(pointer, write)
        facts.append((label, Said((number,)) if number else Said(("not measured",))))
    if parity is not None and kind(parity) == "Parity":
        found = parity.value
        facts.append(
            (
                "Bundle against the trained model",
                Said(
                    (
                        read.figure(count(found["labels_equal"]), parity),
                        " of ",
                        read.figure(count(found["rows"]), parity),
                        " answers equal, largest difference ",
                        read.figure(significant(found["largest_difference"]), parity),
                    )
                ),
            )
        )
    eight = _eight_bits(read)
    if eight is not None:
        facts.append(("The same in eight bits", eight))
    stages = [
        (Quote(unescape(name), 60), read.figure(seconds(entry.value), entry))
        for name, entry in leaves(read.view, "/timings")
    ]
    clients = read.number("/package/at_once", count)
    return {"latency": latency, "facts": facts, "stages": stages, "clients": clients}


def _eight_bits(read: Reader) -> Said | None:
    """None where it was not looked at."""
    why = read.at("/eight_bits")
    if why is not None:
        return Said(("not available: ", Quote(str(why.value["reason"]), 200)))
    size = read.number("/eight_bits/size_bytes", megabytes)
    equal, rows = (read.number(f"/eight_bits/{name}") for name in ("labels_equal", "rows"))
    p95 = read.measure("", read.at("/eight_bits/latency_ms/p95"), milliseconds).value
    if size is None or equal is None or rows is None:
        return None
    speed = (p95, " at p95, ") if p95 is not None else ()
    return Said((*speed, size, ", ", equal, " of ", rows, " answers equal; not what ships"))


def brief(read: Reader) -> list[dict[str, Any]]:
    """Every field of the brief as headstart.toml names it, and whether the user set it."""
    defaulted = set(read.value("/brief/defaulted", []))
    rows: list[dict[str, Any]] = []

    def walk(pointer: str, path: str) -> None:
        entry = at(read.view, pointer)
        if entry is None:
            for branch in branches(read.view, pointer):
                token = unescape(branch.rsplit("/", 1)[1])
                walk(branch, f"{path}.{token}" if path else token)
            return
        if path == "defaulted":
            return
        name = said_as(path)
        rows.append(
            {
                "field": Quote(name, 80),
                "value": _plain(read, entry),
                "defaulted": name in defaulted,
            }
        )

    walk("/brief", "")
    return rows


def _plain(read: Reader, entry: Entry) -> Figure | Quote | str:
    found = entry.value
    if isinstance(found, bool) or found in (None, "", [], {}):
        return "yes" if found is True else "no" if found is False else "—"
    if isinstance(found, (int, float)):
        return read.figure(f"{found:g}", entry)
    if isinstance(found, list):
        return Quote(", ".join(str(item) for item in found), 200)
    return Quote(str(found), 200)


def provenance(read: Reader) -> list[tuple[str | Said, Any]]:
    """Hashes, versions, seed and machine."""
    rows: list[tuple[str | Said, Any]] = [
        ("Data, sha256", Quote(str(read.value("/data/sha256", "—")))),
    ]
    if read.value("/data/holdout_sha256"):
        rows.append(("Hold-out, sha256", Quote(str(read.value("/data/holdout_sha256")))))
    openings = read.number("/evaluate/openings")
    if openings and read.value("/evaluate/openings"):
        wider = widened(read)
        paid: tuple[str | Figure, ...] = ()
        if wider is not None:
            paid = ("; every interval and test on it at ", wider, ", to hold for all looks at once")
        rows.append(("Times the hold-out was opened", Said((openings, *paid))))
    for pointer in branches(read.view, "/select"):
        name = Quote(str(value(read.view, f"{pointer}/card/name", "")), 80)
        licence = Quote(str(value(read.view, f"{pointer}/card/licence", "")), 80)
        sha = Quote(str(value(read.view, f"{pointer}/weights_sha256", "")))
        rows.append((Said(("Backbone ", name)), Said((licence, ", sha256 ", sha))))
        share = read.number(f"{pointer}/truncated_share", percent)
        if share:
            rows.append((Said(("Texts longer than ", name, " reads")), share))
    seed = read.number("/run/seed")
    rows += [("Seed", seed)] if seed else []
    for label, key in (("Headstart", "version"), ("Made", "created_at"), ("Machine", "machine")):
        found = read.value(f"/run/{key}")
        if found:
            rows.append((label, Quote(str(found), 200)))
    rules = read.value("/decide/rules_version")
    if rules:
        name = read.value("/decide/rule", "")
        rows.append(("Rules", Said(("version ", Quote(str(rules)), ", rule ", Quote(name)))))
    return rows


def ledger(read: Reader) -> list[dict[str, Any]]:
    """The rows that were used, by stage and provenance. Call it last."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for row in read.view.rows:
        if row.id not in read.used:
            continue
        stage = unescape(row.pointer.split("/")[1])
        hashes = json.dumps(dict(row.provenance), sort_keys=True, ensure_ascii=False)
        group = groups.setdefault(
            (stage, hashes),
            {
                "stage": stage,
                "provenance": [
                    (Quote(name, 40), Quote(str(text)[:16] if len(str(text)) > 40 else str(text)))
                    for name, text in row.provenance.items()
                ],
                "rows": [],
            },
        )
        group["rows"].append(_ledger_row(row))
    return list(groups.values())


def _ledger_row(row: LedgerRow) -> dict[str, Any]:
    found = row.value
    if isinstance(found, dict):
        found = {key: item for key, item in found.items() if key != "kind"}
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return {"id": row.id, "pointer": Quote(row.pointer, 100), "value": Quote(text, VALUE_LENGTH)}
