"""A brief whose costs disagree with accuracy: the decision, the bundle and the memo follow cost."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
OTHER = "account arrive debit easter fee find friday has monday night noon since"
ELSE = OTHER.split()


def table(path: Path, n: int, seed: int) -> Path:
    """Messages of two topics; half say 'lost' alone, and of those three in ten are fraud."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        for _ in range(n):
            unclear = rng.random() < 0.5
            fraud = rng.random() < (0.3 if unclear else 0.5)
            own = "lost" if unclear else "cash" if fraud else "card"
            words = [*rng.sample(ELSE, 4), own, own]
            rng.shuffle(words)
            writer.writerow((" ".join(words), "fraud" if fraud else "other"))
    return path


def costs(pilot: Path, *lines: str) -> None:
    """The brief with costs in its table of mistakes."""
    brief = (pilot / "headstart.toml").read_text()
    for line in lines:
        table, entry = line.split(" / ")
        assert table in brief
        brief = brief.replace(f"{table}\n", f"{table}\n{entry}\n", 1)
    (pilot / "headstart.toml").write_text(brief)


def test_cost_decides_where_it_disagrees_with_accuracy(
    headstart: Run, words: str, tmp_path: Path, leaders_words: Callable[[str], int]
) -> None:
    data, held = table(tmp_path / "t.csv", 240, 1), table(tmp_path / "h.csv", 200, 2)
    done = headstart("init", "pilot", data, "--holdout", held, "--backbone", words)
    assert done.returncode == 0, done.stderr
    pilot = tmp_path / "pilot"
    costs(pilot, "[mistakes.matrix] / fraud = { other = 20.0 }", "[mistakes] / review = 0.4")
    done = headstart("run", "pilot", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)

    assert document["metric"]["name"] == "cost"
    found = document["holdout"]["costs"]
    assert found["cheapest"]["value"] < found["answers"]["value"]
    assert found["accuracy_of_cheapest"]["value"] < found["accuracy_of_answers"]["value"]
    assert document["holdout"]["metrics"]["cost"]["value"] == found["cheapest"]["value"]
    assert document["holdout"]["metrics"]["accuracy"] == found["accuracy_of_cheapest"]
    assert document["holdout"]["majority"]["cost"]["value"] == found["constant"]["value"]

    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text())
    assert manifest["labels"] == ["fraud", "other"]
    assert manifest["costs"] == [[0.0, 20.0], [1.0, 0.0]]
    automation = document["holdout"]["automation"]
    assert manifest["review"]["below"] == automation["chosen"]
    assert automation["cost"]["value"] <= automation["alone"]["value"]

    memo = (pilot / "memo.html").read_text()
    assert leaders_words(memo) <= 300  # two minutes, at 150 words a minute
    said = re.sub(r"<[^>]+>", "", memo)
    assert "How much should it answer alone?" in said
    assert "by the second; the bundle gives the second" in said
    assert "the one answer for all that costs least" in said.lower()

    out = tmp_path / "scored.csv"
    scored = headstart("predict", pilot / "bundle", held, "--out", out)
    assert scored.returncode == 0, scored.stderr
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    unclear = [row["predicted_label"] for row in rows if "lost" in row["message"]]
    assert unclear.count("fraud") > 0.9 * len(unclear)
    clear = [row["predicted_label"] for row in rows if "card" in row["message"].split()]
    assert clear.count("other") > 0.9 * len(clear)


def test_a_cost_of_a_label_that_there_is_not_is_found_before_any_work(
    headstart: Run, words: str, tmp_path: Path, leaders_words: Callable[[str], int]
) -> None:
    data = table(tmp_path / "t.csv", 60, 1)
    done = headstart("init", "pilot", data, "--backbone", words)
    assert done.returncode == 0, done.stderr
    costs(tmp_path / "pilot", "[mistakes.costs] / froud = 20.0")
    done = headstart("run", "pilot")
    assert done.returncode == 2
    assert "froud" in done.stderr
    assert "fraud, other" in done.stderr
    assert not (tmp_path / "pilot" / "memo.html").exists()
