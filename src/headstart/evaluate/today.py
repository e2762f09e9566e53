"""What today's process answers, against the model on the same rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.evaluate.held_rows import HeldRows
from headstart.evaluate.paired import BY_ANSWER
from headstart.types.brief import Brief
from headstart.types.result import Estimate, NotAvailable, TodayReport

NOT_NAMED = NotAvailable("the brief names no column of today's answers ([data] current)")
NO_ROWS = NotAvailable("no row is left that may decide")
NO_ANSWERS = NotAvailable("today's process answers none of the rows that decide")
NO_COSTS = NotAvailable("the brief names no costs of mistakes")
TODAY = "today's process"
SHOWN = 5


def today_report(
    rows: HeldRows,
    said: Answers,
    today: Sequence[str],
    labels: tuple[str, ...],
    *,
    chosen: str,
    metric: str,
    brief: Brief,
) -> TodayReport | NotAvailable:
    """Today's process and the model on the rows that today's process answers.

    A row that it leaves empty counts for neither. An answer that is no label is wrong, and costs
    what the worst mistake about that row costs; it is no class that macro-F1 averages over.
    Compared by the primary metric where that looks at
    answers, else by accuracy, since today's process states no probabilities.

    Args:
        rows: those that decide (n); said: the model's answers to them.
        today: what today's process answers to each of them (n,), empty where nothing.
    """
    if brief.data.current is None:
        return NOT_NAMED
    if not len(rows.codes):
        return NO_ROWS
    has = np.array([bool(answer) for answer in today])
    if not has.any():
        return NO_ANSWERS
    kept = [answer for answer in today if answer]
    index = {label: code for code, label in enumerate(labels)}
    strange = len(labels)
    given = np.array([index.get(answer, strange) for answer in kept], dtype=np.int64)
    answered = rows.kept(has)
    if isinstance(answered, NotAvailable):
        return answered
    codes, own = answered.codes, said[has]
    foreign = sorted({answer for answer in kept if answer not in index})
    theirs, ours = _todays(codes, own, given), _widened(own, codes)
    by = metric if metric in ("accuracy", "cost", *BY_ANSWER) else "accuracy"
    priced = own.costs is not None

    def cost(answers: Answers) -> Estimate | NotAvailable:
        return answered.mean(answers.spent(codes), 0.0) if priced else NO_COSTS

    all_right = np.zeros(len(has), dtype=bool)
    all_right[has] = given == codes
    return TodayReport(
        answered=rows.share(has),
        accuracy=answered.share(given == codes),
        accuracy_of_model=answered.share(own.given == codes),
        cost=cost(theirs),
        cost_of_model=cost(ours),
        difference=answered.compare(
            ours, theirs, names=(chosen, TODAY), metric=by, labels=len(labels)
        ),
        strange=int((given == strange).sum()),
        strange_answers=tuple(foreign[:SHOWN]),
        accuracy_of_all=rows.share(all_right),
    )


def _todays(y: NDArray[np.int64], model: Answers, given: NDArray[np.int64]) -> Answers:
    """Today's answers in the model's form, with a column more for answers that are no label."""
    sure = np.zeros((len(y), model.proba.shape[1] + 1))
    sure[np.arange(len(y)), given] = 1.0
    paid = None
    if model.costs is not None:
        worst = model.costs.max(axis=1, keepdims=True)
        paid = np.hstack([model.costs, worst])[y, given]
    return Answers(sure, given, None, paid)


def _widened(model: Answers, y: NDArray[np.int64]) -> Answers:
    """The model's answers with the same columns."""
    none = np.zeros((len(y), 1), dtype=model.proba.dtype)
    paid = model.spent(y) if model.costs is not None else None
    return Answers(np.hstack([model.proba, none]), model.given, None, paid)
