"""Intervals and paired tests. SciPy is imported by the functions that need it, when called."""

from headstart.stats.bootstrap import Others, paired_bootstrap, stratified_bootstrap_bca
from headstart.stats.conformal import prediction_sets, set_threshold
from headstart.stats.folds import (
    compare,
    mean_over_folds,
    moderated,
    probability_above,
    rows_variance,
    standard_error,
)
from headstart.stats.jackknife import jackknife
from headstart.stats.multiplicity import confidence_at_look, holm
from headstart.stats.paired import mcnemar_exact
from headstart.stats.power import labels_needed, minimum_detectable_effect
from headstart.stats.proportions import clopper_pearson, newcombe, newcombe_paired, wilson
from headstart.stats.selective import (
    candidate_thresholds,
    cases_needed,
    certify,
    certify_by_class,
    rows_without_error,
)
from headstart.stats.squares import squares_interval

__all__ = [
    "Others",
    "candidate_thresholds",
    "cases_needed",
    "certify",
    "certify_by_class",
    "clopper_pearson",
    "compare",
    "confidence_at_look",
    "holm",
    "jackknife",
    "labels_needed",
    "mcnemar_exact",
    "mean_over_folds",
    "minimum_detectable_effect",
    "moderated",
    "newcombe",
    "newcombe_paired",
    "paired_bootstrap",
    "prediction_sets",
    "probability_above",
    "rows_variance",
    "rows_without_error",
    "set_threshold",
    "squares_interval",
    "standard_error",
    "stratified_bootstrap_bca",
    "wilson",
]
