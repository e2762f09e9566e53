"""The same encoder with weights of eight bits: smaller, mostly faster, a little less exact."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.backbones.cache import digest, file_sha256, read_json, write_atomically, write_json
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks.base import require
from headstart.ports import Encoder
from headstart.types.errors import BackboneError

VERSION = "int8-2"
CALIBRATION_ROWS = 64


def quantized(encoder: Encoder, values: Sequence[str], cache: Path) -> FrozenEncoder:
    """An encoder from the exported graph of another: weights of the matrix products (texts) and
    convolutions (images) in eight bits, a scale a channel, and activations in eight bits on a scale
    calibrated on some of `values`.

    Scales that come with each batch (dynamic quantisation) are more exact, but there a row's
    features would depend on the rows beside it.

    Raises:
        BackboneError: the graph cannot be quantised, with the reason.
        MissingExtraError: onnx is not installed.
    """
    graph = encoder.onnx_path()
    rows = list(values[:CALIBRATION_ROWS])
    text = encoder.card.modality == "text"
    seen = [row if text else file_sha256(Path(row)) for row in rows]
    folder = cache / "exports" / digest(file_sha256(graph), VERSION, seen)
    target, facts = folder / "encoder.onnx", folder / "export.json"
    known = read_json(facts)
    if known is None or not target.exists() or known.get("sha256") != file_sha256(target):
        require("onnx", what="quantising an encoder", extra="all")
        write_atomically(target, lambda temporary: _quantise(encoder, rows, graph, temporary))
        known = {"sha256": file_sha256(target), "exporter": VERSION}
        write_json(facts, known)
    return FrozenEncoder(
        encoder.card,
        encoder.preprocessor,
        cache,
        weights_sha256=digest(known["sha256"], VERSION),
        graph=target,
    )


def _quantise(encoder: Encoder, rows: Sequence[str], graph: Path, target: Path) -> None:
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(rows)

        def get_next(self) -> dict[str, Any] | None:
            row = next(self.left, None)
            return None if row is None else dict(encoder.preprocessor([row]))

    logger = logging.getLogger()
    level = logger.level
    # onnxruntime advises on the root logger to optimise the graph first; it was, when exported.
    logger.setLevel(logging.ERROR)
    try:
        quantize_static(
            str(graph),
            str(target),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"] if encoder.card.modality == "text" else None,
            extra_options={"MatMulConstBOnly": True},
        )
    except OSError:
        raise
    except Exception as error:  # the quantiser's errors share no base class
        first = str(error).strip().splitlines()
        raise BackboneError(
            f"the graph cannot be quantised: {first[0] if first else type(error).__name__}",
            place=str(graph),
        ) from error
    finally:
        logger.setLevel(level)
