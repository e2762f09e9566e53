"""A report flattened to rows and read back as a tree."""

from __future__ import annotations

import numpy as np

from headstart.types.data import Place, SetAside
from headstart.types.ledger import LedgerRow, LedgerView, flatten
from headstart.types.model import ArmSummary
from headstart.types.result import Estimate

ARM = ArmSummary(
    name="frozen",
    family="frozen",
    pretrained=True,
    deployable=True,
    describe="x",
    metrics={"a/b~c": Estimate(0.5, 0.4, 0.6, 10, "m")},
)


def _view(report: object, pointer: str) -> LedgerView:
    rows = [LedgerRow(i, p, v, {}, "") for i, (p, v) in enumerate(flatten(report, pointer), 1)]
    return LedgerView(rows)


def test_an_estimate_is_one_row_under_its_escaped_pointer() -> None:
    pointers = dict(flatten(ARM, "/arm"))
    assert pointers["/arm/metrics/a~1b~0c"]["value"] == 0.5
    assert pointers["/arm/metrics/a~1b~0c"]["kind"] == "Estimate"
    view = _view(ARM, "/arm")
    assert view["arm"]["metrics"]["a/b~c"].value["low"] == 0.4
    assert view.entry("/arm/metrics/a~1b~0c").id == view["arm"]["metrics"]["a/b~c"].id


def test_lists_of_records_get_an_index_and_plain_lists_one_row() -> None:
    rows = dict(flatten({"dropped": (SetAside(Place("f", 3), "empty"),), "labels": ("a", "b")}, ""))
    assert rows["/dropped/0"]["place"]["row"] == 3
    assert rows["/labels"] == ["a", "b"]


def test_arrays_stay_out_and_numpy_scalars_become_plain() -> None:
    rows = dict(flatten({"big": np.zeros(5), "n": np.int64(3)}, "/x"))
    assert rows == {"/x/n": 3}


def test_the_newest_row_of_a_pointer_wins() -> None:
    view = LedgerView([LedgerRow(1, "/x", "old", {}, ""), LedgerRow(2, "/x", "new", {}, "")])
    assert view["x"].value == "new"
    assert view["x"].id == 2
