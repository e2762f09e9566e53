"""How often prediction sets hold the true label, and how large they are.

    python benchmarks/prediction_sets.py --shared ../shared/data [--trials 200]

Frozen MiniLM with a linear head. A trial draws n development rows of a data set; 200 others are its
hold-out, and all the rest say how often the sets truly hold the label. Three constructions at 90%,
all of them with the same head and score (least ambiguous sets): Headstart's (threshold from
out-of-fold probabilities, 5 folds × 2, at a temperature found there; the head is fitted on all n
rows), the split conformal one (a head fitted on four fifths, the threshold from the others), and
MAPIE's cross-conformal one (five heads, which all have to be kept). "Interval" is how often the
exact 95% interval of the hold-out holds the coverage among the rest. Of Banking77 half as many
trials are made; MAPIE's are those in which every class was drawn, as it asks.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from selection_regret import Rows, table, tweets

from headstart.backbones import load_encoder
from headstart.data import make_folds, text_key
from headstart.heads import at_temperature, fit_linear, fit_temperature, logits_of
from headstart.stats import clopper_pearson, prediction_sets, set_threshold

LEVEL = 0.9
HOLDOUT = 200
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def tasks(shared: Path) -> list[tuple[str, Rows, tuple[int, ...]]]:
    def joined(*parts: Rows) -> Rows:
        return [v for p in parts for v in p[0]], [label for p in parts for label in p[1]]

    banking = shared / "banking77"
    emotion = joined(
        *(tweets(shared / "tweets_emotion", part) for part in ("train", "val", "test"))
    )
    return [
        ("tweets, emotion", emotion, (100, 300, 1000)),
        (
            "Banking77",
            joined(table(banking / "train.csv"), table(banking / "test.csv")),
            (500,),
        ),
    ]


def embedded(rows: Rows) -> tuple[Floats, Codes]:
    seen = {value: label for value, label in zip(*rows, strict=True) if value.strip()}
    values, labels = list(seen), sorted(set(seen.values()))
    encoder = load_encoder("all-MiniLM-L6-v2")
    features = encoder.encode(values, [text_key(value) for value in values])
    return features, np.array([labels.index(one) for one in seen.values()], dtype=np.int64)


def own(x: Floats, y: Codes, classes: int, others: Floats, seed: int) -> tuple[Floats, float]:
    """(probabilities of the other rows, threshold)."""
    folds = make_folds(y, np.arange(len(y)), 5, 2, seed)
    summed = np.zeros((len(y), classes))
    for assignment in folds.assignment:
        for part in range(5):
            train = assignment != part
            head = fit_linear(x[train], y[train], classes, exact=False)
            summed[~train] += head.predict_proba(x[~train]) / len(folds.assignment)
    heat = fit_temperature(y, logits_of(summed))
    known = at_temperature(logits_of(summed), heat)[np.arange(len(y)), y]
    said = fit_linear(x, y, classes).predict_proba(others)
    return at_temperature(logits_of(said), heat), set_threshold(known, LEVEL)


def split(x: Floats, y: Codes, classes: int, others: Floats, seed: int) -> tuple[Floats, float]:
    """The same with a fifth of the rows kept out of the fit."""
    kept = np.random.default_rng(seed).permutation(len(y)) < len(y) // 5
    head = fit_linear(x[~kept], y[~kept], classes, exact=False)
    known = head.predict_proba(x[kept])[np.arange(int(kept.sum())), y[kept]]
    return head.predict_proba(others), set_threshold(known, LEVEL)


def peer(x: Floats, y: Codes, classes: int, others: Floats, seed: int) -> NDArray[np.bool_]:
    """MAPIE's cross-conformal sets, of the same head."""
    from mapie.classification import CrossConformalClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.model_selection import StratifiedKFold

    class Head(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
        def fit(self, rows: Floats, codes: Codes) -> Head:
            self.classes_ = np.arange(classes)
            self.head_ = fit_linear(rows, codes, classes, exact=False)
            return self

        def predict_proba(self, rows: Floats) -> Floats:
            return self.head_.predict_proba(rows)

        def predict(self, rows: Floats) -> Codes:
            return self.predict_proba(rows).argmax(axis=1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = CrossConformalClassifier(
            Head(),
            confidence_level=LEVEL,
            conformity_score="lac",
            cv=StratifiedKFold(5, shuffle=True, random_state=seed),
        ).fit_conformalize(x, y)
        sets: NDArray[np.bool_] = found.predict_set(others)[1][:, :, 0]
    return sets


class Tally:
    """Coverage, size and intervals of one construction."""

    def __init__(self) -> None:
        self.coverage: list[float] = []
        self.size: list[float] = []
        self.single: list[float] = []
        self.empty: list[float] = []
        self.inside: list[bool] = []
        self.seconds = 0.0

    def add(self, sets: NDArray[np.bool_], y: Codes) -> None:
        held = sets[np.arange(len(y)), y]
        true = float(held[HOLDOUT:].mean())
        seen = clopper_pearson(int(held[:HOLDOUT].sum()), HOLDOUT, 0.95)
        self.coverage.append(true)
        size = sets[HOLDOUT:].sum(axis=1)
        self.size.append(float(size.mean()))
        self.single.append(float((size == 1).mean()))
        self.empty.append(float((size == 0).mean()))
        self.inside.append((seen.low or 0.0) <= true <= (1.0 if seen.high is None else seen.high))

    def __str__(self) -> str:
        low, high = np.quantile(self.coverage, (0.05, 0.95))
        return (
            f"{np.mean(self.coverage):.1%} | {low:.1%} to {high:.1%} | {np.mean(self.size):.2f} "
            f"| {np.mean(self.single):.0%} | {np.mean(self.empty):.1%} "
            f"| {np.mean(self.inside):.1%} | {self.seconds / max(len(self.coverage), 1):.2f}"
        )


def measure(name: str, rows: Rows, sizes: tuple[int, ...], trials: int, peers: int) -> None:
    x, y = embedded(rows)
    classes = int(y.max()) + 1
    for n in sizes:
        tallies = {
            "Headstart": Tally(),
            "split conformal": Tally(),
            "MAPIE, cross-conformal": Tally(),
        }
        for trial in range(trials):
            order = np.random.default_rng((n, trial)).permutation(len(y))
            dev, others = order[:n], order[n:]
            for construct in tallies:
                begin = time.perf_counter()
                if construct.startswith("MAPIE"):
                    if trial >= peers or len(set(y[dev])) < classes:
                        continue
                    sets = peer(x[dev], y[dev], classes, x[others], trial)
                else:
                    made = own if construct == "Headstart" else split
                    proba, threshold = made(x[dev], y[dev], classes, x[others], trial)
                    sets = prediction_sets(proba, threshold)
                tallies[construct].seconds += time.perf_counter() - begin
                tallies[construct].add(sets, y[others])
        for construct, tally in tallies.items():
            if tally.coverage:
                print(
                    f"| {name} | {n:,} | {construct} | {len(tally.coverage)} | {tally} |",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--peer-trials", type=int, default=50, help="of them with MAPIE; 0: none")
    parser.add_argument("--only", choices=("tweets, emotion", "Banking77"))
    said = parser.parse_args()
    peers = said.peer_trials if importlib.util.find_spec("mapie") else 0
    print("| rows of | n | construction | trials | coverage | 90% of the trials | mean size "
          "| one label | none | interval | seconds |")  # fmt: skip
    print("| --- | ---: | --- |" + " ---: |" * 8)
    for name, rows, sizes in tasks(said.shared):
        if said.only not in (None, name):
            continue
        trials = said.trials if name != "Banking77" else said.trials // 2
        measure(name, rows, sizes, trials, peers)


if __name__ == "__main__":
    main()
