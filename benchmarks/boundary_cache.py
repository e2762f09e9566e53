"""Training a thawed network with the frozen prefix run once, against running it at every step.

    python benchmarks/boundary_cache.py [--shared FOLDER] [--texts 128] [--images 64] [--rounds 3]
        [--only NAME]

Every round trains the same rung on the same rows three ways, one after the other: from kept
activations; with the prefix run on each batch, its inputs preprocessed beforehand and held in
memory; and with the Hugging Face Trainer, the same layers frozen. An epoch's time is the median
over all epochs of all rounds; 5 folds × 10 epochs are extrapolated from it, filling the store
included. The ceiling follows from the prefix forward and the tail step (forward, backward, update)
measured alone in the same rounds: it is what a store would give that is read and written for
nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.adapt.anchored import AnchoredAdamW, Moving
from headstart.adapt.thaw import ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones import load_encoder
from headstart.backbones.activations import BoundaryRows
from headstart.backbones.boundary import cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingStage

FOLDS, EPOCHS, BATCH = 5, 10, 16
TARGETS = (
    ("efficientnet-lite0", 1, 8.0),
    ("all-MiniLM-L6-v2", 1, 2.2),
    ("all-MiniLM-L6-v2", 2, 1.45),
)
OF_CEILING = 0.85


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--texts", type=int, default=128)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="part of a backbone's name")
    options = parser.parse_args()
    # One core for all: a store is filled by every core that there is, a training by one.
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{torch.get_num_threads()} thread, torch {torch.__version__}, batches of {BATCH}")
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        for name, top, target in (one for one in TARGETS if options.only in one[0]):
            encoder = load_encoder(name, cache=Path(folder))
            assert isinstance(encoder, FrozenEncoder)
            if encoder.card.modality == "text":
                data = tweets(options.shared, options.texts)
            else:
                data = photographs(options.shared, options.images)
            passed &= compare(encoder, top, target, *data, options.rounds)
    return 0 if passed else 1


def tweets(shared: Path, count: int) -> tuple[list[str], NDArray[np.int64]]:
    folder = shared / "tweets_emotion"
    codes = (folder / "train_labels.txt").read_text(encoding="utf-8").split()
    texts = (folder / "train_text.txt").read_text(encoding="utf-8").split("\n")
    rows = list(zip(texts, map(int, codes), strict=False))
    random.Random(0).shuffle(rows)
    return [text.strip() for text, _ in rows[:count]], np.array([c for _, c in rows[:count]])


def photographs(shared: Path, count: int) -> tuple[list[str], NDArray[np.int64]]:
    kinds = sorted(path for path in (shared / "cifar10" / "train").iterdir() if path.is_dir())[:4]
    rows = [
        (str(path), code)
        for code, kind in enumerate(kinds)
        for path in sorted(kind.iterdir())[: count // 4]
    ]
    return [path for path, _ in rows], np.array([code for _, code in rows])


class PrefixEachTime(BoundaryRows):
    """The prefix on each training batch, as it is done without a store: all its rows at once,
    from inputs that were preprocessed beforehand."""

    def prepare(self) -> None:
        self.inputs = [self._preprocessor([value]) for value in self._values]

    def length(self, row: int) -> int:
        return self.inputs[row]["input_ids"].shape[1] if self.network.tokens else 1

    def stacked(self, rows: NDArray[np.int64]) -> dict[str, torch.Tensor]:
        names = self.network.network.inputs
        longest = max(self.length(int(row)) for row in rows)
        found = {}
        for name in names:
            parts = [self.inputs[int(row)][name][0] for row in rows]
            if self.network.tokens:
                parts = [np.pad(part, (0, longest - len(part))) for part in parts]
            found[name] = torch.from_numpy(np.stack(parts))
        return found

    def batch(
        self, rows: NDArray[np.int64], copies: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        inputs = self.stacked(rows)
        with torch.inference_mode():
            found = self.prefix(inputs).numpy()
        mask = inputs.get("attention_mask")
        return found, np.ones((len(rows), 1), np.int64) if mask is None else mask.numpy()

    def prefix(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        if not self.network.tokens:
            return self.network.prefix(inputs["pixel_values"])
        model: Any = self.network.module.model
        hidden_away = (inputs["attention_mask"] == 0).float() * torch.finfo(torch.float32).min
        hidden = model.embeddings(input_ids=inputs["input_ids"])
        for layer in list(model.encoder.layer)[: self.network.below - 1]:
            hidden = layer(hidden, attention_mask=hidden_away[:, None, None, :])
        return hidden


def compare(
    encoder: FrozenEncoder,
    top: int,
    target: float,
    values: list[str],
    codes: NDArray[np.int64],
    rounds: int,
) -> bool:
    stage = TrainingStage("top", top, epochs=2, learning_rate=1e-4, patience=2)
    plan = AdaptationPlan("rung", (stage,), batch_size=BATCH, averaging=(1.0,), inner_share=0.1)
    classes, every = int(codes.max()) + 1, np.arange(len(values))
    assert encoder.network is not None
    network = cut(encoder.network, top=top)
    each = PrefixEachTime(network, encoder.preprocessor, values, _keys(values, 0), store=None)
    each.prepare()
    times: dict[str, list[float]] = {
        name: [] for name in ("fill", "cached", "uncached", "prefix", "tail", "trainer")
    }
    why = ""
    for number in range(rounds):
        # Keys never seen, so that every round fills the store anew.
        begun = time.perf_counter()
        kept = boundary_rows(encoder, plan, values, _keys(values, number + 1))
        times["fill"].append((time.perf_counter() - begun) / len(values))
        for name, rows in (("cached", kept), ("uncached", each)):
            given = ThawRows(rows, codes, every, every, classes)
            run = thaw(plan, given, seed=number)
            assert not isinstance(run.result, NotAvailable), run.result
            fitted = len(values) - _inner(codes, number)
            times[name] += [one.seconds / fitted for one in run.history if one.epoch]
        prefix, tail = alone(each, codes, classes)
        times["prefix"].append(prefix)
        times["tail"].append(tail)
        try:
            times["trainer"] += trainer_epochs(each, codes, classes)
        except ImportError as error:
            why = f"not available, because {str(error).splitlines()[0]}"
    return report(encoder.card.name, top, target, times, why)


def _keys(values: Sequence[str], number: int) -> list[str]:
    return [hashlib.sha256(f"{number} {value}".encode()).hexdigest() for value in values]


def _inner(codes: NDArray[np.int64], seed: int) -> int:
    from headstart.data.splitting import carve_holdout

    return len(carve_holdout(codes, np.arange(len(codes)), 0.1, seed)[1])


def alone(rows: PrefixEachTime, codes: NDArray[np.int64], classes: int) -> tuple[float, float]:
    """Seconds a row of the prefix's forward, and of the tail's forward, backward and update."""
    network = rows.network
    lengths = [rows.length(row) for row in range(len(rows))]
    order = np.argsort(lengths, kind="stable")
    width = int(network.network.build()(*network.network.example()).shape[1])
    head = torch.nn.Linear(width, classes)
    start = {name: value.detach().clone() for name, value in network.parameters().items()}
    for parameter in network.module.parameters():
        parameter.requires_grad_(False)
    for parameter in network.parameters().values():
        parameter.requires_grad_(True)
    moving = {**network.parameters(), "w": head.weight, "b": head.bias}
    optimizer = AnchoredAdamW(
        {name: Moving(value, 1e-9, value.detach().clone()) for name, value in moving.items()},
        decay=0.0,
        pull=0.01,
    )
    prefix = tail = 0.0
    for at in range(0, len(order), BATCH):
        part = order[at : at + BATCH]
        inputs = rows.stacked(part)
        begun = time.perf_counter()
        with torch.inference_mode():
            found = rows.prefix(inputs)
        prefix += time.perf_counter() - begun
        activations = found.clone()
        mask = inputs.get("attention_mask", torch.ones(len(part), 1))
        begun = time.perf_counter()
        logits = head(network.tail(activations, mask))
        torch.nn.functional.cross_entropy(logits, torch.from_numpy(codes[part])).backward()
        optimizer.clip(1.0)
        optimizer.step(1.0)
        tail += time.perf_counter() - begun
    with torch.no_grad():
        for name, value in network.parameters().items():
            value.copy_(start[name])
    return prefix / len(order), tail / len(order)


def trainer_epochs(rows: PrefixEachTime, codes: NDArray[np.int64], classes: int) -> list[float]:
    """Seconds a row of two epochs of the Hugging Face Trainer on the same rows."""
    import accelerate  # noqa: F401 - the Trainer needs it
    from transformers import Trainer, TrainerCallback, TrainingArguments

    network = rows.network
    module = network.network.build()
    opened = set(network.block_of)
    inner: Any = getattr(module, "model", module)
    for name, parameter in inner.named_parameters():
        parameter.requires_grad_(name in opened)
    width = int(module(*network.network.example()).shape[1])

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = module, torch.nn.Linear(width, classes)

        def forward(self, labels: torch.Tensor, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
            logits = self.head(self.backbone(*(inputs[n] for n in network.network.inputs)))
            return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}

    def collate(part: list[int]) -> dict[str, torch.Tensor]:
        index = np.array(part)
        return {**rows.stacked(index), "labels": torch.from_numpy(codes[index])}

    seconds: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_epoch_begin(self, *_: Any, **__: Any) -> None:
            self.begun = time.perf_counter()

        def on_epoch_end(self, *_: Any, **__: Any) -> None:
            seconds.append((time.perf_counter() - self.begun) / len(rows))

    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model=Classifier(),
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=2,
                per_device_train_batch_size=BATCH,
                learning_rate=1e-4,
                use_cpu=True,
                report_to="none",
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
                remove_unused_columns=False,
                dataloader_pin_memory=False,
            ),
            train_dataset=list(range(len(rows))),
            data_collator=collate,
            callbacks=[Clock()],
        ).train()
    return seconds


def report(name: str, top: int, target: float, times: dict[str, list[float]], why: str) -> bool:
    """Print the table of one rung; whether its targets are met."""
    seconds = {what: median(found) for what, found in times.items() if found}
    # Each fold trains on 1 − 1/FOLDS of the rows; the store is filled with all of them, once.
    visits = FOLDS * EPOCHS * (1 - 1 / FOLDS)
    cached = seconds["fill"] + visits * seconds["cached"]
    uncached = visits * seconds["uncached"]
    step = seconds["prefix"] + seconds["tail"]
    ceiling = visits * step / (seconds["prefix"] + visits * seconds["tail"])
    ratio = uncached / cached
    print(f"\n{name}, top {top}: milliseconds a row (median; range)")
    for what, found in times.items():
        if found:
            low, high = 1000 * min(found), 1000 * max(found)
            print(f"  {what:<10}{1000 * seconds[what]:9.2f}   {low:.2f} to {high:.2f}")
    print(f"  {FOLDS} folds × {EPOCHS} epochs, extrapolated to 1,000 rows:")
    print(f"  cached {1000 * cached:.0f} s, uncached {1000 * uncached:.0f} s")
    print(f"  faster by {ratio:.2f} (target {target}), ceiling {ceiling:.2f}, ", end="")
    print(f"reached {ratio / ceiling:.2f} of it (target {OF_CEILING})")
    if "trainer" in seconds:
        print(f"  against the Hugging Face Trainer: {visits * seconds['trainer'] / cached:.2f}")
    else:
        print(f"  the Hugging Face Trainer: {why}")
    return ratio >= target and ratio / ceiling >= OF_CEILING


if __name__ == "__main__":
    sys.exit(main())
