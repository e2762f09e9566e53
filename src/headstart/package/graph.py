"""One ONNX graph from model inputs to probabilities, of one label column or of several.

Every model that ships is softmax(features @ W.T + b), so its graph is the exported encoder (if
there is one), one Gemm and one Softmax (a Sigmoid where a row may have several labels), written
here with `onnx.helper`; label columns with the same features share the encoder, and each has its
own Gemm and Softmax. Classical models are not
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


def output_name(number: int) -> str:
    """The tensor with the probabilities of the model at `number` in a graph.

    >>> output_name(0), output_name(1)
    ('probabilities', 'probabilities_2')
    """
    return LAYOUT.output + _mark(number)


def _mark(number: int) -> str:
    return f"_{number + 1}" if number else ""


def model_graph(models: Sequence[FittedModel], encoder: Path | None) -> bytes:
    """The bytes of model.onnx for models with the same features; equal models give equal bytes.

    encoder: the exported encoder, with an output `features` (batch, width), where they have one.

    Raises:
        BackboneError: the exported encoder cannot be continued with a head; the reason is named.
        MissingExtraError: onnx is not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError:
        extra = models[0].modality
        raise MissingExtraError("Writing a bundle", extra=extra, package="onnx") from None

    first = models[0]
    assert first.outside is None or not isinstance(first.featurizer, NoFeatures)
    if isinstance(first.featurizer, EncoderFeatures):
        if encoder is None:
            raise ValueError(f"the arm '{first.arm}' needs its encoder to be packaged")
        proto = _continued(encoder, models)
    elif isinstance(first.featurizer, NoFeatures):
        proto = _constant(models)
    else:
        proto = _linear(models)
    if first.outside is not None:
        _add_outside(proto, first.outside)
    _clean(proto)
    content: bytes = proto.SerializeToString(deterministic=True)
    onnx.checker.check_model(content, full_check=True)
    return content


def _heads(features: str, models: Sequence[FittedModel]) -> list[Any]:
    from onnx import helper

    nodes = []
    for number, model in enumerate(models):
        mark = _mark(number)
        nodes += [
            helper.make_node(
                "Gemm",
                [features, WEIGHTS + mark, BIAS + mark],
                [LOGITS + mark],
                name=f"{HEAD}{mark}",
                transB=1,
            ),
            _probabilities(number, model),
        ]
    return nodes


def _probabilities(number: int, model: FittedModel) -> Any:
    from onnx import helper

    mark = _mark(number)
    ends = [LOGITS + mark], [output_name(number)]
    if model.separator is not None:
        return helper.make_node("Sigmoid", *ends, name=f"headstart.sigmoid{mark}")
    return helper.make_node("Softmax", *ends, name=f"headstart.softmax{mark}", axis=1)


def _initializers(models: Sequence[FittedModel]) -> list[Any]:
    return [
        _constant_of(array, name + _mark(number), np.float32)
        for number, model in enumerate(models)
        for array, name in ((model.weights, WEIGHTS), (model.bias, BIAS))
    ]


def _constant_of(array: Any, name: str, kind: type) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.ascontiguousarray(array, dtype=kind), name)


def _add_outside(proto: Any, score: OutsideScore) -> None:
    """One more output, for how little a row looks like the training rows of the first model."""
    from onnx import TensorProto, helper

    head = next(node for node in proto.graph.node if node.name == HEAD)
    made = OutsideNodes(score, head.input[0], LOGITS, LAYOUT.output)
    proto.graph.node.extend(made.nodes)
    proto.graph.initializer.extend(made.constants)
    proto.graph.output.append(
        helper.make_tensor_value_info(LAYOUT.outside, TensorProto.FLOAT, ["batch"])
    )


def _outputs(models: Sequence[FittedModel]) -> list[Any]:
    from onnx import TensorProto, helper

    return [
        helper.make_tensor_value_info(
            output_name(number), TensorProto.FLOAT, ["batch", len(model.labels)]
        )
        for number, model in enumerate(models)
    ]


def _new_model(
    nodes: Sequence[Any],
    width: int | str,
    models: Sequence[FittedModel],
    constants: Sequence[Any],
) -> Any:
    from onnx import TensorProto, helper

    features = helper.make_tensor_value_info(LAYOUT.features, TensorProto.FLOAT, ["batch", width])
    graph = helper.make_graph(nodes, "headstart", [features], _outputs(models), constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )


def _linear(models: Sequence[FittedModel]) -> Any:
    """Probabilities of features @ weights.T + bias."""
    nodes = _heads(LAYOUT.features, models)
    return _new_model(nodes, models[0].weights.shape[1], models, _initializers(models))


def _constant(models: Sequence[FittedModel]) -> Any:
    """Probabilities of the bias for every row; of `features` only the number of rows is read."""
    from onnx import helper

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> Any:
        return helper.make_node(kind, inputs, [output], name=f"{output}.node", **attributes)

    nodes = [node("Shape", [LAYOUT.features], "headstart.rows", start=0, end=1)]
    constants = []
    for number, model in enumerate(models):
        mark = _mark(number)
        classes, shape = f"headstart.classes{mark}", f"headstart.shape{mark}"
        nodes += [
            node("Concat", ["headstart.rows", classes], shape, axis=0),
            node("Expand", [BIAS + mark, shape], LOGITS + mark),
            _probabilities(number, model),
        ]
        constants += [
            _constant_of([len(model.bias)], classes, np.int64),
            _constant_of(model.bias, BIAS + mark, np.float32),
        ]
    return _new_model(nodes, "width", models, constants)


def _continued(encoder: Path, models: Sequence[FittedModel]) -> Any:
    """The exported encoder with its `features` led into the heads."""
    import onnx

    proto = onnx.load(str(encoder))
    graph = proto.graph
    outputs = {node.name: node for node in graph.output}
    # A graph that was published as ONNX may call its first output something else.
    features = outputs.get(LAYOUT.features, graph.output[0])
    tensor = features.type.tensor_type
    shape = [dim.dim_value for dim in tensor.shape.dim] if tensor.HasField("shape") else [0, 0]
    width = models[0].weights.shape[1]
    if len(shape) != 2 or shape[1] not in (0, width):
        raise BackboneError(
            f"the exported encoder's output '{features.name}' is not (batch, {width}), which the "
            "head was trained on",
            place=str(encoder),
        )
    if tensor.elem_type != onnx.TensorProto.FLOAT:
        raise BackboneError("the exported encoder's features are not float32", place=str(encoder))
    heads = sum(model.weights.nbytes for model in models)
    if sum(len(t.raw_data) for t in graph.initializer) + heads > LARGEST:
        raise BackboneError(
            "encoder and head are over 2 GiB together, more than one ONNX file may hold",
            place=str(encoder),
            tip="choose a smaller backbone: headstart catalogue list",
        )
    del graph.output[:]
    graph.output.extend(_outputs(models))
    graph.node.extend(_heads(features.name, models))
    graph.initializer.extend(_initializers(models))
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
