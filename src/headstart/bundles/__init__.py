"""The bundle format: layout, manifest, predictor.

>>> from headstart.bundles import load  # doctest: +SKIP
>>> load("pilot/bundle").predict(["my card was declined"])  # doctest: +SKIP
"""

from __future__ import annotations

from headstart.bundles.manifest import outputs_of
from headstart.bundles.predictor import BundlePredictor, Scored
from headstart.bundles.reader import load, verify
from headstart.bundles.scoring import ScoreReport, score_file

__all__ = ["BundlePredictor", "ScoreReport", "Scored", "load", "outputs_of", "score_file", "verify"]
