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
from headstart.metrics.costs import (
    automation_curve,
    cheapest_answers,
    cost_matrix,
    cost_of_answers,
    cost_per_row,
    costs_named,
)
from headstart.metrics.probability import brier, log_loss
from headstart.metrics.ranking import auroc
from headstart.metrics.scores import (
    HIGHER_IS_BETTER,
    RANGES,
    all_scores,
    metric_names,
    score,
)
from headstart.metrics.weighted import RowMean, ScoreDifference, ScoreStatistic

__all__ = [
    "HIGHER_IS_BETTER",
    "RANGES",
    "PerClass",
    "RowMean",
    "ScoreDifference",
    "ScoreStatistic",
    "accuracy",
    "all_scores",
    "auroc",
    "automation_curve",
    "balanced_accuracy",
    "brier",
    "brier_decomposition",
    "calibration_error_estimate",
    "cheapest_answers",
    "confusion_matrix",
    "cost_matrix",
    "cost_of_answers",
    "cost_per_row",
    "costs_named",
    "debiased_calibration_error",
    "expected_calibration_error",
    "log_loss",
    "macro_f1",
    "metric_names",
    "precision_recall_f1",
    "reliability_table",
    "score",
]
