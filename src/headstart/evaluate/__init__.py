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
from headstart.evaluate.prediction_sets import SetRule, set_rule
from headstart.evaluate.sealed import OpenedHoldout, SealedHoldout
from headstart.evaluate.set_answers import SetAnswers, set_answers
from headstart.evaluate.sets import cross_validated_sets, evaluate_sets, set_reference_scores
from headstart.evaluate.slices import Known, Mark, find_parts, time_marks
from headstart.evaluate.stress import ways

__all__ = [
    "Answers",
    "Context",
    "Known",
    "Mark",
    "Neighbours",
    "OpenedHoldout",
    "Outside",
    "SealedHoldout",
    "SetAnswers",
    "SetRule",
    "Thresholds",
    "answers",
    "cross_validated_sets",
    "evaluate",
    "evaluate_cross_validated",
    "evaluate_sets",
    "find_parts",
    "pair_runs",
    "reference_scores",
    "set_answers",
    "set_reference_scores",
    "set_rule",
    "thresholds_by_cost",
    "thresholds_to_test",
    "time_marks",
    "ways",
]
