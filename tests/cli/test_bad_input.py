"""Input that cannot be used: one message with value, place and next step, exit 2, nothing left."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from headstart.cli import main
from headstart.data import load_dataset

Refuse = Callable[..., str]
GOOD = [(f"where is my {thing} number {i}", label) for i in range(8) for thing, label in
        (("card", "card"), ("transfer", "transfer"))]  # fmt: skip


def write(path: Path, rows: list[tuple[str, str]], header: str = "text,label") -> Path:
    body = "".join(f'"{text}",{label}\n' for text, label in rows)
    path.write_text(f"{header}\n{body}", encoding="utf-8")
    return path


def picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((24, 24), 20 + seed % 60).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """photos/: 6 small images in each of two classes."""
    for label in ("cat", "dog"):
        for i in range(6):
            picture(tmp_path / "photos" / label / f"{i}.png", i + 10 * (label == "dog"))
    return tmp_path / "photos"


@pytest.fixture
def refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """`headstart run` ends with 2, says why on standard error, and leaves no pilot folder."""

    def run(source: Path, *more: str, out: Path | None = None) -> str:
        target = out or tmp_path / "pilot"
        before = set(tmp_path.rglob("*"))
        assert main(["run", str(source), "--out", str(target), *more]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        assert said.err.count("headstart:") == 1, said.err
        assert set(tmp_path.rglob("*")) == before
        return " ".join(said.err.split())

    return run


def test_a_missing_file(refuse: Refuse, tmp_path: Path) -> None:
    write(tmp_path / "tickets.csv", GOOD)
    said = refuse(tmp_path / "tickest.csv")
    assert "there is no file or folder" in said
    assert "tickest.csv" in said
    assert "tickets.csv" in said.replace("tickest.csv", "")


def test_a_folder_without_images(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "notes.md").write_text("none")
    said = refuse(tmp_path / "photos")
    assert "none of the subfolders (1) holds an image" in said
    assert "photos" in said
    assert ".jpg" in said


def test_one_class(refuse: Refuse, tmp_path: Path) -> None:
    said = refuse(write(tmp_path / "t.csv", [(text, "card") for text, _ in GOOD]),
                  "--input", "text", "--label", "label")  # fmt: skip
    assert "one class, 'card'" in said
    assert "column 'label'" in said
    assert "add rows of another class" in said


def test_every_label_missing(refuse: Refuse, tmp_path: Path) -> None:
    said = refuse(write(tmp_path / "t.csv", [(text, "") for text, _ in GOOD]))
    assert "all 16 labels are missing" in said
    assert "column 'label'" in said
    assert "--label" in said


def test_too_few_rows_names_the_minimum_and_the_first_that_was_set_aside(
    refuse: Refuse, tmp_path: Path
) -> None:
    said = refuse(write(tmp_path / "t.csv", [*GOOD[:6], ("", "card")]))
    assert "6 rows can be used and 1 were set aside" in said
    assert "row 7" in said
    assert "at least 10 are needed" in said


def test_a_wrong_delimiter(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text:label\n" + "".join(f"{text}:{label}\n" for text, label in GOOD))
    said = refuse(path)
    assert "one column, 'text:label'" in said
    assert "commas, semicolons, tabs or bars" in said


def test_latin_1(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [(f"où est ma carte numéro {i}", ("a", "b")[i % 2]) for i in range(20)]
    path.write_bytes(write(path, rows).read_text("utf-8").encode("latin-1"))
    said = refuse(path)
    assert "20 of 20 rows are not UTF-8" in said
    assert "row 1" in said
    assert "iconv -f WINDOWS-1252 -t UTF-8" in said


def test_an_unknown_column_suggests_the_near_one(refuse: Refuse, tmp_path: Path) -> None:
    said = refuse(write(tmp_path / "t.csv", GOOD), "--label", "lable")
    assert "no column 'lable'" in said
    assert "'label'" in said


def test_columns_that_are_not_clear_name_the_flags(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"please tell me where number {i} is,and also what {i} costs,x{i % 2},y{i % 3}"
            for i in range(20)]  # fmt: skip
    path.write_text("one,two,three,four\n" + "\n".join(rows) + "\n")
    said = refuse(path)
    assert "the label column is not clear" in said
    assert "--label three or --label four" in said


def test_a_group_and_a_time_that_are_not_there(refuse: Refuse, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"{text},{label},c{i % 5},never" for i, (text, label) in enumerate(GOOD)]
    path.write_text("text,label,customer,at\n" + "\n".join(lines) + "\n")
    said = refuse(path, "--group", "custmer")
    assert "no other column 'custmer'" in said
    assert "did you mean 'customer'" in said
    said = refuse(path, "--time", "at")
    assert "'never' is no time" in said
    assert "row 1, column 'at'" in said
    assert "ISO 8601" in said


def test_a_holdout_that_is_missing(refuse: Refuse, tmp_path: Path) -> None:
    said = refuse(write(tmp_path / "t.csv", GOOD), "--holdout", str(tmp_path / "none.csv"))
    assert "none.csv" in said


def test_a_pilot_folder_below_a_file(refuse: Refuse, tmp_path: Path) -> None:
    """What a read-only folder comes to, also for root, whom permissions do not stop."""
    (tmp_path / "taken").write_text("a file")
    said = refuse(write(tmp_path / "t.csv", GOOD), out=tmp_path / "taken" / "pilot")
    assert "taken" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(refuse: Refuse, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    said = refuse(write(tmp_path / "t.csv", GOOD), out=locked / "pilot")
    assert "locked" in said


def test_a_full_disk(tmp_path: Path, tickets: Path, cache: Path) -> None:
    """Files may not grow: what a full disk does, for this process alone."""
    pilot = tmp_path / "pilot"
    done = subprocess.run(
        [sys.executable, "-m", "headstart", "run", str(tickets), "--out", str(pilot)],
        capture_output=True,
        text=True,
        env={**os.environ, "HEADSTART_CACHE": str(cache), "HF_HUB_OFFLINE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert str(pilot) in done.stderr
    assert not (pilot / "decision.json").exists()
    assert not (pilot / "bundle").exists()


def test_a_pilot_of_a_newer_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, pilot = write(tmp_path / "t.csv", GOOD), tmp_path / "pilot"
    assert main(["init", str(pilot), str(data)]) == 0
    connection = sqlite3.connect(pilot / "headstart.db")
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    capsys.readouterr()
    assert main(["run", str(pilot)]) == 2
    said = capsys.readouterr().err
    assert "999" in said
    assert "headstart.db" in said
    assert "upgrade" in said
    assert not (pilot / "decision.json").exists()


def test_a_hub_reference_without_a_network(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path.parent / "empty-hub"))
    data = write(tmp_path / "t.csv", GOOD)
    assert main(["run", str(data), "--backbone", "hf:nobody/nothing", "--out",
                 str(tmp_path / "p")]) == 2  # fmt: skip


def test_an_unknown_backbone(refuse: Refuse, tmp_path: Path) -> None:
    said = refuse(write(tmp_path / "t.csv", GOOD), "--backbone", "pkg:all-MiniLM-L6-v3")
    assert "all-MiniLM-L6-v3" in said
    assert "all-MiniLM-L6-v2" in said


# Rows that are set aside: the run goes on without them.


def test_a_class_with_a_single_row_is_pointed_out(tmp_path: Path) -> None:
    found = load_dataset(write(tmp_path / "t.csv", [*GOOD, ("one of a kind", "rare")]))
    assert len(found) == 17
    assert any("'rare'" in remark and "single row" in remark for remark in found.remarks)


def test_spaces_around_a_label_do_not_count(tmp_path: Path) -> None:
    rows = [*GOOD, ("mine", "Card"), ("yours", " card"), ("theirs", "Card")]
    found = load_dataset(write(tmp_path / "t.csv", rows), input_column="text", label_column="label")
    assert set(found.labels) == {"card", "transfer"}
    assert any("1 row has a label with spaces" in remark for remark in found.remarks)


def test_a_hold_out_whose_label_may_be_another_class_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The case of a single letter may be all that tells two classes apart."""
    rows = [(f"a card of number {i} is here", "c") for i in range(20)]
    rows += [(f"my transfer number {i} is there", "transfer") for i in range(20)]
    data = write(tmp_path / "t.csv", rows)
    held = write(tmp_path / "h.csv", [("where is it", "C"), ("no money came", "transfer")])
    pilot = tmp_path / "pilot"
    code = main(["run", str(data), "--holdout", str(held), "--out", str(pilot)])
    said = capsys.readouterr().err
    assert code != 0
    assert "'C' is 'c' there" in said
    assert "h.csv, column 'label'" in said
    assert "write them as in the training rows" in said


def test_a_byte_order_mark_and_a_nul_byte(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [*GOOD, ("a nul \0 here", "card")])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = load_dataset(path)
    assert (found.input_column, found.label_column) == ("text", "label")
    assert [(one.place.row, one.reason) for one in found.set_aside] == [(17, "holds a NUL byte")]


def test_a_field_of_50_megabytes(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", GOOD)
    with path.open("a") as stream:
        stream.write('"' + "x" * 50_000_000 + '",card\n"the last one",card\n')
    found = load_dataset(path)
    assert len(found) == 17
    assert found.examples[-1].value == "the last one"
    assert found.set_aside[0].place.row == 17
    assert "50,000,00" in found.set_aside[0].reason


def test_a_broken_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", GOOD[:4])
    with path.open("a") as stream:
        stream.write('"never closed,card\n' + "".join(f'"{t}",{label}\n' for t, label in GOOD[4:]))
    found = load_dataset(path)
    assert len(found) == 16
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (5, "a quote is opened and not closed")
    ]


def set_aside_of(photos: Path) -> dict[str, str]:
    found = load_dataset(photos)
    assert len(found) == 12
    return {Path(one.place.file).name: one.reason for one in found.set_aside}


def test_an_image_that_is_a_text_and_one_that_is_cut_off(photos: Path) -> None:
    (photos / "cat" / "text.png").write_text("not a picture")
    whole = photos / "whole.jpg"
    Image.effect_noise((200, 200), 50).convert("RGB").save(whole)
    (photos / "cat" / "cut.jpg").write_bytes(whole.read_bytes()[:3000])
    whole.unlink()
    (photos / "dog" / "empty.png").touch()
    aside = set_aside_of(photos)
    assert set(aside) == {"text.png", "cut.jpg", "empty.png"}
    assert "not an image" in aside["text.png"]
    assert "truncated" in aside["cut.jpg"] or "cut off" in aside["cut.jpg"]


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_png_that_would_unpack_to_900_million_pixels(photos: Path) -> None:
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(30_001)) for _ in range(30_000)) + packer.flush()
    (photos / "cat" / "bomb.png").write_bytes(png(30_000, 30_000, rows))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    aside = set_aside_of(photos)
    assert "900,000,000 pixels; at most 64,000,000" in aside["bomb.png"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kilobytes


def test_a_path_that_leads_out_of_the_folder(tmp_path: Path, photos: Path) -> None:
    outside = picture(tmp_path / "elsewhere" / "secret.png")
    table = photos / "table.csv"
    (photos / "link.png").symlink_to(outside)
    paths = [f"{label}/{i}.png" for label in ("cat", "dog") for i in range(6)]
    wrong = ["../elsewhere/secret.png", str(outside), "link.png", "https://example.org/a.png",
             "cat/none.png", ""]  # fmt: skip
    lines = [f"{path},{Path(path).parent.name}\n" for path in paths]
    table.write_text("file,label\n" + "".join([*lines, *(f"{path},cat\n" for path in wrong)]))
    found = load_dataset(table)
    assert len(found) == 12
    reasons = [one.reason for one in found.set_aside]
    assert [one.place.row for one in found.set_aside] == [13, 14, 15, 16, 17, 18]
    assert all("leads out of" in reason for reason in reasons[:3])
    assert "address" in reasons[3]
    assert reasons[4:] == ["there is no such file", "the image path is empty"]


def test_a_table_beside_its_images_moves_with_them(tmp_path: Path, photos: Path) -> None:
    lines = [f"{label}/{i}.png,{label}\n" for label in ("cat", "dog") for i in range(6)]
    (photos / "table.csv").write_text("file,label\n" + "".join(lines))
    first = load_dataset(photos / "table.csv")
    shutil.move(photos, tmp_path / "moved")
    again = load_dataset(tmp_path / "moved" / "table.csv")
    assert first.sha256 == again.sha256
