"""Linear heads on features: softmax(X @ weights.T + bias)."""

from headstart.heads.blocks import BlockHead, fit_blocks
from headstart.heads.fixed import fit_majority, fit_prototypes
from headstart.heads.head import LinearHead, sigmoid
from headstart.heads.linear import PRIOR_VARIANCES, fit_linear
from headstart.heads.outside import NAMES, fit_outside, outside_scores
from headstart.heads.temperature import (
    at_temperature,
    fit_temperature,
    label_questions,
    logits_of,
    logits_of_labels,
    with_temperature,
)
from headstart.heads.vector import Vector, at_vector, before_vector, fit_vector, with_vector

__all__ = [
    "NAMES",
    "PRIOR_VARIANCES",
    "BlockHead",
    "LinearHead",
    "Vector",
    "at_temperature",
    "at_vector",
    "before_vector",
    "fit_blocks",
    "fit_linear",
    "fit_majority",
    "fit_outside",
    "fit_prototypes",
    "fit_temperature",
    "fit_vector",
    "label_questions",
    "logits_of",
    "logits_of_labels",
    "outside_scores",
    "sigmoid",
    "with_temperature",
    "with_vector",
]
