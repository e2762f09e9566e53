"""The built-in plans: how far the network is thawed, and how gently."""

from __future__ import annotations

from headstart.registry import Registry
from headstart.types.thaw import AdaptationPlan, LowRank, TrainingStage

NORMS = ("*norm*", "*bn*", "*.bias")
"""Scales and shifts of normalisations, and biases, under the names that the libraries give them."""


LORA, PAIRS = "lora", "pairs"


def top_blocks(blocks: int) -> AdaptationPlan:
    """LP-FT of the top blocks: from the linear head that was fitted on the frozen network, the
    highest block first, then all of them.

    Sources: Kumar et al. (2022) for the head first, Howard and Ruder (2018) for gradual thawing and
    lower rates further down, Li et al. (2018) for the pull towards the pretrained weights.

    >>> [stage.top for stage in top_blocks(4).stages]
    [1, 4]
    """
    first = TrainingStage("top block", 1, epochs=2, learning_rate=1e-4, head_learning_rate=1e-3)
    rest = TrainingStage(f"top {blocks} blocks", blocks, epochs=8, learning_rate=1e-4)
    if blocks == 1:
        return AdaptationPlan("top-1", (TrainingStage("top block", 1, 8, 1e-4),))
    return AdaptationPlan(f"top-{blocks}", (first, rest))


def _norms(name: str, top: int | None) -> AdaptationPlan:
    stage = TrainingStage(
        "norms and biases", top, epochs=8, learning_rate=1e-3, trainable=NORMS, layer_decay=1.0
    )
    return AdaptationPlan(name, (stage,))


def _full() -> AdaptationPlan:
    first = TrainingStage("top block", 1, epochs=2, learning_rate=1e-4, head_learning_rate=1e-3)
    return AdaptationPlan(
        "full", (first, TrainingStage("every block", None, epochs=8, learning_rate=5e-5))
    )


def low_rank() -> AdaptationPlan:
    """LoRA (Hu et al. 2022): adapters on the attention projections of the top four blocks."""
    stage = TrainingStage(
        "adapters on the top 4 blocks", 4, epochs=8, learning_rate=3e-3, trainable=("*.lora_?",),
        layer_decay=1.0, l2_to_start=0.0,
    )  # fmt: skip
    return AdaptationPlan(LORA, (stage,), low_rank=LowRank())


def pairs_of_rows() -> AdaptationPlan:
    """Pairs of rows in the manner of SetFit (Tunstall et al. 2022), for very few texts: cheaper
    than the top four blocks by the labels, so that it can be tested where those cannot."""
    stage = TrainingStage("top 2 blocks on pairs of rows", 2, epochs=3, learning_rate=2e-4)
    return AdaptationPlan(PAIRS, (stage,), pairs=1)


def more_pairs_of_rows() -> AdaptationPlan:
    """The same with four blocks and twice the pairs, at about four times the cost."""
    stage = TrainingStage("top 4 blocks on pairs of rows", 4, epochs=4, learning_rate=1e-4)
    return AdaptationPlan("pairs-4", (stage,), pairs=2)


def built_in_plans() -> Registry[AdaptationPlan]:
    """The built-in plans by name, the cheapest first."""
    plans: Registry[AdaptationPlan] = Registry("plan")
    for plan in (
        _norms("norms", 3),
        top_blocks(1),
        top_blocks(2),
        top_blocks(4),
        _norms("norms-all", None),
        _full(),
        low_rank(),
        pairs_of_rows(),
        more_pairs_of_rows(),
    ):
        plans.add(plan.name, plan)
    return plans
