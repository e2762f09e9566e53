"""A table from a file, by the file's suffix."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from headstart.data.delimited import read_delimited
from headstart.data.encoding import readable, unreadable, wrong_byte
from headstart.data.excel import read_excel
from headstart.data.json_rows import read_json, read_json_lines
from headstart.data.parquet import read_parquet
from headstart.data.tables import Table
from headstart.types.errors import DataError, did_you_mean

READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
    ".xlsm": read_excel,
}
OLDER = dict.fromkeys((".xls", ".ods", ".numbers"), "save it as .xlsx or .csv")
"""What to do with sheets that are not read, though the program that shows them can write others."""
MOST_BYTES = 500_000_000


def read_table(path: Path) -> Table:
    """The table at `path`.

    Raises:
        DataError: it is missing, empty, too large, not a table, or of an unknown kind.
        MissingExtraError: Parquet without pyarrow, or Excel without openpyxl.
    """
    try:
        about = path.stat()
    except FileNotFoundError:
        raise DataError("there is no such file", place=str(path), tip=near_names(path)) from None
    except (OSError, ValueError) as error:
        raise unreadable(path, OSError(*error.args)) from error
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"'{path.suffix or path.name}' is not a kind of table that can be read",
            place=str(path),
            tip=OLDER.get(path.suffix.lower())
            or f"give a file that ends in {', '.join(READERS)}, or a folder of images",
        )
    if not stat.S_ISREG(about.st_mode):
        raise DataError("this is not a file", place=str(path), tip="give a file of rows")
    if about.st_size == 0:
        raise DataError("the file is empty", place=str(path), tip="give a file with rows")
    if about.st_size > MOST_BYTES:
        raise DataError(
            f"the file has {about.st_size:,} bytes; at most {MOST_BYTES:,} are read",
            place=str(path),
            tip="take a sample of the rows",
        )
    return reader(path)


def name_problem(path: Path) -> str | None:
    """Why a path cannot be written down; None where it can."""
    problem = wrong_byte(str(path))
    return problem and f"the name of the file or of a folder above it is {problem}"


def check_name(path: Path) -> None:
    """Refuse a path that cannot be written down.

    Raises:
        DataError: a part of it is not UTF-8.
    """
    problem = name_problem(path)
    if problem is not None:
        raise DataError(problem, place=readable(str(path)), tip="rename the file or the folder")


def near_names(path: Path) -> str:
    """What stands near a path that leads nowhere."""
    folder = path.absolute().parent
    if not os.path.isdir(folder):
        return f"there is no folder {folder} either; check the path"
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror}); check the path"
    return did_you_mean(path.name, map(readable, names)) if names else f"{folder} is empty"
