"""A relabelling session: answers are kept as they come, and the user's files stay as they are."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.audit import LabelRanking
from headstart.data import load_dataset
from headstart.terminal import converse
from headstart.types.data import Dataset, Example, Place
from headstart.types.errors import PilotError
from headstart.workflow.relabel import (
    Session,
    Suspect,
    relabelled_csv,
    relabelled_folder,
    suspects,
)

LABELS = ("cat", "dog", "owl")


def rows(n: int) -> list[Suspect]:
    return [Suspect(i, f"key{i}", f"text {i}", f"t.csv, row {i + 1}", "cat", "dog", 0.9 - i / 100)
            for i in range(n)]  # fmt: skip


def test_answers_change_labels_and_outlive_the_session(tmp_path: Path) -> None:
    log = tmp_path / "artifacts" / "relabel.jsonl"
    session = Session(rows(5), log, LABELS)
    for action, to in (("accept", None), ("keep", None), ("change", "owl"), ("skip", None)):
        session.answer(action, to)
    assert session.changes() == {0: "dog", 2: "owl"}
    assert session.read == [True, False, True]
    again = Session(rows(5), log, LABELS)
    assert again.changes() == session.changes()
    assert again.current == rows(5)[4]
    assert again.undo()
    assert again.current == rows(5)[3]
    assert again.undo()
    assert Session(rows(5), log, LABELS).changes() == {0: "dog"}


def test_what_cannot_be_said_changes_nothing(tmp_path: Path) -> None:
    session = Session(rows(1), tmp_path / "log", LABELS)
    with pytest.raises(ValueError, match="'catt' is no label"):
        session.answer("change", "catt")
    with pytest.raises(ValueError, match="nothing to 'burn'"):
        session.answer("burn")
    assert not session.undo()
    session.answer("keep")
    with pytest.raises(ValueError, match="nothing to 'keep'"):
        session.answer("keep")
    (tmp_path / "bad").write_text('{"action": "keep"}\n')
    with pytest.raises(PilotError, match="cannot be read") as caught:
        Session(rows(1), tmp_path / "bad", LABELS)
    assert "line 1" in str(caught.value.place)


def test_precision_is_what_was_read_and_enough_is_enough(tmp_path: Path) -> None:
    session = Session(rows(60), tmp_path / "log", LABELS)
    for _ in range(10):
        session.answer("accept")
    assert not session.enough
    for _ in range(20):
        session.answer("keep")
    found = session.precision()
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(1 / 3), 30)
    assert session.enough


def test_the_conversation(tmp_path: Path) -> None:
    session, said = Session(rows(4), tmp_path / "log", LABELS), io.StringIO()
    answers = io.StringIO("a\nu\nk\nc oul\nc owl\n?\ns\nq\n")
    converse(session, answers, said)
    assert session.changes() == {1: "owl"}
    text = said.getvalue()
    assert "did you mean 'owl'" in text
    assert "taken back" in text
    assert "2 labels read, 50% of them wrong (95% interval" in text
    converse(session, io.StringIO("a\n"), said)
    assert "No suspicious label is left." in said.getvalue()


def test_only_what_is_flagged_is_read_and_personal_data_is_masked() -> None:
    texts = ["write to ann@example.org", "plain", "other"]
    examples = tuple(Example(t, t, "cat", Place("t.csv", i + 1)) for i, t in enumerate(texts))
    dataset = Dataset("text", examples, LABELS, "t.csv", "0" * 64)
    ranking = LabelRanking(
        np.array([1, 0]), np.array([-1.0, 2.0]), np.array([0, 1]), np.array([0.1, 0.9])
    )
    (one,) = suspects(dataset, [2, 0], ranking)
    assert (one.row, one.suggestion, one.wrong) == (0, "dog", 0.9)
    assert "ann@example.org" not in one.text


def test_the_new_table_reads_back_and_the_old_one_is_untouched(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "id,text,label\n" + "".join(f"{i},a text {i},{LABELS[i % 2]}\n" for i in range(12))
    )
    before = path.read_bytes()
    dataset = load_dataset(path)
    (tmp_path / "new.csv").write_text(relabelled_csv(dataset, {0: "dog"}))
    again = load_dataset(tmp_path / "new.csv", input_column="text", label_column="label")
    assert [e.label for e in again.examples] == ["dog", *(e.label for e in dataset.examples[1:])]
    with (tmp_path / "new.csv").open(newline="") as stream:
        first = next(csv.DictReader(stream))
    assert (first["id"], first["label_before"]) == ("0", "cat")
    assert path.read_bytes() == before


def test_pictures_are_sorted_anew(tmp_path: Path) -> None:
    for i in range(12):
        target = tmp_path / "photos" / LABELS[i % 2] / f"{i // 2}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((16, 16), 20 + i).save(target)
    dataset = load_dataset(tmp_path / "photos")
    target = tmp_path / "pilot" / "relabelled"
    target.parent.mkdir()
    for _ in range(2):
        relabelled_folder(dataset, {0: "dog"}, target)
    again = load_dataset(target)
    assert len(again) == 12
    assert sum(e.label == "dog" for e in again.examples) == 7
    assert len(load_dataset(tmp_path / "photos")) == 12
