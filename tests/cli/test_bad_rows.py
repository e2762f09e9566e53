"""Rows that cannot be used are set aside with a reason, and the run goes on without them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.cli import main

NOUNS = {"card": ("visa", "plastic", "debit card"), "cash": ("notes", "coins", "atm")}
DAYS = ("monday", "tuesday", "friday", "sunday", "noon", "night", "easter", "summer")
ROWS = [
    (f"{verb} my {noun} since {day}", label)
    for i, day in enumerate(DAYS)
    for label, nouns in NOUNS.items()
    for noun, verb in zip(nouns, ("where is", "i lost", "who took"), strict=True)
    if (i + len(noun)) % 2
]


def audit(data: Path, backbone: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`headstart audit` ends well; what the ledger says of the data."""
    pilot = data.parent / "pilot"
    monkeypatch.setenv("HEADSTART_CACHE", str(data.parent / "cache"))
    command = ["audit", str(data), "--out", str(pilot), "--minutes", "0.1"]
    assert main([*command, "--backbone", backbone]) == 0
    connection = sqlite3.connect(pilot / "headstart.db")
    rows = connection.execute(
        "SELECT pointer, value FROM ledger WHERE pointer LIKE '/data/%' OR pointer LIKE '/audit/%'"
    )
    found = {pointer: json.loads(value) for pointer, value in rows}
    connection.close()
    assert sorted(p.name for p in pilot.iterdir()) == [
        ".lock", "audit.html", "headstart.db", "headstart.toml"
    ]  # fmt: skip
    return found


def aside(found: dict[str, Any]) -> list[tuple[str, int | None, str | None, str]]:
    """(file, row, column, reason) of what was set aside."""
    every = [found[p] for p in sorted(found) if p.startswith("/data/set_aside/")]
    places = [(one["place"], one["reason"]) for one in every]
    return sorted(
        [(Path(at["file"]).name, at["row"], at["column"], why) for at, why in places],
        key=lambda one: (one[1] or 0, one[0]),
    )


def test_texts(tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "tickets.csv"
    good = "".join(f"{text},{label}\n" for text, label in ROWS)
    n = len(ROWS)
    with data.open("wb") as stream:
        stream.write(b"\xef\xbb\xbftext,label\n" + good.encode())
        stream.write("née à noël,card\nnée à pâques,cash\n".encode())
        stream.write(b"a nul \0 byte,card\n")  # row n + 3
        stream.write(b"no label at all,\n")
        stream.write(b'"a quote that is never closed,card\n')
        stream.write(b'"' + b"x" * 50_000_000 + b'",card\n')
        stream.write(b"caf\xe9 in another encoding,card\n")
        stream.write(b"   ,card\n")
        stream.write(b"too,many,fields\n")
        stream.write(b"one of a kind,rare\nmine is missing,Card\nand mine,Card\n")
    found = audit(data, words, monkeypatch)
    assert found["/data/rows"] == n + 2 + 3
    assert (found["/data/input_column"], found["/data/label_column"]) == ("text", "label")
    assert aside(found) == [
        ("tickets.csv", n + 3, None, "holds a NUL byte"),
        ("tickets.csv", n + 4, "label", "the label is missing"),
        ("tickets.csv", n + 5, None, "a quote is opened and not closed"),
        ("tickets.csv", n + 6, None, "the line has 50,000,008 characters; at most 1,000,000 are "
         "read"),
        ("tickets.csv", n + 7, None, "not UTF-8 (byte 0xE9 after 3 characters)"),
        ("tickets.csv", n + 8, "text", "the text is empty"),
        ("tickets.csv", n + 9, None, "has 3 fields and the header 2"),
    ]  # fmt: skip
    assert found["/data/classes"] == ["card", "cash", "rare"]
    encoding, names, single = found["/data/remarks"]
    assert "1 of" in encoding
    assert "iconv -f WINDOWS-1252" in encoding
    assert "'Card' (2 rows) as 'card'" in names
    assert "1 of 3 classes has a single row ('rare')" in single
    page = (tmp_path / "pilot" / "audit.html").read_text(encoding="utf-8")
    assert "single row" in page
    assert "NUL byte" in page


def bomb() -> bytes:
    """A PNG of a few kilobytes that unpacks to 30,000 × 30,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(30_001 * 100)) for _ in range(300)) + packer.flush()
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def picture(path: Path, seed: int, dark: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 60 if dark else 256, (24, 24, 3))
    Image.fromarray(noise.astype(np.uint8)).save(path)


def test_images(tmp_path: Path, filters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = tmp_path / "photos"
    for i in range(10):
        picture(photos / "day" / f"{i}.png", i, dark=False)
        picture(photos / "night" / f"{i}.png", 100 + i, dark=True)
    picture(photos / "Night" / "0.png", 200, dark=True)
    (photos / "day" / "a.png").write_text("not a picture")
    Image.effect_noise((200, 200), 50).convert("RGB").save(photos / "day" / "b.jpg")
    whole = (photos / "day" / "b.jpg").read_bytes()
    (photos / "day" / "b.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "day" / "c.png").write_bytes(bomb())
    (photos / "day" / "d.png").touch()
    (photos / "notes.txt").write_text("mine")
    frames = [Image.new("RGB", (24, 24), colour) for colour in ("white", "black")]
    frames[0].save(photos / "day" / "e.gif", save_all=True, append_images=frames[1:])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = audit(photos, filters, monkeypatch)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes
    assert found["/data/rows"] == 22
    assert found["/data/classes"] == ["day", "night"]
    said = {name: reason for name, _, _, reason in aside(found)}
    assert said["a.png"] == "the file is not an image that can be read"
    assert "image file is truncated" in said["b.jpg"]
    assert said["c.png"] == "the image has 900,000,000 pixels; at most 64,000,000 are read"
    assert said["d.png"] == "the file is empty"
    assert said["notes.txt"] == "not an image file that can be read ('.txt')"
    assert len(said) == 5
    assert found["/data/remarks"] == [
        "1 image has several frames; only the first is used.",
        "Labels that only write another one in another way were read as it: 'Night' (1 row) as "
        "'night'. To keep two apart, define both in [labels].",
    ]


def test_a_table_of_images(tmp_path: Path, filters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paths may not lead out of its folder; and both move together."""
    for i in range(8):
        picture(tmp_path / "in" / "p" / f"day{i}.png", i, dark=False)
        picture(tmp_path / "in" / "p" / f"night{i}.png", 100 + i, dark=True)
    picture(tmp_path / "secret.png", 300, dark=True)
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    outside = ["../secret.png", str(tmp_path / "secret.png"), "link.png"]
    paths = [f"p/{label}{i}.png" for i in range(8) for label in ("day", "night")]
    rows = [f"{path},{path[2:].rstrip('.png0123456789')}\n" for path in paths]
    rows += [f"{path},day\n" for path in outside]
    rows += ["https://example.org/a.png,day\n", "p/none.png,day\n"]
    (tmp_path / "in" / "table.csv").write_text("file,label\n" + "".join(rows))
    found = audit(tmp_path / "in" / "table.csv", filters, monkeypatch)
    assert found["/data/rows"] == 16
    folder = tmp_path / "in"
    assert aside(found) == [
        *(("table.csv", 17 + i, "file", f"the path leads out of {folder}") for i in range(3)),
        ("table.csv", 20, "file", f"the path is an address; only files in {folder} are read"),
        ("table.csv", 21, "file", "there is no such file"),
    ]
    shutil.rmtree(folder / "pilot")
    folder.rename(tmp_path / "moved")
    again = audit(tmp_path / "moved" / "table.csv", filters, monkeypatch)
    assert again["/data/sha256"] == found["/data/sha256"]


def test_a_disk_that_fills_up_midway(tmp_path: Path, words: str) -> None:
    """What was finished is kept and is whole: the same command ends well once there is room."""
    data, pilot = tmp_path / "t.csv", tmp_path / "pilot"
    data.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    command = [sys.executable, "-m", "headstart", "audit", str(data), "--out", str(pilot)]
    command += ["--minutes", "0.1", "--backbone", words]
    said = {**os.environ, "HEADSTART_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    full = subprocess.run(
        command, capture_output=True, text=True, env=said, timeout=120, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000)),
    )  # fmt: skip
    assert full.returncode == 2, full.stderr
    assert "Traceback" not in full.stderr
    assert f"headstart: {pilot}" in full.stderr
    assert "the disk is not full" in full.stderr or "free some space" in full.stderr
    assert not (pilot / "audit.html").exists()
    again = subprocess.run(
        command, capture_output=True, text=True, env=said, timeout=120, check=False
    )
    assert again.returncode == 0, again.stderr
    assert (pilot / "audit.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
