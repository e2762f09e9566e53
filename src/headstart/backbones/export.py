"""A network as one ONNX file: made once, deterministic, cached."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.backbones.cache import digest, file_sha256, read_json, write_atomically, write_json
from headstart.backbones.networks import Network
from headstart.backbones.networks.base import require
from headstart.types.errors import BackboneError, HeadstartError

EXPORTER = "torchscript-opset17-1"
"""Raised when the exported graph changes; part of every export's key."""
OPSET = 17
OUTPUT = "features"


@dataclass(frozen=True)
class Export:
    """Where an exported encoder is kept, and what is known of it."""

    folder: Path

    @property
    def graph(self) -> Path:
        return self.folder / "encoder.onnx"

    @property
    def facts(self) -> Path:
        return self.folder / "export.json"

    def sound(self) -> bool:
        """Whether the graph is there with the bytes that were written."""
        facts = read_json(self.facts)
        if facts is None or not self.graph.exists():
            return False
        return bool(facts.get("sha256") == file_sha256(self.graph))


def export_key(network: Network, preprocessing: dict[str, Any]) -> str:
    """Key of an export: weights, layer, preprocessing and exporter version."""
    return digest(network.weights_sha256, network.architecture, preprocessing, EXPORTER)


def ensure_export(network: Network, export: Export) -> Path:
    """The exported graph, made now where the cache does not hold it whole.

    Raises:
        BackboneError: the network cannot be exported, with the exporter's reason.
        MissingExtraError: torch is needed and not installed.
    """
    if export.sound():
        return export.graph
    write_atomically(export.graph, lambda temporary: _export(network, temporary))
    write_json(export.facts, {"sha256": file_sha256(export.graph), "exporter": EXPORTER})
    return export.graph


def _export(network: Network, path: Path) -> None:
    torch = require("torch", what="exporting an encoder", extra="all")
    require("onnx", what="exporting an encoder", extra="all")
    module, example = network.build(), network.example()
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            # The tracer warns of every Python branch; the parity check judges the result.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                example,
                str(path),
                input_names=list(network.inputs),
                output_names=[OUTPUT],
                dynamic_axes={**network.dynamic_axes, OUTPUT: {0: "batch"}},
                opset_version=OPSET,
                # The newer exporter takes 15 s where this one takes 3, for the same graph.
                dynamo=False,
            )
    except (HeadstartError, OSError):
        raise
    except Exception as error:  # the exporter's errors share no base class
        raise BackboneError(
            f"the network cannot be exported to ONNX: {str(error).splitlines()[0]}",
            tip="it can still be run with torch, but not packaged",
        ) from error
