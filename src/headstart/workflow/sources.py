"""The data of a run: what was read, and what is told about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headstart.data import load_dataset
from headstart.ports import Progress
from headstart.types.brief import Brief
from headstart.types.data import DataReport, Dataset


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
