"""The arms, one file each."""

from __future__ import annotations

from headstart.adapt.arms.base import Arm, CannotRun
from headstart.adapt.arms.classical import Classical
from headstart.adapt.arms.majority import Majority
from headstart.adapt.arms.probe import Frozen, RandomWeights
from headstart.adapt.arms.scratch import Scratch
from headstart.adapt.arms.zero_shot import ZeroShot
from headstart.types.model import ArmFamily

ARMS: dict[ArmFamily, type[Arm]] = {
    arm.family: arm for arm in (Majority, ZeroShot, Classical, Scratch, RandomWeights, Frozen)
}

__all__ = ["ARMS", "Arm", "CannotRun"]
