"""What carries over from the source: the pick against the same network with random weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headstart.data import make_folds
from headstart.metrics.words import metric_name
from headstart.ports import Progress
from headstart.select.probe import Probe, probe
from headstart.select.race import FOLDS
from headstart.select.relatedness import cka
from headstart.select.rows import nested_order
from headstart.select.scoring import Scoring
from headstart.stats import compare, jackknife
from headstart.types.brief import Brief
from headstart.types.errors import HeadstartError, InterruptedRunError
from headstart.types.result import Estimate, NotAvailable
from headstart.workflow.arms import Rows
from headstart.workflow.contenders import AnyContender, NetworkContender

MOST = 500
REPEATS = 4
NAMED = 3
FEWEST = 5
CKA = "CKA with random weights"
GAIN = "points above random weights"


@dataclass(frozen=True, slots=True)
class Carried:
    """Sentences for the memo, and numbers for the scorecard."""

    sentences: tuple[str, ...]
    measured: dict[str, Estimate | NotAvailable] = field(default_factory=dict)


def carried_over(
    pick: AnyContender,
    rows: Rows,
    scoring: Scoring,
    brief: Brief,
    progress: Progress,
) -> Carried:
    """On up to 500 rows: the score's gain over random weights, and the classes behind it."""
    if not isinstance(pick, NetworkContender):
        why = "nothing is carried over: the pick was not pretrained"
        return Carried(
            (f"{why[0].upper()}{why[1:]}.",),
            {CKA: NotAvailable(why), GAIN: NotAvailable(why)},
        )
    progress("the same network with random weights", 0, 1)
    chosen = np.sort(nested_order(rows.codes, rows.groups, brief.seed)[:MOST])
    values, keys = [rows.values[i] for i in chosen], [rows.keys[i] for i in chosen]
    try:
        trained = pick.candidate.encoder.encode(values, keys)
        untrained = pick.candidate.random.encode(values, keys)
    except InterruptedRunError:
        raise
    except HeadstartError as error:
        why = f"not measured: {error.message}"
        return Carried(
            (f"What carries over was {why}.",), {CKA: NotAvailable(why), GAIN: NotAvailable(why)}
        )
    known, codes = np.unique(rows.codes[chosen], return_inverse=True)
    codes, names = codes.astype(np.int64), [rows.labels[code] for code in known]
    groups = rows.groups[chosen]
    k = max(2, min(FOLDS, len(np.unique(groups))))
    folds = make_folds(codes, groups, k, REPEATS, brief.seed)
    own = scoring.among(known)
    with_source, without = (probe(one, codes, folds, own) for one in (trained, untrained))
    gap = compare(
        with_source.scores,
        without.scores,
        a=pick.ref,
        b="random weights",
        metric=own.metric,
        n=len(codes),
        k=k,
        repeats=REPEATS,
        confidence=brief.requirement.confidence,
    )
    gain = Estimate(gap.difference, gap.low, gap.high, gap.n, gap.test, gap.confidence)
    sentences = [
        f"Over the same network with random weights, the source is worth "
        f"{100 * gap.difference:.1f} points of {metric_name(own.metric)} "
        f"({100 * gap.low:.1f} to {100 * gap.high:.1f})."
    ]
    sentences += _classes(with_source, without, codes, names)
    card = pick.candidate.card
    where = "the last layer" if card.layer is None else f"layer {card.layer}"
    where = "all layers" if card.layer == "all" else where
    sentences.append(f"The probe read {where}, {card.pooling} pooling.")
    if brief.carry_over:
        verdict = "bear that out" if gap.verdict == "helps" else "do not show it"
        sentences.append(
            f"The brief expects to carry over: {brief.carry_over.rstrip('.')}. The numbers "
            f"{verdict}."
        )
    return Carried(tuple(sentences), {CKA: _similarity(trained, untrained), GAIN: gain})


def _similarity(trained: NDArray[np.float32], untrained: NDArray[np.float32]) -> Estimate:
    part = np.arange(len(trained)) % FOLDS
    without = [cka(trained[part != i], untrained[part != i]) for i in range(FOLDS)]
    return jackknife(cka(trained, untrained), without, n=len(trained))


def _classes(a: Probe, b: Probe, codes: NDArray[np.int64], names: list[str]) -> list[str]:
    """The classes whose recall gained and lost most."""
    counts = np.bincount(codes, minlength=len(names))
    known = [code for code in range(len(names)) if counts[code] >= FEWEST]
    if not known:
        return []
    change = {
        code: float((a.predicted[:, codes == code] == code).mean())
        - float((b.predicted[:, codes == code] == code).mean())
        for code in known
    }
    ranked = sorted(known, key=lambda code: -change[code])
    gained = [code for code in ranked if change[code] > 0][:NAMED]
    lost = [code for code in reversed(ranked) if change[code] < 0][:NAMED]
    said = []
    if gained:
        what = ", ".join(f"'{names[c]}' ({100 * change[c]:+.0f})" for c in gained)
        said.append(f"Recall gained most: {what} points.")
    what = ", ".join(f"'{names[c]}' ({100 * change[c]:+.0f})" for c in lost)
    said.append(f"Recall lost: {what} points." if lost else "No class lost.")
    return said
