"""`headstart audit`, and what `run` makes of a hold-out that leaks."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_leak_is_found_and_the_clean_part_decides(
    headstart: Run, tickets: Path, tmp_path: Path
) -> None:
    rows = rows_of(tickets)
    train, held = rows[:40] + rows[80:120] + rows[160:200], rows[40:80] + rows[120:160] + rows[200:]
    copies = [{**row, "message": row["message"].upper() + " !!"} for row in train[::9]]
    data = write(tmp_path / "train.csv", train)
    # Labels of the copies are right in both places, so they flatter; those of the rest are not.
    wrong = {"card": "cash", "cash": "transfer", "transfer": "card"}
    hard = [{**row, "topic": wrong[row["topic"]]} if i % 2 else row for i, row in enumerate(held)]
    holdout = write(tmp_path / "held.csv", [*hard, *copies])

    audited = headstart(
        "audit", data, "--holdout", holdout, "--out", "p", "--minutes", "1", "--json"
    )
    assert audited.returncode == 0, audited.stderr
    found = json.loads(audited.stdout)
    leak = next(one for one in found["findings"] if "hold-out row" in one["title"])
    assert {place["row"] for place in leak["rows"]} >= {len(hard) + 1, len(hard) + len(copies)}
    assert leak["severity"] > 0.3
    assert (tmp_path / "p" / "audit.html").is_file()
    assert not (tmp_path / "p" / "decision.json").exists()

    before = data.read_bytes()
    read = headstart("relabel", "p", typed="k\nq\n")
    assert read.returncode == 0, read.stderr
    assert "0 labels changed" in read.stderr
    again = rows_of(tmp_path / "p" / "artifacts" / "relabelled.csv")
    assert [row["topic"] for row in again] == [row["topic"] for row in train]
    assert data.read_bytes() == before
    page = (tmp_path / "p" / "audit.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")

    done = headstart("run", "p", "--json")
    assert done.returncode == 0, done.stderr
    held_out = json.loads(done.stdout)["holdout"]
    assert held_out["n_all"] == len(hard) + len(copies)
    assert held_out["n"] <= len(hard)
    clean = held_out["metrics"]["accuracy"]["value"]
    inflated = held_out["metrics_all"]["accuracy"]["value"]
    assert inflated > clean
    said = " ".join(json.loads(done.stdout)["risks"])
    assert f"{inflated:.1%}" in said
    assert f"{clean:.1%}" in said


def test_the_findings_as_text_and_bad_input(headstart: Run, tickets: Path, tmp_path: Path) -> None:
    missing = headstart("audit", tmp_path / "none.csv")
    assert missing.returncode == 2
    assert "none.csv" in missing.stderr
    rows = rows_of(tickets)
    held = write(tmp_path / "held.csv", [{**row, "topic": "new"} for row in rows[:9]])
    shown = headstart("audit", tickets, "--holdout", held, "--out", "p", "--minutes", "1")
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert any("never seen in training" in line for line in lines)
    severities = [float(line.split()[0]) for line in lines]
    assert severities == sorted(severities, reverse=True)
