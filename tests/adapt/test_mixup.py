"""Mixup: what is drawn, what the loss is, and that a killed training goes on to the same bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.adapt.batches import Batch, batches
from headstart.adapt.plans import top_blocks
from headstart.adapt.standing import Standing
from headstart.adapt.tail import Tail
from headstart.adapt.thaw import Keeping, ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones import load_encoder
from headstart.backbones.activations import BoundaryRows
from headstart.backbones.encoder import FrozenEncoder
from headstart.heads import LinearHead
from headstart.types.errors import InterruptedRunError
from headstart.types.thaw import AdaptationPlan, TrainingRun, TunedNetwork

pytestmark = pytest.mark.usefixtures("one_thread")

ROWS = 12
CODES = np.arange(ROWS, dtype=np.int64) % 3


def plan(**settings: object) -> AdaptationPlan:
    short = tuple(replace(stage, epochs=2) for stage in top_blocks(1).stages)
    given = {"mixup": 0.4, "copies": 1, "batch_size": 5, "averaging": (1.0,), **settings}
    return replace(top_blocks(1), stages=short, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def rows(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> BoundaryRows:
    folder, chance = tmp_path_factory.mktemp("mixed"), np.random.default_rng(1)
    paths = []
    for i in range(ROWS):
        coarse = chance.integers(0, 255, (4 + CODES[i], 5, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((64, 64)).save(folder / f"{i}.png")
        paths.append(str(folder / f"{i}.png"))
    encoder = load_encoder("efficientnet-lite0", cache=cache)
    assert isinstance(encoder, FrozenEncoder)
    return boundary_rows(encoder, plan(), paths, [f"{i:064x}" for i in range(ROWS)])


def drawn(rows: BoundaryRows, given: AdaptationPlan, epoch: int) -> list[Batch]:
    return list(batches(given, rows, CODES, np.arange(ROWS), (0, 3, 0, epoch)))


def test_every_row_is_mixed_once_with_one_of_its_batch(rows: BoundaryRows) -> None:
    found = drawn(rows, plan(), 0)
    assert sorted(row for batch in found for row in batch.rows[:, 0]) == list(range(ROWS))
    for batch in found:
        assert sorted(batch.rows[:, 0]) == sorted(batch.rows[:, 1])
        assert batch.share is not None
        assert 0 <= batch.share <= 1
    again, other = drawn(rows, plan(), 0), drawn(rows, plan(), 1)
    assert [one.share for one in again] == [one.share for one in found]
    assert [one.share for one in other] != [one.share for one in found]
    # Without mixup the same rows come in the same order: it draws after them.
    plain = drawn(rows, plan(mixup=0.0), 0)
    assert plain[0].share is None
    np.testing.assert_array_equal(plain[0].rows, found[0].rows[:, 0])


def test_shares_follow_the_beta_law(rows: BoundaryRows) -> None:
    from scipy import stats

    shares = [one.share for epoch in range(400) for one in drawn(rows, plan(), epoch)]
    assert len(shares) == 1200
    assert stats.kstest(shares, stats.beta(0.4, 0.4).cdf).pvalue > 0.01


def tail_of(rows: BoundaryRows, given: AdaptationPlan, micro: int) -> Tail:
    tail = Tail(
        given, rows, CODES, None, Standing(micro=micro), seed=0, device="cpu", progress=None
    )
    chance = np.random.default_rng(2)
    tail.set_head(
        LinearHead(
            chance.normal(size=(3, 1280)).astype(np.float32) / 30, np.zeros(3, dtype=np.float32)
        )
    )
    return tail


@pytest.mark.parametrize("micro", [5, 2])
def test_the_loss_is_that_of_soft_labels_on_mixed_activations(
    rows: BoundaryRows, micro: int
) -> None:
    """Against cross-entropy with probabilities as targets, which torch computes itself."""
    batch = drawn(rows, plan(), 0)[0]
    assert batch.share is not None
    tail = tail_of(rows, plan(), micro)
    try:
        loss = tail.backward(batch)
        (one, mask), (other, _) = (
            rows.batch(batch.rows[:, side], batch.copies[:, side]) for side in (0, 1)
        )
        mixed = batch.share * torch.from_numpy(one) + (1 - batch.share) * torch.from_numpy(other)
        labels = np.eye(3, dtype=np.float32)[CODES[batch.rows]]
        soft = batch.share * labels[:, 0] + (1 - batch.share) * labels[:, 1]
        weights, bias = tail.head.values()
        with torch.no_grad():
            logits = tail.network.tail(mixed, torch.from_numpy(mask)) @ weights.T + bias
            expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(soft))
        assert loss == pytest.approx(float(expected), rel=1e-5)
    finally:
        tail.restore()


def trained(rows: BoundaryRows, **settings: object) -> TrainingRun:
    every = np.arange(ROWS)
    return thaw(plan(), ThawRows(rows, CODES, every, every, 3), **settings)  # type: ignore[arg-type]


def test_an_interrupted_training_goes_on_to_the_same_bits(
    rows: BoundaryRows, tmp_path: Path
) -> None:
    whole = trained(rows)
    keeping, left = Keeping(tmp_path / "training.safetensors", every=1), [9]

    def stop(what: str, done: int, total: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise InterruptedRunError("stopped")

    with pytest.raises(InterruptedRunError):
        trained(rows, keeping=keeping, progress=stop)
    again = trained(rows, keeping=keeping)
    assert isinstance(whole.result, TunedNetwork)
    assert isinstance(again.result, TunedNetwork)
    assert whole.history == again.history
    assert np.array_equal(whole.result.weights, again.result.weights)
    for name, tensor in whole.result.tensors.items():
        assert np.array_equal(tensor, again.result.tensors[name])


def test_pairs_and_mixup_exclude_each_other() -> None:
    with pytest.raises(ValueError, match=r"plan 'top-1': mixup 0\.4"):
        plan(pairs=2)
