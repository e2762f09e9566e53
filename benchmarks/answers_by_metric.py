"""Answers that follow the metric, where one label is common and others are rare.

    python benchmarks/answers_by_metric.py --shared ../shared/data [--draws 8] [--only NAME]

Text tasks, drawn so that their labels have stated shares; the same head on frozen MiniLM features
answers new rows of the same shares (up to 3,000), by macro-F1 and by balanced accuracy:

    most probable  the label with the largest probability
    Headstart      weights by a power of the shares, the one that the out-of-fold probabilities
                   promise most of; the labels are not looked at
    scikit-learn   TunedThresholdClassifierCV (two labels only) around the same head, five folds
    best           the power that is best for the new rows themselves, which nobody can know

The interval of the gain over the most probable answers is of its mean over the draws (t, 95%).
"Seconds" is the time of Headstart's folds, weights and head over that of scikit-learn's fit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ladder_real import text_sources
from scipy import stats
from sklearn.model_selection import TunedThresholdClassifierCV

from headstart import TransferClassifier
from headstart.backbones import load_encoder
from headstart.data import make_folds, text_key
from headstart.heads import fit_linear
from headstart.metrics import (
    balanced_accuracy,
    given_answers,
    macro_f1,
    miss_costs,
    miss_weights,
)

SIZES = (150, 400, 1000)
MOST_NEW = 3000
FEWEST = 5
RARE = (0.06, 0.12, 0.25)
METRICS: dict[str, tuple[Callable[..., float], str]] = {
    "macro_f1": (macro_f1, "f1_macro"),
    "balanced_accuracy": (balanced_accuracy, "balanced_accuracy"),
}


def shares_of(labels: int) -> list[np.ndarray]:
    """Two labels: one rare. More: the first holds two thirds; each next one is rarer."""
    if labels == 2:
        return [np.array([1.0 - rare, rare]) for rare in RARE]
    most = np.ones(labels)
    most[0] = 2.0 * (labels - 1)
    harmonic = 1.0 / np.arange(1, labels + 1)
    return [one / one.sum() for one in (most, harmonic)]


def drawn(codes: np.ndarray, shares: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, ...]:
    """(rows to train on, new rows), both with these shares; at least five of a label train."""
    random = np.random.default_rng([seed, n])
    order = [random.permutation(np.flatnonzero(codes == code)) for code in range(len(shares))]
    taken = [max(round(share * n), FEWEST) for share in shares]
    left = [one[k:] for one, k in zip(order, taken, strict=True)]
    new = min(MOST_NEW, *(len(one) / share for one, share in zip(left, shares, strict=True)))
    train = np.concatenate([one[:k] for one, k in zip(order, taken, strict=True)])
    tests = [one[: max(1, int(new * share))] for one, share in zip(left, shares, strict=True)]
    return train, np.concatenate(tests) if new >= 200 else train[:0]


def draw(
    rows: np.ndarray, codes: np.ndarray, shares: np.ndarray, n: int, seed: int
) -> dict[str, list[float]] | None:
    """By metric: most probable, Headstart, scikit-learn, best, seconds over scikit-learn's."""
    train, new = drawn(codes, shares, n, seed)
    if not len(new):
        return None
    X, y, labels = rows[train], codes[train], len(shares)
    begin = time.perf_counter()
    out_of_fold = np.zeros((len(y), labels))
    for fit, test in make_folds(y, np.arange(len(y)), 5, 1, seed):
        out_of_fold[test] = fit_linear(X[fit], y[fit], labels, seed=seed).predict_proba(X[test])
    proba = fit_linear(X, y, labels, seed=seed).predict_proba(rows[new])
    heads = time.perf_counter() - begin
    held = np.bincount(y, minlength=labels) / len(y)
    found = {}
    for name, (measure, scorer) in METRICS.items():
        begin = time.perf_counter()
        by = miss_costs(miss_weights(name, held, out_of_fold))
        own = heads + time.perf_counter() - begin
        scores = [measure(codes[new], given_answers(proba, rule), labels) for rule in (None, by)]
        peer, ratio = float("nan"), float("nan")
        if labels == 2:
            begin = time.perf_counter()
            head = TransferClassifier("precomputed", random_state=seed)
            tuned = TunedThresholdClassifierCV(head, scoring=scorer, cv=5, random_state=seed)
            tuned.fit(X, y)
            ratio = own / (time.perf_counter() - begin)
            peer = measure(codes[new], tuned.predict(rows[new]), labels)
        powers = [(held.max() / held) ** power for power in np.linspace(0.0, 1.5, 31)]
        best = max(measure(codes[new], (proba * w).argmax(axis=1), labels) for w in powers)
        found[name] = [*scores, peer, best, ratio]
    return found


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--draws", type=int, default=8)
    arguments.add_argument("--only", default="", help="part of a task's name")
    said = arguments.parse_args()
    encoder = load_encoder("all-MiniLM-L6-v2")
    print("| task | rarest | rows | draws | metric | most probable | Headstart | scikit-learn "
          "| best | gain | seconds |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | --- " + "| ---: " * 6 + "|")
    for source in text_sources(said.shared):
        names = sorted(set(source.train[1]))
        if said.only not in source.name or len(names) > 20:
            continue
        texts = list(source.train[0])
        rows = encoder.encode(texts, [text_key(text) for text in texts])
        codes = np.array([names.index(label) for label in source.train[1]])
        for shares in shares_of(len(names)):
            for n in SIZES:
                every = [draw(rows, codes, shares, n, seed) for seed in range(said.draws)]
                done = [one for one in every if one is not None]
                for metric in METRICS if done else ():
                    table = np.array([one[metric] for one in done])
                    plain, own, peer, best, seconds = table.mean(axis=0)
                    gains = 100.0 * (table[:, 1] - table[:, 0])
                    half = stats.sem(gains) * stats.t.ppf(0.975, len(gains) - 1)
                    other, ratio = (
                        ("–", "–") if np.isnan(peer) else (f"{100 * peer:.1f}", f"{seconds:.2f}")
                    )
                    print(f"| {source.name} | {shares.min():.0%} | {n:,} | {len(done)} "
                          f"| {metric.replace('_', ' ')} | {100 * plain:.1f} | {100 * own:.1f} "
                          f"| {other} | {100 * best:.1f} | {gains.mean():+.1f} "
                          f"({gains.mean() - half:+.1f} to {gains.mean() + half:+.1f}) | {ratio} |",
                          flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
