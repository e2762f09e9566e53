"""Page one of the memo: the recommendation, why, what it costs, what could go wrong, what next."""

from __future__ import annotations

from typing import Any

from headstart.decide.automation_chapter import automation_sentence
from headstart.decide.chapters import WEIGHTS
from headstart.decide.evidence import branches, is_estimate, kind
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.decide.outputs import output_columns, output_reader
from headstart.decide.time_spent import time_spent
from headstart.decide.words import (
    BASIS_WORDS,
    SHIP_WORDS,
    exact_milliseconds,
    megabytes,
    milliseconds,
)
from headstart.metrics.words import (
    LOWER_IS_BETTER,
    difference,
    metric_name,
    percent,
    significant,
    unit,
)
from headstart.types.ledger import escape

TRANSFER_WORDS = {
    "helps": "helps",
    "harms": "harms",
    "inconclusive": "not enough evidence",
}
ON_ALL_LAYERS = "adapted:probe"
"""The one adapted arm whose network stays as it is."""
_TOGETHER = {
    "yes": "all of its answers are fit to ship.",
    "with-review": "let people check the answers that are not fit to ship alone.",
    "no": "not all of its answers are good enough.",
}
"""What holds for several label columns together."""


def sentences(read: Reader, part: str) -> list[Said]:
    """`reasons`, `risks` or `next_steps` with their numbers linked."""
    own = read.at(f"/decide/{part}")
    if own is None:
        return []
    cited = read.value(f"/decide/cited/{part}", [])
    return [
        read.sentence(text, cited[index] if index < len(cited) else (), own)
        for index, text in enumerate(own.value)
    ]


def backbone_name(read: Reader) -> str:
    """Name of the chosen backbone, or its reference."""
    ref = read.value("/decide/chosen/backbone", "")
    return str(read.value(f"/select/{escape(ref)}/card/name", ref)) if ref else ""


def several_labels(read: Reader) -> bool:
    """Whether a row may have several labels."""
    return read.value("/data/separator") is not None


def _approach(read: Reader) -> tuple[Said, str]:
    """What to use, and for the simpler approaches why not something larger."""
    approach, transfer = read.value("/decide/approach"), read.value("/decide/transfer")
    name = Quote(backbone_name(read), 60)
    if approach in ("frozen", "adapted"):
        how = "adapted to the task"
        if approach == "frozen":
            how = "kept frozen, with a new head"
        elif read.value("/adapt/chosen") == ON_ALL_LAYERS:
            how = "kept frozen, with a new head on all of its layers"
        return Said(("the pretrained network ", name, ", ", how)), ""
    if approach == "zero-shot":
        what = Said(("the generic model ", name, " as it is" if name.text else "as it is"))
        return what, " Training was not worth it."
    if approach == "majority":
        if several_labels(read):
            return Said(("no model at all: give every case the same labels",)), ""
        return Said(("no model at all: always answer the largest class",)), ""
    return Said(("the classical model",)), {
        "harms": " A pretrained network is credibly worse here.",
        "inconclusive": " A pretrained network has not been shown to be worth it.",
        "helps": " A pretrained network is better, but by less than is worth it, or none to ship.",
    }[transfer]


def statement(read: Reader) -> Said:
    """The recommendation in one or two sentences; of several label columns what holds for all."""
    columns = output_columns(read)
    if columns:
        parts: list[str | Figure | Quote] = ["One bundle answers "]
        for number, column in enumerate(columns):
            last = " and " if number == len(columns) - 1 else ", "
            parts += [last if number else "", Quote(column, 40)]
        return Said((*parts, " in one pass; ", _TOGETHER[read.value("/decide/ship")]))
    what, why = _approach(read)
    ship = read.value("/decide/ship")
    if ship == "no":
        return Said(("The best candidate so far is ", *what.parts, ", and it is not enough.", why))
    reviewed = read.at("/evaluate/certificate")
    if ship == "yes" and reviewed is not None and kind(reviewed) == "SelectiveCertificate":
        share = read.figure(percent(reviewed.value["reviewed"]), reviewed)
        flags = read.value("/brief/data/out_of_scope") is not None
        alone = f" It is fit to ship, with {'' if flags else 'the least sure '}"
        return Said(("Use ", *what.parts, ".", alone, share, " of the cases sent to people.", why))
    if ship == "yes":
        return Said(("Use ", *what.parts, ". It is fit to ship.", why))
    return Said(("Use ", *what.parts, ", and let people check its answers for now.", why))


def _interval(found: Measure) -> Said:
    if found.low is None or found.high is None or found.confidence is None:
        return Said((found.method or str(found.why),))
    return Said((found.confidence, " interval ", found.low, " to ", found.high))


def _tile(label: str | Said, value: Figure | str, note: Said) -> dict[str, Any]:
    return {"label": label, "value": value, "note": note}


def _outputs_tiles(read: Reader) -> list[dict[str, Any]]:
    """The primary metric of every label column; none for a run with one."""
    found = []
    for column in output_columns(read):
        first = _own_tiles(output_reader(read, column))[0]
        found.append({**first, "label": Said((Quote(column, 40), f": {first['label']}"))})
    return found


def tiles(read: Reader) -> list[dict[str, Any]]:
    """The four numbers that matter most, each with its interval or context."""
    return [*(_outputs_tiles(read) or _own_tiles(read)), *_latency(read)]


def _own_tiles(read: Reader) -> list[dict[str, Any]]:
    metric = read.value("/adapt/metric", "accuracy")
    basis = read.value("/evaluate/basis", "hold-out")
    found = read.measure(metric, read.at(f"/evaluate/metrics/{escape(metric)}"))
    shown = metric_name(metric, steps=read.steps)
    name = f"{shown[0].upper()}{shown[1:]} {BASIS_WORDS.get(basis, basis)}"
    tiles = [_tile(name, found.value or "—", _interval(found))]
    less = metric in LOWER_IS_BETTER
    same = "Against one answer for all"
    least = same if less or several_labels(read) else "Gain over the largest class"
    tiles += _gap(read, least, "/evaluate/against_majority")
    transfer = "Transfer’s difference (less is better)" if less else "Gain from transfer"
    tiles += _gap(read, transfer, "/adapt/transfer_comparison")
    return tiles


def _latency(read: Reader) -> list[dict[str, Any]]:
    p95 = read.at("/package/latency_ms/p95")
    if not is_estimate(p95):
        return []
    latency = read.measure("", p95, milliseconds)
    return [_tile("p95 latency of one request", latency.value or "—", _budget(read))]


def _gap(read: Reader, label: str, pointer: str) -> list[dict[str, Any]]:
    entry = read.at(pointer)
    if entry is None or kind(entry) != "Comparison":
        return []
    found, metric = entry.value, entry.value["metric"]

    def put(name: str) -> Figure:
        return read.figure(difference(metric, found[name]), entry)

    note = Said((f"{unit(metric, steps=read.steps)}, interval ", put("low"), " to ", put("high")))
    return [_tile(label, put("difference"), note)]


def _budget(read: Reader) -> Said:
    budget = read.number("/brief/budget/latency_ms", exact_milliseconds)
    return Said(("budget ", budget)) if budget else Said(("no budget is named",))


def costs(read: Reader) -> list[Said]:
    """What the answer costs to run and what it cost to find."""
    found: list[Said] = []
    p50 = read.measure("", read.at("/package/latency_ms/p50"), milliseconds)
    p95 = read.measure("", read.at("/package/latency_ms/p95"), milliseconds)
    if p50.value and p95.value:
        found.append(
            Said(("One answer takes ", p50.value, " at the median and ", p95.value, " at p95."))
        )
    elif p50.why:
        found.append(Said(("Latency is not known: ", *p50.why.parts, ".")))
    million = read.number("/package/cost_per_million", significant)
    price = read.number("/brief/budget/price_per_core_hour", lambda value: f"{value:g}")
    if million and price:
        found.append(
            Said(("A million answers cost ", million, " of compute, at ", price, " a core-hour."))
        )
    found += [_of_the_first(read, said) for said in mistakes(read)]
    automated = automation_sentence(read)
    found += [_of_the_first(read, automated)] if automated else []
    size = read.number("/package/size_bytes", megabytes)
    if size:
        found.append(Said(("The bundle is ", size, " and runs without torch.")))
    total = time_spent(read)
    if total:
        found.append(Said(("This decision took ", total, ".")))
    return found


def _of_the_first(read: Reader, said: Said) -> Said:
    """Costs are named for the first label column; of several it is said which that is."""
    columns = output_columns(read)
    return Said((Quote(columns[0], 40), ": ", *said.parts)) if columns else said


def _costs_named(read: Reader) -> bool:
    tables = ("mistake_costs", "false_alarm_costs", "cost_matrix")
    return any(branches(read.view, f"/brief/{table}") for table in tables)


def mistakes(read: Reader) -> list[Said]:
    """What wrong answers cost a case, where the brief says what a mistake costs."""
    why = read.at("/evaluate/costs")
    if why is not None:
        named = _costs_named(read)
        reason = read.prose(str(why.value["reason"]), why)
        return [Said(("The cost of mistakes is not known: ", *reason.parts, "."))] if named else []
    answers, cheapest, constant = (
        read.measure("", read.at(f"/evaluate/costs/{name}"), lambda cost: significant(cost, 3))
        for name in ("answers", "cheapest", "constant")
    )
    if answers.value is None or cheapest.value is None or constant.value is None:
        return []
    accuracy = read.measure("accuracy", read.at("/evaluate/costs/accuracy_of_cheapest"))
    own = read.measure("accuracy", read.at("/evaluate/costs/accuracy_of_answers"))
    counted = "the brief's costs" if _costs_named(read) else "steps of the order"
    said: list[str | Figure | Quote] = [
        f"In {counted}, mistakes cost ", answers.value, " a case",
        *_range(answers), " by the most probable answer and ", cheapest.value, *_range(cheapest),
        " by the cheapest expected one; one answer for all would cost ", constant.value, ".",
    ]  # fmt: skip
    if accuracy.value and own.value:
        said += [" Accuracy is ", own.value, " by the first and ", accuracy.value]
        said += [" by the second; ", *_given(read), "."]
    return [Said(tuple(said))]


def _given(read: Reader) -> tuple[str | Figure | Quote, ...]:
    """Which of the two the bundle gives, or neither."""
    metric = read.value("/adapt/metric")
    if metric == "cost":
        return ("the bundle gives the second",)
    own = read.measure("cost", read.at("/evaluate/metrics/cost"), lambda cost: significant(cost, 3))
    if not branches(read.view, WEIGHTS) or own.value is None:
        return ("the bundle gives the first",)
    return (f"the bundle's answers follow {metric_name(metric)} and cost ", own.value)


def _range(found: Measure) -> tuple[str | Figure | Quote, ...]:
    if found.low is None or found.high is None:
        return ()
    return " (", found.low, " to ", found.high, ")"


def _outputs_facts(read: Reader) -> list[tuple[Quote, str]]:
    """The verdict on every label column."""
    return [
        (
            Quote(column, 40),
            f"{SHIP_WORDS[own.value('/decide/ship')]}, {own.value('/decide/approach')}",
        )
        for column in output_columns(read)
        if (own := output_reader(read, column))
    ]


def opening(read: Reader) -> dict[str, Any]:
    """Everything on page one."""
    ship = read.value("/decide/ship")
    return {
        "name": Quote(str(read.value("/brief/name", "")), 120),
        "created_at": str(read.value("/run/created_at", ""))[:10],
        "ship": ship,
        "headline": SHIP_WORDS[ship],
        "statement": statement(read),
        "facts": _outputs_facts(read)
        or [
            ("Transfer", TRANSFER_WORDS[read.value("/decide/transfer")]),
            ("Approach", str(read.value("/decide/approach"))),
            ("Judged", BASIS_WORDS.get(read.value("/evaluate/basis"), "")),
        ],
        "value": Quote(str(read.value("/brief/value", "")), 300),
        "tiles": tiles(read),
        "reasons": sentences(read, "reasons"),
        "risks": sentences(read, "risks"),
        "next_steps": sentences(read, "next_steps"),
        "costs": costs(read),
    }
