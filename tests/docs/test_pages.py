"""The documentation says what the program does."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from headstart.cli import parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))


def test_generated_pages_are_current() -> None:
    for name, content in generate["pages"]().items():
        written = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert written == content, f"docs/{name} is out of date: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_shown_are_commands_that_parse(page: Path) -> None:
    if page.name == "cli.md":
        return
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text("utf-8"), flags=re.S):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["headstart"]:
                parser().parse_args(words[1:])


def test_the_first_command_of_the_readme_is_on_the_first_screen() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("```"))
    assert first <= 30
