"""How often the guarantees hold: certificates, intervals, temperature.

    python benchmarks/guarantees.py [--trials 2000] [--only certificates intervals sets temperature]

Certificates: worlds whose chance of a wrong answer is known for every row. In each trial,
thresholds are taken from development rows and certified on calibration rows; a violation is a
certified threshold at which the true share of wrong answers lies above the limit. The oracle knows
the world and answers as much as the limit allows. Beside it: the naive threshold, the laxest one at
which the share of wrong answers on the calibration rows keeps the limit; the best single test, that
of somebody who knows the world and picks the one threshold to test on the n rows; and what no valid
rule can exceed (`selective_ceiling.py`). Intervals: how often they hold the world's own value;
sets: the same where a row may have several labels. Temperature: log-loss on other rows, after less
before. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax
from scipy.stats import binom, norm
from selective_ceiling import ceiling

from headstart.evaluate.estimates import OF_ANSWERS
from headstart.evaluate.other_answers import other_answers
from headstart.evaluate.other_marks import other_marks
from headstart.evaluate.set_answers import SetAnswers, set_answers
from headstart.heads import fit_temperature
from headstart.metrics import (
    ScoreStatistic,
    SetDifference,
    SetStatistic,
    calibration_error_of,
    score,
)
from headstart.stats import (
    candidate_thresholds,
    certify,
    clopper_pearson,
    mean_over_folds,
    newcombe,
    newcombe_paired,
    stratified_bootstrap_bca,
    wilson,
)
from headstart.types.result import SelectiveCertificate

Floats = NDArray[np.float64]
POOL = 400_000
DEVELOPMENT = 500
SIZES = (100, 300, 1000, 2000)
DELTA = 0.05


@dataclass(frozen=True)
class World:
    """Rows with the stated probability of the answer and the true chance that it is wrong."""

    name: str
    limit: float
    stated: Floats
    wrong: Floats

    def risk_and_coverage(self) -> tuple[Floats, Floats, Floats]:
        """(thresholds, true risk, true coverage) of every distinct threshold, strictest first."""
        order = np.argsort(-self.stated, kind="stable")
        stated = self.stated[order]
        last = np.append(np.flatnonzero(np.diff(stated) < 0), len(stated) - 1)
        risk = np.cumsum(self.wrong[order])[last] / (last + 1.0)
        return stated[last], risk, (last + 1.0) / len(stated)


def _softmax_world(
    name: str, limit: float, classes: int, spread: float, stretch: float, seed: int
) -> World:
    logits = np.random.default_rng(seed).normal(0.0, spread, (POOL, classes))
    true, stated = softmax(logits, axis=1), softmax(stretch * logits, axis=1)
    return World(name, limit, stated.max(axis=1), 1.0 - true.max(axis=1))


def _near_deterministic() -> World:
    """Nearly every answer is sure and right, stated in hundredths: ties everywhere."""
    random = np.random.default_rng(4)
    hard = random.random(POOL) < 0.08
    wrong = np.where(hard, random.uniform(0.2, 0.6, POOL), 0.002)
    stated = np.where(hard, random.uniform(0.5, 1.0, POOL), random.uniform(0.97, 1.0, POOL))
    return World("near-deterministic", 0.02, np.round(stated, 2), wrong)


def worlds() -> list[World]:
    return [
        _softmax_world("calibrated", 0.05, 3, 4.0, 1.0, 1),
        _softmax_world("overconfident", 0.05, 3, 4.0, 3.0, 2),
        _softmax_world("many classes", 0.10, 30, 4.0, 1.0, 3),
        _near_deterministic(),
    ]


def certificates(trials: int) -> None:
    allowed = int(binom.ppf(0.999, trials, DELTA))
    print(f"\nCertificates: {trials} trials each, δ = {DELTA}; at most {allowed} violations are")
    print("compatible with δ (99.9% point of the binomial distribution).\n")
    print(
        "| world, limit | base error | n | violations | certified | coverage "
        "| of the oracle's | of the best single test's | of any valid rule's, at most "
        "| naive: violations | coverage |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for world in worlds():
        levels, risk, coverage = world.risk_and_coverage()
        oracle = float(coverage[risk <= world.limit].max(initial=0.0))
        for n in SIZES:
            random = np.random.default_rng(n)
            broken = naive_broken = certified = 0
            answered = naive_answered = 0.0
            for _ in range(trials):
                seen, missed = _draw(world, DEVELOPMENT, random)
                thresholds = candidate_thresholds(
                    seen, n, limit=world.limit, confidence=1.0 - DELTA, wrong=missed
                )
                scores, wrong = _draw(world, n, random)
                found = certify(
                    scores, wrong, thresholds, limit=world.limit, confidence=1.0 - DELTA
                )
                if isinstance(found, SelectiveCertificate):
                    place = np.searchsorted(-levels, -found.threshold, side="right") - 1
                    certified += 1
                    broken += place >= 0 and risk[place] > world.limit
                    answered += coverage[place] if place >= 0 else 0.0
                naive = naive_threshold(scores, wrong, world.limit)
                if naive is not None:
                    place = np.searchsorted(-levels, -naive, side="right") - 1
                    naive_broken += risk[place] > world.limit
                    naive_answered += coverage[place]
            best = _best_single_test(risk, coverage, n, world.limit)
            most = ceiling(world.stated, world.wrong, n, world.limit, DELTA)
            print(
                f"| {world.name}, {world.limit:.0%} | {world.wrong.mean():.1%} | {n:,} "
                f"| {share_of(broken, trials)} | {certified / trials:.0%} "
                f"| {answered / trials:.1%} | {_part(answered / trials, oracle)} "
                f"| {_part(answered / trials, best)} | {_part(answered / trials, most)} "
                f"| {naive_broken / trials:.0%} | {naive_answered / trials:.1%} |",
                flush=True,
            )


def _part(value: float, of: float) -> str:
    return f"{value / of:.0%} of {of:.1%}" if of > 0.0 else "none can be"


def _best_single_test(risk: Floats, coverage: Floats, n: int, limit: float) -> float:
    """Coverage × chance to be certified of the best threshold, by one who knows the world but must
    certify it on n rows all the same."""
    some = np.unique(np.linspace(0, len(risk) - 1, 2000).astype(int))
    answered = np.maximum(1, np.floor(coverage[some] * n)).astype(int)
    allowed, rows = np.array([_counted(int(seen), limit) for seen in answered]).T
    return float((coverage[some] * binom.cdf(allowed, rows, risk[some])).max())


@cache
def _counted(rows: int, limit: float) -> tuple[int, int]:
    """The most wrong answers that certify (−1 where none does), and the fewest rows with which."""
    wrong = binom.cdf(np.arange(rows + 1), rows, limit) <= DELTA
    most = int(np.flatnonzero(wrong).max(initial=-1))
    enough = binom.cdf(most, np.arange(1, rows + 1), limit) <= DELTA
    return most, int(enough.argmax()) + 1


def _draw(world: World, n: int, random: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    rows = random.integers(0, POOL, n)
    return world.stated[rows], random.random(n) < world.wrong[rows]


def share_of(broken: int, trials: int) -> str:
    """A number of trials, its share, and the exact 95% upper bound of the share."""
    upper = clopper_pearson(int(broken), trials, 0.90).high or 0.0
    return f"{broken} ({broken / trials:.1%}, at most {upper:.1%})"


def naive_threshold(scores: Floats, wrong: NDArray[np.bool_], limit: float) -> float | None:
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked) < 0), len(ranked) - 1)
    kept = np.flatnonzero(np.cumsum(wrong[order])[last] / (last + 1.0) <= limit)
    return float(ranked[last[kept[-1]]]) if len(kept) else None


def intervals(trials: int) -> None:
    print("\nIntervals of a share at 95%, exact over the binomial distribution.\n")
    print("| method | n | p = 0.5 | 0.8 | 0.9 | 0.95 | 0.99 | mean over p from 0.05 to 0.95 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, method in (("Wilson", wilson), ("Clopper–Pearson", clopper_pearson)):
        for n in (50, 200, 1000):
            ends = [method(k, n) for k in range(n + 1)]
            lows = np.array([end.low for end in ends], dtype=np.float64)
            highs = np.array([end.high for end in ends], dtype=np.float64)

            def covered(p: float, lows: Floats = lows, highs: Floats = highs) -> float:
                held = (lows <= p) & (p <= highs)
                return float(binom.pmf(np.arange(len(lows)), len(lows) - 1, p)[held].sum())

            at = [covered(p) for p in (0.5, 0.8, 0.9, 0.95, 0.99)]
            mean = np.mean([covered(float(p)) for p in np.linspace(0.05, 0.95, 181)])
            print(f"| {name} | {n:,} | " + " | ".join(f"{x:.1%}" for x in [*at, mean]) + " |")
    print(
        f"\nOther intervals at 95%, {trials} trials each. Bootstrap: 1,000 resamples, 3 classes of"
    )
    print("shares 50%, 30% and 20%, or 4 of 65, 31, 2 and 2%, kept in every trial.\n")
    print("| interval | of | truth | n = 50 | 200 | 1,000 |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    y, proba = _classes(5, [0.5, 0.3, 0.2], 1.8)
    for name in ("macro_f1", "balanced_accuracy", "log_loss", "brier"):
        _coverage_row(name, name, y, proba, trials)
    y, proba = _classes(7, [0.65, 0.31, 0.02, 0.02], 1.5)
    for name in OF_ANSWERS:
        _coverage_row(name, f"{name}, two of four classes with 2% each", y, proba, trials)
    for name, spread, stretch in (
        ("three classes, overconfident", 1.5, 2.0),
        ("three classes, timid", 1.5, 0.6),
        ("three classes, calibrated", 1.5, 1.0),
        ("93% right, overconfident", 8.0, 1.5),
        ("93% right, calibrated", 8.0, 1.0),
    ):
        _calibration_row(name, spread, stretch, trials)
    for one, other in ((0.8, 0.7), (0.95, 0.9)):
        _difference_row(one, other, trials)
        _paired_row(one, other, trials)
    _folds_row(trials)


def _classes(seed: int, shares: list[float], apart: float) -> tuple[NDArray[np.int64], Floats]:
    random, classes = np.random.default_rng(seed), len(shares)
    y = random.choice(classes, POOL, p=shares)
    logits = random.normal(0.0, 1.0, (POOL, classes)) + apart * np.eye(classes)[y]
    return y, softmax(1.3 * logits, axis=1)


def _calibration_row(name: str, spread: float, stretch: float, trials: int) -> None:
    """The truth is the error of the whole pool, in the 15 bins that samples have."""
    logits = np.random.default_rng(6).normal(0.0, spread, (POOL, 3))
    chance, stated = softmax(logits, axis=1).max(axis=1), softmax(stretch * logits, axis=1)
    stated = stated.max(axis=1)
    parts = np.array_split(np.argsort(stated, kind="stable"), 15)
    gaps = [(chance[rows].mean() - stated[rows].mean()) ** 2 for rows in parts]
    truth = float(np.sqrt(np.average(gaps, weights=[len(rows) for rows in parts])))

    def once(n: int, random: np.random.Generator) -> tuple[float | None, float | None]:
        rows = random.integers(0, POOL, n)
        found = calibration_error_of(stated[rows], random.random(n) < chance[rows])
        return found.low, found.high

    _held_row("noncentral χ²", f"calibration error: {name}", truth, trials, once)


def _difference_row(one: float, other: float, trials: int) -> None:
    def once(n: int, random: np.random.Generator) -> tuple[float, float]:
        return newcombe(int(random.binomial(n, one)), n, int(random.binomial(n, other)), n)

    name = f"difference of two shares, {one:.0%} and {other:.0%}, n rows each"
    _held_row("Newcombe", name, one - other, trials, once)


def _paired_row(one: float, other: float, trials: int) -> None:
    """Two models on the same rows, right together as often as if half the rows were easy."""
    both = one * other + 0.5 * (min(one, other) - one * other)
    cells = np.array([both, one - both, other - both, 1.0 - one - other + both])

    def once(n: int, random: np.random.Generator) -> tuple[float, float]:
        return newcombe_paired(*(int(count) for count in random.multinomial(n, cells)))

    name = f"difference of two shares, {one:.0%} and {other:.0%}, same rows"
    _held_row("Newcombe, paired", name, one - other, trials, once)


def _folds_row(trials: int) -> None:
    """Accuracy over 5 folds × 2 of a linear classifier (least squares) of two classes, 10 numbers a
    row. The truth is its mean accuracy on other rows when it is fitted on four fifths of n."""
    method, name = "Nadeau–Bengio", "accuracy over 5 folds × 2"
    shift = np.full(10, 0.28)

    def rows(n: int, random: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        y = random.integers(0, 2, n)
        x = random.normal(0.0, 1.0, (n, 10)) + np.where(y[:, None] == 1, shift, -shift)
        return np.column_stack([np.ones(n), x]), y

    def fitted(x: Floats, y: NDArray[np.int64]) -> Floats:
        return np.linalg.solve(x.T @ x + 0.1 * np.eye(x.shape[1]), x.T @ (2.0 * y - 1.0))

    cells, truths = [], []
    for n in (50, 200, 1000):
        random, found, true = np.random.default_rng(n), [], []
        for _ in range(trials):
            x, y = rows(n, random)
            scores = []
            for _ in range(2):
                fold = random.permutation(np.arange(n) % 5)
                for part in range(5):
                    weights = fitted(x[fold != part], y[fold != part])
                    scores.append(np.mean((x[fold == part] @ weights > 0) == y[fold == part]))
            found.append(mean_over_folds(np.array(scores), 5, 2, 0.95, n=n, lower=0.0, upper=1.0))
            lies = np.array([weights[0], weights[1:] @ shift, np.linalg.norm(weights[1:])])
            true.append(norm.cdf((lies[1] + np.array([lies[0], -lies[0]])) / lies[2]).mean())
        truths.append(f"{np.mean(true):.3f}")
        held = [e.low is not None and e.low <= np.mean(true) <= (e.high or 1.0) for e in found]
        cells.append(f"{np.mean(held):.1%}")
    print(f"| {method} | {name} | {', '.join(truths)} | " + " | ".join(cells) + " |", flush=True)


def _held_row(
    method: str,
    name: str,
    truth: float,
    trials: int,
    once: Callable[[int, np.random.Generator], tuple[float | None, float | None]],
) -> None:
    cells = []
    for n in (50, 200, 1000):
        random = np.random.default_rng(n)
        found = [once(n, random) for _ in range(trials)]
        known = [(low, high) for low, high in found if low is not None and high is not None]
        held = np.mean([low <= truth + 1e-12 and truth <= high + 1e-12 for low, high in known])
        none = f" (none in {1 - len(known) / trials:.1%})" if len(known) < trials else ""
        cells.append(f"{held:.1%}{none}")
    print(f"| {method} | {name} | {truth:.3f} | " + " | ".join(cells) + " |", flush=True)


def _coverage_row(metric: str, name: str, y: NDArray[np.int64], proba: Floats, trials: int) -> None:
    classes = proba.shape[1]
    statistic, truth = ScoreStatistic(metric, classes), score(metric, y, proba, classes)
    pools = [np.flatnonzero(y == code) for code in range(classes)]
    shares = np.array([len(pool) for pool in pools]) / len(y)
    cells = []
    for n in (50, 200, 1000):
        sizes = np.round(shares * n).astype(int)
        random, held = np.random.default_rng(n), 0
        for trial in range(trials):
            rows = np.concatenate(
                [random.choice(pool, size) for pool, size in zip(pools, sizes, strict=True)]
            )
            own, given = proba[rows], proba[rows].argmax(axis=1)
            others = None
            if metric in OF_ANSWERS:
                others = other_answers(y[rows], given, own, trial)
                own = np.eye(classes)[given]
            found = stratified_bootstrap_bca(statistic, y[rows], own, seed=trial, others=others)
            assert found.low is not None
            assert found.high is not None
            held += found.low <= truth <= found.high
        cells.append(f"{held / trials:.1%}")
    said = name.replace("_", " ")
    print(f"| bootstrap, BCa | {said} | {truth:.3f} | " + " | ".join(cells) + " |", flush=True)


SHARES = np.array([0.3, 0.2, 0.15, 0.1, 0.05, 0.03, 0.02, 0.02])
SLOW = 4
"""The average precision has so many times fewer trials."""
OF_MANY = ("macro_f1", "micro_f1", "average_precision", "hamming_loss", "log_loss")


def sets(trials: int) -> None:
    print(f"\nIntervals at 95% where a row may have several of 8 labels, {trials} trials each")
    print(f"({trials // SLOW} for the average precision, which takes longest).")
    print("1,000 resamples; 30% of the rows have the first label, 2% each of the last two.\n")
    print("| interval | of | truth | n = 50 | 200 | 1,000 |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for words, apart in (("", 1.6), (", hardly an error", 2.3)):
        y, said, other = _several(11, apart)
        for metric in OF_MANY:
            times = trials // SLOW if metric == "average_precision" else trials
            _set_row(f"{metric}{words}", metric, y, [said], times)
        for metric in ("macro_f1", "hamming_loss"):
            name = f"difference in {metric}{words}, same rows"
            _set_row(name, metric, y, [said, other], trials)


def _several(seed: int, apart: float) -> tuple[NDArray[np.int64], SetAnswers, SetAnswers]:
    """Labels that are drawn independently; answers of a calibrated model, and of one that sees the
    same through noise of half the size."""
    random, odds = np.random.default_rng(seed), np.log(SHARES / (1.0 - SHARES))
    y = (random.random((POOL // 4, len(SHARES))) < SHARES).astype(np.int64)
    seen = apart * (2.0 * y - 1.0) + random.normal(size=y.shape)
    blurred = seen + 0.5 * random.normal(size=y.shape)
    better, worse = (expit(2.0 * apart * x / s + odds) for x, s in ((seen, 1.0), (blurred, 1.25)))
    return y, set_answers(better), set_answers(worse)


def _set_row(
    name: str, metric: str, y: NDArray[np.int64], models: list[SetAnswers], trials: int
) -> None:
    labels = y.shape[1]
    statistic = SetStatistic(metric, labels) if len(models) == 1 else SetDifference(metric, labels)

    def columns(rows: NDArray[np.int64]) -> Floats:
        each = [np.asarray(one.judged(metric)[rows], dtype=np.float64) for one in models]
        return np.hstack([y[rows], *each])

    every = np.arange(len(y))
    truth = statistic(np.zeros(len(y), dtype=np.int64), columns(every))

    def once(n: int, random: np.random.Generator) -> tuple[float | None, float | None]:
        rows = random.integers(0, len(y), n)
        others = other_marks(metric, y[rows], [one[rows].model(metric) for one in models], n)
        codes = np.zeros(n, dtype=np.int64)
        seed = int(random.integers(2**31))
        found = stratified_bootstrap_bca(statistic, codes, columns(rows), seed=seed, others=others)
        return found.low, found.high

    _held_row("bootstrap, BCa", name.replace("_", " "), truth, trials, once)


def temperature(trials: int) -> None:
    print(f"\nTemperature: log-loss on 1,000 other rows after less before, {trials} trials each.\n")
    print("| world | rows fitted on | mean difference | worst | worse by > 0.01 | T, mean |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, classes, stretch in (
        ("calibrated", 3, 1.0), ("overconfident", 3, 3.0), ("timid", 3, 0.5),
        ("many classes, overconfident", 20, 2.0),
    ):  # fmt: skip
        random = np.random.default_rng(7)
        logits = random.normal(0.0, 2.0, (40_000, classes))
        y = (random.random((40_000, 1)) > softmax(logits, axis=1).cumsum(axis=1)).sum(axis=1)
        y, logits = y.clip(0, classes - 1), stretch * logits
        raw = _losses(y, logits)
        for n in (100, 500):
            gaps, found = np.zeros(trials), np.zeros(trials)
            for trial in range(trials):
                rows, other = random.integers(0, 40_000, n), random.integers(0, 40_000, 1000)
                found[trial] = fit_temperature(y[rows], logits[rows])
                after = _losses(y[other], logits[other] / found[trial])
                gaps[trial] = (after - raw[other]).mean()
            print(
                f"| {name} | {n} | {gaps.mean():+.4f} | {gaps.max():+.4f} "
                f"| {(gaps > 0.01).mean():.1%} | {found.mean():.2f} |",
                flush=True,
            )


def _losses(y: NDArray[np.int64], logits: Floats) -> Floats:
    found: Floats = -log_softmax(logits, axis=1)[np.arange(len(y)), y]
    return found


def peer(trials: int) -> None:
    """MAPIE's controller of precision, on the same worlds and the same number of rows."""
    if importlib.util.find_spec("mapie") is None:
        print("\nMAPIE is not installed: no row of it (pip install mapie).")
        return
    import mapie

    print(f"\nMAPIE {mapie.__version__}: precision of at least 1 − limit, its own thresholds and")
    print(f"defaults, {trials} trials each, beside this library on the same draws.\n")
    print("| world, limit | n | MAPIE: violations | certified | coverage | seconds a trial "
          "| Headstart: violations | certified | coverage | seconds a trial |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for world in worlds():
        levels, risk, coverage = world.risk_and_coverage()
        for n in SIZES:
            random = np.random.default_rng(n)
            cells = {name: np.zeros(4) for name in ("mapie", "own")}
            for _ in range(trials):
                seen, missed = _draw(world, DEVELOPMENT, random)
                scores, wrong = _draw(world, n, random)
                begin = time.perf_counter()
                found = peer_threshold(scores, wrong, world.limit)
                _count(cells["mapie"], found, begin, world.limit, levels, risk, coverage)
                begin = time.perf_counter()
                thresholds = candidate_thresholds(
                    seen, n, limit=world.limit, confidence=1.0 - DELTA, wrong=missed
                )
                one = certify(scores, wrong, thresholds, limit=world.limit, confidence=1.0 - DELTA)
                own = one.threshold if isinstance(one, SelectiveCertificate) else None
                _count(cells["own"], own, begin, world.limit, levels, risk, coverage)
            row = f"| {world.name}, {world.limit:.0%} | {n:,} "
            for name in ("mapie", "own"):
                broken, certified, answered, seconds = cells[name] / trials
                row += f"| {broken:.1%} | {certified:.0%} | {answered:.1%} | {seconds:.4f} "
            print(row + "|", flush=True)


def peer_threshold(scores: Floats, wrong: NDArray[np.bool_], limit: float) -> float | None:
    """The threshold that MAPIE certifies, with its own grid and its default correction."""
    from mapie.risk_control import BinaryClassificationController

    def both(rows: Floats) -> Floats:
        return np.column_stack([1.0 - rows[:, 0], rows[:, 0]])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        control = BinaryClassificationController(both, "precision", 1.0 - limit, 1.0 - DELTA)
        control.calibrate(scores[:, None], (~wrong).astype(int))
    found = getattr(control, "best_predict_param", None)
    return float(found) if found is not None and np.isfinite(found) else None


def _count(
    cell: NDArray[np.float64],
    threshold: float | None,
    begin: float,
    limit: float,
    levels: NDArray[np.float64],
    risk: NDArray[np.float64],
    coverage: NDArray[np.float64],
) -> None:
    """Violations, certificates, coverage and seconds, added up."""
    cell[3] += time.perf_counter() - begin
    if threshold is None:
        return
    place = np.searchsorted(-levels, -float(threshold), side="right") - 1
    cell[1] += 1
    if place >= 0:
        cell[0] += risk[place] > limit
        cell[2] += coverage[place]


PARTS = {
    "certificates": certificates,
    "intervals": intervals,
    "sets": sets,
    "temperature": temperature,
    "peer": peer,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--only", nargs="+", choices=sorted(PARTS), default=list(PARTS))
    said = parser.parse_args()
    for name in said.only:
        start = time.perf_counter()
        PARTS[name](said.trials)
        print(f"\n({name}: {time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
