"""The data of a run: what was read, and what is told about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headstart.data import load_dataset, load_values, text_key
from headstart.data.images import check_images
from headstart.ports import Progress
from headstart.types.brief import Brief
from headstart.types.data import DataReport, Dataset
from headstart.types.errors import DataError
from headstart.workflow.relatedness import Reference

FEWEST_TO_COMPARE = 10


@dataclass(frozen=True, slots=True)
class Sources:
    """The labelled rows, and the user's own hold-out if there is one."""

    dataset: Dataset
    holdout: Dataset | None

    def report(self) -> DataReport:
        """The part of the data that a person is told about."""
        data, holdout = self.dataset, self.holdout
        return DataReport(
            modality=data.modality,
            rows=len(data),
            classes=data.labels,
            sha256=data.sha256,
            source=data.source,
            input_column=data.input_column,
            label_column=data.label_column,
            set_aside=data.set_aside,
            remarks=data.remarks,
            holdout_source=holdout.source if holdout else None,
            holdout_rows=len(holdout) if holdout else None,
            holdout_sha256=holdout.sha256 if holdout else None,
            holdout_set_aside=holdout.set_aside if holdout else (),
        )


def read_sources(brief: Brief, progress: Progress) -> Sources:
    """Read the data that the brief names.

    Raises:
        DataError: it cannot be used.
    """
    said = brief.data
    dataset = load_dataset(
        Path(said.path),
        input_column=said.input_column,
        label_column=said.label_column,
        modality=said.modality,
        progress=progress,
        separator=said.separator,
    )
    if said.holdout is None:
        return Sources(dataset, None)
    holdout = load_dataset(
        Path(said.holdout),
        input_column=dataset.input_column,
        label_column=dataset.label_column,
        modality=dataset.modality,
        progress=progress,
        purpose="hold-out",
        separator=said.separator,
    )
    return Sources(dataset, holdout)


def read_reference(brief: Brief, sources: Sources, progress: Progress) -> Reference | None:
    """The sample that the brief names of what the networks were trained on; labels are not needed.

    Raises:
        DataError: it cannot be read, or fewer than ten of its rows can be used.
    """
    if brief.reference is None:
        return None
    path, data = Path(brief.reference), sources.dataset
    try:
        table = load_values(path, input_column=data.input_column, modality=data.modality)
    except DataError:
        table = load_values(path, modality=data.modality)
    values = [value for value in table.values if value is not None]
    if data.modality == "text":
        keys = [text_key(value) for value in values]
    else:
        checked = zip(values, check_images([Path(v) for v in values], progress), strict=True)
        usable = [(value, check.key) for value, check in checked if check.key is not None]
        values, keys = [value for value, _ in usable], [key for _, key in usable]
    if len(values) < FEWEST_TO_COMPARE:
        raise DataError(
            f"{len(values)} of its rows can be used; to compare with, at least "
            f"{FEWEST_TO_COMPARE} are needed",
            place=str(path),
            tip="name a larger sample with --reference, or leave it out",
        )
    return Reference(tuple(values), tuple(keys))
