"""Training on pairs: how they are drawn, what the loss is, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headstart.adapt.pairs import draw_pairs, pair_loss
from headstart.adapt.plans import plans
from headstart.adapt.rung import plan_of
from headstart.adapt.thaw import Keeping, ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones import load_encoder
from headstart.backbones.encoder import FrozenEncoder
from headstart.data import text_key
from headstart.heads import LinearHead
from headstart.types.errors import InterruptedRunError
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingRun, TunedNetwork

pytestmark = pytest.mark.usefixtures("one_thread")

TEXTS = [
    f"{('a lovely warm', 'a grim cold')[i % 2]} {('day', 'room', 'meal', 'song')[i % 4]} {i}"
    for i in range(20)
]
CODES = np.arange(20, dtype=np.int64) % 2


def short(**settings: object) -> AdaptationPlan:
    """The built-in plan on one block, for two epochs."""
    plan = plans().get("pairs")
    stage = replace(plan.stages[0], top=1, epochs=2, patience=2)
    return replace(plan, stages=(stage,), pairs=1, **settings)  # type: ignore[arg-type]


def trained(encoder: FrozenEncoder, plan: AdaptationPlan, **settings: object) -> TrainingRun:
    rows = boundary_rows(encoder, plan, TEXTS, [text_key(text) for text in TEXTS])
    every = np.arange(len(TEXTS))
    return thaw(plan, ThawRows(rows, CODES, every, every, 2), **settings)  # type: ignore[arg-type]


def same(a: TrainingRun, b: TrainingRun) -> bool:
    one, other = a.result, b.result
    assert isinstance(one, TunedNetwork)
    assert isinstance(other, TunedNetwork)
    return (
        one.tensors.keys() == other.tensors.keys()
        and all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)
        and np.array_equal(one.weights, other.weights)
        and np.array_equal(one.bias, other.bias)
        and a.history == b.history
    )


def test_the_loss_and_its_gradient_are_sentence_transformers() -> None:
    losses = pytest.importorskip("sentence_transformers.sentence_transformer.losses")
    chance = torch.Generator().manual_seed(0)
    ours = torch.randn((7, 2, 24), generator=chance).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    marks = torch.tensor([1, 0, 0, 1, 1, 0, 1])
    own = pair_loss(ours, marks == 1) / len(marks)
    peer = losses.CosineSimilarityLoss(None).compute_loss_from_embeddings(
        [theirs[:, 0], theirs[:, 1]], marks.float()
    )
    own.backward()
    peer.backward()
    assert own.item() == pytest.approx(peer.item(), rel=1e-6)
    assert ours.grad is not None
    assert theirs.grad is not None
    assert float(theirs.grad.abs().max()) > 1e-3
    torch.testing.assert_close(ours.grad, theirs.grad)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.integers(1, 4), st.integers(0, 99))
def test_every_row_meets_its_like_and_its_unlike(labels: list[int], each: int, seed: int) -> None:
    codes = np.array(labels, dtype=np.int64)
    rows = np.flatnonzero(np.arange(len(codes)) % 5 != 4)
    pairs = draw_pairs(codes, rows, each, np.random.default_rng(seed))
    np.testing.assert_array_equal(pairs, draw_pairs(codes, rows, each, np.random.default_rng(seed)))
    assert set(pairs.ravel()) <= set(rows)
    assert (pairs[:, 0] != pairs[:, 1]).all()
    like = codes[pairs[:, 0]] == codes[pairs[:, 1]]
    for row in rows:
        alike = int((codes[rows] == codes[row]).sum())
        own = pairs[:, 0] == row
        assert int((own & like).sum()) == (each if alike > 1 else 0)
        assert int((own & ~like).sum()) == (each if alike < len(rows) else 0)


def test_pairs_pull_rows_of_one_label_together(encoder: FrozenEncoder) -> None:
    def gap(features: np.ndarray) -> float:
        """Mean cosine within a label less that between labels."""
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        cosine, like = unit @ unit.T, CODES[:, None] == CODES
        return float(cosine[like].mean() - cosine[~like].mean())

    from headstart.adapt.answers import features

    plan = short(averaging=(1.0,))
    rows = boundary_rows(encoder, plan, TEXTS, [text_key(text) for text in TEXTS])
    every = np.arange(len(TEXTS))
    run = thaw(plan, ThawRows(rows, CODES, every, every, 2))
    assert isinstance(run.result, TunedNetwork)
    found = features(rows, every, tuned=run.result)
    assert gap(found) > gap(features(rows, every)) + 0.02
    head = LinearHead(run.result.weights, run.result.bias)
    assert (head.predict_proba(found).argmax(axis=1) == CODES).mean() > 0.9


def test_the_head_is_fitted_on_the_tuned_features(encoder: FrozenEncoder) -> None:
    from headstart.adapt.answers import features
    from headstart.data.splitting import carve_holdout
    from headstart.heads import fit_linear

    plan = short(averaging=(1.0,))
    run = trained(encoder, plan)
    assert isinstance(run.result, TunedNetwork)
    rows = boundary_rows(encoder, plan, TEXTS, [text_key(text) for text in TEXTS])
    fit, _ = carve_holdout(CODES, np.arange(len(TEXTS)), plan.inner_share, 0)
    found = features(rows, fit, tuned=run.result)
    expected = fit_linear(found, CODES[fit], 2, groups=fit, seed=0)
    # But for the temperature that fits the inner rows.
    ratio = run.result.weights / expected.weights
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=2e-2)


@pytest.mark.parametrize("calls", [4, 10])
def test_an_interrupted_training_goes_on_to_the_same_bits(
    encoder: FrozenEncoder, tmp_path: Path, calls: int
) -> None:
    plan, keeping = short(), Keeping(tmp_path / "training.safetensors", every=1)
    left = [calls]

    def stop(what: str, done: int, total: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise InterruptedRunError("stopped")

    with pytest.raises(InterruptedRunError):
        trained(encoder, plan, keeping=keeping, progress=stop)
    assert keeping.path.exists()
    assert same(trained(encoder, plan), trained(encoder, plan, keeping=keeping))


def test_half_as_many_pairs_at_once_are_the_same_step(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headstart.backbones.activations import BoundaryRows

    plan = short(averaging=(1.0,), batch_size=8)
    whole = trained(encoder, plan)
    real = BoundaryRows.batch

    def small(self: BoundaryRows, rows: np.ndarray, copies: np.ndarray) -> object:
        if len(rows) > 8 and torch.is_grad_enabled():
            raise MemoryError
        return real(self, rows, copies)

    monkeypatch.setattr(BoundaryRows, "batch", small)
    run = trained(encoder, plan)
    assert run.micro_batch == 4
    assert isinstance(run.result, TunedNetwork)
    assert isinstance(whole.result, TunedNetwork)
    for name, tensor in whole.result.tensors.items():
        np.testing.assert_allclose(run.result.tensors[name], tensor, atol=2e-4)


def test_pictures_are_not_paired(cache: Path) -> None:
    pictures = load_encoder("efficientnet-lite0", cache=cache)
    assert isinstance(pictures, FrozenEncoder)
    why = plan_of("pairs", pictures)
    assert isinstance(why, NotAvailable)
    assert "texts" in why.reason
