"""Classification metrics: pure functions of labels and predictions."""

from headstart.metrics.calibration import (
    brier_decomposition,
    calibration_error_estimate,
    debiased_calibration_error,
    expected_calibration_error,
    reliability_table,
)
from headstart.metrics.classification import (
    PerClass,
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    macro_f1,
    precision_recall_f1,
)
from headstart.metrics.probability import brier, log_loss
from headstart.metrics.scores import HIGHER_IS_BETTER, RANGES, all_scores, score
from headstart.metrics.weighted import ScoreDifference, ScoreStatistic

__all__ = [
    "HIGHER_IS_BETTER",
    "RANGES",
    "PerClass",
    "ScoreDifference",
    "ScoreStatistic",
    "accuracy",
    "all_scores",
    "balanced_accuracy",
    "brier",
    "brier_decomposition",
    "calibration_error_estimate",
    "confusion_matrix",
    "debiased_calibration_error",
    "expected_calibration_error",
    "log_loss",
    "macro_f1",
    "precision_recall_f1",
    "reliability_table",
    "score",
]
