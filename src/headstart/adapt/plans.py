"""The built-in plans: how far the network is thawed, and how gently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headstart.adapt.low_rank import require_peft
from headstart.adapt.probe import NAME as PROBE
from headstart.registry import Registry
from headstart.types.errors import InputError
from headstart.types.thaw import AdaptationPlan, LowRank, TrainingStage

NORMS = ("*norm*", "*bn*", "*.bias")
"""Scales and shifts of normalisations, and biases, under the names that the libraries give them."""


LORA, PAIRS, EARLY = "lora", "pairs", "early-1"
GROUP = "headstart.plans"
EPOCHS, PATIENCE = 7, 4
"""Of a last stage. While the rates are high the inner loss often stands still for two epochs or
three before it falls as they do; what is stopped there is stopped too early."""
ENOUGH_STEPS = 120
"""Of a last stage on upper blocks. On 640 to 800 emotion tweets four epochs, which are about as
many steps, give networks as good as seven do in two thirds of the time; on 128 and 512 they do not.
"""
OPTIONS = (
    "batch_size", "class_weights", "clip", "copies", "half_precision", "inner_share",
    "label_smoothing", "mixup", "pairs",
)  # fmt: skip
"""Of a plan that a rung's name may set."""


def top_blocks(blocks: int) -> AdaptationPlan:
    """LP-FT of the top blocks: from the linear head that was fitted on the frozen network, the
    highest block first, then all of them.

    Sources: Kumar et al. (2022) for the head first, Howard and Ruder (2018) for gradual thawing and
    lower rates further down, Li et al. (2018) for the pull towards the pretrained weights.

    >>> [stage.top for stage in top_blocks(4).stages]
    [1, 4]
    """
    first = TrainingStage("top block", 1, epochs=2, learning_rate=1e-4, head_learning_rate=1e-3)
    name = "top block" if blocks == 1 else f"top {blocks} blocks"
    rest = TrainingStage(
        name, blocks, EPOCHS, learning_rate=1e-4, patience=PATIENCE, enough_steps=ENOUGH_STEPS
    )
    return AdaptationPlan(f"top-{blocks}", (rest,) if blocks == 1 else (first, rest))


def _norms(name: str, top: int | None) -> AdaptationPlan:
    stage = TrainingStage(
        "norms and biases", top, EPOCHS, learning_rate=1e-3, trainable=NORMS, layer_decay=1.0,
        patience=PATIENCE,
    )  # fmt: skip
    return AdaptationPlan(name, (stage,))


def _full() -> AdaptationPlan:
    first = TrainingStage("top block", 1, epochs=2, learning_rate=1e-4, head_learning_rate=1e-3)
    rest = TrainingStage("every block", None, EPOCHS, learning_rate=5e-5, patience=PATIENCE)
    return AdaptationPlan("full", (first, rest))


def low_rank() -> AdaptationPlan:
    """LoRA (Hu et al. 2022): adapters on the attention projections of the top four blocks."""
    stage = TrainingStage(
        "adapters on the top 4 blocks", 4, EPOCHS, learning_rate=3e-3, trainable=("*.lora_?",),
        layer_decay=1.0, l2_to_start=0.0, patience=PATIENCE,
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


def early_blocks(blocks: int) -> AdaptationPlan:
    """Surgical fine-tuning (Lee et al. 2023): where inputs are what differs, the blocks that read
    them move, and those above stay. Counted over what embeds the input, which moves too.

    >>> early_blocks(1).stages[0].bottom
    2
    """
    stage = TrainingStage(
        f"lowest {blocks} blocks" if blocks > 1 else "lowest block", None, EPOCHS,
        learning_rate=1e-4, bottom=blocks + 1, patience=PATIENCE,
    )  # fmt: skip
    return AdaptationPlan(f"early-{blocks}", (stage,))


def plans() -> Registry[AdaptationPlan]:
    """The built-in plans by name, then those that installed packages offer (`headstart.plans`: an
    `AdaptationPlan`, or what gives one when it is called).

    Raises:
        InputError: a plugin cannot be loaded, takes a name that is taken, or gives no plan.
    """
    registry = Registry[AdaptationPlan]("plan", group=GROUP, build=_offered, reserved=(PROBE,))
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
        early_blocks(1),
        early_blocks(2),
    ):
        registry.add(plan.name, plan)
    registry.load_plugins()
    return registry


def _offered(loaded: Any) -> AdaptationPlan:
    plan = loaded() if callable(loaded) else loaded
    if not isinstance(plan, AdaptationPlan):
        raise TypeError(f"it gives a {type(plan).__name__}, not an AdaptationPlan")
    return plan


def find_plan(name: str) -> AdaptationPlan:
    """The plan of that name, with the options that follow it: `top-4?mixup=0.2&copies=2`.

    Raises:
        InputError: there is no such plan, no such option, or its value is no good.

    >>> plan = find_plan("top-1?label_smoothing=0.1&class_weights=true")
    >>> plan.name, plan.label_smoothing, plan.class_weights
    ('top-1?label_smoothing=0.1&class_weights=true', 0.1, True)
    """
    base, _, said = name.partition("?")
    registry = plans()
    if base not in registry:
        known = ", ".join(("probe", *registry))
        raise InputError(f"unknown rung '{base}'", tip=f"name one of: {known}")
    plan = registry.get(base)
    options: dict[str, Any] = {}
    for option in filter(None, said.split("&")):
        key, _, text = option.partition("=")
        if key not in OPTIONS:
            raise InputError(
                f"rung '{name}': unknown option '{key}'", tip=f"name one of: {', '.join(OPTIONS)}"
            )
        try:
            options[key] = _value(text, getattr(plan, key))
        except ValueError:
            raise InputError(f"rung '{name}': {key} cannot be '{text}'") from None
    try:
        return replace(plan, name=name, **options)
    except ValueError as error:
        raise InputError(f"rung '{name}': {error}") from None


def _value(text: str, now: float | bool) -> float | bool:
    if isinstance(now, bool):
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    return int(text) if isinstance(now, int) else float(text)


def check_rungs(names: Sequence[str]) -> None:
    """Refuse rungs that cannot be tried anywhere, before any work is done.

    Raises:
        InputError: a name or an option is unknown, or a rung stands there twice.
        MissingExtraError: a rung needs peft, which is not installed.
    """
    for name in names:
        if name != PROBE and find_plan(name).low_rank is not None:
            require_peft()
        if names.count(name) > 1:
            raise InputError(f"rung '{name}' is named twice", tip="name it once")
