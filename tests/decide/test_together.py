"""Several label columns, one answer."""

from __future__ import annotations

from typing import Any

import pytest

from headstart.decide import decide_together
from headstart.types.result import Decision, OutputVerdict, ShipVerdict

FOUND = "/evaluate/metrics/accuracy"


def decision(ship: ShipVerdict, rule: str, **cited: Any) -> Decision:
    """A decision whose sentences are made of the given pieces."""
    parts: dict[str, list[list[list[str]]]] = {
        "reasons": [],
        "risks": [],
        "next_steps": [],
        **cited,
    }
    plain = {k: tuple("".join(t for t, _ in one) for one in v) for k, v in parts.items()}
    return Decision(
        transfer="helps", approach="frozen", ship=ship, rule=rule, rules_version="2",
        cited=parts, **plain,
    )  # fmt: skip


def reason(value: str) -> list[list[str]]:
    return [["Accuracy is ", ""], [value, FOUND], [".", ""]]


@pytest.mark.parametrize(
    ("first", "second", "ship", "rule"),
    [
        ("yes", "yes", "yes", "one"),
        ("yes", "with-review", "with-review", "two"),
        ("with-review", "no", "no", "two"),
        ("no", "yes", "no", "one"),
        ("with-review", "with-review", "with-review", "one"),
    ],
)
def test_it_ships_as_its_weakest_output(first: Any, second: Any, ship: str, rule: str) -> None:
    found = decide_together(
        {"topic": decision(first, "one"), "area": decision(second, "two")},
        {"topic": "accuracy", "area": "macro_f1"},
    )
    assert (found.ship, found.rule) == (ship, rule)
    assert found.outputs == {
        "topic": OutputVerdict(first, "frozen", "helps", "accuracy", "one"),
        "area": OutputVerdict(second, "frozen", "helps", "macro_f1", "two"),
    }


def test_every_column_says_why_by_its_own_rows() -> None:
    found = decide_together(
        {
            "topic": decision("yes", "one", reasons=[reason("90%"), reason("80%")]),
            "a/b": decision("no", "two", reasons=[reason("50%")]),
        },
        {"topic": "accuracy", "a/b": "accuracy"},
    )
    assert found.reasons == (
        "‘topic’ (ship it): Accuracy is 90%.",
        "‘a/b’ (do not ship): Accuracy is 50%.",
    )
    first, second = found.cited["reasons"]
    assert ["90%", FOUND] in first
    assert ["50%", f"/outputs/a~1b{FOUND}"] in second
    assert ["a/b", "quote"] in second


def test_what_is_the_same_for_all_is_said_once() -> None:
    copies = [["Rows are copied: ", ""], ["12", "/audit/findings/0/numbers/rows"]]
    slow = [["It is slow.", ""]]
    use = [["Use the classical model.", ""]]
    found = decide_together(
        {
            "topic": decision("yes", "one", risks=[copies, slow, reason("1%")], next_steps=[use]),
            "area": decision("yes", "one", risks=[slow, reason("2%")]),
        },
        {"topic": "accuracy", "area": "accuracy"},
    )
    assert found.risks == (
        "Rows are copied: 12",
        "It is slow.",
        "‘topic’: Accuracy is 1%.",
        "‘area’: Accuracy is 2%.",
    )
    assert found.next_steps == ("‘topic’: Use the classical model.",)
