"""The hold-out, opened once."""

from __future__ import annotations

from headstart.evaluate.automation import Thresholds, thresholds_by_cost
from headstart.evaluate.certificate import reference_scores, thresholds_to_test
from headstart.evaluate.context import Context
from headstart.evaluate.cross_validated import evaluate_cross_validated
from headstart.evaluate.estimates import Answers, answers
from headstart.evaluate.gallery import Neighbours
from headstart.evaluate.holdout import evaluate
from headstart.evaluate.outside import Outside
from headstart.evaluate.pairing import pair_runs
from headstart.evaluate.sealed import OpenedHoldout, SealedHoldout
from headstart.evaluate.slices import Known, find_parts

__all__ = [
    "Answers",
    "Context",
    "Known",
    "Neighbours",
    "OpenedHoldout",
    "Outside",
    "SealedHoldout",
    "Thresholds",
    "answers",
    "evaluate",
    "evaluate_cross_validated",
    "find_parts",
    "pair_runs",
    "reference_scores",
    "thresholds_by_cost",
    "thresholds_to_test",
]
