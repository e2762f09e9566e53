"""Arms on identical folds, and the verdict."""

from __future__ import annotations

from headstart.adapt.arms.majority import majority_shares
from headstart.adapt.arms.zero_shot import label_texts
from headstart.adapt.inputs import ArmFeatures, ArmInputs
from headstart.adapt.judge import judge
from headstart.adapt.outside import NO_LABEL, Seen, by_probability, choose_outside
from headstart.adapt.prevalence import Mix, in_use, mix_of
from headstart.adapt.run import plan_arms, refit, run_arm
from headstart.adapt.scaling import find_temperature, scale, scaled_head, unscaled
from headstart.adapt.set_scaling import find_set_temperature, scale_sets
from headstart.adapt.weighing import find_weights, minimised
from headstart.types.adapt import ArmSpec

__all__ = [
    "NO_LABEL",
    "ArmFeatures",
    "ArmInputs",
    "ArmSpec",
    "Mix",
    "Seen",
    "by_probability",
    "choose_outside",
    "find_set_temperature",
    "find_temperature",
    "find_weights",
    "in_use",
    "judge",
    "label_texts",
    "majority_shares",
    "minimised",
    "mix_of",
    "plan_arms",
    "refit",
    "run_arm",
    "scale",
    "scale_sets",
    "scaled_head",
    "unscaled",
]
