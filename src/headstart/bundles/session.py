"""The model of a bundle in onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.layout import LAYOUT
from headstart.bundles.manifest import REBUILD
from headstart.types.errors import BundleError


class Session:
    """Model inputs to probabilities (n, classes)."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.inputs = tuple(node.name for node in session.get_inputs())
        self.has_outside = LAYOUT.outside in {node.name for node in session.get_outputs()}

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        return self.outputs(inputs)[0]

    def outputs(
        self, inputs: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """(probabilities (n, classes), scores of strangeness (n,) where the model gives some)."""
        fed = {name: inputs[name] for name in self.inputs}
        wanted = [LAYOUT.output, LAYOUT.outside] if self.has_outside else [LAYOUT.output]
        found = [np.asarray(one, dtype=np.float32) for one in self._session.run(wanted, fed)]
        return found[0], found[1] if self.has_outside else None


def open_session(content: bytes, *, classes: int, place: Path, threads: int | None) -> Session:
    """A session over the bytes of an ONNX file.

    Raises:
        BundleError: onnxruntime cannot read it, or its output does not fit the labels.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait in a loop take cores from decoding and from whatever else runs here.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            content, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's errors have no common class of their own
        said = str(error).strip().splitlines()[0][:300]
        raise BundleError(
            f"onnxruntime cannot read the model: {said}",
            place=str(place / LAYOUT.model),
            tip="pip install --upgrade onnxruntime, or build the bundle again",
        ) from error
    shapes = {node.name: node.shape for node in session.get_outputs()}
    if list(shapes.get(LAYOUT.output, ()))[1:] != [classes]:
        raise BundleError(
            f"the model's outputs are {shapes}, not '{LAYOUT.output}' with a column for each of "
            f"the {classes} labels",
            place=str(place / LAYOUT.model),
            tip=REBUILD,
        )
    return Session(session)
