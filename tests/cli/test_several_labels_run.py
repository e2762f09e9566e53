"""Rows that may have several labels: one decision, one bundle, a threshold of its own for each."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[Path], list[dict[str, str]]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
OWN = {"account": "debit", "money": "cash", "wait": "arrive"}
ELSE = ["easter", "fee", "find", "friday", "has", "monday", "night", "noon", "since", "summer"]


def table(path: Path, n: int, seed: int) -> Path:
    """Messages with the word of each topic; half of those that say 'lost' alone are about the
    account."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topics"))
        for _ in range(n):
            topics = {topic for topic in OWN if rng.random() < 0.4}
            words = [OWN[topic] for topic in topics]
            if rng.random() < 0.3:
                words = [word for word in words if word != "debit"] + ["lost"]
                topics = (topics - {"account"}) | ({"account"} if rng.random() < 0.35 else set())
            words += rng.sample(ELSE, 5)
            rng.shuffle(words)
            writer.writerow((" ".join(words), "; ".join(sorted(topics)) or ";"))
    return path


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    return table(tmp_path / "t.csv", 300, 1), table(tmp_path / "h.csv", 250, 2)


def test_each_label_is_given_from_the_probability_that_its_costs_make_cheapest(
    headstart: Run, words: str, data: tuple[Path, Path], tmp_path: Path, read: Read
) -> None:
    rows, held = data
    done = headstart(
        "init", "pilot", rows, "--holdout", held, "--backbone", words, "--separator", ";"
    )
    assert done.returncode == 0, done.stderr
    pilot = tmp_path / "pilot"
    brief = (pilot / "headstart.toml").read_text()
    for table_of, entry in (
        ("[mistakes.costs]", "account = 9.0"),
        ("[mistakes]", "review = 0.5"),
        ("[requirement]", "max_error = 0.2"),
    ):
        assert table_of in brief
        brief = brief.replace(f"{table_of}\n", f"{table_of}\n{entry}\n", 1)
    (pilot / "headstart.toml").write_text(brief)
    done = headstart("run", "pilot", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert document["metric"]["name"] == "cost"
    costs = document["holdout"]["costs"]
    assert costs["cheapest"]["value"] < costs["answers"]["value"]
    assert costs["accuracy_of_cheapest"]["value"] < costs["accuracy_of_answers"]["value"]

    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text())
    assert manifest["separator"] == ";"
    assert manifest["labels"] == ["account", "money", "wait"]
    assert manifest["costs"] == [[9.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    assert manifest["review"]["max_error"] == 0.2

    out = tmp_path / "scored.csv"
    scored = headstart("predict", pilot / "bundle", held, "--out", out)
    assert scored.returncode == 0, scored.stderr
    answered = read(out)
    clear = [row for row in answered if "lost" not in row["message"].split()]
    for topic, word in OWN.items():
        said = [(topic in row["predicted_label"]) == (word in row["message"]) for row in clear]
        assert sum(said) > 0.9 * len(said)
    none = [row for row in clear if not {*OWN.values()} & {*row["message"].split()}]
    assert sum(row["predicted_label"] == ";" for row in none) > 0.8 * len(none)

    kept = {row["place"]: row for row in read(pilot / "artifacts" / "holdout.csv")}
    assert len(kept) == 250
    first = kept[f"{held}, row 1"]
    assert first["predicted"] == answered[0]["predicted_label"]
    between = 0
    for row in kept.values():
        given = set(row["predicted"].split(";")) - {""}
        for topic, least in (("account", 0.1), ("money", 0.5), ("wait", 0.5)):
            likely = float(row[f"probability of {topic}"])
            assert (topic in given) == (likely > least)
            between += topic == "account" and least < likely <= 0.5
    assert between > 10
    memo = re.sub(r"<[^>]+>", " ", (pilot / "memo.html").read_text())
    assert "Several labels a row" in memo
    assert "How far it was thawed" in memo
    assert "| label too many | account |" in (pilot / "memo.md").read_text()
    shutil.copytree(pilot, tmp_path / "other")
    again = headstart("compare", "pilot", "other")
    assert again.returncode == 0, again.stderr
    ready = headstart("readiness", "pilot")
    assert ready.returncode == 0, ready.stderr
    # No next step is a command that refuses such rows.
    assert "Name several with --backbone" in ready.stdout
    page = (pilot / "readiness.md").read_text()
    assert "relabel" not in page
    assert "headstart select" not in page
    row = next(line for line in page.splitlines() if "Were the labels checked?" in line)
    assert "checked" in row.split("Were the labels checked?")[1]


def test_without_costs_macro_f1_decides_and_folds_serve_few_rows(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    rows = table(tmp_path / "t.csv", 90, 3)
    done = headstart(
        "run", rows, "--backbone", words, "--separator", ";", "--out", "pilot", "--json"
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["metric"]["name"] == "macro_f1"
    assert document["holdout"]["basis"] == "cross-validation"
    assert "by cross-validation" in (tmp_path / "pilot" / "memo.md").read_text()
    assert (tmp_path / "pilot" / "memo.md").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--also", "message2"), "--also is for rows with one label each"),
        (("--out-of-scope", "wait"), "--out-of-scope is for rows with one label each"),
        (("--metric", "balanced_accuracy"), "is no metric of rows that may have several labels"),
    ],
)
def test_what_needs_one_label_a_row_says_so(
    headstart: Run, words: str, tmp_path: Path, more: tuple[str, str], said: str
) -> None:
    rows = table(tmp_path / "t.csv", 60, 1)
    done = headstart("run", rows, "--backbone", words, "--separator", ";", *more, "--out", "pilot")
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert not (tmp_path / "pilot" / "memo.html").exists()


def test_a_race_of_candidates_needs_one_label_a_row(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    rows = table(tmp_path / "t.csv", 60, 1)
    done = headstart("select", rows, "--backbone", words, "--separator", ";", "--out", "pilot")
    assert done.returncode == 2
    assert "candidates are raced on rows with one label each" in done.stderr
