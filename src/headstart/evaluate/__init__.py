"""The hold-out, opened once."""

from __future__ import annotations

from headstart.evaluate.cross_validated import evaluate_cross_validated
from headstart.evaluate.holdout import evaluate
from headstart.evaluate.sealed import OpenedHoldout, SealedHoldout

__all__ = ["OpenedHoldout", "SealedHoldout", "evaluate", "evaluate_cross_validated"]
