"""Real data sets with nothing planted: what the audit says of them, and how severe it is.

    python benchmarks/audit_quiet.py --shared ../shared/data [--seeds 3]

For each of Banking77, CLINC150, TweetEval's emotions and CIFAR-10, `headstart audit` runs on a
sample of the training part with a sample of the test part as hold-out. A finding of severity 0.5 or
more is counted as a false alarm.
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
from pathlib import Path

SERIOUS = 0.5
Rows = list[tuple[str, str]]


def banking(shared: Path, part: str) -> Rows:
    with (shared / f"banking77/{part}.csv").open(encoding="utf-8", newline="") as stream:
        return [(row["text"], row["category"]) for row in csv.DictReader(stream)]


def clinc(shared: Path, part: str) -> Rows:
    found = json.loads((shared / "clinc150/data_full.json").read_text(encoding="utf-8"))
    return [(text, label) for text, label in found[part]]


def emotions(shared: Path, part: str) -> Rows:
    folder = shared / "tweets_emotion"
    texts = (folder / f"{part}_text.txt").read_text(encoding="utf-8").splitlines()
    labels = (folder / f"{part}_labels.txt").read_text(encoding="utf-8").splitlines()
    return list(zip(texts, labels, strict=True))


def sample(rows: Rows, classes: set[str], n: int, chance: random.Random) -> Rows:
    return chance.sample(kept := [row for row in rows if row[1] in classes], min(n, len(kept)))


def write(rows: Rows, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([("text", "label"), *rows])
    return path


def pictures(shared: Path, part: str, n: int, chance: random.Random, folder: Path) -> Path:
    files = chance.sample(sorted((shared / "cifar10" / part).rglob("*.jpg")), n)
    for file in files:
        target = folder / part / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(file.resolve())
    return folder / part


def main() -> int:
    """Print a line a run, and the share of false alarms."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--seeds", type=int, default=3)
    said = arguments.parse_args()
    print("| data | seed | most severe | finding |\n| --- | ---: | ---: | --- |")
    alarms = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("banking77", "clinc150", "tweets_emotion", "cifar10"):
            for seed in range(said.seeds):
                chance, work = random.Random(seed), Path(folder) / f"{name}-{seed}"
                work.mkdir()
                if name == "cifar10":
                    data = pictures(said.shared, "train", 600, chance, work)
                    held = pictures(said.shared, "test", 300, chance, work)
                else:
                    read = {"banking77": banking, "clinc150": clinc, "tweets_emotion": emotions}
                    train, test = (read[name](said.shared, part) for part in ("train", "test"))
                    labels = sorted({label for _, label in train})
                    classes = set(chance.sample(labels, min(12, len(labels))))
                    data = write(sample(train, classes, 600, chance), work / "train.csv")
                    held = write(sample(test, classes, 300, chance), work / "test.csv")
                done = subprocess.run(
                    [sys.executable, "-m", "headstart", "audit", str(data), "--json",
                     "--holdout", str(held), "--out", str(work / "pilot"), "--minutes", "1"],
                    capture_output=True,
                    text=True,
                    check=True,
                    env={**os.environ, "HEADSTART_CACHE": f"{folder}/cache"},
                )  # fmt: skip
                findings = json.loads(done.stdout)["findings"]
                worst = findings[0] if findings else {"severity": 0.0, "title": "nothing"}
                runs, alarms = runs + 1, alarms + (worst["severity"] >= SERIOUS)
                print(
                    f"| {name} | {seed} | {worst['severity']:.2f} | {worst['title']} |", flush=True
                )
    print(f"\n{alarms} of {runs} runs have a finding of severity {SERIOUS} or more.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
