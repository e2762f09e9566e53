"""CSV records, one damaged record at a time: a quote that is never closed costs one line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headstart.data.encoding import Line

LONGEST_RECORD = 1_000_000
"""Characters of one record, over all of its lines."""
LEAST_PATIENCE = 2_000
"""Characters after which an open quote is given up in a file where many were never closed, so that
the time to read such a file grows with its length and not with the square of it."""


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one record; `problem` says why they are not to be trusted."""

    fields: list[str]
    problem: str | None = None


class _OpenQuoteError(Exception):
    """A quote is open, and there is nothing left to read, or too much was read."""


def read_records(lines: Iterable[Line], delimiter: str) -> Iterator[Record]:
    """The records of a CSV file.

    A line that stands alone is read as leniently as Python's csv module reads it. A record that
    goes over several lines must be well-formed; where it is not, its first line alone is given up
    and reading goes on with the next, so that one stray quote does not swallow the rows below it.
    """
    source, waiting = iter(lines), deque[Line]()
    patience = LONGEST_RECORD
    while True:
        first = waiting.popleft() if waiting else next(source, None)
        if first is None:
            return
        if first.problem is not None:
            yield Record(_fields(first.text, delimiter), first.problem)
            continue
        taken = [first]
        try:
            fields = _alone(first.text, delimiter)
            if fields is None:
                lent = _feed(taken, waiting, source, patience)
                fields = next(csv.reader(lent, delimiter=delimiter, strict=True))
                patience = LONGEST_RECORD
            yield Record(fields)
        except (csv.Error, _OpenQuoteError) as error:
            waiting.extendleft(reversed(taken[1:]))
            reason = "a quote is opened and not closed"
            too_long = isinstance(error, csv.Error) and "limit" in str(error)
            if too_long:
                limit = f"{csv.field_size_limit():,}"
                reason = f"a field has over {limit} characters, or a quote is not closed"
            if too_long or isinstance(error, _OpenQuoteError):
                patience = max(LEAST_PATIENCE, patience // 2)
            yield Record(_fields(first.text, delimiter), reason)


def _alone(text: str, delimiter: str) -> list[str] | None:
    """The fields of a line that is a record; None where a quote is open at its end."""

    def feed() -> Iterator[str]:
        yield text
        raise _OpenQuoteError

    try:
        return next(csv.reader(feed(), delimiter=delimiter))
    except _OpenQuoteError:
        return None


def _fields(text: str, delimiter: str) -> list[str]:
    """What a damaged line may have meant, for a person to find it by."""
    return [field.strip('"')[:200] for field in text.rstrip("\r\n").split(delimiter)]


def _feed(
    taken: list[Line], waiting: deque[Line], source: Iterator[Line], most: int
) -> Iterator[str]:
    """The lines of one record, asked for another one only while a quote is open."""
    yield taken[0].text
    size = len(taken[0].text)
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            raise _OpenQuoteError
        if line.problem is not None or size + len(line.text) > most:
            waiting.appendleft(line)
            raise _OpenQuoteError
        taken.append(line)
        size += len(line.text)
        yield line.text
