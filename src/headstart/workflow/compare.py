"""Two finished pilots, put beside each other from what their ledgers and journals kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from headstart.decide import ComparedRuns
from headstart.evaluate import pair_runs
from headstart.ports import RunStore
from headstart.types.brief import Brief
from headstart.types.codec import decode
from headstart.types.ledger import LedgerRow, LedgerView, flatten
from headstart.types.result import EvaluationReport
from headstart.workflow.journal import code_version, fingerprint


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a finished pilot knows of itself. `name` is how it is called beside another one."""

    name: str
    view: LedgerView
    brief: Brief
    evaluation: EvaluationReport
    metric: str

    @classmethod
    def read(cls, store: RunStore, visited: Sequence[tuple[str, str]], name: str) -> FinishedRun:
        """From the stages of a finished run; nothing but its store is read."""
        keys = dict(visited)
        brief, evaluation, adapt = (
            decode(store.finished(stage, keys[stage]) or b"null")
            for stage in ("brief", "evaluate", "adapt")
        )
        return cls(name, LedgerView(store.ledger(visited)), brief, evaluation, adapt.metric)


def compare_runs(a: FinishedRun, b: FinishedRun) -> ComparedRuns:
    """Both ledgers and that of the paired test. Nothing is written, and no hold-out is opened.

    Raises:
        InputError: the runs know different labels, or share no hold-out row that decides.
    """
    names = a.name, b.name
    paired = pair_runs(
        a.evaluation,
        b.evaluation,
        names=names,
        metrics=(a.metric, b.metric),
        briefs=(a.brief, b.brief),
    )
    last = max(row.id for run in (a, b) for row in run.view.rows)
    base = 10 ** len(str(last))
    provenance = {
        "first": fingerprint(a.evaluation),
        "second": fingerprint(b.evaluation),
        "code": code_version(),
    }
    leaves = enumerate(flatten(paired, "/compare"), 2 * base + 1)
    own = [LedgerRow(number, at, value, provenance, "") for number, (at, value) in leaves]
    second = LedgerView(_moved(b.view.rows, base))
    return ComparedRuns(names, (a.view, second), LedgerView(own), base)


def _moved(rows: Iterable[LedgerRow], by: int) -> list[LedgerRow]:
    return [replace(row, id=row.id + by) for row in rows]
