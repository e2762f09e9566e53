"""Label the rows of a file with a bundle; every row and column of the file is kept."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from headstart.bundles.predictor import BundlePredictor
from headstart.bundles.reader import load
from headstart.ports import Progress
from headstart.types.brief import ModalityName
from headstart.types.errors import DataError

if TYPE_CHECKING:
    from headstart.data import UnlabelledTable

LABEL, SURE, ERROR = "predicted_label", "probability", "error"
"""Columns added to the file's own; a name that is taken there gets a number. Of several label
columns each has a pair of its own, `predicted_COLUMN` and `probability_COLUMN`."""
REVIEW = "review"
"""Added too where the bundle says which answers a person should look at."""
SETS = "prediction_set"
"""Added too where the bundle gives prediction sets: a list in JSON, in a .csv file as its text."""
IN_SCOPE = "in_scope"
"""Added too where the bundle can tell rows that look like none of the training rows."""
SUFFIXES = (".csv", ".jsonl")
SLICE = 4096
"""Rows scored before their probabilities are dropped."""


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What was labelled, and where it was written."""

    out: str
    rows: int
    answered: int
    columns: tuple[str, ...]
    """Names of the added columns: the label and its probability (a pair for each label column),
    why a row has neither, and where the bundle has a rule, whether a person should look, the
    prediction set, and whether the row is in scope."""
    review: int | None = None
    """Rows with an answer that a person should look at; None: the bundle has no rule."""
    error: str = ERROR
    """Name of the column that says why a row has no label."""

    def __str__(self) -> str:
        said = f"Labelled {self.answered} of {self.rows} rows into {self.out}"
        if self.review is not None:
            said += f", {self.review} of them for review by a person"
        left = self.rows - self.answered
        if not left:
            return f"{said}."
        return f"{said}; {left} could not be used (column '{self.error}' says why)."


@dataclass(frozen=True, slots=True)
class _Answer:
    """The (label, probability, review) of every label column, or why there is none."""

    given: tuple[tuple[str, float, bool], ...]
    error: str | None = None
    in_scope: bool | None = None
    sets: tuple[tuple[str, ...], ...] = ()
    """The prediction set of every label column that has a rule for them."""


def score_file(
    bundle: str | Path | BundlePredictor,
    source: str | Path,
    out: str | Path,
    *,
    input_column: str | None = None,
    progress: Progress | None = None,
) -> ScoreReport:
    """Label the rows of `source` into `out` (.csv or .jsonl by its suffix), written whole or not.

    Every row and column is kept, in order; a row that cannot be used has no label and says why.

    Raises:
        BundleError: the bundle is not whole.
        DataError: `source` cannot be read or no row of it can be used; `out` cannot be written, has
            another suffix, is `source` itself, or lies inside the bundle.
    """
    source, out = Path(source), Path(out)
    folder = None if isinstance(bundle, BundlePredictor) else Path(bundle)
    _check_target(source, out, folder)
    predictor = bundle if isinstance(bundle, BundlePredictor) else load(bundle)
    table = _table(predictor, source, input_column)
    answers = _answers(predictor, table, progress)
    answered = sum(answer.error is None for answer in answers)
    if answers and not answered:
        raise DataError(
            f"none of the {len(answers)} rows can be used; the first: {answers[0].error}",
            place=str(table.places[0]),
            tip=f"check that the column holds what the bundle reads "
            f"({predictor.manifest.modality}s), or name it with --input",
        )
    tells = bool(predictor.manifest.outside)
    ruled = tells or any(output.review for output in predictor.outputs)
    sets = _set_names(predictor)
    wanted = _wanted(predictor, ruled) + sets + ((IN_SCOPE,) if tells else ())
    columns = _free_names(table.header, wanted)
    rows = [
        [
            *_fields(answer, len(predictor.outputs), ruled),
            *(answer.sets or [None] * len(sets)),
            *([answer.in_scope] if tells else []),
        ]
        for answer in answers
    ]
    _write(out, lambda stream: _WRITERS[out.suffix.lower()](stream, table, columns, rows))
    looked = sum(any(review for *_, review in answer.given) for answer in answers)
    error = columns[wanted.index(ERROR)]
    return ScoreReport(str(out), len(answers), answered, columns, looked if ruled else None, error)


def _wanted(predictor: BundlePredictor, ruled: bool) -> tuple[str, ...]:
    """Names of the columns to add, before those that are taken get a number."""
    if not predictor.manifest.further:
        return (LABEL, SURE, ERROR, REVIEW) if ruled else (LABEL, SURE, ERROR)
    names = [one.column for one in predictor.outputs]
    pairs = [f"{what}_{name}" for name in names for what in ("predicted", "probability")]
    return (*pairs, ERROR, *(f"{REVIEW}_{name}" for name in names if ruled))


def _set_names(predictor: BundlePredictor) -> tuple[str, ...]:
    """The same of the columns that hold prediction sets."""
    asked = [one.column for one in predictor.outputs if one.sets]
    return tuple(f"{SETS}_{name}" if predictor.manifest.further else SETS for name in asked)


def _fields(answer: _Answer, outputs: int, ruled: bool) -> list[Any]:
    """What is added to a row; a row without an answer is one for a person."""
    given = answer.given or ((None, None, True),) * outputs
    pairs = [one for label, sure, _ in given for one in (label, sure)]
    return [*pairs, answer.error, *(review for *_, review in given if ruled)]


def _table(predictor: BundlePredictor, source: Path, input_column: str | None) -> UnlabelledTable:
    """The rows of `source`: from the named column, else the training table's, else the likely one.

    Raises:
        DataError: see `score_file`.
    """
    # Not at the top: a bundle that only answers reads no tables.
    from headstart.data import load_values

    modality: ModalityName = "image" if predictor.manifest.modality == "image" else "text"
    if modality == "text" and source.is_dir():
        raise DataError(
            "a folder, but the bundle reads texts",
            place=str(source),
            tip="name a CSV or JSONL file",
        )
    usual = predictor.manifest.inputs.get("column")
    if input_column is None and isinstance(usual, str):
        try:
            return load_values(source, input_column=usual, modality=modality)
        except DataError:
            pass  # The second reading says what is wrong, if it is not the column.
    return load_values(source, input_column=input_column, modality=modality)


def _check_target(source: Path, out: Path, bundle: Path | None) -> None:
    """Everything that can be known to be wrong with the output before any work is done."""
    if out.suffix.lower() not in SUFFIXES:
        raise DataError(
            f"cannot write a '{out.suffix}' file",
            place=str(out),
            tip=f"name a file that ends in {' or '.join(SUFFIXES)}",
        )
    if out.is_dir():
        raise DataError("the output is a folder", place=str(out), tip="name a file in it")
    if out.exists() and source.exists() and os.path.samefile(source, out):
        raise DataError(
            "the output is the input file itself", place=str(out), tip="name another file"
        )
    if bundle is not None and out.resolve().is_relative_to(bundle.resolve()):
        raise DataError(
            "the output lies inside the bundle, which would no longer be whole",
            place=str(out),
            tip="name a file outside of it",
        )
    try:
        with tempfile.TemporaryFile(dir=_existing_parent(out)):
            pass
    except OSError as error:
        raise _unwritable(out, error) from error


def _existing_parent(path: Path) -> Path:
    return next((parent for parent in path.absolute().parents if parent.exists()), Path("/"))


def _answers(
    predictor: BundlePredictor, table: UnlabelledTable, progress: Progress | None
) -> list[_Answer]:
    reasons = {row.place: row.reason for row in table.set_aside}
    total = len(table.values)
    answers: list[_Answer] = []
    for start in range(0, total, SLICE):
        values = table.values[start : start + SLICE]
        scored = predictor.score(values)
        for offset in range(len(scored.probabilities)):
            reason = scored.errors.get(offset)
            if reason is not None:
                answers.append(_Answer((), reasons.get(table.places[start + offset], reason)))
                continue
            best = predictor.answer(scored, offset)
            every = best.outputs.values() or (best,)
            given = tuple((one.label, one.probability, one.review) for one in every)
            sets = tuple(one.prediction_set for one in every if one.prediction_set is not None)
            answers.append(_Answer(given, in_scope=best.in_scope, sets=sets))
        if progress is not None:
            progress("predicting", len(answers), total)
    return answers


def _free_names(header: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The names of the added columns, each one free in `header`.

    >>> _free_names(["text", "error"], (LABEL, SURE, ERROR))
    ('predicted_label', 'probability', 'error_2')
    """
    taken: set[str] = set(header)
    names: list[str] = []
    for name in wanted:
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free)
        names.append(free)
    return tuple(names)


def _write_csv(
    stream: TextIO, table: UnlabelledTable, columns: Sequence[str], answers: Sequence[list[Any]]
) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*table.header, *columns])
    for row, answer in zip(table.rows, answers, strict=True):
        kept = ["" if row.get(name) is None else row[name] for name in table.header]
        writer.writerow([*kept, *(_written(one) for one in answer)])


def _written(value: Any) -> str:
    """
    >>> [_written(value) for value in (None, True, 0.5, "card", ("card", "cash"))]
    ['', 'true', '0.500000', 'card', '["card", "cash"]']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _write_jsonl(
    stream: TextIO, table: UnlabelledTable, columns: Sequence[str], answers: Sequence[list[Any]]
) -> None:
    for row, answer in zip(table.rows, answers, strict=True):
        said = [round(one, 6) if isinstance(one, float) else one for one in answer]
        added = dict(zip(columns, said, strict=True))
        stream.write(json.dumps({**row, **added}, ensure_ascii=False, default=str) + "\n")


_WRITERS: dict[
    str, Callable[[TextIO, UnlabelledTable, Sequence[str], Sequence[list[Any]]], Any]
] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}


def _write(out: Path, write: Callable[[TextIO], Any]) -> None:
    """A file beside `out`, moved into its place when it is whole."""
    partial: str | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(partial, 0o644)
        os.replace(partial, out)
    except BaseException as error:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(out, error) from error
        raise


def _unwritable(out: Path, error: OSError) -> DataError:
    return DataError(
        f"the output cannot be written ({error.strerror or error})",
        place=str(out),
        tip="free some space, or name a file in a folder you may write to",
    )
