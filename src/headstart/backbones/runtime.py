"""Running an encoder: onnxruntime, or torch where the exported graph cannot be used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.networks import Network
from headstart.types.errors import BackboneError

Inputs = dict[str, NDArray[Any]]


class Runner(Protocol):
    """Preprocessed inputs to features (batch, width), float32; safe to call from threads."""

    workers: int
    """How many calls run at once best."""
    batched: bool
    """Whether a row's features are the same bits in every batch."""

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]: ...


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OnnxRunner:
    """One onnxruntime session of one thread, called from as many threads as there are cores.

    Measured on two cores: 10 to 25% faster than one call at a time on two threads, and each
    product is computed by one thread in one order, so that a row's bits do not depend on its batch.
    """

    batched = True

    def __init__(self, graph: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Planned for repeated shapes; here every batch has its own.
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no public base class
            raise BackboneError(
                f"onnxruntime cannot load the graph: {str(error).splitlines()[0]}",
                place=str(graph),
                tip="check that the file is a whole ONNX model for this version of onnxruntime",
            ) from error
        self.inputs = {node.name: node for node in self._session.get_inputs()}
        self.outputs = [node.name for node in self._session.get_outputs()]
        self.output_shapes = [node.shape for node in self._session.get_outputs()]
        self.output = "features" if "features" in self.outputs else self.outputs[0]
        self.workers = available_cores()

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        wanted = {name: array for name, array in inputs.items() if name in self.inputs}
        features = self._session.run([self.output], wanted)[0]
        return np.ascontiguousarray(features, dtype=np.float32)


class TorchRunner:
    """The torch network itself, one row at a time: batched products round by batch size there."""

    workers = 1
    batched = False

    def __init__(self, network: Network) -> None:
        self._inputs = network.inputs
        self._module = network.build()

    def __call__(self, inputs: Inputs) -> NDArray[np.float32]:
        import torch

        tensors = [torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in self._inputs]
        with torch.inference_mode():
            features: NDArray[np.float32] = self._module(*tensors).float().numpy()
        return features
