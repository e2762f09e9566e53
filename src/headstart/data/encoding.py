"""Lines of a text file that anyone may have written, in bounded memory."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.types.errors import DataError

LONGEST_LINE = 1_000_000
"""Characters; a longer line is passed over in pieces of this size."""
MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
HEAD = 65_536
BINARY = 0.2
"""Share of zero bytes; a text in UTF-16 has about a half, one in UTF-8 none."""
EVIDENT = 0.05
"""Share of rows that are not UTF-8 above which the file is taken to be in another encoding, if
more rows speak for that than for UTF-8."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end. Bytes that are not UTF-8 stand as lone surrogates.

    `problem` says why a line cannot be used; `text` is then its beginning.
    """

    text: str
    problem: str | None = None


def text_lines(path: Path) -> Iterator[Line]:
    """The lines of the file, without a byte-order mark.

    Raises:
        DataError: the file is in UTF-16 or UTF-32, is binary, or cannot be read.
    """
    _check_head(path)
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            while text := stream.readline(LONGEST_LINE):
                if len(text) < LONGEST_LINE or text.endswith(("\n", "\r")):
                    yield Line(text)
                    continue
                size, start = len(text), text[:200]
                while text and not text.endswith(("\n", "\r")):
                    text = stream.readline(LONGEST_LINE)
                    size += len(text)
                if size == LONGEST_LINE:
                    yield Line(start)
                yield Line(
                    start, f"the line has {size:,} characters; at most {LONGEST_LINE:,} are read"
                )
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file that is there and cannot be read."""
    return DataError(
        f"the file cannot be read ({error.strerror or error})",
        place=str(path),
        tip="check that it is a file and that you may read it",
    )


def _check_head(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise unreadable(path, error) from error
    name = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    if name is None and head.count(b"\0") > len(head) * BINARY:
        even = head[::2].count(b"\0") > head[1::2].count(b"\0")
        utf16 = head.count(b"\0") < len(head) * 0.6
        name = ("UTF-16BE" if even else "UTF-16LE") if utf16 else None
        if name is None:
            raise DataError(
                "the file is binary, not a table in UTF-8",
                place=str(path),
                tip="save the table as CSV in UTF-8",
            )
    if name is not None:
        raise DataError(f"the file is {name}, not UTF-8", place=str(path), tip=convert(path, name))


def convert(path: Path, encoding: str) -> str:
    """The tip that says how to make the file UTF-8."""
    old, new = shlex.quote(path.name), shlex.quote(f"utf8-{path.name}")
    return f"convert it: iconv -f {encoding} -t UTF-8 {old} > {new}"


def wrong_byte(text: str) -> str | None:
    """Why a text is not UTF-8, from the first byte that is not; None where it is.

    >>> wrong_byte(b"caf\\xe9".decode("utf-8", "surrogateescape"))
    'not UTF-8 (byte 0xE9 after 3 characters)'
    """
    if text.isascii():
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        if 0xDC80 <= code <= 0xDCFF:
            byte = code - 0xDC00
            return f"not UTF-8 (byte 0x{byte:02X} after {error.start} characters)"
        return "not UTF-8 (half a surrogate pair)"
    return None


def readable(text: str) -> str:
    """The text with a replacement character for what is not UTF-8.

    >>> readable(b"caf\\xe9".decode("utf-8", "surrogateescape"))
    'caf\ufffd'
    """
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(slots=True)
class EncodingTally:
    """How many rows speak for UTF-8, and how many against it."""

    rows: int = 0
    other: int = 0
    utf8: int = 0
    first: int | None = None
    """Number of the first row that is not UTF-8."""

    def count(self, number: int, texts: Sequence[str]) -> str | None:
        """Take a row into account; why it is not UTF-8, or None."""
        self.rows += 1
        problem = next((found for text in texts if (found := wrong_byte(text))), None)
        if problem is not None:
            self.other += 1
            self.first = self.first or number
        elif not all(text.isascii() for text in texts):
            self.utf8 += 1
        return problem

    def check(self, path: Path) -> tuple[str, ...]:
        """A remark on the rows that are not UTF-8, if there are any.

        Raises:
            DataError: the whole file evidently is in another encoding.
        """
        if not self.other:
            return ()
        tip = convert(path, "WINDOWS-1252")
        if self.other > self.utf8 and self.other > self.rows * EVIDENT:
            raise DataError(
                f"{self.other} of {self.rows} rows are not UTF-8; "
                "the file seems to be Latin-1 (Windows-1252)",
                place=f"{path}, row {self.first}",
                tip=tip,
            )
        return (
            f"{self.other} of {self.rows} rows are not UTF-8 and were set aside. "
            f"If the file is Latin-1, {tip}",
        )
