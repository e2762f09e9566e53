"""Labelling a file: every row and column kept, written whole or not at all."""

from __future__ import annotations

import csv
import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from headstart.bundles import load, score_file, verify
from headstart.package import build
from headstart.types.errors import BundleError, DataError

ROWS = [
    {"id": "007", "text": "refund my card", "note": "a, b"},
    {"id": "2", "text": "", "note": 'said "hello"'},
    {"id": "3", "text": "lost parcel\nand late", "note": "ü"},
    {"id": "4", "text": "   ", "note": ""},
    {"id": "5", "text": "password reset", "note": "x"},
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    with (tmp_path / "new.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "text", "note"])
        writer.writeheader()
        writer.writerows(ROWS)
    return tmp_path / "new.csv"


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_row_and_column_is_kept_and_answered(
    built: Path, source: Path, tmp_path: Path
) -> None:
    report = score_file(built, source, tmp_path / "scored.csv")
    scored = read_csv(tmp_path / "scored.csv")
    assert [{key: row[key] for key in ROWS[0]} for row in scored] == ROWS
    assert list(scored[0]) == [*ROWS[0], "predicted_label", "probability", "error"]
    answers = load(built).predict([ROWS[i]["text"] for i in (0, 2, 4)])
    for answer, i in zip(answers, (0, 2, 4), strict=True):
        assert scored[i]["predicted_label"] == answer.label
        assert float(scored[i]["probability"]) == pytest.approx(answer.probability, abs=1e-6)
        assert scored[i]["error"] == ""
    for i in (1, 3):
        assert (scored[i]["predicted_label"], scored[i]["probability"]) == ("", "")
        assert scored[i]["error"] == "the text is empty"
    assert (report.rows, report.answered) == (5, 3)
    assert str(report) == (
        f"Labelled 3 of 5 rows into {tmp_path / 'scored.csv'}; 2 could not be used "
        "(column 'error' says why)."
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "scored.csv"]


def test_jsonl_by_its_suffix(built: Path, source: Path, tmp_path: Path) -> None:
    score_file(built, source, tmp_path / "deep" / "scored.JSONL")
    lines = (tmp_path / "deep" / "scored.JSONL").read_text(encoding="utf-8").splitlines()
    scored = [json.loads(line) for line in lines]
    assert [{key: row[key] for key in ROWS[0]} for row in scored] == ROWS
    assert scored[1]["predicted_label"] is None
    assert scored[1]["probability"] is None
    assert scored[0]["error"] is None
    assert 0 < scored[0]["probability"] <= 1


def test_a_name_that_is_taken_gets_a_number(built: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.csv"
    source.write_text("text,predicted_label,error,error_2\nhello,gold,e,f\n", encoding="utf-8")
    report = score_file(built, source, tmp_path / "out.csv")
    assert report.columns == ("predicted_label_2", "probability", "error_3")
    assert str(report) == f"Labelled 1 of 1 rows into {tmp_path / 'out.csv'}."
    (row,) = read_csv(tmp_path / "out.csv")
    assert (row["predicted_label"], row["error"], row["error_2"]) == ("gold", "e", "f")
    assert row["predicted_label_2"] in load(built).labels


def test_equal_input_gives_equal_bytes(built: Path, source: Path, tmp_path: Path) -> None:
    score_file(built, source, tmp_path / "a.csv")
    score_file(load(built), source, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_progress_is_told(built: Path, source: Path, tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    score_file(
        built,
        source,
        tmp_path / "a.csv",
        progress=lambda what, done, all_: said.append((done, all_)),
    )
    assert said[-1] == (5, 5)


def test_the_input_column_is_named_remembered_or_found(
    stand_ins: ModuleType, tmp_path: Path
) -> None:
    source = tmp_path / "new.csv"
    source.write_text("a,b\nhello,\nrefund,\n", encoding="utf-8")
    bundles = {}
    for name, column in (("plain", None), ("remembers", "a"), ("elsewhere", "zzz")):
        model = stand_ins.majority_model()
        build(model, None, ["x"], tmp_path / name, name="n", input_column=column)
        bundles[name] = tmp_path / name
    assert verify(bundles["remembers"]).inputs["column"] == "a"
    assert score_file(bundles["remembers"], source, tmp_path / "out.csv").answered == 2
    assert (
        score_file(bundles["elsewhere"], source, tmp_path / "out.csv", input_column="a").rows == 2
    )
    with pytest.raises(DataError, match="there is no column 'c'"):
        score_file(bundles["remembers"], source, tmp_path / "out.csv", input_column="c")
    source.write_text("id,text\n1,hello\n", encoding="utf-8")
    assert score_file(bundles["elsewhere"], source, tmp_path / "out.csv").answered == 1


@pytest.mark.parametrize("link", ["same", "symbolic", "hard", "dots"])
def test_the_input_is_never_overwritten(
    built: Path, source: Path, tmp_path: Path, link: str
) -> None:
    before = source.read_bytes()
    out = tmp_path / "out.csv"
    if link == "same":
        out = source
    elif link == "symbolic":
        out.symlink_to(source)
    elif link == "hard":
        out.hardlink_to(source)
    else:
        (tmp_path / "x").mkdir()
        out = tmp_path / "x" / ".." / "new.csv"
    with pytest.raises(DataError, match="the output is the input file itself"):
        score_file(built, source, out)
    assert source.read_bytes() == before


def test_the_bundle_is_never_written_into(bundle: Path, source: Path) -> None:
    for out in (bundle / "scored.csv", bundle / "preprocessing" / ".." / "x" / "scored.csv"):
        with pytest.raises(DataError, match="lies inside the bundle"):
            score_file(bundle, source, out)
    assert verify(bundle)


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("scored.xlsx", r"cannot write a '\.xlsx' file"),
        ("scored", "cannot write a '' file"),
        ("folder.csv", "the output is a folder"),
        ("new.csv/scored.csv", "cannot be written"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_any_work(
    source: Path, tmp_path: Path, out: str, message: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=message) as error:
        score_file(tmp_path / "no bundle here", source, tmp_path / out)
    assert error.value.tip


def test_input_that_cannot_be_read_leaves_nothing(
    built: Path, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError):
        score_file(built, tmp_path / "nowhere.csv", tmp_path / "new" / "out.csv")
    with pytest.raises(BundleError):
        score_file(tmp_path / "nowhere", source, tmp_path / "new" / "out.csv")
    with pytest.raises(DataError, match="a folder, but the bundle reads texts"):
        score_file(built, tmp_path, tmp_path / "new" / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]


def test_no_usable_row_is_an_error_not_an_empty_answer(built: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.csv"
    source.write_text('id,text\n1,""\n2," "\n', encoding="utf-8")
    with pytest.raises(DataError, match="none of the 2 rows can be used; the first: the text is"):
        score_file(built, source, tmp_path / "out.csv", input_column="text")
    assert not (tmp_path / "out.csv").exists()


def test_images_by_path_and_by_folder(stand_ins: ModuleType, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    pictures = stand_ins.pictures(photos, 3)
    encoder = stand_ins.TinyImageEncoder(tmp_path)
    build(stand_ins.colour_model(), encoder, pictures, tmp_path / "bundle", name="n")
    (photos / "9.png").write_bytes(Path(pictures[0]).read_bytes()[:60])
    score_file(tmp_path / "bundle", photos, tmp_path / "folder.csv")
    rows = read_csv(tmp_path / "folder.csv")
    assert [row["predicted_label"] for row in rows] == ["red", "green", "blue", ""]
    assert rows[-1]["error"]
    table = tmp_path / "table.csv"
    table.write_text("path,who\nphotos/1.png,a\nphotos/none.png,b\n", encoding="utf-8")
    score_file(tmp_path / "bundle", table, tmp_path / "out.csv")
    rows = read_csv(tmp_path / "out.csv")
    assert [row["predicted_label"] for row in rows] == ["green", ""]
    assert rows[1]["error"]
    assert rows[1]["who"] == "b"


def test_a_full_disk_leaves_the_old_output(
    built: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.csv").write_text("before")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        score_file(built, source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv", "out.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_limit_on_file_size_leaves_nothing(built: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.csv"
    source.write_text("text\n" + "refund my card\n" * 3000, encoding="utf-8")
    program = textwrap.dedent(
        """
        import resource, sys
        from headstart.bundles import score_file
        from headstart.types.errors import DataError
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        try:
            score_file(*sys.argv[1:])
        except DataError as error:
            print(error.message)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(built), str(source), str(tmp_path / "out.csv")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "the output cannot be written (File too large)" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]


def test_an_interruption_leaves_nothing(built: Path, source: Path, tmp_path: Path) -> None:
    def stop(*said: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_file(built, source, tmp_path / "out.csv", progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]
