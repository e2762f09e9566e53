"""`headstart select`: every candidate raced, measured, and set on a scorecard."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.backbones import cache_folder
from headstart.backbones.int8 import quantized
from headstart.backbones.licences import allowed, licence_of
from headstart.backbones.source_head import source_head
from headstart.data import make_folds
from headstart.metrics import shares_named
from headstart.metrics.words import metric_name
from headstart.ports import Encoder, Progress
from headstart.select.diagnostics import diagnostics
from headstart.select.learning_curve import learning_curve
from headstart.select.probe import probe
from headstart.select.race import FOLDS, REPEATS, race
from headstart.select.scoring import Scoring
from headstart.stats import compare
from headstart.types.brief import Brief
from headstart.types.errors import HeadstartError, InputError, InterruptedRunError
from headstart.types.model import BackboneCard
from headstart.types.result import Comparison, Estimate, NotAvailable
from headstart.types.select import (
    LearningCurve,
    Limit,
    Operations,
    RaceReport,
    ScorecardEntry,
    SelectionReport,
    Standing,
)
from headstart.workflow.arms import Rows
from headstart.workflow.carried import Carried, carried_over
from headstart.workflow.contenders import (
    AbsentContender,
    AnyContender,
    NetworkContender,
    Unknown,
    contenders,
)
from headstart.workflow.input_fit import input_fit
from headstart.workflow.operations import not_measured, operations
from headstart.workflow.relatedness import Reference, relatedness

RACE_MARGIN = 0.01
"""Where the brief's margin is in the unit of the costs."""
RACE_SHARE = 0.7
"""Share of the budget that the race may take; the rest is for measuring."""
INT8_ROWS = 300


@dataclass(frozen=True, slots=True)
class _Entrant:
    """A candidate and what bars it from the race, if anything does."""

    contender: AnyContender
    card: BackboneCard | None
    licence: str
    licence_note: str
    allowed: bool | None
    barred: str = ""
    served: Operations | None = None


def select(
    brief: Brief,
    rows: Rows,
    cards: Sequence[BackboneCard | Unknown],
    metric: str,
    reference: Reference | None,
    progress: Progress,
) -> SelectionReport:
    """The scorecard of every card, and of the classical features.

    Raises:
        InputError: no candidate could be run, or the brief bars every one.
    """
    begin = time.perf_counter()
    seconds = brief.budget.minutes * 60
    entrants = [_entrant(one, brief) for one in contenders(cards, rows, brief.seed, progress)]
    if brief.budget.latency_ms is not None:
        entrants = [_timed(one, brief, rows, progress) for one in entrants]
    running = [one.contender for one in entrants if not one.barred]
    if not running:
        why = "; ".join(f"{one.contender.ref}: {one.barred}" for one in entrants)
        raise InputError(
            f"every candidate is out before the race: {why}",
            tip="loosen the limits of the brief, or name other backbones",
        )
    in_use = shares_named(brief.data.prevalence, rows.labels)
    scoring = Scoring.of(metric, rows.codes, in_use)
    report = race(
        running,
        rows.codes,
        rows.groups,
        scoring=scoring,
        margin=_margin(brief),
        confidence=brief.requirement.confidence,
        budget_seconds=RACE_SHARE * seconds - (time.perf_counter() - begin),
        seed=brief.seed,
        progress=progress,
    )
    standings = {one.ref: one for one in report.standings}
    made = {}
    # What the budget does not reach is the dearest; the pick is measured before anything else.
    turns = sorted(
        entrants,
        key=lambda one: (
            one.contender.ref != report.pick,
            one.contender.seconds_per_row or float("inf"),
        ),
    )
    for done, one in enumerate(turns):
        progress(f"measuring {one.contender.name}", done, len(entrants))
        standing = standings.get(one.contender.ref) or _barred(one)
        late = time.perf_counter() - begin > seconds
        made[one.contender.ref] = _entry(
            one, standing, brief, rows, report, scoring, reference, late, progress
        )
    entries = [made[one.contender.ref] for one in entrants]
    pick = next(one for one in entrants if one.contender.ref == report.pick)
    carried = carried_over(pick.contender, rows, scoring, brief, progress)
    entries = [
        _with_carried(entry, carried) if entry.ref == report.pick else entry for entry in entries
    ]
    return SelectionReport(
        metric=report.metric,
        rows=len(rows.codes),
        margin=_margin(brief),
        pick=report.pick,
        reasons=_reasons(report, entries, metric),
        ties=tuple(one.name for one in entries if one.standing.status == "tied"),
        carried=carried.sentences,
        entries=tuple(entries),
        race=report,
        budget_minutes=brief.budget.minutes,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    )


def _with_carried(entry: ScorecardEntry, carried: Carried) -> ScorecardEntry:
    return replace(entry, relatedness={**entry.relatedness, **carried.measured})


def _entrant(contender: AnyContender, brief: Brief) -> _Entrant:
    if isinstance(contender, AbsentContender):
        return _Entrant(contender, None, "unknown", "nothing is known of it", None)
    if not isinstance(contender, NetworkContender):
        return _Entrant(contender, None, "none needed", "nothing was pretrained", True)
    card = contender.candidate.card
    may, why = allowed(licence_of(card.licence), brief.use)
    barred = f"its licence, {card.licence}, does not allow {brief.use} use" if may is False else ""
    return _Entrant(contender, card, card.licence, why, may, barred)


def _timed(one: _Entrant, brief: Brief, rows: Rows, progress: Progress) -> _Entrant:
    """Served before the race, since the brief has a limit on latency."""
    if one.barred:
        return one
    progress(f"timing {one.contender.name}", 0, 1)
    few = np.linspace(0, len(rows.codes) - 1, min(100, len(rows.codes))).astype(np.int64)
    try:
        one.contender.features(few)
    except InterruptedRunError:
        raise
    except HeadstartError:
        return one  # the race says why
    served = _served(one.contender, few, rows, brief)
    limit = _latency_limit(served, brief)
    assert limit is not None
    barred = f"the limit of p95 latency is {limit.limit}, and it takes {limit.measured}"
    return replace(one, served=served, barred=barred if limit.fits is False else "")


def _served(
    contender: AnyContender, chosen: NDArray[np.int64], rows: Rows, brief: Brief
) -> Operations:
    assert contender.last is not None
    assert not isinstance(contender, AbsentContender)
    network = isinstance(contender, NetworkContender)
    return operations(
        contender.featurizer,
        contender.candidate.encoder if network else None,  # type: ignore[union-attr]
        contender.last,
        rows.codes[chosen],
        [rows.values[i] for i in chosen],
        modality=rows.modality,
        labels=rows.labels,
        price=brief.budget.price_per_core_hour,
        at_once=brief.budget.concurrency,
        precision="fp32",
        loss=NotAvailable("full precision is what the others are compared with"),
    )


def _latency_limit(served: Operations, brief: Brief) -> Limit | None:
    most = brief.budget.latency_ms
    if most is None:
        return None
    p95 = served.latency_ms.get("p95", NotAvailable("not measured"))
    if isinstance(p95, NotAvailable):
        return Limit("p95 latency", f"{most:g} ms", p95.reason, None)
    over = p95.value / most
    said = f"{p95.value:.1f} ms" + (f", {over:.1f} times as much" if over > 1 else "")
    return Limit("p95 latency", f"{most:g} ms", said, over <= 1)


def _margin(brief: Brief) -> float:
    """What a candidate must gain on the metric of the race, which is never the cost."""
    own = brief.requirement.metric != "cost" and not brief.weighs_mistakes
    return brief.requirement.margin if own else RACE_MARGIN


def _barred(one: _Entrant) -> Standing:
    return Standing(
        ref=one.contender.ref,
        status="out",
        reason=one.barred,
        score=NotAvailable(f"it did not race: {one.barred}"),
        rows=0,
        seconds_per_row=NotAvailable(f"it did not race: {one.barred}"),
    )


def _entry(
    one: _Entrant,
    standing: Standing,
    brief: Brief,
    rows: Rows,
    report: RaceReport,
    scoring: Scoring,
    reference: Reference | None,
    late: bool,
    progress: Progress,
) -> ScorecardEntry:
    contender, card = one.contender, one.card
    network = contender if isinstance(contender, NetworkContender) else None
    encoder = network.candidate.encoder if network and standing.rows else None
    features = contender.last if standing.rows else None
    absent = isinstance(contender, AbsentContender)
    survivor = standing.status in ("picked", "tied", "kept")
    chosen = _rows_of(standing, rows, brief.seed)
    why = standing.reason or "it was not raced"
    scores: dict[str, Estimate | NotAvailable] = {"every score": NotAvailable(why)}
    near: dict[str, Estimate | NotAvailable] = {"every distance": NotAvailable(why)}
    fit: dict[str, Estimate | NotAvailable] = {"every measure": NotAvailable(why)}
    if features is not None:
        head = source_head(encoder) if encoder is not None else None
        scores = diagnostics(
            features,
            rows.codes[chosen],
            rows.groups[chosen],
            None if head is None else head.probabilities(features),
            confidence=brief.requirement.confidence,
            seed=brief.seed,
        )
        values = [rows.values[i] for i in chosen]
        near = relatedness(features, values, encoder, reference, brief.seed)
        fit = input_fit(values, encoder)
    served = one.served
    if served is None and survivor and not late:
        served = _served(contender, chosen, rows, brief)
    if served is None:
        left = "the budget was used up" if survivor else "out of the race"
        served = not_measured(left, "fp32", NotAvailable(left))
    served = _priced(served, encoder)
    all_served = [served]
    if survivor and network is not None and not _vendor(encoder):
        all_served.append(_int8(network, chosen, rows, brief, scoring, late))
    limit = _latency_limit(served, brief)
    return ScorecardEntry(
        ref=contender.ref,
        name=contender.name,
        standing=standing,
        licence=one.licence,
        licence_note=one.licence_note,
        allowed=one.allowed,
        publisher=card.source if card else "unknown" if absent else "computed here",
        notes=card.notes if card else "",
        sha256=encoder.weights_sha256 if encoder else "",
        hash_known=bool(card and card.sha256),
        parameters=card.parameters if card else None,
        width=None if features is None else int(features.shape[1]),
        adaptation=card.adaptation if card else () if absent else ("classical",),
        stages=tuple(getattr(encoder, "stages", ())) if encoder else (),
        curve=_curve(contender, standing, rows, chosen, report, scoring, brief),
        diagnostics=dict(scores),
        relatedness=dict(near),
        input_fit=dict(fit),
        operations=tuple(all_served),
        limits=() if limit is None else (limit,),
    )


def _vendor(encoder: Encoder | None) -> bool:
    return encoder is not None and hasattr(encoder, "price_per_million_rows")


def _priced(served: Operations, encoder: Encoder | None) -> Operations:
    """With a vendor's price, where the network is a vendor's: rows are sent, not computed here."""
    price = getattr(encoder, "price_per_million_rows", None)
    if not _vendor(encoder):
        return served
    if price is None:
        none = NotAvailable("the reference names no price (?price=… per million tokens)")
        return replace(served, cost_per_million=none)
    how = "the price named in the reference, at the tokens a row billed so far; no interval"
    return replace(served, cost_per_million=Estimate(price, None, None, 1, how))


def _rows_of(standing: Standing, rows: Rows, seed: int) -> NDArray[np.int64]:
    from headstart.select.rows import nested_order

    return np.sort(nested_order(rows.codes, rows.groups, seed)[: standing.rows])


def _int8(
    network: NetworkContender,
    chosen: NDArray[np.int64],
    rows: Rows,
    brief: Brief,
    scoring: Scoring,
    late: bool,
) -> Operations:
    """The same with eight-bit weights, and what the score loses on up to 300 rows."""
    if late:
        why = NotAvailable("the budget was used up")
        return not_measured(why.reason, "int8", why)
    few = chosen[:: max(1, len(chosen) // INT8_ROWS)][:INT8_ROWS]
    values, keys = [rows.values[i] for i in few], [rows.keys[i] for i in few]
    encoder = network.candidate.encoder
    try:
        small = quantized(encoder, values, cache_folder())
        eight, full = small.encode(values, keys), encoder.encode(values, keys)
        return operations(
            replace(network.featurizer, weights_sha256=small.weights_sha256),
            small,
            eight,
            rows.codes[few],
            values,
            modality=rows.modality,
            labels=rows.labels,
            price=brief.budget.price_per_core_hour,
            at_once=brief.budget.concurrency,
            precision="int8",
            loss=_loss(full, eight, rows.codes[few], rows.groups[few], brief, scoring),
        )
    except InterruptedRunError:
        raise
    except HeadstartError as error:
        why = NotAvailable(error.message)
        return not_measured(why.reason, "int8", why)


def _loss(
    full: NDArray[np.float32],
    eight: NDArray[np.float32],
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    brief: Brief,
    scoring: Scoring,
) -> Comparison | NotAvailable:
    known, codes = np.unique(codes, return_inverse=True)
    codes = codes.astype(np.int64)
    if len(np.unique(groups)) < FOLDS:
        return NotAvailable("too few rows to compare on")
    folds = make_folds(codes, groups, FOLDS, REPEATS, brief.seed)
    own = scoring.among(known)
    return compare(
        probe(full, codes, folds, own).scores,
        probe(eight, codes, folds, own).scores,
        a="fp32",
        b="int8",
        metric=own.metric,
        n=len(codes),
        k=FOLDS,
        repeats=REPEATS,
        confidence=brief.requirement.confidence,
        margin=_margin(brief),
    )


def _curve(
    contender: AnyContender,
    standing: Standing,
    rows: Rows,
    chosen: NDArray[np.int64],
    report: RaceReport,
    scoring: Scoring,
    brief: Brief,
) -> LearningCurve | NotAvailable:
    finalist = standing.status in ("picked", "tied") or standing.ref == report.best
    if not finalist or contender.last is None:
        return NotAvailable("only the finalists' curves are drawn")
    known, codes = np.unique(rows.codes[chosen], return_inverse=True)
    codes, groups, own = codes.astype(np.int64), rows.groups[chosen], scoring.among(known)
    k = max(2, min(FOLDS, len(np.unique(groups))))
    found = probe(contender.last, codes, make_folds(codes, groups, k, 1, brief.seed), own)
    required = brief.requirement.level if brief.requirement.metric == report.metric else None
    if brief.requirement.metric is None:
        required = brief.requirement.level
    return learning_curve(
        contender.last,
        codes,
        groups,
        own,
        found.penalty,
        required=required,
        confidence=brief.requirement.confidence,
        seed=brief.seed,
    )


def _reasons(report: RaceReport, entries: Sequence[ScorecardEntry], metric: str) -> tuple[str, ...]:
    """Why this one, in plain sentences."""
    names = {entry.ref: entry.name for entry in entries}
    by_ref = {entry.ref: entry.standing for entry in entries}
    pick = by_ref[report.pick]
    assert isinstance(pick.score, Estimate)
    said = [
        f"{names[report.pick]} scores {pick.score.value:.1%} on {pick.rows:,} rows "
        f"({_percent(pick.score.low)} to {_percent(pick.score.high)})."
    ]
    if report.pick != report.best:
        gap = pick.behind
        assert gap is not None
        said.append(
            f"{names[report.best]} scored highest, by {100 * gap.difference:.1f} points "
            f"({100 * gap.low:.1f} to {100 * gap.high:.1f}); that is not credibly more than the "
            f"margin, and {names[report.pick]} is cheaper."
        )
    tied = [one.name for one in entries if one.standing.status == "tied"]
    if tied:
        said.append(f"A tie in quality with {', '.join(tied)}; the cheaper one was taken.")
    dropped = [one.name for one in entries if one.standing.status == "dropped"]
    if dropped:
        said.append(f"Credibly behind and dropped on the way: {', '.join(dropped)}.")
    out = [one for one in entries if one.standing.status == "out"]
    said += [f"Out: {one.name}, because {one.standing.reason}." for one in out]
    said.append(f"The race ended because {report.stopped}.")
    if metric != report.metric:
        said.append(
            f"A probe gives no probabilities: candidates raced on {metric_name(report.metric)}"
            f" instead of {metric_name(metric)}."
        )
    return tuple(said)


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{value:.1%}"
