"""How much quality the pick of `headstart select` loses, and how little compute it takes.

    python benchmarks/selection_regret.py --shared ../shared/data [--rows 3000] [--seeds 3]

Real tasks of texts and images, each with eight candidates: a network, its layers and poolings, its
sizes, random weights, and classical features. The truth of a candidate is the accuracy on the test
rows of a logistic head on all training rows. The race sees the training rows alone. Regret is the
best candidate's truth less the pick's. Compute is counted in seconds of processors: of features
(seconds a row, measured, times the rows that were looked at) and of heads; exhaustive is features
of all training rows and five folds twice of the head, for every candidate. Beside it: LogME,
H-score and kNN accuracy on the same 400 rows of every candidate, and taking the largest network.
The coverage of the probe's 95% interval is counted over tasks, candidates and seeds. What a cross-
validation of 400 rows estimates is the accuracy, on new rows of the same source, of probes trained
on four fifths of them: the truth is that of the five probes of a repeat on the training rows that
were not drawn, or on the test rows where all were. Beside it stands how often the interval holds
the accuracy of the probe of all 400 rows on the test file: more rows, and sometimes another source.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from headstart.backbones import load_encoder
from headstart.data import file_key, make_folds, text_key
from headstart.heads import fit_linear
from headstart.modalities import get_modality
from headstart.select.learning_curve import _answers
from headstart.select.probe import probe
from headstart.select.race import race
from headstart.select.rows import nested_order
from headstart.select.scores import h_score, knn_accuracy, logme
from headstart.select.scoring import ACCURACY
from headstart.stats import mean_over_folds
from headstart.workflow.demo import demo_images

SEEN = 400
TEXTS = {
    "MiniLM": "all-MiniLM-L6-v2",
    "MiniLM, token embeddings": "all-MiniLM-L6-v2?layer=0",
    "MiniLM, layer 2": "all-MiniLM-L6-v2?layer=2",
    "MiniLM, layer 4": "all-MiniLM-L6-v2?layer=4",
    "MiniLM, first token": "all-MiniLM-L6-v2?pooling=cls",
    "MiniLM, maximum": "all-MiniLM-L6-v2?pooling=max",
    "MiniLM, random weights": "random:all-MiniLM-L6-v2",
    "TF-IDF": "classical",
}
IMAGES = {
    "Lite0": "efficientnet-lite0",
    "Lite1": "efficientnet-lite1",
    "Lite2": "efficientnet-lite2",
    "Lite0, stage 2": "efficientnet-lite0?layer=2",
    "Lite0, stage 3": "efficientnet-lite0?layer=3",
    "Lite0, maximum": "efficientnet-lite0?pooling=max",
    "Lite0, random weights": "random:efficientnet-lite0",
    "colour and HOG": "classical",
}
LARGEST = {"text": "MiniLM", "image": "Lite2"}
Rows = tuple[list[str], list[str]]


@dataclass
class Task:
    """Training and test rows of one task."""

    name: str
    modality: str
    train: Rows
    test: Rows
    codes: NDArray[np.int64] = field(init=False)
    test_codes: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        labels = sorted(set(self.train[1]))
        index = {label: i for i, label in enumerate(labels)}
        kept = [i for i, label in enumerate(self.test[1]) if label in index]
        self.test = ([self.test[0][i] for i in kept], [self.test[1][i] for i in kept])
        self.codes = np.array([index[label] for label in self.train[1]], dtype=np.int64)
        self.test_codes = np.array([index[label] for label in self.test[1]], dtype=np.int64)


@dataclass
class Contender:
    """A candidate whose features of all rows are there; it notes how many were asked for."""

    ref: str
    matrix: NDArray[np.float32]
    seconds_per_row: float | None
    asked: int = 0

    def features(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        self.asked = max(self.asked, len(rows))
        return self.matrix[rows]


# ---------------------------------------------------------------- tasks


def table(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(stream)]
    return [text for text, _ in rows], [label for _, label in rows]


def tweets(folder: Path, part: str) -> Rows:
    texts = (folder / f"{part}_text.txt").read_text(encoding="utf-8").splitlines()
    return texts, (folder / f"{part}_labels.txt").read_text(encoding="utf-8").splitlines()


def limited(rows: Rows, n: int, seed: int = 0, only: set[str] | None = None) -> Rows:
    kept = [i for i, label in enumerate(rows[1]) if only is None or label in only]
    chosen = sorted(random.Random(seed).sample(kept, min(n, len(kept))))
    return [rows[0][i] for i in chosen], [rows[1][i] for i in chosen]


def halves(rows: Rows, share: float = 0.6) -> tuple[Rows, Rows]:
    order = list(range(len(rows[0])))
    random.Random(1).shuffle(order)
    edge = round(share * len(order))
    a, b = order[:edge], order[edge:]
    return ([rows[0][i] for i in a], [rows[1][i] for i in a]), (
        [rows[0][i] for i in b],
        [rows[1][i] for i in b],
    )


def pictures(folder: Path) -> Rows:
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".jpg", ".png"))
    return [str(file) for file in files], [file.parent.name for file in files]


def digits(folder: Path) -> Rows:
    found = load_digits()
    values, labels = [], []
    folder.mkdir()
    for i, (image, label) in enumerate(zip(found.images, found.target, strict=True)):
        path = folder / f"{i}.png"
        Image.fromarray((image * 15.9).astype(np.uint8)).resize((32, 32)).save(path)
        values.append(str(path))
        labels.append(str(label))
    return values, labels


def tasks(shared: Path, work: Path, most: int) -> list[Task]:
    banking = table(shared / "banking77/train.csv"), table(shared / "banking77/test.csv")
    few = set(sorted(set(banking[0][1]))[:12])
    clinc = json.loads((shared / "clinc150/data_full.json").read_text(encoding="utf-8"))
    domains = json.loads((shared / "clinc150/domains.json").read_text(encoding="utf-8"))
    domain = {intent: name for name, intents in domains.items() for intent in intents}
    parts = [([t for t, _ in clinc[p]], [c for _, c in clinc[p]]) for p in ("train", "test")]
    by_domain = [(texts, [domain[c] for c in labels]) for texts, labels in parts]
    some = set(sorted(domain)[:20])
    log = shared / "loghub/BGL_2k.log_structured.csv"
    with log.open(encoding="utf-8", newline="") as stream:
        lines = [(r["Content"], "normal" if r["Label"] == "-" else "alert")
                 for r in csv.DictReader(stream)]  # fmt: skip
    bgl = halves(([t for t, _ in lines], [c for _, c in lines]))
    emotion, offensive = shared / "tweets_emotion", shared / "tweets_offensive"
    cifar = pictures(shared / "cifar10/train"), pictures(shared / "cifar10/test")
    vehicles = {"airplane", "automobile", "ship", "truck"}
    coarse = [(v, ["vehicle" if c in vehicles else "animal" for c in y]) for v, y in cifar]
    return [
        Task("Banking77", "text", limited(banking[0], most), banking[1]),
        Task("Banking77, 12 intents", "text",
             limited(banking[0], most, only=few), limited(banking[1], 9999, only=few)),
        Task("CLINC150, domains", "text", limited(by_domain[0], most), by_domain[1]),
        Task("CLINC150, 20 intents", "text",
             limited(parts[0], most, only=some), limited(parts[1], 9999, only=some)),
        Task("tweets, emotion", "text",
             limited(tweets(emotion, "train"), most), tweets(emotion, "test")),
        Task("tweets, offensive", "text",
             limited(tweets(offensive, "train"), most), tweets(offensive, "test")),
        Task("BGL log lines", "text", *bgl),
        Task("CIFAR-10", "image", *cifar),
        Task("CIFAR-10, animals and vehicles", "image", *coarse),
        Task("digits", "image", *halves(digits(work / "digits"))),
        Task("solar cells", "image", *halves(pictures(demo_images(work / "cells")))),
    ]  # fmt: skip


# ---------------------------------------------------------------- features and truth


def contender(task: Task, name: str, ref: str) -> tuple[Contender, NDArray[np.float32]]:
    """The candidate on the training rows, and its features of the test rows."""
    values = [*task.train[0], *task.test[0]]
    if ref == "classical":
        modality = get_modality(task.modality)
        fitted = modality.classical_fit(task.train[0])
        begin = time.process_time()
        matrix = modality.classical_transform(fitted, task.train[0])
        each = (time.process_time() - begin) / len(task.train[0])
        return Contender(name, matrix, each), modality.classical_transform(fitted, task.test[0])
    text = task.modality == "text"
    keys = [text_key(v) if text else file_key(Path(v)) for v in values]
    seed = 0 if ref.startswith("random:") else None
    encoder = load_encoder(ref.removeprefix("random:"), random_seed=seed)
    matrix = encoder.encode(values, keys)
    begin, spent = time.perf_counter(), time.process_time()
    each = encoder.seconds_per_row(values[:64])  # type: ignore[attr-defined]
    each *= (time.process_time() - spent) / (time.perf_counter() - begin)
    n = len(task.train[0])
    return Contender(name, matrix[:n], each), matrix[n:]


def truth(task: Task, one: Contender, test: NDArray[np.float32]) -> tuple[float, float]:
    """(accuracy on the test rows, seconds of fitting the head once)."""
    classes = int(task.codes.max()) + 1
    begin = time.process_time()
    head = fit_linear(one.matrix, task.codes, classes, exact=False)
    seconds = time.process_time() - begin
    said = head.predict_proba(test).argmax(axis=1)
    return float((said == task.test_codes).mean()), seconds


def covered(
    task: Task, one: Contender, test: NDArray[np.float32], rows: NDArray[np.int64], seed: int
) -> tuple[bool, bool]:
    """Whether the probe's interval on these rows holds what it estimates, and whether it holds the
    accuracy of the probe of all of them on the test rows."""
    known, codes = np.unique(task.codes[rows], return_inverse=True)
    codes = codes.astype(np.int64)
    folds = make_folds(codes, np.arange(len(rows)), 5, 10, seed)
    found = probe(one.matrix[rows], codes, folds, ACCURACY)
    span = mean_over_folds(found.scores, 5, 10, 0.95, 0.0, 1.0, n=len(rows))
    rest = np.setdiff1d(np.arange(len(task.codes)), rows)

    def right(train: NDArray[np.int64], new: NDArray[np.float32], y: NDArray[np.int64]) -> float:
        everything = np.concatenate([one.matrix[rows], new])
        later = np.arange(len(rows), len(everything))
        said = known[_answers(everything, codes, train, later, len(known), found.penalty, ACCURACY)]
        return float((said == y).mean())

    new = (one.matrix[rest], task.codes[rest]) if len(rest) else (test, task.test_codes)
    parts = [right(train, *new) for train, _ in itertools.islice(folds, 5)]
    assert span.low is not None
    assert span.high is not None
    whole = right(np.arange(len(rows)), test, task.test_codes)
    return (
        span.low <= float(np.mean(parts)) <= span.high,
        span.low <= whole <= span.high,
    )


def main() -> int:
    """A line a task, then the medians."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--rows", type=int, default=3000, help="training rows, at most")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--margin", type=float, default=0.01)
    said = arguments.parse_args()
    scores: dict[str, Callable[[NDArray[np.float32], NDArray[np.int64]], float]] = {
        "LogME": lambda x, y: logme(x, y, int(y.max()) + 1),
        "H-score": h_score,
        "kNN": knn_accuracy,
    }
    regret: dict[str, list[float]] = {name: [] for name in ("ours", *scores, "largest")}
    shares: list[float] = []
    held: list[tuple[bool, bool]] = []
    print(
        "| task | rows | best (truth) | pick | regret | compute | LogME | H-score | kNN | largest |"
    )
    print("| --- | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks(said.shared, Path(folder), said.rows):
            refs = TEXTS if task.modality == "text" else IMAGES
            n = len(task.codes)
            made = {name: contender(task, name, ref) for name, ref in refs.items()}
            found = {name: truth(task, *pair) for name, pair in made.items()}
            best = max(found, key=lambda name: found[name][0])
            whole = sum(
                n * (pair[0].seconds_per_row or 0) + 8 * found[name][1]
                for name, pair in made.items()
            )
            own, spent, picks = [], [], []
            others: dict[str, list[float]] = {name: [] for name in scores}
            for seed in range(said.seeds):
                runners = [pair[0] for pair in made.values()]
                for one in runners:
                    one.asked = 0
                begin = time.process_time()
                report = race(runners, task.codes, np.arange(n), seed=seed, margin=said.margin)
                heads = time.process_time() - begin
                features = sum(one.asked * (one.seconds_per_row or 0) for one in runners)
                own.append(found[best][0] - found[report.pick][0])
                spent.append((features + heads) / whole)
                picks.append(report.pick)
                rows = np.sort(nested_order(task.codes, np.arange(n), seed)[:SEEN])
                codes = np.unique(task.codes[rows], return_inverse=True)[1].astype(np.int64)
                for name, score in scores.items():
                    values = {k: score(pair[0].matrix[rows], codes) for k, pair in made.items()}
                    chosen = max(values, key=lambda k: values[k])
                    others[name].append(found[best][0] - found[chosen][0])
                held += [covered(task, *pair, rows, seed) for pair in made.values()]
            regret["ours"] += own
            shares += spent
            for name in scores:
                regret[name] += others[name]
            lost = found[best][0] - found[LARGEST[task.modality]][0]
            regret["largest"] += [lost] * said.seeds
            cells = " | ".join(f"{100 * np.mean(others[name]):.1f}" for name in scores)
            print(
                f"| {task.name} | {n:,} | {best} ({found[best][0]:.1%}) | "
                f"{', '.join(dict.fromkeys(picks))} | {100 * np.mean(own):.1f} | "
                f"{np.mean(spent):.0%} | {cells} | {100 * lost:.1f} |",
                flush=True,
            )
    print("\n| chosen by | median regret | mean | worst |\n| --- | ---: | ---: | ---: |")
    for name, values in regret.items():
        print(
            f"| {name} | {100 * np.median(values):.2f} | {100 * np.mean(values):.2f} | "
            f"{100 * np.max(values):.2f} |"
        )
    print(
        f"\nCompute: median {np.median(shares):.1%} of the exhaustive search, mean "
        f"{np.mean(shares):.1%}. 95% intervals hold what they estimate in "
        f"{np.mean([a for a, _ in held]):.1%} of {len(held)} cells, and the accuracy on the test "
        f"file in {np.mean([b for _, b in held]):.1%}."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
