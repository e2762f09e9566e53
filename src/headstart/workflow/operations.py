"""What a candidate costs to run: a bundle with it, served from a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.latency import cost_per_million
from headstart.bundles.operations import serve_apart
from headstart.heads import fit_linear
from headstart.package import build
from headstart.ports import Encoder
from headstart.types.brief import ModalityName
from headstart.types.errors import HeadstartError
from headstart.types.model import Featurizer, FittedModel
from headstart.types.result import Comparison, Estimate, NotAvailable
from headstart.types.select import Operations

SAMPLE = 64
QUANTILES = ("p50", "p95", "p99")


def operations(
    featurizer: Featurizer,
    encoder: Encoder | None,
    features: NDArray[np.float32],
    codes: NDArray[np.int64],
    values: Sequence[str],
    *,
    modality: ModalityName,
    labels: tuple[str, ...],
    price: float,
    at_once: int,
    precision: Literal["fp32", "int8"],
    loss: Comparison | NotAvailable,
) -> Operations:
    """Build a bundle with a linear head on `features` (n, width) of `values`, serve it, throw it
    away. What cannot be measured says why."""
    try:
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            head = fit_linear(features, codes, len(labels), exact=False)
            model = FittedModel(
                approach="frozen" if encoder is not None else "classical",
                arm="candidate",
                modality=modality,
                labels=labels,
                featurizer=featurizer,
                weights=head.weights,
                bias=head.bias,
                head="logistic regression",
            )
            bundle = Path(folder) / "bundle"
            sample = list(values[:SAMPLE])
            report = build(model, encoder, sample, bundle, name="candidate", timed=False)
            served = serve_apart(bundle, sample, at_once)
    except HeadstartError as error:
        return not_measured(error.message, precision, loss)
    rate = served.rows_per_second
    cost = cost_per_million(rate, price)
    none = NotAvailable("no throughput was measured")
    return Operations(
        precision=precision,
        latency_ms=served.latency_ms,
        rows_per_second=none if rate is None else _once(rate, "half a second of batches"),
        cold_start_ms=_once(served.cold_start_ms, "one start"),
        peak_mb=_once(served.peak_mb, "one process"),
        bundle_mb=_once(report.size_bytes / 1e6, "the files' sizes"),
        cost_per_million=none
        if cost is None
        else _once(cost, "from the throughput and the brief's price of a core-hour"),
        loss=loss,
    )


def _once(value: float, how: str) -> Estimate:
    return Estimate(value, None, None, 1, f"{how}; measured once, no interval")


def not_measured(
    why: str, precision: Literal["fp32", "int8"], loss: Comparison | NotAvailable
) -> Operations:
    """Operations of a candidate that was not, or could not be, served."""
    none = NotAvailable(why)
    return Operations(precision, dict.fromkeys(QUANTILES, none), none, none, none, none, none, loss)
