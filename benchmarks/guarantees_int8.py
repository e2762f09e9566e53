"""How often certificates hold for real bundles, in single precision and in eight bits.

    python benchmarks/guarantees_int8.py --shared ../shared/data [--trials 2000] [--peer-trials 200]

Frozen MiniLM with a linear head, fitted on 500 rows of each data set at a temperature found out of
fold, packaged twice: the encoder as exported, and with eight-bit weights and activations. Each
bundle answers every other row of the data set once; those rows are the population, so that the true
share of wrong answers at a threshold is known. A trial draws n of them with replacement, certifies,
and looks whether the certified threshold keeps the limit in the population. Thresholds come from
the out-of-fold answers to the 500 rows. "Carried over" is the threshold that was certified on the
answers of the fp32 bundle, used with the int8 bundle without a new test.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from guarantees import DELTA, SIZES, Floats, World, naive_threshold, peer_threshold, share_of
from numpy.typing import NDArray
from scipy.stats import binom
from selection_regret import Rows, table, tweets

from headstart.backbones import load_encoder
from headstart.backbones.int8 import quantized
from headstart.bundles import load
from headstart.data import make_folds, text_key
from headstart.heads import at_temperature, fit_linear, fit_temperature, logits_of, with_temperature
from headstart.package import build
from headstart.ports import Encoder
from headstart.stats import candidate_thresholds, certify
from headstart.types.model import EncoderFeatures, FittedModel
from headstart.types.result import SelectiveCertificate

TRAINED_ON = 500
FOLDS = 5
Wrong = NDArray[np.bool_]


@dataclass(frozen=True)
class Answered:
    """What a bundle says of the population, and what out-of-fold heads say of its own rows."""

    population: World
    reference: Floats
    missed: Wrong

    def thresholds(self, n: int) -> Floats:
        return candidate_thresholds(
            self.reference,
            n,
            limit=self.population.limit,
            confidence=1.0 - DELTA,
            wrong=self.missed,
        )


def tasks(shared: Path) -> list[tuple[str, float, Rows]]:
    def joined(*parts: Rows) -> Rows:
        return [v for p in parts for v in p[0]], [label for p in parts for label in p[1]]

    def all_tweets(name: str) -> Rows:
        return joined(*(tweets(shared / name, part) for part in ("train", "val", "test")))

    banking = shared / "banking77"
    return [
        ("Banking77", 0.10, joined(table(banking / "train.csv"), table(banking / "test.csv"))),
        ("tweets, emotion", 0.20, all_tweets("tweets_emotion")),
        ("tweets, offensive", 0.15, all_tweets("tweets_offensive")),
    ]


def answered(name: str, limit: float, rows: Rows, work: Path) -> dict[str, Answered]:
    """The fp32 and the int8 bundle, each with a head fitted on its own encoder's features."""
    seen: dict[str, str] = {}
    for value, label in zip(*rows, strict=True):
        if value.strip():
            seen.setdefault(value, label)
    values, named = list(seen), list(seen.values())
    labels = tuple(sorted(set(named)))
    codes = np.array([labels.index(label) for label in named], dtype=np.int64)
    order = np.random.default_rng(0).permutation(len(values))
    own, others = order[:TRAINED_ON], order[TRAINED_ON:]
    texts = [values[i] for i in own]
    full = load_encoder("all-MiniLM-L6-v2")
    small = quantized(full, texts, work / "int8")
    found = {}
    for precision, encoder in (("fp32", full), ("int8", small)):
        model, proba = fitted(encoder, texts, codes[own], labels)
        folder = work / f"{name}-{precision}".replace(", ", "-")
        build(model, encoder, texts[:64], folder, name=folder.name, timed=False)
        begin = time.perf_counter()
        said = load(folder).predict_proba([values[i] for i in others])
        rate = len(others) / (time.perf_counter() - begin)
        missed = said.argmax(axis=1) != codes[others]
        print(
            f"{name}, {precision}: {len(others):,} rows, {rate:.0f} a second, "
            f"{missed.mean():.1%} wrong",
            flush=True,
        )
        sure = said.max(axis=1).astype(np.float64)
        world = World(f"{name}, {precision}", limit, sure, missed.astype(np.float64))
        found[precision] = Answered(
            world, proba.max(axis=1).astype(np.float64), proba.argmax(axis=1) != codes[own]
        )
    return found


def fitted(
    encoder: Encoder, texts: list[str], codes: NDArray[np.int64], labels: tuple[str, ...]
) -> tuple[FittedModel, Floats]:
    """The head on all rows, and out-of-fold probabilities; both at the temperature of these."""
    features = encoder.encode(texts, [text_key(text) for text in texts])
    fold = make_folds(codes, np.arange(len(codes)), FOLDS, 1, 0).assignment[0]
    proba = np.zeros((len(codes), len(labels)))
    for part in range(FOLDS):
        train = fold != part
        head = fit_linear(features[train], codes[train], len(labels), exact=False)
        proba[~train] = head.predict_proba(features[~train])
    heat = fit_temperature(codes, logits_of(proba))
    head = fit_linear(features, codes, len(labels))
    model = FittedModel(
        approach="frozen",
        arm="frozen",
        modality="text",
        labels=labels,
        featurizer=EncoderFeatures(encoder.card.ref, encoder.weights_sha256, encoder.width),
        weights=head.weights,
        bias=head.bias,
        head="logistic regression",
    )
    return with_temperature(model, heat), at_temperature(logits_of(proba), heat)


class Tally:
    """Violations, certificates and coverage of one rule on one population."""

    def __init__(self, world: World) -> None:
        self.limit = world.limit
        self.levels, self.risk, self.coverage = world.risk_and_coverage()
        self.trials = self.broken = self.certified = 0
        self.answered = 0.0

    def add(self, threshold: float | None) -> None:
        self.trials += 1
        if threshold is None:
            return
        self.certified += 1
        place = np.searchsorted(-self.levels, -threshold, side="right") - 1
        if place >= 0:
            self.broken += int(self.risk[place] > self.limit)
            self.answered += float(self.coverage[place])

    @property
    def oracle(self) -> float:
        return float(self.coverage[self.risk <= self.limit].max(initial=0.0))

    def __str__(self) -> str:
        n = max(self.trials, 1)
        return f"{self.broken} ({self.broken / n:.1%}) | {self.answered / n:.1%}"


def measure(found: dict[str, Answered], trials: int, peer_trials: int) -> None:
    size = len(found["fp32"].population.stated)
    for n in SIZES:
        random = np.random.default_rng(n)
        thresholds = {name: one.thresholds(n) for name, one in found.items()}
        rules = ("own", "naive", "carried over", "MAPIE")
        cells = {(p, r): Tally(found[p].population) for p in found for r in rules}
        for trial in range(trials):
            rows = random.integers(0, size, n)
            certified: dict[str, float | None] = {}
            for precision, one in found.items():
                world = one.population
                scores, wrong = world.stated[rows], world.wrong[rows] > 0.5
                test = certify(
                    scores, wrong, thresholds[precision], limit=world.limit, confidence=1.0 - DELTA
                )
                is_one = isinstance(test, SelectiveCertificate)
                certified[precision] = test.threshold if is_one else None
                cells[precision, "own"].add(certified[precision])
                cells[precision, "naive"].add(naive_threshold(scores, wrong, world.limit))
                cells[precision, "carried over"].add(certified["fp32"])
                if trial < peer_trials:
                    cells[precision, "MAPIE"].add(peer_threshold(scores, wrong, world.limit))
        for precision, one in found.items():
            own = cells[precision, "own"]
            share = own.answered / trials / own.oracle if own.oracle else float("nan")
            carried = cells[precision, "carried over"] if precision == "int8" else "– | –"
            peer = cells[precision, "MAPIE"] if peer_trials else "– | –"
            print(
                f"| {one.population.name}, {own.limit:.0%} | {one.population.wrong.mean():.1%} "
                f"| {n:,} | {share_of(own.broken, trials)} "
                f"| {own.certified / trials:.0%} "
                f"| {own.answered / trials:.1%} | {share:.0%} of {own.oracle:.1%} "
                f"| {carried} | {cells[precision, 'naive']} | {peer} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--peer-trials", type=int, default=200, help="of them with MAPIE; 0: none")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        every = [answered(*task, Path(folder)) for task in tasks(said.shared)]
    most = int(binom.ppf(0.999, said.trials, DELTA))
    print(f"\n{said.trials} trials each, MAPIE {said.peer_trials}; δ = {DELTA}; at most {most}")
    print("violations are compatible with δ (99.9% point of the binomial distribution).\n")
    print(
        "| bundle, limit | wrong | n | violations | certified | coverage | of the oracle's "
        "| fp32's threshold carried over: violations | coverage | naive: violations | coverage "
        "| MAPIE: violations | coverage |"
    )
    print("| --- " + "| ---: " * 12 + "|")
    start = time.perf_counter()
    for found in every:
        measure(found, said.trials, said.peer_trials)
    print(f"\n({time.perf_counter() - start:.0f} s of trials)")


if __name__ == "__main__":
    main()
