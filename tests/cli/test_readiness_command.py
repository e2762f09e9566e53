"""What is still open before a pilot goes live, as a user types it."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def stages(pilot: Path) -> int:
    with sqlite3.connect(pilot / "headstart.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM stage_run").fetchone()
    return int(count)


def test_gaps_are_listed_answered_and_kept(
    headstart: Run, tickets: Path, words: str, tmp_path: Path
) -> None:
    pilot = tmp_path / "pilot"
    early = headstart("readiness", "pilot")
    assert (early.returncode, "there is no pilot here" in early.stderr) == (2, True)
    assert headstart("init", "pilot", tickets, "--backbone", words).returncode == 0
    assert "this pilot has not run yet" in headstart("readiness", "pilot").stderr
    assert headstart("run", "pilot").returncode == 0
    done = stages(pilot)
    memo = (pilot / "memo.html").read_bytes()

    shown = headstart("readiness", "pilot")
    assert shown.returncode == 0, shown.stderr
    assert "?    monitoring: Who watches it, and for what?" in shown.stdout
    assert "frozen_baseline" not in shown.stdout
    page = (pilot / "readiness.html").read_text(encoding="utf-8")
    assert page.index('id="gaps"') < page.index("<h2>Model selection</h2>")
    assert "yes, " in (pilot / "readiness.md").read_text(encoding="utf-8")

    for arguments, said in (
        (("--answer", "monitorin", "x"), "did you mean 'monitoring'?"),
        (("--answer", "monitoring", " "), "answered with nothing"),
        (("--answer", "monitoring", "x", "--out", "x.pdf"), "a page is written as .html"),
    ):
        wrong = headstart("readiness", "pilot", *arguments)
        assert wrong.returncode == 2
        assert said in wrong.stderr
        assert not (pilot / "readiness.toml").exists()

    told = ("--answer", "monitoring", 'Ana reads "reviews"', "--owner", "Ana")
    assert headstart("readiness", "pilot", *told, "--out", "r.html").returncode == 0
    kept = pilot / "readiness.toml"
    kept.write_text(kept.read_text() + "# a remark of ours\n")
    again = headstart("readiness", "pilot", "--owner", "Board")
    assert again.returncode == 0, again.stderr
    assert "monitoring" not in again.stdout
    assert "(Board)" in again.stdout
    assert "# a remark of ours" in kept.read_text()
    assert "Ana reads" in (pilot / "readiness.html").read_text(encoding="utf-8")
    assert (tmp_path / "r.md").is_file()

    # Answers are no part of what was measured: the run is finished still, and says the same.
    assert headstart("run", "pilot").returncode == 0
    assert stages(pilot) == done
    assert (pilot / "memo.html").read_bytes() == memo

    assert headstart("readiness", "pilot", "--interview").returncode == 0
    assert "Judgement of transfer" in (pilot / "interview.html").read_text(encoding="utf-8")
    assert "Notes:" in (pilot / "interview.md").read_text(encoding="utf-8")
