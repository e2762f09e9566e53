"""CLINC150 with its out-of-scope rows: accuracy in scope against out-of-scope recall.

    python benchmarks/clinc150_oos.py --shared ../shared/data [--per-intent 30] [--work folder]

One `headstart run` on the data set's own split, as published: 150 intents, `oos` as the label of
rows that are none of them. Twice: with the 100 out-of-scope training rows to choose a score by, and
without them (classes that are left out stand in for them). The published numbers of a BERT that was
fine-tuned from end to end stand beside it (Larson et al. 2019, table 3): trained with the
out-of-scope rows as a class, and with a threshold on its probabilities. There, a row in scope that
is called out of scope counts as wrong, as it does here.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from headstart import bootstrap
from headstart.decide.evidence import branches, estimates
from headstart.storage.sqlite import SQLiteStore

PUBLISHED = (
    ("BERT, fine-tuned, out-of-scope rows as a class (published)", 0.969, 0.403),
    ("BERT, fine-tuned, threshold (published)", 0.962, 0.523),
)
Rows = list[tuple[str, str]]


def write(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "intent"))
        writer.writerows(rows)


def some(rows: Rows, most: int) -> Rows:
    """At most so many rows of each intent."""
    by_intent: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_intent[row[1]].append(row)
    draw = random.Random(0)
    drawn = (draw.sample(by_intent[intent], min(most, len(by_intent[intent])))
             for intent in sorted(by_intent))  # fmt: skip
    return [row for rows in drawn for row in rows]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--per-intent", type=int, default=100)
    arguments.add_argument("--work", type=Path)
    arguments.add_argument(
        "--out-of-scope-rows", nargs="+", choices=("with", "without"), default=("with", "without")
    )
    said = arguments.parse_args()
    parts = json.loads((said.shared / "clinc150/data_full.json").read_text(encoding="utf-8"))
    parts = {name: [(text, intent) for text, intent in rows] for name, rows in parts.items()}
    train = some(parts["train"], said.per_intent)
    work = said.work or Path(tempfile.mkdtemp(prefix="clinc-"))
    work.mkdir(parents=True, exist_ok=True)
    held = work / "test.csv"
    write(held, parts["test"] + parts["oos_test"])
    lines = []
    for name in said.out_of_scope_rows:
        strange = parts["oos_train"] if name == "with" else []
        data = work / f"{name}.csv"
        write(data, train + strange)
        options = bootstrap.Options(
            input="text", label="intent", holdout=str(held), out_of_scope="oos",
            minutes=15.0, max_stage="frozen",
        )  # fmt: skip
        begin = time.monotonic()
        opened = bootstrap.open_pilot(data, work / f"{name}-pilot", options)
        bootstrap.run_pilot(opened, lambda what, done, total: None)
        seconds = time.monotonic() - begin
        with closing(SQLiteStore(opened.pilot.database)) as store:
            view = bootstrap._view(store, opened.pilot)
        found = {key: view.entry(f"/evaluate/outside/{key}").value
                 for key in ("score", "recall", "false_alarms", "accuracy", "auroc")}  # fmt: skip
        area = {key: entry.value for key, entry in estimates(view, "/outside/auroc").items()}
        plain = view.entry("/evaluate/metrics/accuracy").value
        points = [view.entry(one).value for one in branches(view, "/evaluate/outside/points")]
        lines.append((name, found, area, plain, points, seconds))
    print(f"{len(train)} training rows in scope ({said.per_intent} an intent at most).\n")
    print("| model | accuracy in scope | out-of-scope recall | false alarms | AUROC | seconds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, found, _, _, _, seconds in lines:
        accuracy, recall = found["accuracy"]["value"], found["recall"]["value"]
        alarms = found["false_alarms"]["value"]
        print(
            f"| Headstart, frozen MiniLM, {name} out-of-scope training rows, {found['score']} "
            f"| {100 * accuracy:.1f}% | {100 * recall:.1f}% | {100 * alarms:.1f}% (asked for 5%) "
            f"| {found['auroc']:.3f} | {seconds:.0f} |"
        )
    for name, accuracy, recall in PUBLISHED:
        print(f"| {name} | {100 * accuracy:.1f}% | {100 * recall:.1f}% | | | |")
    for name, found, area, plain, points, _ in lines:
        print(f"\n{name} out-of-scope training rows: in-scope accuracy without flags "
              f"{100 * plain['value']:.1f}%. AUROC on development rows: "
              + ", ".join(f"{key} {value:.3f}" for key, value in area.items())
              + f"; chosen: {found['score']}. Curve (recall, accuracy): "
              + ", ".join(f"{100 * one['recall']:.0f}/{100 * one['accuracy']:.1f}"
                          for one in points[::4]) + ".")  # fmt: skip


if __name__ == "__main__":
    main()
