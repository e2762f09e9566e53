"""Two label columns in one bundle against one: latency of a request, seconds of a run, accuracy.

    python benchmarks/several_outputs.py --shared ../shared/data [--one-backbone]

CLINC150 with 10 examples of each of its 150 intents, its test file as hold-out; the domain of an
intent is the second label column. One run decides about the intent alone, one about both. Their
bundles answer the same requests in turn, one text at a time, in an order that changes at random;
the interval of the ratio of medians is a bootstrap over the requests (2,000 resamples).

What a run decides may put the two columns on different features. With --one-backbone nothing is
decided: both columns get the frozen arm, and one bundle is built of the first head alone and one of
both, so that two heads on one backbone are timed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.adapt import ArmInputs, label_texts, plan_arms, refit
from headstart.backbones import built_in
from headstart.bundles import BundlePredictor, load
from headstart.data import text_key
from headstart.package import build
from headstart.types.model import FittedModel
from headstart.workflow.candidates import Candidate

PER_INTENT = 10
REQUESTS = 2000
WARM_UP = 50
RESAMPLES = 2000
Rows = list[tuple[str, str, str]]


def read(shared: Path, part: str, each: int | None) -> Rows:
    """(text, intent, domain); `each` of every intent, or all."""
    folder = shared / "clinc150"
    found = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))[part]
    domains = json.loads((folder / "domains.json").read_text(encoding="utf-8"))
    domain = {name_of(intent): area for area, intents in domains.items() for intent in intents}
    chance, rows = random.Random(0), []
    for intent in sorted({label for _, label in found}):
        texts = [text for text, label in found if label == intent]
        chosen = texts if each is None else chance.sample(texts, each)
        rows += [(text, intent, domain[name_of(intent)]) for text in chosen]
    return rows


def name_of(intent: str) -> str:
    """An intent as both files write it."""
    return intent.replace(" ", "_").lower()


def write(rows: Rows, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "intent", "domain"))
        writer.writerows(rows)
    return path


def run(train: Path, test: Path, pilot: Path, *more: str) -> tuple[float, dict[str, Any]]:
    """(seconds, decision.json) of one run with the backbone kept frozen."""
    begin = time.monotonic()
    command = [sys.executable, "-m", "headstart", "run", str(train), "--holdout", str(test)]
    command += ["--label", "intent", "--max-stage", "frozen", "--out", str(pilot), *more]
    environment = {**os.environ, "HEADSTART_CACHE": str(pilot.parent / "cache")}
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
    document = json.loads((pilot / "decision.json").read_text(encoding="utf-8"))
    return time.monotonic() - begin, document


def interleaved(bundles: list[BundlePredictor], texts: list[str]) -> NDArray[np.float64]:
    """Milliseconds (requests, bundles), each text asked of all of them in a random order."""
    chance = random.Random(1)
    for text in texts[:WARM_UP]:
        for bundle in bundles:
            bundle.predict([text])
    found = np.zeros((len(texts), len(bundles)))
    for row, text in enumerate(texts):
        for which in chance.sample(range(len(bundles)), len(bundles)):
            before = time.perf_counter()
            bundles[which].predict([text])
            found[row, which] = 1000 * (time.perf_counter() - before)
    return found


def ratio(found: NDArray[np.float64], q: float) -> tuple[float, float, float]:
    """(q-quantile of the second over that of the first, 95% interval)."""
    chance = np.random.default_rng(2)
    quantiles = np.quantile(found, q, axis=0)
    drawn = []
    for _ in range(RESAMPLES):
        sample = found[chance.integers(0, len(found), len(found))]
        one, both = np.quantile(sample, q, axis=0)
        drawn.append(both / one)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(quantiles[1] / quantiles[0]), float(low), float(high)


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def frozen(backbone: Candidate, texts: list[str], answers: list[str]) -> FittedModel:
    """The frozen arm on all rows, for one label column."""
    spec = next(arm for arm in plan_arms("text", [backbone.card]) if arm.family == "frozen")
    labels = tuple(sorted(set(answers)))
    keys = [text_key(text) for text in texts]
    found = backbone.features(backbone.encoder, texts, keys, label_texts(labels, {}))
    codes = np.array([labels.index(answer) for answer in answers])
    inputs = ArmInputs(
        "text", texts, codes, labels, np.arange(len(texts)), features={spec.name: found}
    )
    return refit(spec, inputs, 0)


def on_one_backbone(rows: Rows, work: Path) -> None:
    """The bundles `one` and `both` in `work`, every head on the same frozen backbone."""
    card = next(card for card in built_in() if card.modality == "text")
    backbone = Candidate(card, 0, silent)
    texts = [text for text, *_ in rows]
    intent, domain = (frozen(backbone, texts, [row[at] for row in rows]) for at in (1, 2))
    further = {"domain": (domain, backbone.encoder)}
    for name, others in (("one", {}), ("both", further)):
        report = build(
            intent, backbone.encoder, texts[:50], work / name / "bundle",
            name=name, timed=False, column="intent", further=others,
        )  # fmt: skip
        print(f"{name}: {report.size_bytes / 1e6:.1f} MB")


def time_both(work: Path, rows: Rows) -> None:
    """Print the latency of the bundles `one` and `both` in `work`."""
    texts = [text for text, *_ in random.Random(3).sample(rows, REQUESTS)]
    for threads in (1, None):
        bundles = [load(work / name / "bundle", threads=threads) for name in ("one", "both")]
        found = interleaved(bundles, texts)
        p50 = np.quantile(found, 0.5, axis=0)
        print(f"threads {threads or 'all'}: p50 {p50[0]:.3f} ms and {p50[1]:.3f} ms")
        for q in (0.5, 0.95):
            print("  ratio at p{:.0f}: {:.3f} ({:.3f} to {:.3f})".format(100 * q, *ratio(found, q)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--work", type=Path, help="keep the pilots here")
    arguments.add_argument(
        "--one-backbone", action="store_true", help="time two heads on one frozen backbone"
    )
    said = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = said.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        train_rows = read(said.shared, "train", PER_INTENT)
        test_rows = read(said.shared, "test", None)
        if said.one_backbone:
            on_one_backbone(train_rows, work)
            time_both(work, test_rows)
            return
        train = write(train_rows, work / "train.csv")
        test = write(test_rows, work / "test.csv")
        first, _ = run(train, test, work / "first")
        seconds_one, one = run(train, test, work / "one")
        seconds_both, both = run(train, test, work / "both", "--also", "domain")
        print(f"first run, features computed: {first:.0f} s")
        for name, seconds, document in (
            ("intent", seconds_one, one),
            ("intent + domain", seconds_both, both),
        ):
            size = document["bundle"]["size_bytes"] / 1e6
            print(f"{name}: {seconds:.0f} s, bundle {size:.1f} MB")
            for row in document["outputs"]:
                value = row["value"]
                print(
                    f"  {row['column']}: {row['approach']}, transfer {row['transfer']}, ship "
                    f"{row['ship']}, {row['metric']} {value['value']:.3f} ({value['low']:.3f} to "
                    f"{value['high']:.3f})"
                )
        time_both(work, test_rows)


if __name__ == "__main__":
    main()
