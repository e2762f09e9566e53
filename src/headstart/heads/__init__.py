"""Linear heads on features: softmax(X @ weights.T + bias)."""

from headstart.heads.fixed import fit_majority, fit_prototypes
from headstart.heads.head import LinearHead
from headstart.heads.linear import PRIOR_VARIANCES, fit_linear

__all__ = ["PRIOR_VARIANCES", "LinearHead", "fit_linear", "fit_majority", "fit_prototypes"]
