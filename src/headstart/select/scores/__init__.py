"""Transferability scores of frozen features: diagnostics beside the cross-validated probe.

Every score is higher for features that tell the classes apart better. None sees how fine-tuning
would change the features; scores of features of different width compare only after `projected`.
"""

from headstart.select.scores.gbc import gbc
from headstart.select.scores.hscore import h_score
from headstart.select.scores.knn import knn_accuracy
from headstart.select.scores.leep import leep, nce
from headstart.select.scores.logme import log_evidence, logme
from headstart.select.scores.projection import projected
from headstart.select.scores.transrate import transrate

__all__ = [
    "gbc",
    "h_score",
    "knn_accuracy",
    "leep",
    "log_evidence",
    "logme",
    "nce",
    "projected",
    "transrate",
]
