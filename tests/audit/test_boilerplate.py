"""Sentences that many texts share."""

from __future__ import annotations

import numpy as np

from headstart.audit.checks.boilerplate import Boilerplate
from headstart.ports import AuditInputs
from headstart.types.data import Dataset, Example, Finding, Place

WORDS = ["card", "bank", "money", "transfer", "cash", "fee", "limit", "pin", "app", "today"]


def findings(values: list[str]) -> list[Finding]:
    rows = tuple(
        Example(str(i), v, "ab"[i % 2], Place("t.csv", i + 1)) for i, v in enumerate(values)
    )
    return list(Boilerplate()(AuditInputs(Dataset("text", rows, ("a", "b"), "t.csv", "0" * 64))))


def messages(n: int = 120) -> list[str]:
    random = np.random.default_rng(0)
    return [" ".join(random.choice(WORDS, 7)).capitalize() + "?" for _ in range(n)]


def test_a_signature_is_found_with_its_share_of_the_letters() -> None:
    values = messages()
    for i in range(0, 120, 4):
        values[i] += f"\nKind regards,\nAnn Ames\nCustomer {i} of Example Bank"
    (found,) = findings(values)
    assert found.numbers["texts"] == 30
    assert {place.row for place in found.rows} == set(range(1, 121, 4))
    assert "kind regards" in found.detail
    assert "customer 0 of example bank" in found.detail
    share = found.numbers["share_of_letters"]
    assert isinstance(share, float)
    assert 0.1 < share < 0.3


def test_messages_that_merely_repeat_are_not_boilerplate() -> None:
    assert findings(["Where is my card?"] * 60 + messages()) == []
    assert findings(messages()) == []


def test_the_same_two_sentences_over_and_over_are_copies_not_boilerplate() -> None:
    assert findings(["I lost my card. Please help me now."] * 50 + messages()) == []


def test_personal_data_in_it_is_masked() -> None:
    (found,) = findings([f"{text}\nWrite to ann.ames@example.com any time" for text in messages()])
    assert "ann.ames" not in found.detail
