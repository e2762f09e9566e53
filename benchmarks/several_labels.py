"""Rows with several labels: thresholds that follow the metric or the costs, beside scikit-learn's.

    python benchmarks/several_labels.py --shared ../shared/data [--setfit-seconds 600]

Messages are composed of one to three CLINC150 sentences; their labels are the domains of the
sentences (ten). 400 messages to learn from, 1,000 of other sentences as hold-out, three seeds. A
miss costs 5 in the first five labels and 1 in the others, a label too many 1 and 3. Headstart runs
once without costs (macro-F1 decides, and answers follow it) and once with them; scikit-learn's
one-vs-rest LogisticRegressionCV is fitted on the same frozen features and gives a label from one
half on, or from the threshold that the costs make cheapest. SetFit fine-tunes the same encoder on
pairs of the first seed's rows (20 iterations, batches of 16, one epoch, one-vs-rest), where it is
given seconds; past them it is stopped and scored as it is, and its time is extrapolated.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from time_to_decision import fine_tuned, setfit

from headstart import bootstrap
from headstart.backbones import load_encoder
from headstart.data import text_key
from headstart.metrics import cost_of_sets, given_labels, set_costs

warnings.simplefilter("ignore", FutureWarning)
TRAIN, TEST, SEEDS = 400, 1000, 3
Rows = list[tuple[str, set[str]]]


def compose(sentences: list[tuple[str, str]], n: int, seed: int) -> Rows:
    """(message, its labels)."""
    draw, rows = random.Random(seed), []
    for _ in range(n):
        parts = draw.sample(sentences, draw.choice((1, 1, 2, 2, 3)))
        rows.append((". ".join(text for text, _ in parts), {label for _, label in parts}))
    return rows


def write(rows: Rows, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topics"))
        writer.writerows((text, "|".join(sorted(labels))) for text, labels in rows)
    return path


def decide(folder: Path, name: str, costs: tuple[dict[str, float], dict[str, float]] | None) -> Any:
    """decision.json of a run, and the seconds that it took."""
    options = bootstrap.Options(
        holdout=str(folder / "test.csv"), separator="|", label="topics", input="message",
        backbones=("all-MiniLM-L6-v2",),
    )  # fmt: skip
    begin = time.monotonic()
    pilot = bootstrap.init_pilot(folder / name, folder / "train.csv", options)
    if costs is not None:
        brief = pilot.brief.read_text(encoding="utf-8")
        for table, named in zip(("costs", "false_alarms"), costs, strict=True):
            lines = "".join(f"{label} = {cost}\n" for label, cost in named.items())
            assert f"[mistakes.{table}]\n" in brief
            brief = brief.replace(f"[mistakes.{table}]\n", f"[mistakes.{table}]\n{lines}", 1)
        pilot.brief.write_text(brief, encoding="utf-8")
    opened = bootstrap.open_pilot(folder / name, None, bootstrap.Options())
    bootstrap.run_pilot(opened, lambda what, done, total: None)
    return json.loads(bootstrap.decision_text(opened.pilot)), time.monotonic() - begin


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--setfit-seconds", type=float, default=0.0)
    arguments.add_argument("--setfit-worker", nargs=3, metavar=("TRAIN", "TEST", "LIMIT"))
    said = arguments.parse_args()
    if said.setfit_worker:
        train, test, limit = said.setfit_worker
        setfit_worker(Path(train), Path(test), float(limit))
        return
    folder = said.shared / "clinc150"
    parts = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
    domains = json.loads((folder / "domains.json").read_text(encoding="utf-8"))
    of = {intent: domain for domain, intents in domains.items() for intent in intents}
    labels = sorted(domains)
    misses = {label: 5.0 if i < 5 else 1.0 for i, label in enumerate(labels)}
    alarms = {label: 1.0 if i < 5 else 3.0 for i, label in enumerate(labels)}
    table = set_costs(labels, misses, alarms)
    found: dict[str, list[tuple[float, float]]] = {}
    seconds = []
    for seed in range(SEEDS):
        train, test = (
            compose([(text, of[label]) for text, label in parts[part]], n, seed)
            for part, n in (("train", TRAIN), ("test", TEST))
        )
        with tempfile.TemporaryDirectory(prefix="headstart-") as place:
            write(train, Path(place) / "train.csv")
            write(test, Path(place) / "test.csv")
            for name, costs in (("macro-F1", None), ("costs", (misses, alarms))):
                document, took = decide(Path(place), name, costs)
                seconds.append(took)
                y, given = _holdout(Path(place) / name, labels)
                arm = document["chosen"]["arm"]
                found.setdefault(f"Headstart, {name}", []).append(_worth(y, given, table))
                print(f"seed {seed}, {name}: {arm}, {took:.0f} s", flush=True)
            if said.setfit_seconds and seed == 0:
                files = Path(place) / "train.csv", Path(place) / "test.csv"
                peer = setfit(*files, said.setfit_seconds, __file__)
                y = np.array([[label in own for label in labels] for _, own in test], dtype=int)
                for name, costs in (("one half", None), ("costs", table)):
                    given = given_labels(np.array(peer["proba"]), costs)
                    found[f"SetFit, {name}"] = [_worth(y, given, table)]
                print(f"SetFit: {peer['steps']} of {peer['total']} steps, {peer['seconds']:.0f} s")
        encoder = load_encoder("all-MiniLM-L6-v2")
        values = [text for text, _ in (*train, *test)]
        features = encoder.encode(values, [text_key(value) for value in values])
        marks = np.array([[label in own for label in labels] for _, own in (*train, *test)])
        peer = OneVsRestClassifier(
            LogisticRegressionCV(cv=3, max_iter=2000, scoring="neg_log_loss")
        )
        peer.fit(features[:TRAIN], marks[:TRAIN].astype(int))
        proba, y = peer.predict_proba(features[TRAIN:]), marks[TRAIN:].astype(int)
        for name, costs in (("one half", None), ("costs", table)):
            worth = _worth(y, given_labels(proba, costs), table)
            found.setdefault(f"scikit-learn, {name}", []).append(worth)
    print("\n| thresholds | macro-F1 | cost of a case |\n| --- | ---: | ---: |")
    for name, worths in found.items():
        f1, cost = np.mean(worths, axis=0)
        low, high = np.min(worths, axis=0)[1], np.max(worths, axis=0)[1]
        print(f"| {name} | {100 * f1:.1f} | {cost:.3f} ({low:.3f} to {high:.3f}) |")
    ours, theirs = (
        np.mean(found[f"{who}, costs"], axis=0)[1] for who in ("Headstart", "scikit-learn")
    )
    half = np.mean(found["Headstart, macro-F1"], axis=0)[1]
    print(f"\ncost with thresholds from costs / from macro-F1: {ours / half:.2f}")
    print(f"cost, Headstart / scikit-learn: {ours / theirs:.2f}")
    print(f"seconds of a run: {min(seconds):.0f} to {max(seconds):.0f}")


def setfit_worker(train: Path, test: Path, limit: float) -> None:
    """Fine-tune with SetFit in this process; prints one JSON line."""
    rows, checks = read(train), read(test)
    labels = sorted({label for _, own in (*rows, *checks) for label in own})
    marks = [[int(label in own) for label in labels] for _, own in rows]
    texts = [text for text, _ in rows]
    model, took = fine_tuned(texts, marks, limit, multi_target_strategy="one-vs-rest")
    proba = np.asarray(model.predict_proba([text for text, _ in checks], as_numpy=True))
    print(json.dumps({**took, "proba": proba.tolist()}))


def read(path: Path) -> Rows:
    """What `write` wrote."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            (row["message"], set(row["topics"].split("|")) - {""}) for row in csv.DictReader(stream)
        ]


def _holdout(pilot: Path, labels: list[str]) -> tuple[Any, Any]:
    """(marks, answers) of the hold-out rows, from the table beside the memo."""
    with (pilot / "artifacts" / "holdout.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    marks, given = (
        np.array([[label in row[column].split("|") for label in labels] for row in rows])
        for column in ("label", "predicted")
    )
    return marks.astype(np.int64), given


def _worth(y: Any, given: Any, costs: Any) -> tuple[float, float]:
    """(macro-F1, cost of a case)."""
    return float(f1_score(y, given, average="macro")), float(cost_of_sets(y, given, costs).mean())


if __name__ == "__main__":
    main()
