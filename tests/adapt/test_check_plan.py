"""The conformance kit accepts the built-in plans and finds a plan that breaks a promise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headstart.adapt import tail, thaw
from headstart.adapt.plans import find_plan
from headstart.backbones.encoder import FrozenEncoder
from headstart.testing.plan import check_plan
from headstart.types.thaw import AdaptationPlan, TrainingStage

pytestmark = pytest.mark.usefixtures("one_thread")

TEXTS = [f"{said} {number}" for number in range(8) for said in ("where is my card", "a refund")]
LABELS = ["card", "money"] * 8


@pytest.mark.parametrize(
    "name",
    [
        "top-1?label_smoothing=0.1", "norms", "lora", "pairs",
        pytest.param("early-2", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_built_in_plans_conform(encoder: FrozenEncoder, name: str) -> None:
    check_plan(find_plan(name), encoder, TEXTS, LABELS)


def test_a_plan_for_another_network_is_found(encoder: FrozenEncoder) -> None:
    deep = AdaptationPlan("deep", (TrainingStage("all", 40, 1, 1e-4),))
    with pytest.raises(AssertionError, match="fits the network: the network has 7 blocks"):
        check_plan(deep, encoder, TEXTS, LABELS)


def test_a_plan_that_cannot_be_trained_is_found(encoder: FrozenEncoder) -> None:
    stage = TrainingStage("all", 1, 1, 0.9, warmup=0.0)
    wild = AdaptationPlan("wild", (stage,), clip=1e9, batch_size=1)
    with pytest.raises(AssertionError, match=r"it can be trained: .*failed, because"):
        check_plan(wild, encoder, TEXTS, LABELS)


def test_a_network_that_is_left_changed_is_found(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail.Tail, "restore", lambda self: None)
    with pytest.raises(AssertionError, match="the network is as it was"):
        check_plan(find_plan("top-1?inner_share=0.3"), encoder, TEXTS, LABELS)


@pytest.mark.parametrize("rows", [8, 16])
def test_what_differs_after_an_interruption_is_found(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """With the fewest rows too there is a checkpoint to go on from."""
    real = thaw.read_checkpoint

    def damaged(path: Path, key: str) -> object:
        found = real(path, key)
        if found is not None:
            facts, tensors = found
            moved = {k: v + 0.01 if k.startswith("now/") else v for k, v in tensors.items()}
            return {**facts, "best_loss": float("inf")}, moved
        return found

    monkeypatch.setattr(thaw, "read_checkpoint", damaged)
    plan = replace(find_plan("top-1?inner_share=0.3"), averaging=(1.0,))
    with pytest.raises(AssertionError, match="goes on to the same bits"):
        check_plan(plan, encoder, TEXTS[:rows], LABELS[:rows])


def test_a_training_that_keeps_nothing_is_found(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thaw, "write_checkpoint", lambda *given: None)
    with pytest.raises(AssertionError, match="keeps a checkpoint"):
        check_plan(find_plan("top-1?inner_share=0.3"), encoder, TEXTS, LABELS)


def test_too_few_rows_are_refused(encoder: FrozenEncoder) -> None:
    with pytest.raises(ValueError, match="at least eight rows"):
        check_plan(find_plan("top-1"), encoder, TEXTS[:4], LABELS[:4])
