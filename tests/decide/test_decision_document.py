"""decision.json: its schema, its determinism, and a ledger row behind every number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from headstart.decide import decision_json, decision_schema
from headstart.decide.schema import PAGE, schema_markdown
from headstart.types.ledger import LedgerRow, LedgerView, unescape


def numbers(node: Any, pointer: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(node, dict):
        for key, item in node.items():
            yield from numbers(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from numbers(item, f"{pointer}/{index}")
    elif isinstance(node, (int, float)) and not isinstance(node, bool):
        yield pointer, node


def resolve(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        document = document[int(token) if isinstance(document, list) else unescape(token)]
    return document


def test_it_satisfies_its_schema(reports: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(decision_schema())
    jsonschema.Draft202012Validator(decision_schema()).validate(decision_json(reports.view))


def test_untrusted_text_is_carried_as_it_is(hostile_reports: Any) -> None:
    document = decision_json(hostile_reports.view)
    jsonschema.Draft202012Validator(decision_schema()).validate(document)
    assert document["data"]["labels"] == list(hostile_reports.data.classes)


@pytest.mark.parametrize("place", [(), ("holdout",), ("timings",), ("chosen",), ("data",)])
def test_the_schema_refuses_a_field_it_does_not_know(cases: Any, place: tuple[str, ...]) -> None:
    document = decision_json(cases["text-helps"].view)
    node = document
    for key in place:
        node = node[key]
    node["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.Draft202012Validator(decision_schema()).validate(document)


def test_the_same_ledger_gives_the_same_bytes(reports: Any) -> None:
    first, second = (json.dumps(decision_json(LedgerView(reports.rows()))) for _ in range(2))
    assert first == second
    assert "NaN" not in first


def test_clock_and_row_ids_touch_only_timings_and_ledger(reports: Any) -> None:
    one = decision_json(LedgerView(reports.rows()))
    two = decision_json(LedgerView(reports.rows(first=5000, clock=1.07)))
    for document in (one, two):
        assert document.pop("ledger")
        assert document.pop("timings")
    assert json.dumps(one) == json.dumps(two)


def test_every_number_has_the_row_that_holds_it(reports: Any) -> None:
    rows = {row.id: row for row in reports.rows()}
    document = decision_json(LedgerView(rows.values()))
    ledger = document.pop("ledger")
    found = dict(numbers(document))
    sentences = {pointer for pointer in ledger if isinstance(ledger[pointer], list)}
    assert set(found) == set(ledger) - sentences
    for pointer, number in found.items():
        held = rows[ledger[pointer]].value
        inside = {value for _, value in numbers({"": held})}
        size = {len(held)} if isinstance(held, list) else set()
        assert number in inside | size, pointer


def test_every_sentence_names_its_row_and_what_it_cites(cases: Any) -> None:
    rows = {row.id: row for row in cases["text-helps"].rows()}
    document = decision_json(LedgerView(rows.values()))
    for part in ("reasons", "risks", "next_steps"):
        for index in range(len(document[part])):
            ids = document["ledger"][f"/{part}/{index}"]
            assert rows[ids[0]].pointer == f"/decide/{part}"
    first = [rows[number].pointer for number in document["ledger"]["/reasons/0"]]
    assert first[1:] == ["/evaluate/metrics/accuracy", "/brief/requirement/level"]


def test_every_ledger_pointer_leads_somewhere(reports: Any) -> None:
    document = decision_json(reports.view)
    for pointer in document["ledger"]:
        assert resolve(document, pointer) is not None


def test_what_the_issue_lists_is_there(cases: Any) -> None:
    document = decision_json(cases["text-helps"].view)
    assert document["schema_version"] == "1.5"
    assert (document["transfer"], document["approach"], document["ship"]) == (
        "helps", "frozen", "yes",
    )  # fmt: skip
    assert document["chosen"]["backbone"] == "pkg:all-MiniLM-L6-v2"
    assert document["chosen"]["head"] == "logistic regression"
    assert document["holdout"]["n"], document["holdout"]["n_all"] == (3080, 3092)
    accuracy = document["holdout"]["metrics"]["accuracy"]
    assert {"value", "low", "high", "method", "n"} <= set(accuracy)
    assert document["data"]["classes"] == 77
    assert len(document["data"]["dropped"]) == 3000
    unavailable = [arm for arm in document["candidates"] if not arm["available"]]
    assert unavailable == [
        {
            "name": "scratch",
            "family": "scratch",
            "available": False,
            "reason": "8 rows a class are too few",
        }
    ]


def test_without_a_hold_out_the_document_says_so(cases: Any) -> None:
    holdout = decision_json(cases["text-inconclusive"].view)["holdout"]
    assert (holdout["basis"], holdout["kind"], holdout["openings"]) == (
        "cross-validation", "none", 0,
    )  # fmt: skip


def test_a_ledger_without_a_decision_is_refused() -> None:
    with pytest.raises(KeyError):
        decision_json(LedgerView([LedgerRow(1, "/data/rows", 3, {}, "")]))


def test_the_reference_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / PAGE
    assert page.read_text(encoding="utf-8") == schema_markdown(decision_schema()), (
        "write schema_markdown(decision_schema()) to the page again"
    )


def test_every_field_of_the_schema_is_described() -> None:
    def look(node: Any, path: str) -> None:
        for name, field in node.get("properties", {}).items():
            assert field.get("description") or "$ref" in field, f"{path}/{name}"
            look(field, f"{path}/{name}")

    schema = decision_schema()
    look(schema, "")
    for name, part in schema["$defs"].items():
        assert part["description"], name
        look(part, name)
