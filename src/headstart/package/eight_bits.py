"""What the same bundle would be with the network's weights in eight bits."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.int8 import quantized
from headstart.bundles import load
from headstart.package.build import build
from headstart.ports import Encoder, Predictor
from headstart.types.artifact import EightBits
from headstart.types.errors import HeadstartError
from headstart.types.model import EncoderFeatures, FittedModel
from headstart.types.result import NotAvailable


def measure_eight_bits(
    model: FittedModel,
    encoder: Encoder | None,
    full: Predictor,
    values: Sequence[str],
    *,
    price_per_core_hour: float,
    at_once: int,
) -> EightBits | NotAvailable:
    """Build it on the same head, hold its answers against those of `full`, measure, throw it away.

    values: development rows; the network's activations are calibrated on the first of them.
    """
    source = model.featurizer
    if not isinstance(source, EncoderFeatures) or not isinstance(encoder, FrozenEncoder):
        return NotAvailable("this model has no network whose weights could be rounded")
    try:
        rounded = quantized(encoder, values, encoder.cache)
        twin = replace(model, featurizer=replace(source, weights_sha256=rounded.weights_sha256))
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            bundle = Path(folder) / "bundle"
            report = build(
                twin, rounded, values, bundle, name="eight bits",
                price_per_core_hour=price_per_core_hour, at_once=at_once,
            )  # fmt: skip
            given = load(bundle).predict_proba(values).argmax(axis=1)
    except HeadstartError as error:
        return NotAvailable(error.message)
    return EightBits(
        report.size_bytes,
        len(values),
        int(np.sum(given == full.predict_proba(values).argmax(axis=1))),
        report.latency_ms,
        report.rows_per_second,
        report.cost_per_million,
    )
