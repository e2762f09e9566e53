"""readiness.toml: answers go in, everything else stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from headstart.brief import read_answers, with_answer, with_owner
from headstart.types.errors import PilotError
from headstart.types.readiness import Answers

KEYS = ("monitoring", "latency", "permission")
FILE = """# ours
[readiness]
# who watches
monitoring = "Ana"  # since May
owner = 'Board'

latency = "fast [enough]"

# below: people
[readiness.owners]
"latency" = "Ben"
"""


def read(content: str, folder: Path) -> Answers:
    path = folder / "readiness.toml"
    path.write_text(content, encoding="utf-8")
    return read_answers(path, KEYS)


def test_nothing_is_answered_without_a_file(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "readiness.toml", KEYS) == Answers()


def test_a_new_file_is_begun(tmp_path: Path) -> None:
    text = 'he said "no",\nthen \\ yes\t☃'
    content = with_owner(with_answer("", "latency", text, "Ben"), "Board")
    found = read(content, tmp_path)
    assert found == Answers({"latency": text}, {"latency": "Ben"}, "Board")
    assert (found.owner_of("latency"), found.owner_of("monitoring")) == ("Ben", "Board")


def test_one_line_changes_and_comments_stay(tmp_path: Path) -> None:
    content = with_answer(FILE, "monitoring", "nobody", "Cy")
    before, after = FILE.splitlines(), content.splitlines()
    assert [line for line in before if line not in after] == ['monitoring = "Ana"  # since May']
    assert [line for line in after if line not in before] == [
        'monitoring = "nobody"  # since May',
        'monitoring = "Cy"',
    ]
    assert read(content, tmp_path) == Answers(
        {"monitoring": "nobody", "latency": "fast [enough]"},
        {"latency": "Ben", "monitoring": "Cy"},
        "Board",
    )


def test_an_answer_goes_into_its_table(tmp_path: Path) -> None:
    found = read(with_answer(FILE, "permission", "yes"), tmp_path)
    assert found.texts["permission"] == "yes"
    assert found.owners == {"latency": "Ben"}
    replaced = tomllib.loads(with_answer(FILE, "latency", "x", "Di"))["readiness"]["owners"]
    assert replaced == {"latency": "Di"}


@pytest.mark.parametrize(
    "content",
    [
        '[readiness]\nlatency = """\nlong\n"""\n',
        'readiness = { latency = "x" }\n',
        'readiness.latency = "x"\n',
        '[readiness]\nmonitoring = """\n[readiness.owners]\n"""\nlatency = "x"\n',
    ],
)
def test_what_cannot_be_changed_alone_is_left_alone(content: str) -> None:
    tomllib.loads(content)
    with pytest.raises(PilotError, match="edit it by hand"):
        with_answer(content, "latency", "y")


def test_an_empty_answer_is_refused() -> None:
    with pytest.raises(PilotError, match="answered with nothing"):
        with_answer(FILE, "latency", "  ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[readiness\n", "cannot be read"),
        ('[readiness]\nlatencyy = "x"\n', "did you mean 'latency'"),
        ('[readiness.owners]\nlatenc = "x"\n', "did you mean 'latency'"),
        ("[readiness]\nlatency = 3\n", "'latency' is 3, not a text"),
        ('[other]\nlatency = "x"\n', "'other' beside the table"),
        ('readiness = "x"\n', "beside the table"),
        ('[readiness]\nowners = "x"\n', "'owners'"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(PilotError) as caught:
        read(content, tmp_path)
    assert said in str(caught.value)
    assert "readiness.toml" in str(caught.value)
