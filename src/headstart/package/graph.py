"""One ONNX graph from model inputs to probabilities.

Every model that ships is softmax(features @ W.T + b), so its graph is the exported encoder (if
there is one), one Gemm and one Softmax, written here with `onnx.helper`. Classical models are not
converted from scikit-learn objects with skl2onnx: the fitted model is already this matrix product,
and its features come from a NumPy function that serving repeats exactly, where a converted
TfidfVectorizer would tokenise by another implementation with other edge cases. So nothing has to be
converted, and no pickled estimator has to be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.layout import LAYOUT
from headstart.package.outside_graph import OutsideNodes
from headstart.types.errors import BackboneError, MissingExtraError
from headstart.types.model import EncoderFeatures, FittedModel, NoFeatures, OutsideScore
from headstart.types.version import VERSION

OPSET = 17
IR_VERSION = 8
NEWEST_IR_VERSION = 10
"""The newest that onnxruntime 1.20, the oldest supported, reads."""
LARGEST = 2**31 - 2**20
"""Bytes of a protocol buffer, some room left for the head."""
HEAD = "headstart.head"
WEIGHTS, BIAS, LOGITS = "headstart.weights", "headstart.bias", "headstart.logits"


def model_graph(model: FittedModel, encoder: Path | None) -> bytes:
    """The bytes of model.onnx; equal models give equal bytes.

    encoder: the exported encoder, with an output `features` (batch, width), where `model` has one.

    Raises:
        BackboneError: the exported encoder cannot be continued with a head; the reason is named.
        MissingExtraError: onnx is not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError:
        raise MissingExtraError("Writing a bundle", extra=model.modality, package="onnx") from None

    assert model.outside is None or not isinstance(model.featurizer, NoFeatures)
    if isinstance(model.featurizer, EncoderFeatures):
        if encoder is None:
            raise ValueError(f"the arm '{model.arm}' needs its encoder to be packaged")
        proto = _continued(encoder, model)
    elif isinstance(model.featurizer, NoFeatures):
        proto = _constant(model.bias)
    else:
        proto = _linear(model.weights, model.bias)
    if model.outside is not None:
        _add_outside(proto, model.outside)
    _clean(proto)
    content: bytes = proto.SerializeToString(deterministic=True)
    onnx.checker.check_model(content, full_check=True)
    return content


def _head(features: str) -> list[Any]:
    from onnx import helper

    return [
        helper.make_node("Gemm", [features, WEIGHTS, BIAS], [LOGITS], name=HEAD, transB=1),
        helper.make_node("Softmax", [LOGITS], [LAYOUT.output], name="headstart.softmax", axis=1),
    ]


def _initializers(weights: NDArray[np.float32], bias: NDArray[np.float32]) -> list[Any]:
    from onnx import numpy_helper

    return [
        numpy_helper.from_array(np.ascontiguousarray(weights, dtype=np.float32), WEIGHTS),
        numpy_helper.from_array(np.ascontiguousarray(bias, dtype=np.float32), BIAS),
    ]


def _add_outside(proto: Any, score: OutsideScore) -> None:
    """A second output, for how little a row looks like the training rows."""
    from onnx import TensorProto, helper

    head = next(node for node in proto.graph.node if node.name == HEAD)
    made = OutsideNodes(score, head.input[0], LOGITS, LAYOUT.output)
    proto.graph.node.extend(made.nodes)
    proto.graph.initializer.extend(made.constants)
    proto.graph.output.append(
        helper.make_tensor_value_info(LAYOUT.outside, TensorProto.FLOAT, ["batch"])
    )


def _output(classes: int) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(LAYOUT.output, TensorProto.FLOAT, ["batch", classes])


def _new_model(
    nodes: Sequence[Any], width: int | str, classes: int, constants: Sequence[Any]
) -> Any:
    from onnx import TensorProto, helper

    features = helper.make_tensor_value_info(LAYOUT.features, TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph(nodes, "headstart", [features], [_output(classes)], constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )


def _linear(weights: NDArray[np.float32], bias: NDArray[np.float32]) -> Any:
    """softmax(features @ weights.T + bias)."""
    classes, width = weights.shape
    nodes = _head(LAYOUT.features)
    return _new_model(nodes, width, classes, _initializers(weights, bias))


def _constant(bias: NDArray[np.float32]) -> Any:
    """softmax(bias) for every row; of `features` only the number of rows is read."""
    from onnx import helper, numpy_helper

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
        return helper.make_node(kind, inputs, [output], name=f"{output}.node", **attributes)

    classes = len(bias)
    nodes = [
        node("Shape", [LAYOUT.features], "headstart.rows", start=0, end=1),
        node("Concat", ["headstart.rows", "headstart.classes"], "headstart.shape", axis=0),
        node("Expand", [BIAS, "headstart.shape"], LOGITS),
        node("Softmax", [LOGITS], LAYOUT.output, axis=1),
    ]
    constants = [
        numpy_helper.from_array(np.array([classes], dtype=np.int64), "headstart.classes"),
        numpy_helper.from_array(np.ascontiguousarray(bias, dtype=np.float32), BIAS),
    ]
    return _new_model(nodes, "width", classes, constants)


def _continued(encoder: Path, model: FittedModel) -> Any:
    """The exported encoder with its `features` led into the head."""
    import onnx

    proto = onnx.load(str(encoder))
    graph = proto.graph
    outputs = {node.name: node for node in graph.output}
    # A graph that was published as ONNX may call its first output something else.
    features = outputs.get(LAYOUT.features, graph.output[0])
    tensor = features.type.tensor_type
    shape = [dim.dim_value for dim in tensor.shape.dim] if tensor.HasField("shape") else [0, 0]
    if len(shape) != 2 or shape[1] not in (0, model.weights.shape[1]):
        raise BackboneError(
            f"the exported encoder's output '{features.name}' is not (batch, "
            f"{model.weights.shape[1]}), which the head was trained on",
            place=str(encoder),
        )
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        raise BackboneError("the exported encoder's features are not float32", place=str(encoder))
    if sum(len(t.raw_data) for t in graph.initializer) + model.weights.nbytes > LARGEST:
        raise BackboneError(
            "encoder and head are over 2 GiB together, more than one ONNX file may hold",
            place=str(encoder),
            tip="choose a smaller backbone: headstart catalogue list",
        )
    del graph.output[:]
    graph.output.append(_output(len(model.labels)))
    graph.node.extend(_head(features.name))
    graph.initializer.extend(_initializers(model.weights, model.bias))
    return proto


def _clean(proto: Any) -> None:
    """Take out what exporters leave behind: stack traces with paths of the machine, dates."""
    proto.producer_name, proto.producer_version = "headstart", VERSION
    proto.doc_string = proto.graph.doc_string = ""
    proto.graph.name = "headstart"
    del proto.metadata_props[:]
    if proto.ir_version > NEWEST_IR_VERSION:
        proto.ir_version = NEWEST_IR_VERSION
    for part in (proto.graph, *proto.graph.node, *proto.graph.value_info, *proto.graph.initializer):
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
