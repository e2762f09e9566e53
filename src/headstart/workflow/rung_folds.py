"""The folds of one rung: trained beside each other, kept one by one, resumed where they stopped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

from headstart.adapt import ArmFeatures
from headstart.adapt.device import training_device
from headstart.adapt.probe import ProbeRung
from headstart.adapt.run import derived_seed
from headstart.adapt.rung import Rung
from headstart.backbones.threads import one_thread_each
from headstart.heads import fit_linear
from headstart.types.ladder import RungFold
from headstart.workflow.arms import Arms
from headstart.workflow.journal import fingerprint

Step = Rung | ProbeRung


class RungFolds:
    """Trains a rung in folds. A network is changed while it is trained, so that each worker has
    one of its own; the activations under them are shared."""

    def __init__(
        self,
        rung: Step,
        arms: Arms,
        inputs: dict[str, str],
        frozen: ArmFeatures,
    ) -> None:
        self.rung, self.arms, self.inputs = rung, arms, inputs
        self.frozen = frozen
        self.folds = list(arms.split.folds)
        self._idle: list[Any] = []
        """What the rung trains on, one a worker that does not train now."""
        self._taking, self._telling = Lock(), Lock()

    def run(self, numbers: Sequence[int]) -> list[RungFold]:
        """These folds, in their order; those that were finished before are read.

        Those that are trained beside each other share the time that all of them took.
        """
        begun = perf_counter()
        missing = [n for n in numbers if not self.arms.journal.finished(*self._stage(n))]
        if missing and not self._idle:
            # The activations, before anybody trains.
            self._idle.append(self.rung.activations(self._tell))
        with one_thread_each():
            trained = self._in_turn(missing) or self.arms.engine.map(self._train, missing)
            found = dict(zip(missing, trained, strict=True))
        each = (perf_counter() - begun) / max(1, len(missing))
        answers = []
        for number in numbers:
            name, inputs = self._stage(number)
            given = partial(found.__getitem__, number)
            answers.append(self.arms.journal.stage(name, inputs, given, seconds=each))
            checkpoint(self.rung, self.inputs, number).unlink(missing_ok=True)
        return answers

    def _in_turn(self, numbers: Sequence[int]) -> list[RungFold]:
        """One after the other on an accelerator, which a single training fills; none on the CPU."""
        if isinstance(self.rung, ProbeRung) or training_device() == "cpu":
            return []
        return [self._train(number) for number in numbers]

    def _stage(self, number: int) -> tuple[str, dict[str, str]]:
        name = f"ladder/{self.rung.name}/{number + 1}"
        return name, {**self.inputs, "fold": str(number)}

    def _train(self, number: int) -> RungFold:
        import torch

        torch.set_num_threads(1)
        train, test = self.folds[number]
        seed = derived_seed(self.arms.brief.seed, number)
        with self._taking:
            idle = self._idle.pop() if self._idle else None
        rows: Any = idle or self.rung.activations(self._tell)
        head = fit_linear(
            self.frozen.matrix[train],
            self.rung.codes[train],
            self.rung.classes,
            groups=self.rung.groups[train],
            seed=seed,
            exact=False,
            towards=self.frozen.label_weights,
        )
        found = self.rung.fold(
            rows, head, train, test, seed, checkpoint(self.rung, self.inputs, number), self._tell
        )
        with self._taking:
            self._idle.append(rows)
        return found

    def _tell(self, what: str, done: int, total: int) -> None:
        with self._telling:
            self.arms.progress(what, done, total)


def checkpoint(rung: Step, inputs: dict[str, str], part: int | str) -> Path:
    """Where the training of a fold, or of all rows, is kept until it is finished."""
    name = fingerprint(f"{sorted(inputs.items())} {part}")[:32]
    return rung.encoder.cache / "training" / f"{name}.safetensors"


def waves(k: int, trainings: int) -> list[range]:
    """Folds between two looks at whether there is hope: two, the rest of a repeat, then repeats.

    They do not follow the number of workers, so that every machine stops at the same fold.

    >>> waves(5, 10)
    [range(0, 2), range(2, 5), range(5, 10)]
    """
    edges = [0, min(2, trainings), *range(k, trainings + 1, k)]
    ends = sorted(set(edges))
    return [range(a, b) for a, b in pairwise(ends)]
