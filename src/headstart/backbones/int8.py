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

VERSION = "int8-1"
CALIBRATION_ROWS = 64


def quantized(encoder: Encoder, values: Sequence[str], cache: Path) -> FrozenEncoder:
    """An encoder from the exported graph of another: matrix products of texts with eight-bit
    weights and activations scaled as they come (dynamic), convolutions of images with both
    calibrated on some of `values` (static, a scale a channel).

    Raises:
        BackboneError: the graph cannot be quantised, with the reason.
        MissingExtraError: onnx is not installed.
    """
    graph = encoder.onnx_path()
    text = encoder.card.modality == "text"
    rows = list(values[:CALIBRATION_ROWS])
    seen = () if text else tuple(file_sha256(Path(row)) for row in rows)
    key = digest(file_sha256(graph), VERSION, seen)
    folder = cache / "exports" / key
    target, facts = folder / "encoder.onnx", folder / "export.json"
    known = read_json(facts)
    if known is None or not target.exists() or known.get("sha256") != file_sha256(target):
        require("onnx", what="quantising an encoder", extra="all")
        work = _dynamic if text else _calibrated(encoder, rows)
        write_atomically(target, lambda temporary: _run(work, graph, temporary))
        write_json(facts, {"sha256": file_sha256(target), "exporter": VERSION})
    return FrozenEncoder(
        encoder.card,
        encoder.preprocessor,
        cache,
        weights_sha256=digest(encoder.weights_sha256, VERSION, seen),
        graph=target,
    )


def _run(work: Any, graph: Path, target: Path) -> None:
    logger = logging.getLogger()
    level = logger.level
    # onnxruntime advises on the root logger to optimise the graph first; it was, when exported.
    logger.setLevel(logging.ERROR)
    try:
        work(graph, target)
    except (BackboneError, OSError):
        raise
    except Exception as error:  # the quantiser's errors share no base class
        first = str(error).strip().splitlines()
        raise BackboneError(
            f"the graph cannot be quantised: {first[0] if first else type(error).__name__}",
            place=str(graph),
        ) from error
    finally:
        logger.setLevel(level)


def _dynamic(graph: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(graph), str(target), weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"]
    )


def _calibrated(encoder: Encoder, rows: Sequence[str]) -> Any:
    def work(graph: Path, target: Path) -> None:
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

        quantize_static(
            str(graph),
            str(target),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )

    return work
