"""Parquet against pyarrow's own values, and files of which pyarrow makes nothing."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data import load_dataset, parquet
from headstart.data.reading import read_table
from headstart.types.errors import DataError

pyarrow = pytest.importorskip("pyarrow")
N = 20
TEXTS = [f"where is my thing {i},\n“{i}”" for i in range(N)]
LABELS = ["ab"[i % 2] for i in range(N)]


def write(path: Path, **columns: Any) -> Path:
    from pyarrow.parquet import write_table

    write_table(pyarrow.table({"text": TEXTS, "label": LABELS, **columns}), path)
    return path


@pytest.mark.parametrize("batch", [3, N, 4096])
def test_batches_change_nothing(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH", batch)
    found = load_dataset(write(tmp_path / "t.parquet"))
    assert [(e.value, e.label) for e in found.examples] == list(zip(TEXTS, LABELS, strict=True))
    assert [e.place.row for e in found.examples] == list(range(1, N + 1))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1, None], "1"),
        ([True, None], "true"),
        ([0.5, float("nan")], "0.5"),
        ([decimal.Decimal("1.50"), None], "1.50"),
        ([datetime.date(2024, 2, 29), None], "2024-02-29"),
        ([datetime.timedelta(days=1), None], "1 day, 0:00:00"),
    ],
)
def test_values_become_text_and_null_stays_null(
    values: list[Any], shown: str, tmp_path: Path
) -> None:
    (first, second, *_) = read_table(write(tmp_path / "t.parquet", x=values * (N // 2))).rows
    assert (first.fields["x"], second.fields["x"]) == (shown, None)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (("timestamp", "ms"), 253_402_300_800_000, str(np.datetime64("10000-01-01T00:00:00.000"))),
        (("timestamp", "s"), 10**12, "<value out of range: 1000000000000000>"),
        (("timestamp", "ns"), 1_700_000_000_000_000_001, "2023-11-14 22:13:20.000000001"),
        (("date32",), 5_000_000, str(np.datetime64(5_000_000, "D"))),
        (("time64", "ns"), 1, "00:00:00.000000001"),
    ],
)
def test_times_beyond_pythons_own(
    kind: tuple[str, ...], value: int, shown: str, tmp_path: Path
) -> None:
    column = pyarrow.array([value] * N, getattr(pyarrow, kind[0])(*kind[1:]))
    found = load_dataset(write(tmp_path / "t.parquet", at=column))
    assert found.examples[0].metadata == (("at", shown.replace("T", " ")),)


def test_labels_of_a_dictionary_type_and_wide_strings(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.parquet",
        text=pyarrow.array(TEXTS, pyarrow.large_string()),
        label=pyarrow.array(LABELS).dictionary_encode(),
    )
    assert [(e.value, e.label) for e in load_dataset(path).examples] == list(
        zip(TEXTS, LABELS, strict=True)
    )


def test_nested_and_binary_columns_are_passed_over_and_named(tmp_path: Path) -> None:
    """Also where a plain column is called like a field of a nested one."""
    path = write(
        tmp_path / "t.parquet",
        box=[{"x": 1}] * N,
        many=[[0.5]] * N,
        raw=[b"\0"] * N,
        **{"box.x": [f"plain {i}" for i in range(N)]},
    )
    found = load_dataset(path, input_column="text", label_column="label")
    (remark,) = (one for one in found.remarks if "not read" in one)
    assert all(f"'{name}'" in remark for name in ("box", "many", "raw"))
    assert found.examples[7].metadata == (("box.x", "plain 7"),)


def test_only_columns_that_cannot_be_read(tmp_path: Path) -> None:
    from pyarrow.parquet import write_table

    write_table(pyarrow.table({"pixels": [b"\0"] * N}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="no column holds text or numbers") as caught:
        read_table(tmp_path / "t.parquet")
    assert "'pixels' (binary)" in str(caught.value)
    assert "paths of image files" in str(caught.value)


def test_a_name_may_stand_once(tmp_path: Path) -> None:
    from pyarrow.parquet import write_table

    table = pyarrow.table([TEXTS, LABELS, LABELS], names=["text", "label", "label"])
    write_table(table, tmp_path / "t.parquet")
    with pytest.raises(DataError, match="the column 'label' stands twice"):
        load_dataset(tmp_path / "t.parquet")


def test_missing_labels_and_nul_bytes_cost_their_rows(tmp_path: Path) -> None:
    texts = ["a \0 byte", None, *TEXTS[2:]]
    labels = [*LABELS[:-1], None]
    found = load_dataset(write(tmp_path / "t.parquet", text=texts, label=labels))
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (1, "the text holds a NUL byte"),
        (2, "the text is empty"),
        (N, "the label is missing"),
    ]


def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds for what the rows take in memory, not for what the file says of itself."""
    path = write(tmp_path / "t.parquet", text=["x" * 50_000] * N)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(parquet, "MOST_BYTES", 500_000)
    monkeypatch.setattr(parquet, "BATCH", 4)
    with pytest.raises(DataError, match="over 500,000 bytes") as caught:
        read_table(path)
    assert "take a sample" in str(caught.value)


def test_no_row_and_half_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="not Parquet that can be read") as caught:
        read_table(path)
    assert str(path) in str(caught.value)
    write(path, text=pyarrow.array([], pyarrow.string()), label=pyarrow.array([], pyarrow.string()))
    with pytest.raises(DataError, match="the table has no row"):
        read_table(path)


FLIPPED = """
import random, sys
from pathlib import Path
from headstart.data.reading import read_table
from headstart.types.errors import DataError

path, content = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
for seed in map(int, sys.argv[3].split(",")):
    chance, flipped = random.Random(seed), bytearray(content)
    for _ in range(chance.choice((1, 2, 5))):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    path.write_bytes(flipped)
    try:
        read_table(path)
    except DataError:
        pass
print("done")
"""


def test_flipped_bytes_never_end_the_process(tmp_path: Path) -> None:
    """In a process of its own, since what pyarrow does not catch aborts the process it is in."""
    seeds = ",".join(map(str, [*range(60), 1844, 2797, 3716, 3761]))
    whole = write(tmp_path / "whole.parquet")
    command = [sys.executable, "-c", FLIPPED, str(tmp_path / "t.parquet"), str(whole), seeds]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_lists_of_texts_are_joined(tmp_path: Path) -> None:
    sets = [["a", "b"], ["b"], []] * 6 + [["a"], None]
    path = write(tmp_path / "t.parquet", tags=sets, vector=[[0.5, 1.5]] * N)
    table = read_table(path)
    assert [row.fields["tags"] for row in table.rows[:3]] == ["a|b", "b", "|"]
    assert table.rows[-1].fields["tags"] is None
    assert table.several == {"tags"}
    assert "vector" not in table.header
    found = load_dataset(path, input_column="text", label_column="tags", separator="|")
    assert list(found.sets[:3]) == [("a", "b"), ("b",), ()]
