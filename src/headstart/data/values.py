"""Rows without labels: what a bundle is asked about."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from headstart.data.columns import find_input, modality_of
from headstart.data.encoding import readable
from headstart.data.folders import flat_images, read_folder
from headstart.data.images import ImagePaths
from headstart.data.reading import check_name, name_problem, read_table
from headstart.data.tables import excerpt
from headstart.modalities import validate_text
from headstart.types.brief import ModalityName
from headstart.types.data import Place, SetAside
from headstart.types.errors import DataError


@dataclass(frozen=True, slots=True)
class UnlabelledTable:
    """Every row of a table, in order; `values` is None where a row cannot be used.

    `set_aside` says why, with the same place as the row's in `places`.
    """

    values: list[str | None]
    places: list[Place]
    header: tuple[str, ...]
    rows: list[dict[str, str | None]]
    set_aside: tuple[SetAside, ...]


def load_values(
    source: Path, *, input_column: str | None = None, modality: ModalityName | None = None
) -> UnlabelledTable:
    """Read the rows of a table, or the images of a folder, to be labelled.

    Raises:
        DataError: the source cannot be read, or the column is not clear.
    """
    source = Path(source).absolute()
    check_name(source)
    if os.path.isdir(source):
        if modality == "text":
            raise DataError(
                "texts are read from a table, not from a folder",
                place=str(source),
                tip="give a CSV, JSONL, Parquet or Excel file",
            )
        return _folder(source)
    table = read_table(source)
    column = find_input(table, input_column)
    kind = modality or modality_of(table, column)
    paths = ImagePaths(source.parent)
    values: list[str | None] = []
    places, aside = [], []
    for row in table.rows:
        place = Place(str(source), row.number, column)
        value, reason = row.fields.get(column), row.problem
        if reason is None and kind == "image":
            value, reason = paths.resolve(value)
        elif reason is None:
            reason = validate_text(value or "")
        values.append(value if reason is None else None)
        places.append(place)
        if reason is not None:
            aside.append(SetAside(place, reason, excerpt(row.fields.get(column))))
    return UnlabelledTable(
        values, places, table.header, [dict(row.fields) for row in table.rows], tuple(aside)
    )


def _folder(folder: Path) -> UnlabelledTable:
    """Images directly in the folder, or else in its subfolders."""
    paths = flat_images(folder) or [image.path for image in read_folder(folder).images]
    values: list[str | None] = []
    places, aside = [], []
    for path in paths:
        place, reason = Place(readable(str(path))), name_problem(path)
        values.append(str(path) if reason is None else None)
        places.append(place)
        if reason is not None:
            aside.append(SetAside(place, reason))
    rows: list[dict[str, str | None]] = [{"path": place.file} for place in places]
    return UnlabelledTable(values, places, ("path",), rows, tuple(aside))
