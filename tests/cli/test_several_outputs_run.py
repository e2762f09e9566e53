"""Several label columns: one run, one memo, one bundle that answers all of them in one pass."""

from __future__ import annotations

import csv
import json
import random
import re
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
TOPICS = {"card": ("card", "visa", "plastic"), "cash": ("cash", "notes", "coins", "atm")}
WHEN = {"high": ("lost", "friday", "night"), "low": ("easter", "summer", "since")}
ELSE = ("account", "arrive", "debit", "fee", "find", "has", "monday", "noon")


def table(path: Path, n: int, seed: int) -> Path:
    """n rows with a topic and an urgency, both told by words; one in six has no urgency."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic", "urgency"))
        for number in range(n):
            topic, urgency = rng.choice(sorted(TOPICS)), rng.choice(sorted(WHEN))
            words = [*rng.sample(ELSE, 4), *rng.sample(TOPICS[topic], 2)]
            words += rng.sample(WHEN[urgency], 2)
            rng.shuffle(words)
            writer.writerow((" ".join(words), topic, urgency if number % 6 else ""))
    return path


def test_one_run_one_memo_one_bundle(headstart: Run, words: str, tmp_path: Path) -> None:
    data, held = table(tmp_path / "t.csv", 160, 1), table(tmp_path / "h.csv", 150, 2)
    done = headstart(
        "run", data, "--holdout", held, "--label", "topic", "--also", "urgency",
        "--backbone", words, "--level", "0.6", "--sets", "0.9", "--out", "pilot", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pilot, document = tmp_path / "pilot", json.loads(done.stdout)
    decides_about_every_column(pilot, document, headstart)
    memo_names_every_column(pilot, document, headstart)
    bundle_answers_every_column(pilot, held, headstart)
    sets_of_every_column(pilot, document)
    readiness_names_every_column(pilot, document, headstart)
    every_common_column_is_compared(pilot, document, data, held, words, headstart)


def readiness_names_every_column(pilot: Path, document: dict[str, Any], headstart: Run) -> None:
    """Where they differ; what is of the run stands once."""
    assert headstart("readiness", pilot).returncode == 0
    lines = (pilot / "readiness.md").read_text(encoding="utf-8").splitlines()
    reached = next(line for line in lines if "Is the required level surely reached?" in line)
    for one in document["outputs"]:
        share = f"{100 * one['value']['value']:.1f}%"
        assert re.search(f"‘{one['column']}’: [^;]*{share}", reached), reached
    parity = next(line for line in lines if "Does the bundle answer as" in line)
    assert "‘topic’" not in parity


def every_common_column_is_compared(
    pilot: Path, document: dict[str, Any], data: Path, held: Path, words: str, headstart: Run
) -> None:
    done = headstart(
        "run", data, "--holdout", held, "--label", "urgency", "--backbone", words,
        "--max-stage", "frozen", "--out", "single",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = headstart("compare", pilot, "single", "--json", "--out", "both.html")
    assert found.returncode == 0, found.stderr
    compared = json.loads(found.stdout)
    assert list(compared["columns"]) == ["urgency"]
    paired = compared["paired"]
    assert paired == compared["columns"]["urgency"]
    assert paired["rows"]["deciding"] == document["outputs"][1]["value"]["n"]
    metric = document["outputs"][1]["metric"]
    assert paired["of_a"][metric]["value"] == document["outputs"][1]["value"]["value"]
    assert "Only pilot answers: topic." in compared["remarks"]
    text = headstart("compare", pilot, "single").stdout
    assert "Recommendation,  " in text
    assert "urgency: " in text
    page = (pilot.parent / "both.html").read_text(encoding="utf-8")
    assert re.search("On the rows that both have · (<[^>]+>)?urgency", page)
    # Without a common column there is nothing to compare.
    renamed = pilot.parent / "other.csv"
    renamed.write_text(data.read_text().replace("urgency", "haste", 1))
    done = headstart(
        "run", renamed, "--label", "haste", "--backbone", words, "--max-stage", "frozen",
        "--out", "other",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    refused = headstart("compare", pilot, "other")
    assert refused.returncode == 2
    assert "no label column is in both: topic, urgency and haste" in refused.stderr


def sets_of_every_column(pilot: Path, document: dict[str, Any]) -> None:
    """Each column has a threshold of its own, measured on its own rows."""
    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text())
    ledger = rows_of(pilot)
    first, other = manifest["sets"], manifest["further"][0]["sets"]
    assert first["threshold"] == ledger["/evaluate/prediction_sets/threshold"]
    assert other["threshold"] == ledger["/outputs/urgency/evaluate/prediction_sets/threshold"]
    assert first["level"] == other["level"] == 0.9
    coverage = document["holdout"]["prediction_sets"]["coverage"]
    assert coverage["n"] == document["holdout"]["n"]
    page = (pilot / "memo.html").read_text(encoding="utf-8")
    assert page.count("Which labels may it be?") == 2


def decides_about_every_column(pilot: Path, document: dict[str, Any], headstart: Run) -> None:
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    topic, urgency = document["outputs"]
    assert (topic["column"], urgency["column"]) == ("topic", "urgency")
    assert (topic["rows"], topic["unlabelled"]) == (160, 0)
    # One row in six of 160 and of 150 has no urgency.
    assert (urgency["rows"], urgency["unlabelled"]) == (133, 27 + 25)
    assert topic["value"]["n"] == document["holdout"]["n"]
    assert urgency["value"]["n"] < topic["value"]["n"]
    order = ["no", "with-review", "yes"]
    worst = min((topic["ship"], urgency["ship"]), key=order.index)
    assert document["ship"] == worst
    assert min(topic["value"]["value"], urgency["value"]["value"]) > 0.9
    assert [one[: one.index("’")] for one in document["reasons"]] == ["‘topic", "‘urgency"]

    # Each hold-out's labels were opened once; nothing is computed again.
    before = stages(pilot)
    again = headstart("run", pilot, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == document
    assert stages(pilot) == before
    assert document["holdout"]["openings"] == 1
    assert "urgency" in again.stderr
    decided = headstart("decide", pilot, "--json")
    assert decided.returncode == 0, decided.stderr
    assert (json.loads(decided.stdout), stages(pilot)) == (document, before)

    # Both columns have rows of their own in the ledger, and none was thawed for.
    ledger = rows_of(pilot)
    assert ledger["/outputs/urgency/evaluate/openings"] == 1
    assert ledger["/outputs/urgency/data/rows"] == 133
    assert "share the backbone" in ledger["/outputs/urgency/adapt/ladder/not_climbed"]
    assert "share the backbone" in ledger["/adapt/ladder/not_climbed"]


def memo_names_every_column(pilot: Path, document: dict[str, Any], headstart: Run) -> None:
    """And each number in it has its row."""
    page = (pilot / "memo.html").read_text(encoding="utf-8")
    first = page[: page.index('class="toc"')]
    assert "<bdi>topic</bdi>" in first
    assert "<bdi>urgency</bdi>" in first
    assert len(re.findall('<section id="output-[0-9]+"', page)) == 2
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    linked = set(re.findall(r'href="#(L[0-9]+)"', page))
    assert linked <= set(ids)
    # What stands in the second chapter was read from the second column's rows.
    chapter = page[page.index('<section id="output-2"') : page.index('<section id="data"')]
    pointers = {f"L{number}": pointer for number, pointer in pointers_of(pilot).items()}
    roots = {pointers[one].split("/")[1] for one in re.findall(r'href="#(L[0-9]+)"', chapter)}
    assert "outputs" in roots
    assert not roots & {"adapt", "evaluate", "audit", "data", "temperature"}
    value = next(one for one in document["outputs"] if one["column"] == "urgency")["value"]
    assert f"{100 * value['low']:.1f}%" in chapter

    before = page.encode()
    (pilot / "memo.html").unlink()
    assert headstart("memo", pilot).returncode == 0
    assert (pilot / "memo.html").read_bytes() == before
    text = (pilot / "memo.md").read_text(encoding="utf-8")
    assert "rows without a label in this column" in text
    card = (pilot / "bundle" / "README.md").read_text(encoding="utf-8")
    assert "### urgency: ship" in card


def bundle_answers_every_column(pilot: Path, held: Path, headstart: Run) -> None:
    scored = headstart("predict", pilot / "bundle", held, "--out", "scored.csv")
    assert scored.returncode == 0, scored.stderr
    with (pilot.parent / "scored.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 150
    assert list(rows[0])[3:] == [
        "predicted_topic", "probability_topic", "predicted_urgency", "probability_urgency", "error",
        "prediction_set_topic", "prediction_set_urgency",
    ]  # fmt: skip
    for column in ("topic", "urgency"):
        known = [row for row in rows if row[column]]
        right = sum(row[f"predicted_{column}"] == row[column] for row in known)
        assert right > 0.9 * len(known)


def test_a_column_named_twice_is_an_error(headstart: Run, words: str, tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", 60, 1)
    done = headstart("run", data, "--label", "topic", "--also", "topic", "--backbone", words)
    assert done.returncode == 2
    assert "topic" in done.stderr
    assert not (tmp_path / "t-pilot").exists()


def query(pilot: Path, text: str) -> list[Any]:
    connection = sqlite3.connect(pilot / "headstart.db")
    found = connection.execute(text).fetchall()
    connection.close()
    return found


def stages(pilot: Path) -> int:
    (count,) = query(pilot, "SELECT count(*) FROM ledger")[0]
    return int(count)


def rows_of(pilot: Path) -> dict[str, Any]:
    return {pointer: json.loads(value) for pointer, value in query(pilot, LEDGER)}


def pointers_of(pilot: Path) -> dict[int, str]:
    return dict(query(pilot, "SELECT id, pointer FROM ledger"))


LEDGER = "SELECT pointer, value FROM ledger ORDER BY id"
