"""The exception tree.

HeadstartError
├── InputError          what the user gave cannot be used (exit status 2)
│   ├── BriefError      the brief: every problem at once
│   ├── DataError       a data file, a folder, a column, a row
│   ├── BackboneError   a backbone reference, its files, its hash, its source
│   ├── BundleError     a bundle with a changed, missing or unknown file
│   └── PilotError      a pilot folder that cannot be read or written
├── MissingExtraError        an optional dependency is not installed (exit status 2)
├── ParityError         an exported model does not predict what the trained one does
└── InterruptedRunError         stopped by the user; running again resumes (exit status 3)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class HeadstartError(Exception):
    """Root of every error that Headstart raises on purpose.

    `message` says what is wrong and names the value; `place` says where (file, row, column);
    `tip` says what to do or type next.
    """

    exit_status = 1

    def __init__(self, message: str, *, place: str | None = None, tip: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.tip = tip

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        after = f"\n  → {self.tip}" if self.tip else ""
        return f"{where}{self.message}{after}"


class InputError(HeadstartError):
    """What the user gave cannot be used."""

    exit_status = 2


class BriefError(InputError):
    """The brief cannot be used; `problems` holds every one of them."""

    def __init__(
        self, problems: Sequence[str], *, place: str | None = None, tip: str | None = None
    ) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in self.problems)
        plural = "problem" if len(self.problems) == 1 else "problems"
        super().__init__(
            f"{len(self.problems)} {plural} in the brief:{lines}", place=place, tip=tip
        )


class DataError(InputError):
    """A data file, folder, column or row cannot be used."""


class BackboneError(InputError):
    """A backbone cannot be found, read, checked or loaded."""


class BundleError(InputError):
    """A bundle is not whole, was changed, or cannot answer this input."""


class PilotError(InputError):
    """A pilot folder cannot be read or written."""


class MissingExtraError(HeadstartError):
    """An optional dependency is not installed."""

    exit_status = 2

    def __init__(self, what: str, *, extra: str, package: str) -> None:
        super().__init__(
            f"{what} needs the package '{package}', which is not installed",
            tip=f"pip install 'headstart[{extra}]'",
        )
        self.what = what
        self.extra = extra
        self.package = package


class ParityError(HeadstartError):
    """An exported model does not predict what the trained model predicts."""


class InterruptedRunError(HeadstartError):
    """The user stopped the run; nothing is lost."""

    exit_status = 3


def did_you_mean(value: str, valid: Iterable[str]) -> str:
    """A tip that names the valid values nearest to `value`, or all of them.

    >>> did_you_mean("lable", ["label", "text"])
    "did you mean 'label'?"
    >>> did_you_mean("zzz", ["label", "text"])
    'use one of: label, text'
    """
    choices = list(valid)
    near = get_close_matches(value, choices, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"'{choice}'" for choice in near) + "?"
    shown = ", ".join(choices[:20]) + (", …" if len(choices) > 20 else "")
    return f"use one of: {shown}" if choices else "there is none"
