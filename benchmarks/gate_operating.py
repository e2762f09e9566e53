"""How often the gate adopts a rung that is no better, and how often one that is.

    python benchmarks/gate_operating.py --shared ../shared/data [--worlds 1000]

A world is a random subsample of real rows and a random rotation of their features (MiniLM for
texts, EfficientNet-Lite0 for photographs, 96 principal components). The base and two rungs are the
same ridge classifier on the same 32 rotated dimensions, each with its own noise of the same size on
every row: equal in truth in every world. (Disjoint blocks of dimensions are equal only on average
over rotations; with many rows the gate rightly sees which block is the better one.) They are scored
by repeated 5-fold cross-validation. Any adoption is wrong. The gate is looked at with both rungs,
which share the level, and with the first alone, which has all of it; the upper bound is that of the
worst of these six. For power, one rung sees the base's dimensions and some more; its true gain is
measured on rows outside the sample, whose classes are weighed as in it. The oracle knows the
standard deviation over worlds of the mean difference about the true gain (less what the measurement
of the true gain adds to it) and adopts by a z-test at the same level and margin; the gate is shown
on one rung, and on one of two that share the level. *Metric alone* is the gate as it would be if a
gain could not show in log-loss, with the whole level for the metric. *Probabilities better*: the
base's answers stay as they are, and how sure it is of each is a matter of chance, so that a rung
which is equal in the metric is truly better in log-loss. *Several labels*: messages of one to
three sentences, each with the labels of its sentences, judged by macro-F1 and answered by the
weights that suit it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ladder_real import domains
from numpy.typing import NDArray
from scipy import stats
from selection_regret import Task, limited, pictures, table, tweets
from several_labels import compose

from headstart.adapt.gate import (
    Gaps,
    Rule,
    gains,
    gains_in_log_loss,
    given_up,
    judge_gain,
    last_level,
    level_of,
    settled,
)
from headstart.adapt.log_losses import log_loss_gains, scaled_log_losses
from headstart.adapt.run import answers_minimise
from headstart.adapt.scores import score_of, values_of
from headstart.backbones import load_encoder
from headstart.data import file_key, text_key
from headstart.heads import sigmoid
from headstart.stats import clopper_pearson, rows_variance
from headstart.workflow.rung_folds import waves

K, REPEATS, MARGIN, KEPT, BLOCK = 5, 3, 0.01, 96, 32
ALPHA = 0.05
SIZES = (100, 300, 1000, 2000)
BASE, MORE = 12, (1, 2, 4, 8, 16, 32, 84)
GAINS = (0.01, 0.03, 0.05, 0.10)
OUTSIDE = 30
"""Least rows of a class beside the sample: fewer do not show a true gain."""
NOISE = 0.7
"""Of a null arm's own noise, in standard deviations of the features."""
PENALTY = 0.1
"""In units of a row's mean square distance from the mean, a dimension."""
Matrix = NDArray[np.float64]
Codes = NDArray[np.int64]
SURENESS = 0.7
"""Standard deviation of the logarithm by which a base that is sure at random is too sure."""
MESSAGES, SHARP = 4000, 6.0
"""Messages with several labels, and what makes logits of a ridge classifier's scores."""


@dataclass(frozen=True)
class Answers:
    """values: what each row of each fold has part in the metric (repeats × K, n / K): whether it
    is answered rightly, where it has one label. losses: in the log-loss. scores: the metric of each
    fold."""

    values: Matrix
    losses: Matrix
    scores: Matrix

    def __len__(self) -> int:
        return len(self.values)

    def first(self, folds: int) -> Answers:
        return Answers(self.values[:folds], self.losses[:folds], self.scores[:folds])


def pools(shared: Path) -> dict[str, tuple[Matrix, Codes]]:
    """Features (rows, 96) and classes of each source of rows."""
    emotion = shared / "tweets_emotion"
    cifar = shared / "cifar10"
    banking = table(shared / "banking77/train.csv"), table(shared / "banking77/test.csv")
    some = set(sorted(set(banking[0][1]))[:20])
    found = [
        Task("tweets, emotion", "text",
             limited(tweets(emotion, "train"), 3000), tweets(emotion, "test")),
        Task("Banking77, 20 intents", "text",
             limited(banking[0], 9999, only=some), limited(banking[1], 9999, only=some)),
        Task("CIFAR-10", "image", pictures(cifar / "train"), pictures(cifar / "test")),
    ]  # fmt: skip
    made = {}
    for task in found:
        text = task.modality == "text"
        values = [*task.train[0], *task.test[0]]
        keys = [text_key(v) if text else file_key(Path(v)) for v in values]
        encoder = load_encoder("all-MiniLM-L6-v2" if text else "efficientnet-lite0")
        rows = encoder.encode(values, keys).astype(np.float64)
        rows -= rows.mean(axis=0)
        _, vectors = np.linalg.eigh(rows.T @ rows)
        rows = rows @ vectors[:, -KEPT:]
        made[task.name] = (rows, np.concatenate([task.codes, task.test_codes]))
    made["several labels"] = messages(shared)
    return made


def messages(shared: Path) -> tuple[Matrix, Codes]:
    """Features of messages with several labels, and which apply (rows, labels)."""
    texts, labels = domains(shared / "clinc150")[0]
    drawn = compose(list(zip(texts, labels, strict=True)), MESSAGES, 0)
    values, names = [text for text, _ in drawn], sorted(set(labels))
    rows = load_encoder("all-MiniLM-L6-v2").encode(values, [text_key(one) for one in values])
    _, vectors = np.linalg.eigh(np.cov(rows.T.astype(np.float64)))
    marks = np.array([[int(name in own) for name in names] for _, own in drawn])
    return (rows - rows.mean(axis=0)) @ vectors[:, -KEPT:], marks


def sample(y: Codes, n: int, balanced: bool, random: np.random.Generator) -> Codes:
    """n rows; classes as equal as the pool allows, or with shares that fall geometrically; of
    several labels a row any rows."""
    if y.ndim == 2:
        return random.permutation(len(y))[:n]
    classes = random.permutation(int(y.max()) + 1)
    least = 10.0  # the commonest class has ten times the rows of the rarest
    shares = np.ones(len(classes)) if balanced else np.geomspace(1.0, 1 / least, len(classes))
    wanted = np.maximum(K, np.floor(n * shares / shares.sum())).astype(int)
    picked = [
        random.permutation(np.flatnonzero(y == one))[:count]
        for one, count in zip(classes, wanted, strict=True)
    ]
    rows = np.concatenate(picked)
    if len(rows) < n:
        rest = random.permutation(np.setdiff1d(np.arange(len(y)), rows))
        rows = np.concatenate([rows, rest[: n - len(rows)]])
    return random.permutation(rows)[:n]


def dealt(y: Codes, random: np.random.Generator) -> Codes:
    """Rows of every fold of every repeat, stratified, (repeats × K, n / K)."""
    parts = []
    for _ in range(REPEATS):
        chance = random.random(len(y))
        order = np.argsort(chance) if y.ndim == 2 else np.lexsort((chance, y))
        parts += [order[fold::K] for fold in range(K)]
    return np.stack(parts)


def folds_scores(rows: Matrix, y: Codes, tests: Codes, classes: int) -> Matrix:
    """Of ridge classifiers fitted without each block (repeats × K, n / K, classes): sums over all
    rows less its own."""
    wide = np.concatenate([rows - rows.mean(axis=0), np.ones((len(rows), 1))], axis=1)
    targets = y.astype(np.float64) if y.ndim == 2 else np.eye(classes)[y]
    blocks, answers = wide[tests], targets[tests]
    turned = blocks.transpose(0, 2, 1)
    gram = wide.T @ wide - turned @ blocks
    gram += np.diag([*np.full(rows.shape[1], PENALTY * len(y) * rows.var(axis=0).mean()), 0.0])
    weights = np.linalg.solve(gram, wide.T @ targets - turned @ answers)
    return np.asarray(blocks @ weights)


def answered(scores: Matrix, y: Codes, tests: Codes, sure: Matrix | float = 1.0) -> Answers:
    """What scores say, and how sure they are as logits, times `sure`."""
    if y.ndim == 2:
        return answered_sets(sigmoid(SHARP * sure * (scores - 0.5)), y, tests)
    logits = sure * scores
    proba = np.exp(logits - logits.max(axis=2, keepdims=True))
    proba /= proba.sum(axis=2, keepdims=True)
    losses = np.stack(scaled_log_losses(y[tests], proba)).astype(np.float64)
    right = (scores.argmax(axis=2) == y[tests]).astype(np.float64)
    return Answers(right, losses, right.mean(axis=1))


def answered_sets(proba: Matrix, y: Codes, tests: Codes) -> Answers:
    """The labels that suit macro-F1."""
    by = answers_minimise("macro_f1", list(proba), y, None)
    folds = list(zip(y[tests], proba, strict=True))
    return Answers(
        np.stack([values_of("macro_f1", *one, None, by, None) for one in folds]),
        np.stack(scaled_log_losses(y[tests], proba)).astype(np.float64),
        np.array([score_of("macro_f1", *one, None, by, None) for one in folds]),
    )


def right(rows: Matrix, y: Codes, new: Matrix, codes: Codes, classes: int) -> NDArray[np.bool_]:
    """Of the new rows, those that a classifier of these rows answers rightly."""
    middle, level = rows.mean(axis=0), np.eye(classes)[y].mean(axis=0)
    inside = rows - middle
    gram = inside.T @ inside
    gram += np.eye(len(gram)) * PENALTY * len(y) * rows.var(axis=0).mean()
    weights = np.linalg.solve(gram, inside.T @ (np.eye(classes)[y] - level))
    return np.asarray(((new - middle) @ weights + level).argmax(axis=1) == codes)


def true_gain(better: NDArray[np.bool_], base: NDArray[np.bool_], y: Codes, codes: Codes,
              classes: int) -> tuple[float, float]:  # fmt: skip
    """(gain on new rows, variance of that measurement)."""
    there = np.bincount(codes, minlength=classes)
    # The rest of the pool has another mix of classes than the sample: each counts as it does there.
    weigh = np.bincount(y, minlength=classes) * (there > 0) / np.maximum(there, 1)
    weights = weigh[codes] / weigh[codes].sum()
    gaps = better.astype(float) - base
    gain = float((weights * gaps).sum())
    return gain, float((weights**2 * (gaps - gain) ** 2).sum())


def outside(y: Codes, n: int) -> int:
    """Rows of the thinnest class beside a balanced sample of n: the true gain is measured there."""
    return int(np.bincount(y).min()) - -(-n // len(np.unique(y)))


def gaps_of(rung: Answers, base: Answers, *, surer: bool = True) -> Gaps:
    """What the rung gains; surer: in log-loss too."""

    also = Gaps(*log_loss_gains(list(rung.losses), list(base.losses))) if surer else None
    by_rows = rows_variance(list(rung.values), list(base.values))
    return Gaps(rung.scores - base.scores, by_rows, also)


def adopted(
    rung: Answers, base: Answers, n: int, margin: float, level: float, *, last: bool = True,
    surer: bool = True,
) -> bool:  # fmt: skip
    """By all folds, whether the first ones gave it up or not; the last rung is looked at after
    each repeat, as in a run."""
    rule, repeats = Rule("accuracy", margin, 0.95, n, K), len(rung) // K
    looks = repeats if last else 1
    for end in range(K, K * looks, K):
        if settled(gaps_of(rung.first(end), base.first(end), surer=surer), rule, looks):
            return True
    gaps, names = gaps_of(rung, base, surer=surer), ("rung", "base")
    found, also = gains(gaps, rule, names), gains_in_log_loss(gaps, rule, names)
    return judge_gain(found, rule, last_level(level, looks), also)[0] == "adopt"


def trained(rung: Answers, base: Answers, n: int, level: float) -> tuple[int, bool]:
    """(folds that a run trains before the rung is given up, or clear, or all; given up or not)."""
    rule = Rule("accuracy", MARGIN, 0.95, n, K)
    repeats = len(rung) // K
    for wave in waves(K, len(rung)):
        seen = gaps_of(rung.first(wave.stop), base.first(wave.stop))
        if given_up(seen, rule, len(rung), last_level(level, repeats)) is not None:
            return wave.stop, True
        if settled(seen, rule, repeats):
            return wave.stop, False
    return len(rung), False


def climbs(arms: list[Answers], repeats: int, n: int, margin: float, *, surer: bool = True) -> bool:
    """Whether the gate adopts any rung."""
    best, wrong, level = arms[0], False, level_of(ALPHA, len(arms) - 1)
    for rung in arms[1:]:
        known = rung.first(K * repeats), best.first(K * repeats)
        said = adopted(*known, n, margin, level, last=rung is arms[-1], surer=surer)
        best, wrong = (rung, True) if said else (best, wrong)
    return wrong


def naive(arms: list[Answers]) -> list[bool]:
    """Single split, plain paired t, highest mean: whether any rung is adopted."""
    gaps = [gaps_of(rung, arms[0], surer=False).by_fold for rung in arms[1:]]
    plain = [
        gap.std() > 0 and gap.mean() / gap.std(ddof=1) * len(gap) ** 0.5
        > stats.t.ppf(1 - ALPHA, len(gap) - 1)
        for gap in gaps
    ]  # fmt: skip
    return [
        any(gap[0] >= MARGIN for gap in gaps),
        any(plain),
        any(gap.mean() > 0 for gap in gaps),
    ]


def rotated(rows: Matrix, random: np.random.Generator) -> Matrix:
    return np.asarray(rows @ np.linalg.qr(random.normal(size=(KEPT, KEPT)))[0])


def null_cell(
    pool: tuple[Matrix, Codes], n: int, balanced: bool, worlds: int
) -> tuple[list[int], float]:
    """Worlds with a wrong adoption: the gate on one rung with 1, 2, 3 repeats, on two rungs with 1,
    2, 3 repeats, on one with 3 repeats and no margin; on one with 1 and 3 repeats by the metric
    alone; on one with 3 repeats whose probabilities are better; single split, plain t, highest
    mean. Then the share of the folds of one rung that a run trains before it gives up."""
    rows, y = pool
    classes = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
    count = np.zeros(13, dtype=int)
    folds = 0
    for world in range(worlds):
        random = np.random.default_rng([world, n, balanced])
        taken = sample(y, n, balanced, random)
        inside, codes = rotated(rows[taken], random), y[taken]
        tests = dealt(codes, random)
        seen = inside[:, :BLOCK]
        noise = NOISE * seen.std() * random.normal(size=(3, *seen.shape))
        scores = [folds_scores(seen + one, codes, tests, classes) for one in noise]
        arms = [answered(one, codes, tests) for one in scores]
        unsure = np.exp(SURENESS * random.normal(size=(len(codes), 1)))[tests]
        worse = answered(scores[0], codes, tests, unsure)
        said = [climbs(arms[:last], r, n, MARGIN) for last in (2, 3) for r in (1, 2, 3)]
        alone = [climbs(arms[:2], r, n, MARGIN, surer=False) for r in (1, 3)]
        better = climbs([worse, arms[1]], 3, n, MARGIN)
        count += [*said, climbs(arms[:2], 3, n, 0.0), *alone, better, *naive(arms)]
        folds += trained(arms[1], arms[0], n, ALPHA)[0]
    return [int(one) for one in count], folds / worlds / (K * REPEATS)


def power_cell(pool: tuple[Matrix, Codes], n: int, more: int, worlds: int) -> list[float]:
    """True gain, then the share adopted by: oracle, the gate on one rung and on one of two, single
    split, plain t, highest mean; then the gate on one rung as it is run, which gives up early, and
    the share of the folds that it trains; by the metric alone, on one rung; then with one repeat:
    oracle, the gate on one rung, and by the metric alone."""
    rows, y = pool
    classes = int(y.max()) + 1
    said, means, truth, blur, run, once = [], [], [], [], [], []
    for world in range(worlds):
        random = np.random.default_rng([world, n, more])
        taken = sample(y, n, True, random)
        rest = np.setdiff1d(np.arange(len(y)), taken)
        everything = rotated(rows, random)[:, : BASE + more]
        inside, codes, new = everything[taken], y[taken], everything[rest]
        tests, part = dealt(codes, random), len(codes) * (K - 1) // K
        arms = [
            answered(folds_scores(inside[:, :d], codes, tests, classes), codes, tests)
            for d in (BASE, BASE + more)
        ]
        base, better = (
            right(inside[:part, :d], codes[:part], new[:, :d], y[rest], classes)
            for d in (BASE, BASE + more)
        )
        gain, variance = true_gain(better, base, codes, y[rest], classes)
        truth.append(gain)
        blur.append(variance)
        gaps = gaps_of(arms[1], arms[0], surer=False).by_fold
        means.append((float(gaps.mean()), float(gaps[:K].mean())))
        levels = [level_of(ALPHA, rungs) for rungs in (1, 2)]
        said.append([*(adopted(arms[1], arms[0], n, MARGIN, one) for one in levels), *naive(arms)])
        folds, dropped = trained(arms[1], arms[0], n, ALPHA)
        alone = adopted(arms[1], arms[0], n, MARGIN, ALPHA, surer=False)
        run.append((said[-1][0] and not dropped, folds / len(arms[1]), alone))
        first = arms[1].first(K), arms[0].first(K)
        once.append([adopted(*first, n, MARGIN, ALPHA, surer=one) for one in (True, False)])
    thrice, single = (
        oracle(np.array(of), np.array(truth), float(np.mean(blur)))
        for of in zip(*means, strict=True)
    )
    return [
        float(np.mean(truth)),
        thrice,
        *np.mean(said, axis=0).tolist(),
        *np.mean(run, axis=0).tolist(),
        single,
        *np.mean(once, axis=0).tolist(),
    ]


def oracle(means: Matrix, truth: Matrix, blur: float) -> float:
    """Share of worlds in which the mean gain is credible to who knows its standard deviation."""
    spread = float(np.var(means - truth, ddof=1)) - blur
    need = max(MARGIN, stats.norm.ppf(1 - ALPHA) * max(spread, 0.0) ** 0.5)
    return float((means >= need).mean())


def main() -> int:
    """The tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--worlds", type=int, default=1000)
    arguments.add_argument("--part", choices=("null", "power", "both"), default="both")
    arguments.add_argument("--only", default="", help="sources whose name has this in it")
    said = arguments.parse_args()
    found = {name: pool for name, pool in pools(said.shared).items() if said.only in name}
    if said.part != "power":
        print("| rows of | n | classes | one rung: 1 repeat | 2 | 3 | two rungs: 1 repeat | 2 | 3 "
              "| upper bound | no margin | metric alone: 1 repeat | 3 | probabilities better "
              "| single split | plain t | highest mean | always | folds trained |\n| --- "
              + "| ---: " * 18 + "|")  # fmt: skip
        for name, pool in found.items():
            for n in SIZES:
                several = pool[1].ndim == 2
                for balanced in (True,) if several else (True, False):
                    if n > 0.6 * len(pool[1]):
                        continue
                    wrong, folds = null_cell(pool, n, balanced, said.worlds)
                    bound = clopper_pearson(max(wrong[:6]), said.worlds).high or 1.0
                    cells = [f"{one / said.worlds:.1%}" for one in wrong]
                    cells.insert(6, f"{bound:.1%}")
                    if several:  # Their answers follow the probabilities: no longer equal.
                        cells[10] = "–"
                    kind = "as they are" if several else "balanced" if balanced else "unequal"
                    print(f"| {name} | {n:,} | {kind} | {' | '.join(cells)} | 100% "
                          f"| {folds:.0%} |", flush=True)  # fmt: skip
    if said.part != "null":
        print("\n| rows of | n | true gain | oracle | gate, one rung | of two | single split "
              "| plain t | highest mean | one rung, given up early | folds trained "
              "| metric alone | 1 repeat: oracle | gate, one rung | metric alone |\n| --- "
              + "| ---: " * 14 + "|")  # fmt: skip
        for name, pool in found.items():
            for n in SIZES if pool[1].ndim == 1 else ():
                if n > 0.6 * len(pool[1]) or outside(pool[1], n) < OUTSIDE:
                    continue
                cells = [power_cell(pool, n, more, max(2, said.worlds // 10)) for more in MORE]
                curve = np.array(cells)
                curve = curve[np.argsort(curve[:, 0])]
                for gain in GAINS:
                    if not curve[0, 0] <= gain <= curve[-1, 0]:
                        continue
                    at = [np.interp(gain, curve[:, 0], curve[:, i]) for i in range(1, 13)]
                    shown = " | ".join(f"{one:.0%}" for one in at)
                    print(f"| {name} | {n:,} | {100 * gain:.0f} | {shown} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
