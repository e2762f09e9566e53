"""Two finished pilots, put beside each other from what their ledgers and journals kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from headstart.decide import ComparedRuns
from headstart.evaluate import pair_runs
from headstart.ports import RunStore
from headstart.types.brief import Brief
from headstart.types.comparison import PairedRuns
from headstart.types.errors import InputError
from headstart.types.ledger import LedgerRow, LedgerView, escape, flatten
from headstart.types.result import EvaluationReport, NotAvailable
from headstart.workflow.finished import Finished
from headstart.workflow.journal import code_version, fingerprint


@dataclass(frozen=True, slots=True)
class FinishedColumn:
    """What a finished pilot found about one label column."""

    brief: Brief
    evaluation: EvaluationReport
    metric: str


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a finished pilot knows of itself. `name` is how it is called beside another one; the
    first of `columns` is the one that the split was made by."""

    name: str
    view: LedgerView
    columns: Mapping[str, FinishedColumn]

    @classmethod
    def read(
        cls, store: RunStore, visited: Sequence[tuple[str, str]], name: str, place: str
    ) -> FinishedRun:
        """From the stages of a finished run; nothing but its store is read.

        Raises:
            PilotError: the run was made by a version whose reports this one cannot read.
        """
        found = Finished(store, visited, place)
        columns = {}
        names = found.columns or (found.report("data").label_column or "",)
        for number, column in enumerate(names):
            root = f"outputs/{escape(column)}/" if number else ""
            brief, evaluation, adapted = (
                found.report(f"{root}{stage}") for stage in ("brief", "evaluate", "adapt")
            )
            columns[column] = FinishedColumn(brief, evaluation, adapted.metric)
        return cls(name, LedgerView(store.ledger(visited)), columns)


def compare_runs(a: FinishedRun, b: FinishedRun) -> ComparedRuns:
    """Both ledgers and that of the paired tests. Nothing is written, and no hold-out is opened.

    Of two runs with one label column each, these are compared, whatever they are called; else each
    column that both have, at the confidence of its own.

    Raises:
        InputError: no column is in both, or for none of them the runs know the same labels and
            share a hold-out row that decides.
    """
    several = max(len(a.columns), len(b.columns)) > 1
    common = tuple(column for column in a.columns if column in b.columns) if several else ()
    if several and not common:
        raise InputError(
            f"no label column is in both: {', '.join(a.columns)} and {', '.join(b.columns)}",
            place=f"{a.name} and {b.name}",
            tip="only columns of one name are compared: name them alike and run again",
        )
    last = max(row.id for run in (a, b) for row in run.view.rows)
    base = 10 ** len(str(last))
    own: list[LedgerRow] = []
    for column, paired in _paired(a, b, common).items():
        pair = [run.columns[column] if several else _only(run) for run in (a, b)]
        provenance = {
            "first": fingerprint(pair[0].evaluation),
            "second": fingerprint(pair[1].evaluation),
            "code": code_version(),
        }
        root = f"/outputs/{escape(column)}" if several else ""
        leaves = enumerate(flatten(paired, f"{root}/compare"), 2 * base + 1 + len(own))
        own += [LedgerRow(number, at, value, provenance, "") for number, (at, value) in leaves]
    second = LedgerView(_moved(b.view.rows, base))
    return ComparedRuns((a.name, b.name), (a.view, second), LedgerView(own), base, common)


def _paired(
    a: FinishedRun, b: FinishedRun, common: Sequence[str]
) -> dict[str, PairedRuns | NotAvailable]:
    """The paired test of every common column; of one of several that cannot be had, why."""
    found: dict[str, PairedRuns | NotAvailable] = {}
    refused: list[InputError] = []
    for column in common or ("",):
        left, right = (run.columns[column] if common else _only(run) for run in (a, b))
        try:
            found[column] = pair_runs(
                left.evaluation,
                right.evaluation,
                names=(a.name, b.name),
                metrics=(left.metric, right.metric),
                briefs=(left.brief, right.brief),
            )
        except InputError as error:
            refused.append(error)
            found[column] = NotAvailable(error.message)
    if len(refused) == len(found):
        raise refused[0]
    return found


def _only(run: FinishedRun) -> FinishedColumn:
    return next(iter(run.columns.values()))


def _moved(rows: Iterable[LedgerRow], by: int) -> list[LedgerRow]:
    return [replace(row, id=row.id + by) for row in rows]
