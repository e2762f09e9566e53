"""Two finished pilots side by side, as a user types it."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from statsmodels.stats.contingency_tables import mcnemar

Run = Callable[..., subprocess.CompletedProcess[str]]
TOPICS = {"card": ("card", "visa", "plastic"), "cash": ("cash", "notes", "coins", "atm")}
OTHER = "account arrive debit easter fee find friday has lost monday night noon summer"
ELSE = OTHER.split()


def table(path: Path, n: int, seed: int, rename: tuple[str, str] = ("cash", "cash")) -> Path:
    """n rows of two topics, of which one in ten has the other's label."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        for _ in range(n):
            topic = rng.choice(sorted(TOPICS))
            words = [*rng.sample(ELSE, 5), rng.choice(TOPICS[topic])]
            rng.shuffle(words)
            said = topic if rng.random() > 0.1 else {"card": "cash", "cash": "card"}[topic]
            writer.writerow((" ".join(words), rename[1] if said == rename[0] else said))
    return path


@pytest.fixture
def pilots(headstart: Run, words: str, tmp_path: Path) -> tuple[Path, Path]:
    """One trained on 160 rows and one on 40, with the same hold-out of 120."""
    held = table(tmp_path / "held.csv", 120, 2)
    for name, n in (("many", 160), ("few", 40)):
        data = table(tmp_path / f"{name}.csv", n, 1)
        done = headstart(
            "run", data, "--holdout", held, "--backbone", words, "--out", name,
            "--max-stage", "frozen",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return tmp_path / "many", tmp_path / "few"


def kept(pilot: Path) -> dict[tuple[str, str, int], tuple[bool, bool]]:
    """holdout.csv: (content, label, which copy) -> (right, decides)."""
    found: dict[tuple[str, str, int], tuple[bool, bool]] = {}
    with (pilot / "artifacts" / "holdout.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            copy = sum(key[:2] == (row["sha256"], row["label"]) for key in found)
            right = row["label"] == row["predicted"]
            found[row["sha256"], row["label"], copy] = right, row["decides"] == "true"
            shares = [float(row[f"probability of {label}"]) for label in TOPICS]
            assert sum(shares) == pytest.approx(1.0, abs=2e-6)
    return found


def openings(pilot: Path) -> int:
    with sqlite3.connect(pilot / "headstart.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM opening").fetchone()
    return int(count)


def test_two_pilots_are_compared_on_common_rows_without_opening_anything(
    headstart: Run, pilots: tuple[Path, Path], tmp_path: Path
) -> None:
    # The rows of the hold-out are gone; what was answered is not.
    (tmp_path / "held.csv").unlink()
    done = headstart("compare", "many", "few", "--json", "--out", "both.html")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    left, right = map(kept, pilots)
    both = [(left[key][0], right[key][0]) for key in left if left[key][1] and right[key][1]]
    counts = [[both.count((True, True)), both.count((True, False))],
              [both.count((False, True)), both.count((False, False))]]  # fmt: skip
    found = document["paired"]["differences"]["accuracy"]
    assert found["n"] == document["paired"]["rows"]["deciding"] == len(both) > 90
    assert found["p_value"] == pytest.approx(mcnemar(counts, exact=True).pvalue)
    assert found["difference"] == pytest.approx((counts[0][1] - counts[1][0]) / len(both))
    assert document["paired"]["right"]["only_a"] == counts[0][1]
    for run, pilot in zip(document["runs"], pilots, strict=True):
        assert run["name"] == pilot.name
        decision = json.loads((pilot / "decision.json").read_text())
        assert run["decision"] == {key: decision[key] for key in decision if key != "ledger"}
        assert openings(pilot) == 1
    assert any("same hold-out" in remark for remark in document["remarks"])
    assert any("different data" in remark for remark in document["remarks"])
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert "Which answers better?" in page

    shown = headstart("compare", "many", "few")
    assert shown.returncode == 0, shown.stderr
    for line in ("Recommendation", "Latency p95", "Certificate", "Hold-out"):
        assert line in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100

    # A finished run that is run again still has its answers.
    table(tmp_path / "held.csv", 120, 2)
    (pilots[0] / "artifacts" / "holdout.csv").unlink()
    assert headstart("run", "many").returncode == 0
    assert kept(pilots[0]) == left
    assert openings(pilots[0]) == 1


def test_what_cannot_be_compared_is_said(headstart: Run, tmp_path: Path, words: str) -> None:
    held = table(tmp_path / "held.csv", 100, 2)
    data = table(tmp_path / "one.csv", 60, 1)
    other = table(tmp_path / "two.csv", 60, 1, ("cash", "coins"))
    others = table(tmp_path / "held2.csv", 100, 3, ("cash", "coins"))
    same = ("--backbone", words, "--max-stage", "frozen")
    assert headstart("run", data, "--holdout", held, "--out", "a", *same).returncode == 0
    assert headstart("run", other, "--holdout", others, "--out", "b", *same).returncode == 0
    assert headstart("init", "c", data).returncode == 0
    for arguments, said in (
        (("a", "b"), "only a knows 'cash'; only b knows 'coins'"),
        (("a", "c"), "this pilot has not run yet"),
        (("a", "a"), "both are the same pilot"),
        (("a", "nowhere"), "there is no pilot here"),
        (("a", "b", "--out", "x.txt"), "different labels"),
    ):
        done = headstart("compare", *arguments)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.txt").exists()
