"""The hold-out, opened once."""

from __future__ import annotations

from headstart.evaluate.certificate import thresholds_to_test
from headstart.evaluate.cross_validated import evaluate_cross_validated
from headstart.evaluate.holdout import evaluate
from headstart.evaluate.sealed import OpenedHoldout, SealedHoldout

__all__ = [
    "OpenedHoldout",
    "SealedHoldout",
    "evaluate",
    "evaluate_cross_validated",
    "thresholds_to_test",
]
