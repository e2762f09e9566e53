"""The seal: sizes are public, rows are not."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from headstart import adapt
from headstart.evaluate import SealedHoldout
from headstart.types.data import Dataset, Example, Place
from headstart.types.errors import HeadstartError


def sealed() -> SealedHoldout:
    rows = (("first", "a"), ("second", "b"), ("third", "a"))
    examples = tuple(
        Example("k", value, label, Place("held.csv", i + 1, "text"))
        for i, (value, label) in enumerate(rows)
    )
    source = Dataset("text", examples, ("a", "b"), "held.csv", "0" * 64)
    return SealedHoldout.seal(source, np.array([2, 0]), np.array([True, False]))


def test_sizes_are_public_and_rows_come_out_of_open():
    holdout = sealed()
    assert (holdout.n, holdout.n_all) == (1, 2)
    opened = holdout.open("the decision")
    assert opened.values == ("third", "first")
    assert opened.labels == ("a", "a")
    assert opened.places[0] == "held.csv, row 3, column 'text'"
    assert opened.clean.tolist() == [True, False]
    assert opened.reason == "the decision"


def test_it_opens_once():
    holdout = sealed()
    holdout.open("the decision")
    with pytest.raises(HeadstartError, match="already opened for 'the decision'"):
        holdout.open("one more look")


def test_it_opens_only_for_a_reason():
    with pytest.raises(ValueError, match="reason"):
        sealed().open("  ")


def test_nothing_public_tells_the_rows():
    holdout = sealed()
    public = {name for name in dir(holdout) if not name.startswith("_")}
    assert public == {"n", "n_all", "of", "open", "seal"}
    assert "third" not in repr(holdout)


def test_marks_cannot_be_changed_from_outside():
    marks = np.array([True])
    holdout = SealedHoldout("text", ["v"], ["a"], ["p"], ["00" * 32], marks)
    marks[0] = False
    assert holdout.n == 1


def test_parts_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="2 values, 1 labels"):
        SealedHoldout("text", ["v", "w"], ["a"], ["p"], ["00" * 32], np.array([True]))


def test_nothing_that_trains_or_chooses_accepts_a_sealed_holdout():
    for function in (adapt.run_arm, adapt.judge, adapt.refit):
        assert "Holdout" not in str(inspect.signature(function))
