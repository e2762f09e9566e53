"""The out-of-distribution score as nodes of an ONNX graph: what `outside_scores` computes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.layout import LAYOUT
from headstart.types.model import OutsideScore

TINY = 1e-12


class OutsideNodes:
    """Nodes and constants, built from the names of the features and of the logits."""

    def __init__(self, score: OutsideScore, features: str, logits: str, output: str) -> None:
        self.score, self.features, self.logits, self.output = score, features, logits, output
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        getattr(self, f"_{score.name}")()

    def _put(self, kind: str, inputs: list[str], name: str | None = None, **more: Any) -> str:
        from onnx import helper

        made = name or f"headstart.outside.{len(self.nodes)}"
        # ONNX names a node's outputs, of which TopK has two.
        outputs = [made, f"{made}.places"] if kind == "TopK" else [made]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=f"{made}.node", **more))
        return made

    def _constant(self, value: NDArray[Any], name: str) -> str:
        from onnx import numpy_helper

        made = f"headstart.outside.{name}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), made))
        return made

    def _number(self, value: float, name: str) -> str:
        return self._constant(np.array(value, dtype=np.float32), name)

    def _named(self, source: str) -> None:
        self._put("Identity", [source], LAYOUT.outside)

    def _probability(self) -> None:
        top = self._put("ReduceMax", [self.output], axes=[1], keepdims=0)
        self._named(self._put("Sub", [self._number(1.0, "one"), top]))

    def _log_sum(self) -> str:
        return self._put("ReduceLogSumExp", [self.logits], axes=[1], keepdims=0)

    def _energy(self) -> None:
        self._named(self._put("Neg", [self._log_sum()]))

    def _neighbours(self) -> None:
        assert self.score.points is not None
        length = self._put("ReduceL2", [self.features], axes=[1], keepdims=1)
        length = self._put("Max", [length, self._number(TINY, "tiny")])
        unit = self._put("Div", [self.features, length])
        near = self._put("MatMul", [unit, self._constant(self.score.points.T, "points")])
        count = self._constant(np.array([self.score.neighbours], dtype=np.int64), "count")
        nearest = self._put("TopK", [near, count], axis=1)
        last = self._constant(np.array(self.score.neighbours - 1, dtype=np.int64), "last")
        self._named(self._put("Neg", [self._put("Gather", [nearest, last], axis=1)]))

    def _projected(self) -> str:
        assert self.score.projection is not None
        assert self.score.origin is not None
        moved = self._put("Sub", [self.features, self._constant(self.score.origin, "origin")])
        return self._put("MatMul", [moved, self._constant(self.score.projection, "projection")])

    def _mahalanobis(self) -> None:
        assert self.score.points is not None
        points = self.score.points.astype(np.float64)
        placed = self._projected()
        own = self._put("ReduceSumSquare", [placed], axes=[1], keepdims=1)
        turned = self._constant((-2.0 * points.T).astype(np.float32), "points")
        cross = self._put("MatMul", [placed, turned])
        lengths = self._constant((points**2).sum(axis=1).astype(np.float32), "lengths")
        total = self._put("Add", [self._put("Add", [own, cross]), lengths])
        self._named(self._put("ReduceMin", [total], axes=[1], keepdims=0))

    def _vim(self) -> None:
        residual = self._put("ReduceL2", [self._projected()], axes=[1], keepdims=0)
        sized = self._put("Mul", [residual, self._number(self.score.factor, "factor")])
        self._named(self._put("Sub", [sized, self._log_sum()]))
