"""The ladder on real tasks: Headstart's choice beside every fixed recipe, SetFit and an oracle.

    python benchmarks/ladder_real.py --shared ../shared/data --cache ladder_cache [--minutes 5]

Seven tasks (five of texts, two of images), 8, 32 and 128 training rows a class, five seeds; the
emotion tweets also at 200, and once with all their 3,257 rows, as common as they are. Each cell is
a task, a size and a seed; each method answers the same test rows (at most 1,000, drawn once) after
it saw the same training rows:

    headstart   `headstart run` with the budget of --minutes: arms, folds, gates and refit
    frozen      the frozen backbone with a linear head
    top         always thawed: the top four blocks of MiniLM, the last stage of EfficientNet-Lite0
    full        always fine-tuned from end to end
    told        the same run, told how common the labels are on the test rows (`prevalence`), for
                the tweets, whose training rows are as many of each class and whose test rows not
    setfit      SetFit with the same encoder (texts); stopped after --setfit-seconds of training,
                its time then extrapolated from its steps

The oracle takes the method with the best score on the test rows, and its compute is that of all of
them but Headstart. Every method runs in a process of its own on one thread; its compute is that
process's seconds of processor; networks are exported once before, features are computed anew. Of
Headstart's run the seconds until the chosen arm is fitted are kept too: what comes after them is
the bundle, its measured latency and stress, which the others do not do.
What was measured is kept line by line in ladder_real.jsonl beside this file, the cheapest cells
first, so that the benchmark can be stopped and goes on, on another day too; the summary names how
many of the planned cells it stands on. To measure one anew, delete its line.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from selection_regret import Rows, digits, halves, limited, pictures, table, tweets
from sklearn.datasets import load_digits

from headstart.data import text_key

SIZES = (8, 32, 128)
ALL = 0
"""The size that takes every row there is; of one seed, since there is nothing to draw."""
SEEDS = 5
CHECKED = 1000
METHODS = ("frozen", "headstart", "told", "top", "full", "setfit")
OURS = ("headstart", "told")
PLANS = {("text", "top"): "top-4", ("image", "top"): "top-1"}
WARM = ("exports", "weights", "random")
"""Folders of the cache that all cells share."""
REPORTED = ("accuracy", "approach", "done", "chosen", "minutes")
BACKBONES = {"text": "all-MiniLM-L6-v2", "image": "efficientnet-lite0"}


@dataclass(frozen=True)
class Source:
    """All training and test rows of one task."""

    name: str
    modality: str
    train: Rows
    test: Rows
    more: tuple[int, ...] = ()
    """Further sizes beside the usual ones."""
    mixed: bool = False
    """Whether the labels are not as common on the test rows as in a draw of so many each."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that apply to its cells."""
        lacking = {"setfit": self.modality != "text", "told": not self.mixed}
        return tuple(method for method in METHODS if not lacking.get(method, False))


@dataclass(frozen=True)
class Cell:
    """A task at one size and one seed."""

    source: Source
    size: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.source.name}-{self.size or 'all'}-{self.seed}"

    @property
    def cost(self) -> float:
        """Rows to train on; images cost more."""
        labels = self.source.train[1]
        rows = self.size * len(set(labels)) or len(labels)
        return rows * (3.0 if self.source.modality == "image" else 1.0)

    def rows(self) -> tuple[Rows, Rows]:
        """(training, test)."""
        if self.size == ALL:
            return self.source.train, limited(self.source.test, CHECKED)
        by_label: dict[str, list[str]] = defaultdict(list)
        for value, label in zip(*self.source.train, strict=True):
            by_label[label].append(value)
        draw = random.Random(self.seed)
        values, labels = [], []
        for label in sorted(by_label):
            drawn = draw.sample(by_label[label], self.size)
            values += drawn
            labels += [label] * self.size
        return (values, labels), limited(self.source.test, CHECKED)


def domains(folder: Path) -> tuple[Rows, Rows]:
    """CLINC150's ten domains."""
    return _clinc(folder, _domain_of(folder))


def first_domain(folder: Path) -> tuple[Rows, Rows]:
    """The fifteen intents of CLINC150's first domain by name, cars and commuting."""
    domain_of = _domain_of(folder)
    first = min(domain_of.values())
    return _clinc(folder, {one: one for one, domain in domain_of.items() if domain == first})


def intents(folder: Path) -> tuple[Rows, Rows]:
    """All 150 intents of CLINC150."""
    return _clinc(folder, {one: one for one in _domain_of(folder)})


def _domain_of(folder: Path) -> dict[str, str]:
    known = json.loads((folder / "domains.json").read_text(encoding="utf-8"))
    return {intent: domain for domain, own in known.items() for intent in own}


def _clinc(folder: Path, label_of: dict[str, str]) -> tuple[Rows, Rows]:
    """Rows of the intents that have a label."""
    parts = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))

    def rows(part: str) -> Rows:
        own = [(text, label_of[intent]) for text, intent in parts[part] if intent in label_of]
        return [text for text, _ in own], [label for _, label in own]

    return rows("train"), rows("test")


def named(folder: Path, part: str) -> Rows:
    """Tweets with the names of their labels."""
    lines = (folder / "mapping.txt").read_text(encoding="utf-8").splitlines()
    names = dict(line.split(None, 1) for line in lines if line.strip())
    values, codes = tweets(folder, part)
    return values, [names[code] for code in codes]


def text_sources(shared: Path) -> list[Source]:
    emotion, offensive = shared / "tweets_emotion", shared / "tweets_offensive"
    banking = shared / "banking77"
    return [
        Source(
            "emotion", "text", named(emotion, "train"), named(emotion, "test"), (200, ALL), True
        ),
        Source("offensive", "text", named(offensive, "train"), named(offensive, "test"), (), True),
        Source("banking77", "text", table(banking / "train.csv"), table(banking / "test.csv")),
        Source("clinc-domains", "text", *domains(shared / "clinc150")),
        Source("clinc-cars", "text", *first_domain(shared / "clinc150")),
    ]


def sources(shared: Path, cache: Path) -> list[Source]:
    shared, folder = shared.absolute(), cache.absolute() / "digits"
    if not folder.exists():
        digits(folder)
    files = sorted(folder.glob("*.png"), key=lambda path: int(path.stem))
    numbers = [str(file) for file in files], [str(label) for label in load_digits().target]
    cifar = shared / "cifar10"
    return [
        *text_sources(shared),
        Source("cifar10", "image", pictures(cifar / "train"), pictures(cifar / "test")),
        Source("digits", "image", *halves(numbers)),
    ]


def planned(found: list[Source]) -> list[Cell]:
    cells = []
    for source in found:
        counts: dict[str, int] = defaultdict(int)
        for label in source.train[1]:
            counts[label] += 1
        for size in (*SIZES, *source.more):
            if size <= min(counts.values()):
                seeds = 1 if size == ALL else SEEDS
                cells += [Cell(source, size, seed) for seed in range(seeds)]
    return sorted(cells, key=lambda cell: (cell.size or np.inf, cell.seed, cell.cost, cell.name))


# ---------------------------------------------------------------- one method, in its own process


def work(method: str, asked: dict[str, Any]) -> float:
    """Accuracy on the test rows."""
    (values, labels), (checks, truth) = asked["train"], asked["test"]
    if method in OURS:
        return _headstart(asked, told=method == "told")
    from headstart.adapt import rung as rungs
    from headstart.adapt.answers import features
    from headstart.backbones import load_encoder
    from headstart.data import file_key, text_key
    from headstart.heads import LinearHead, fit_linear
    from headstart.types.result import NotAvailable

    names = sorted(set(labels))
    codes = np.array([names.index(label) for label in labels], dtype=np.int64)
    text = asked["modality"] == "text"
    encoder = load_encoder(BACKBONES[asked["modality"]])
    every = [*values, *checks]
    keys = [text_key(value) if text else file_key(Path(value)) for value in every]
    n = len(values)
    if method == "frozen":
        matrix = encoder.encode(every, keys)
        head = fit_linear(matrix[:n], codes, len(names), exact=False)
        proba = head.predict_proba(matrix[n:])
    else:
        plan = rungs.plan_of(PLANS.get((asked["modality"], method), method), encoder)
        assert not isinstance(plan, NotAvailable), plan
        groups, keeping = np.arange(n), Path(asked["folder"]) / "training"
        rung = rungs.Rung(plan, encoder, values, keys[:n], codes, groups, len(names))
        quiet = lambda what, done, total: None  # noqa: E731
        tuned = rung.whole(rung.activations(quiet), asked["seed"], keeping, quiet)
        held = rungs.Rung(plan, encoder, checks, keys[n:], codes, groups, len(names))
        rows = held.activations(quiet)
        found = features(rows, np.arange(len(checks)), tuned=tuned)
        proba = LinearHead(tuned.weights, tuned.bias).predict_proba(found)
    said = [names[code] for code in proba.argmax(axis=1)]
    return float(np.mean([a == b for a, b in zip(said, truth, strict=True)]))


def _headstart(asked: dict[str, Any], *, told: bool) -> float:
    from headstart import bootstrap

    folder, truth = Path(asked["folder"]), asked["test"][1]
    shares = {label: truth.count(label) / len(truth) for label in set(truth)} if told else {}
    options = bootstrap.Options(
        holdout=str(folder / "test.csv"), minutes=asked["minutes"], seed=asked["seed"],
        backbones=(BACKBONES[asked["modality"]],), label="label",
        input="text" if asked["modality"] == "text" else "image", prevalence=shares,
    )  # fmt: skip
    opened = bootstrap.open_pilot(folder / "train.csv", folder / "pilot", options)

    def heard(what: str, done: int, total: int) -> None:
        if what == "packaging":
            asked["chosen"] = round(sum(os.times()[:4]), 1)

    bootstrap.run_pilot(opened, heard)
    document = json.loads(bootstrap.decision_text(opened.pilot))
    asked["approach"] = document["chosen"]["arm"]
    return float(document["holdout"]["metrics_all"]["accuracy"]["value"])


def _beside(rows: Rows, folder: Path) -> Rows:
    """The same pictures, copied into the folder."""
    values, labels = rows
    copies = []
    for value in values:
        copy = folder / f"picture-{text_key(value)[:24]}{Path(value).suffix}"
        if not copy.exists():
            shutil.copyfile(value, copy)
        copies.append(str(copy))
    return copies, labels


def run_cell(cell: Cell, method: str, said: argparse.Namespace) -> dict[str, Any]:
    """Accuracy and seconds of processor of one method in one cell."""
    train, test = cell.rows()
    with tempfile.TemporaryDirectory(prefix="ladder-") as folder:
        column = "text" if cell.source.modality == "text" else "image"
        if column == "image":  # a table may only name pictures that lie beside it
            train, test = (_beside(rows, Path(folder)) for rows in (train, test))
        for name, rows in (("train", train), ("test", test)):
            with (Path(folder) / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow((column, "label") if method != "setfit" else ("text", "category"))
                writer.writerows(zip(*rows, strict=True))
        asked = {
            "train": train, "test": test, "modality": cell.source.modality, "seed": cell.seed,
            "folder": folder, "minutes": said.minutes,
        }  # fmt: skip
        (Path(folder) / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        if method == "setfit":
            command = ["time_to_decision.py", "--setfit-worker", f"{folder}/train.csv",
                       f"{folder}/test.csv", str(said.setfit_seconds)]  # fmt: skip
        else:
            command = ["ladder_real.py", "--worker", method, f"{folder}/asked.json"]
        command = [sys.executable, str(Path(__file__).with_name(command[0])), *command[1:]]
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        cache = {"HEADSTART_CACHE": f"{folder}/cache"}
        (Path(folder) / "cache").mkdir()
        for name in WARM:
            (said.cache / "warm" / name).mkdir(parents=True, exist_ok=True)
            (Path(folder) / "cache" / name).symlink_to((said.cache / "warm" / name).absolute())
        output = Path(folder) / "output"
        begin = time.monotonic()
        with output.open("wb") as stream:
            process = subprocess.Popen(
                command, stdout=stream, stderr=subprocess.PIPE, env={**os.environ, **one, **cache}
            )
            assert process.stderr is not None
            errors = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{method} in {cell.name}: {errors.decode()[-2000:]}")
        found = json.loads(output.read_text(encoding="utf-8").strip().splitlines()[-1])
        seconds = used.ru_utime + used.ru_stime
        if method == "setfit" and not found["done"]:
            seconds *= found["total"] / found["steps"]
        return {
            **{key: found[key] for key in REPORTED if key in found},
            "seconds": round(seconds, 1),
            "wall": round(time.monotonic() - begin, 1),
        }


# ---------------------------------------------------------------- the summary


def measured(file: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """What was measured so far, by cell and method."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found = [json.loads(line) for line in lines if line.strip()]
    return {(one["cell"], one["method"]): one for one in found}


def summary(
    kept: dict[tuple[str, str], dict[str, Any]], cells: list[Cell], said: argparse.Namespace
) -> str:
    """Tables in Markdown."""
    full = []
    for cell in cells:
        found = {m: kept[cell.name, m] for m in METHODS if (cell.name, m) in kept}
        if set(cell.source.methods) - {"told"} <= set(found):
            full.append((cell, found))
    lines = [
        f"{len(full)} of {len(cells)} planned cells; budget {said.minutes:g} minutes a run.",
        "",
        "| task | rows a class | seeds | frozen | top | full | SetFit | oracle | Headstart "
        "| told the shares | thawed | compute: Headstart / oracle "
        "| SetFit / Headstart, to the choice | SetFit / Headstart, whole run |",
        "| --- " + "| ---: " * 13 + "|",
    ]
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for cell, found in full:
        groups[cell.source.name, cell.size].append(found)
    gaps, shares, whole = [], [], np.zeros(2)
    for (name, size), rows in sorted(groups.items()):
        given = {one["headstart"].get("minutes", said.minutes) for one in rows}
        longer = [f"{minutes:g} minutes" for minutes in sorted(given - {said.minutes})]
        row = [f"{name} ({', '.join(longer)})" if longer else name, str(size or "all")]
        row.append(str(len(rows)))
        for method in ("frozen", "top", "full", "setfit"):
            here = [one[method]["accuracy"] for one in rows if method in one]
            row.append(f"{100 * np.mean(here):.1f}" if here else "")
        best = [max(one[m]["accuracy"] for m in one if m not in OURS) for one in rows]
        own = [one["headstart"]["accuracy"] for one in rows]
        spent = [sum(one[m]["seconds"] for m in one if m not in OURS) for one in rows]
        mine = [one["headstart"]["seconds"] for one in rows]
        gaps += [a - b for a, b in zip(best, own, strict=True)]
        shares += [a / b for a, b in zip(mine, spent, strict=True)]
        whole += np.array([sum(mine), sum(spent)])
        thawed = sum(one["headstart"]["approach"].startswith("adapted") for one in rows)
        peers = [
            [one["setfit"]["seconds"] / one["headstart"][key] for one in rows if "setfit" in one]
            for key in ("chosen", "seconds")
        ]
        row += [f"{100 * np.mean(best):.1f}", f"{100 * np.mean(own):.1f}"]
        told = [one["told"]["accuracy"] for one in rows if "told" in one]
        row.append(f"{100 * np.mean(told):.1f} ({len(told)})" if told else "")
        row += [f"{thawed} of {len(rows)}", f"{np.median(np.array(mine) / spent):.2f}"]
        row += [f"{np.median(peer):.1f}×" if peer else "" for peer in peers]
        lines.append("| " + " | ".join(row) + " |")
    if gaps:
        lines += [
            "",
            f"Headstart less the oracle: {-100 * np.mean(gaps):+.2f} points on average (worst cell "
            f"{-100 * np.max(gaps):+.1f}), at {100 * np.median(shares):.0f}% of its compute "
            f"(median; mean {100 * np.mean(shares):.0f}%; of the seconds of all cells together "
            f"{100 * whole[0] / whole[1]:.0f}%).",
        ]
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--cache", type=Path, default=Path("ladder_cache"))
    arguments.add_argument("--cells", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    arguments.add_argument("--minutes", type=float, default=5.0)
    arguments.add_argument("--setfit-seconds", type=float, default=240.0)
    arguments.add_argument("--only", default="", help="part of a cell's name")
    arguments.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments.add_argument("--summary", action="store_true", help="of the cells that there are")
    arguments.add_argument("--worker", nargs=2, metavar=("METHOD", "FILE"))
    said = arguments.parse_args()
    if said.worker:
        worker, file = said.worker
        asked = json.loads(Path(file).read_text(encoding="utf-8"))
        accuracy = work(worker, asked)
        wanted = ("approach", "chosen", "minutes") if worker in OURS else ()
        more = {key: asked[key] for key in wanted if key in asked}
        print(json.dumps({"accuracy": accuracy, "approach": worker, **more}))
        return
    said.cache.mkdir(parents=True, exist_ok=True)
    cells = planned(sources(said.shared, said.cache))
    for cell in cells:
        for method in said.methods:
            done = (cell.name, method) in measured(said.cells)
            if said.summary or done or said.only not in cell.name:
                continue
            if method not in cell.source.methods:
                continue
            found = {"cell": cell.name, "method": method, **run_cell(cell, method, said)}
            with said.cells.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(found) + "\n")
            print(found, flush=True)
    print(summary(measured(said.cells), cells, said))


if __name__ == "__main__":
    main()
