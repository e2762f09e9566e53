"""Does a plan of adaptation keep what the ladder relies on?"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.adapt.answers import features
from headstart.adapt.rung import misfit
from headstart.adapt.thaw import Keeping, ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones.encoder import FrozenEncoder
from headstart.testing.encoder import fresh_keys
from headstart.types.codec import decode, encode
from headstart.types.errors import InterruptedRunError
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingRun, TunedNetwork

EPOCHS = 1
"""Of each stage, so that a check takes seconds."""


def check_plan(
    plan: AdaptationPlan, encoder: FrozenEncoder, values: Sequence[str], labels: Sequence[str]
) -> None:
    """Train the plan for an epoch a stage on a few rows (at least eight, of two labels or more):
    it survives the journal, fits the network, gives equal bits from kept and from recomputed
    activations and after an interruption, and leaves the network as it was. Call
    `torch.set_num_threads(1)` before, or have sums in another order.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    names = sorted(set(labels))
    if len(values) < 8 or len(names) < 2:
        raise ValueError("give at least eight rows of two labels or more")
    _require(decode(encode(plan)) == plan, "a plan can be stored and read back")
    why = misfit(plan, encoder)
    _require(not why, f"the plan fits the network: {why}")
    short = replace(plan, stages=tuple(replace(stage, epochs=EPOCHS) for stage in plan.stages))
    codes = np.array([names.index(label) for label in labels], dtype=np.int64)
    every, keys = np.arange(len(values)), fresh_keys(values)

    def trained(*, kept: bool = True, **settings: object) -> TrainingRun:
        rows = boundary_rows(encoder, short, values, keys, kept=kept)
        before = features(rows, every)
        run = thaw(short, ThawRows(rows, codes, every, every, len(names)), **settings)  # type: ignore[arg-type]
        after = features(rows, every)
        _require(np.array_equal(before, after), "the network is as it was once training has ended")
        return run

    whole = trained()
    _require(isinstance(whole.result, TunedNetwork), f"it can be trained: {whole.result}")
    _require(_same(whole, trained(kept=False)), "kept activations give the bits of recomputed ones")
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        keeping = Keeping(Path(folder) / "training.safetensors", every=1)

        def stop(what: str, done: int, total: int) -> None:
            if keeping.path.exists():
                raise InterruptedRunError("stopped by the check")

        try:
            trained(keeping=keeping, progress=stop)
        except InterruptedRunError:
            again = trained(keeping=keeping)
        else:
            raise AssertionError(
                "it keeps a checkpoint before it ends, and tells its progress then"
            )
        _require(_same(whole, again), "an interrupted training goes on to the same bits")


def _same(a: TrainingRun, b: TrainingRun) -> bool:
    if isinstance(a.result, NotAvailable) or isinstance(b.result, NotAvailable):
        return False
    return (
        a.history == b.history
        and a.result.tensors.keys() == b.result.tensors.keys()
        and all(np.array_equal(a.result.tensors[n], b.result.tensors[n]) for n in a.result.tensors)
        and np.array_equal(a.result.weights, b.result.weights)
        and np.array_equal(a.result.bias, b.result.bias)
    )


def _require(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(promise)
