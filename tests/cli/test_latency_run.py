"""A limit on latency: measured under the brief's concurrency, and in eight bits beside it."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pytest

import headstart
from headstart.cli import main

WORDS = {
    "refund": ("money back", "charge me", "refund"),
    "access": ("log in", "password", "account"),
}


def test_the_bundle_is_measured_with_clients_at_once_and_in_eight_bits(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(cache))
    rows = [
        (f"please help with my {said} since {day} {number}", label)
        for label, words in WORDS.items()
        for said in words
        for day in ("monday", "may", "noon", "then")
        for number in range(8)
    ]
    data = tmp_path / "mail.csv"
    with data.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    pilot = tmp_path / "p"
    assert main(["init", str(pilot), str(data)]) == 0
    brief = pilot / "headstart.toml"
    said = brief.read_text(encoding="utf-8")
    for old, new in (
        ("# concurrency = 1", "concurrency = 3"),
        ("# latency_ms =", "latency_ms = 500.0"),
        ('# max_stage = "top-4"', 'max_stage = "frozen"'),
    ):
        assert old in said
        said = said.replace(old, new)
    brief.write_text(said, encoding="utf-8")
    decision = headstart.run(pilot)
    with sqlite3.connect(pilot / "headstart.db") as store:
        found = {
            name: json.loads(value)
            for name, value in store.execute("select pointer, value from ledger")
        }
    assert found["/package/at_once"] == 3
    memo = (pilot / "memo.html").read_text("utf-8")
    assert "at once" in memo
    assert "The same in eight bits" in memo
    if decision.approach == "classical":
        assert "no network" in found["/eight_bits"]["reason"]
    else:
        assert found["/eight_bits/rows"] == 64
        assert found["/eight_bits/labels_equal"] >= 58
        assert found["/eight_bits/size_bytes"] < 0.7 * found["/package/size_bytes"]
        assert found["/eight_bits/latency_ms/p95"]["value"] > 0
