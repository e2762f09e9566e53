"""A model of a bundle in onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.layout import LAYOUT
from headstart.bundles.manifest import REBUILD
from headstart.types.errors import BundleError


class Session:
    """Model inputs to probabilities (n, classes), a table for each of its outputs."""

    def __init__(self, session: Any, outputs: Sequence[str] = (LAYOUT.output,)) -> None:
        self._session = session
        self.inputs = tuple(node.name for node in session.get_inputs())
        self.outputs = tuple(outputs)
        self.has_outside = LAYOUT.outside in {node.name for node in session.get_outputs()}

    def __call__(
        self, inputs: Mapping[str, NDArray[Any]]
    ) -> tuple[list[NDArray[np.float32]], NDArray[np.float32] | None]:
        """(the tables, scores of strangeness (n,) where the model gives some)."""
        fed = {name: inputs[name] for name in self.inputs}
        wanted = [*self.outputs, LAYOUT.outside] if self.has_outside else list(self.outputs)
        found = [np.asarray(one, dtype=np.float32) for one in self._session.run(wanted, fed)]
        strange = found.pop() if self.has_outside else None
        return found, strange


def open_session(
    content: bytes, *, outputs: Mapping[str, int], place: Path, threads: int | None
) -> Session:
    """A session over the bytes of an ONNX file.

    outputs: name of each tensor that is asked for, and the number of its labels.

    Raises:
        BundleError: onnxruntime cannot read it, or an output does not fit its labels.
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
            place=str(place),
            tip="pip install --upgrade onnxruntime, or build the bundle again",
        ) from error
    shapes = {node.name: node.shape for node in session.get_outputs()}
    for name, classes in outputs.items():
        if list(shapes.get(name, ()))[1:] != [classes]:
            raise BundleError(
                f"the model's outputs are {shapes}, not '{name}' with a column for each of the "
                f"{classes} labels",
                place=str(place),
                tip=REBUILD,
            )
    return Session(session, tuple(outputs))
