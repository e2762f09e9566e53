"""Tables as rows of text, whatever kind of file they were read from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.data.encoding import readable
from headstart.types.data import Place, SetAside
from headstart.types.errors import DataError

MOST_ROWS = 1_000_000
EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its number (1 = the first) and its fields; or why it cannot be used."""

    number: int
    fields: dict[str, str | None]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read whole."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    several: frozenset[str] = frozenset()
    """Columns in which a row may hold several values; `nested.BAR` stands between them."""

    def set_aside(self) -> tuple[SetAside, ...]:
        """The rows that could not be read."""
        return tuple(
            SetAside(
                Place(str(self.path), row.number),
                row.problem,
                excerpt(" | ".join(value for value in row.fields.values() if value)),
            )
            for row in self.rows
            if row.problem is not None
        )


def excerpt(value: str | None) -> str:
    """The beginning of a value, fit to be shown."""
    text = readable((value or "")[: 2 * EXCERPT]).replace("\0", "\ufffd")
    text = " ".join(text.split())
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def check_header(place: str, names: Sequence[str]) -> None:
    """Refuse a table in which a name stands for two columns.

    Raises:
        DataError: so.
    """
    double = next((name for name, count in Counter(names).items() if count > 1), None)
    if double is not None:
        raise DataError(
            f"the column '{double}' stands twice in the header",
            place=place,
            tip="rename one of them",
        )


def titles_above(rows: Sequence[Sequence[str | None]]) -> int:
    """How many of a table's first rows are a title above the header: they have their first cell
    alone, what follows has more, and no name in it stands again in its column.

    >>> titles_above([["Export of May"], ["text", "label"], ["hello", "greeting"]])
    1
    >>> titles_above([["text", ""], ["hello", "greeting"], ["hi", "greeting"]])
    0
    """
    above = next((i for i, row in enumerate(rows) if len(filled(row)) > 1), 0)
    if any(filled(row) != [0] for row in rows[:above]) or len(rows) < above + 2:
        return 0
    header, *below = rows[above:]
    again = any(i < len(row) and row[i] == header[i] for row in below for i in filled(header))
    return 0 if again else above


def filled(row: Sequence[str | None]) -> list[int]:
    """The columns in which it has a value."""
    return [i for i, cell in enumerate(row) if cell is not None and cell.strip()]


def left_out(titles: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    """The remark that rows above the header were not read, if there are any."""
    if not titles:
        return ()
    said = ", ".join(f"'{excerpt(row[0])}'" for row in titles)
    return (f"What stands above the header is left out: {said}.",)


def check_count(path: Path, number: int) -> None:
    """Refuse a table with too many rows.

    Raises:
        DataError: the row has a number above the limit.
    """
    if number > MOST_ROWS:
        raise DataError(
            f"the table has more than {MOST_ROWS:,} rows",
            place=str(path),
            tip="take a sample of the rows",
        )


def check_damage(path: Path, rows: Sequence[Row], tip: str, note: str = "") -> None:
    """Refuse a table of which most rows are damaged, or that has none.

    Raises:
        DataError: so.
    """
    if not rows:
        raise DataError("there is no row", place=str(path), tip="give a file with rows")
    broken = [row for row in rows if row.problem]
    if len(broken) * 2 > len(rows):
        raise DataError(
            f"{len(broken)} of {len(rows)} rows cannot be read "
            f"(the first: {broken[0].problem}){note}",
            place=f"{path}, row {broken[0].number}",
            tip=tip,
        )
