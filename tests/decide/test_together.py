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
        "‘topic’ and ‘area’: Accuracy is 1% and 2%.",
    )
    assert found.next_steps == ("‘topic’: Use the classical model.",)


def test_what_differs_in_numbers_alone_is_said_once_with_all_of_them() -> None:
    def step(value: str, more: str) -> list[list[str]]:
        return [["Label ", ""], [value, FOUND], [" rows of ", ""], [more, "quote"], [".", ""]]

    found = decide_together(
        {
            "topic": decision("yes", "one", next_steps=[step("5", "spam"), step("5", "spam")]),
            "area": decision("yes", "one", next_steps=[step("7", "spam"), step("9", "ham")]),
            "tone": decision("yes", "one", next_steps=[step("7", "spam")]),
            "a/b": decision("yes", "one", next_steps=[step("9", "ham")]),
        },
        dict.fromkeys(("topic", "area", "tone", "a/b"), "accuracy"),
    )
    assert found.next_steps == (
        "‘topic’, ‘area’ and ‘tone’: Label 5, 7 and 7 rows of spam.",
        "‘topic’: Label 5 rows of spam.",
        "‘area’ and ‘a/b’: Label 9 rows of ham.",
    )
    at = [[text, source] for text, source in found.cited["next_steps"][0] if text in "57"]
    assert at == [["5", FOUND], ["7", f"/outputs/area{FOUND}"], ["7", f"/outputs/tone{FOUND}"]]


def test_findings_that_are_quoted_whole_are_not_run_together() -> None:
    def found_in(title: str) -> list[list[str]]:
        return [[title, "/audit/findings/0/title"], [".", ""]]

    found = decide_together(
        {
            "topic": decision("yes", "one"),
            "area": decision("yes", "one", risks=[found_in("Labels differ")]),
            "tone": decision("yes", "one", risks=[found_in("Rows repeat")]),
        },
        dict.fromkeys(("topic", "area", "tone"), "accuracy"),
    )
    assert found.risks == ("‘area’: Labels differ.", "‘tone’: Rows repeat.")


def test_what_holds_the_others_back_comes_first() -> None:
    def step(words: str) -> list[list[str]]:
        return [[words, ""]]

    found = decide_together(
        {
            "topic": decision("yes", "one", next_steps=[step("Watch it.")]),
            "area": decision("with-review", "two", next_steps=[step("Check it.")]),
            "team": decision("no", "three", next_steps=[step("Mend it.")]),
        },
        dict.fromkeys(("topic", "area", "team"), "accuracy"),
    )
    assert found.next_steps == (
        "Leave ‘team’ out, if the product can do without, and run again: the rest may ship with "
        "review.",
        "‘team’: Mend it.",
        "‘area’: Check it.",
        "‘topic’: Watch it.",
    )
    none = decide_together(
        {"topic": decision("no", "one"), "area": decision("no", "two")},
        {"topic": "accuracy", "area": "accuracy"},
    )
    assert none.next_steps == ()
