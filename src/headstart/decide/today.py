"""Today's process against the model: the sentences about it."""

from __future__ import annotations

from headstart.decide.case import Case
from headstart.decide.sentences import Sentence, distance, estimate, gap, names, quoted, say
from headstart.decide.words import count
from headstart.metrics.words import percent
from headstart.types.result import Comparison, NotAvailable

TODAY = "/evaluate/today"
TODAY_POINTER = f"{TODAY}/difference"


def today_gap(case: Case) -> Sentence:
    """`3.1 points more accuracy (95% interval +1.0 to +5.2, p = 0.004)`."""
    found = case.against_today
    if not isinstance(found, Comparison):
        return say("what is not known")
    size = distance(found, TODAY_POINTER, steps=case.steps)
    return say(size, " (", gap(found, TODAY_POINTER), ")")


def today_reason(case: Case) -> Sentence | None:
    """What today's process reaches, and how far the model is from it."""
    column = case.brief.data.current
    if column is None:
        return None
    found = case.evaluation.today
    if isinstance(found, NotAvailable):
        return say(
            "The model was not compared with today's process (column ", quoted(column), "): ",
            (found.reason, TODAY), ".",
        )  # fmt: skip
    parts: list[str | tuple[str, str] | Sentence] = [
        "Today's process (column ", quoted(column), ") is right on ",
        estimate("accuracy", found.accuracy, f"{TODAY}/accuracy"),
        ", the model on ",
        (percent(found.accuracy_of_model.value), f"{TODAY}/accuracy_of_model"),
        " of the same rows",
    ]  # fmt: skip
    if isinstance(found.difference, Comparison):
        parts += ["; the model scores ", today_gap(case)]
    parts += ["."]
    if found.answered.value < 1.0:
        share = (percent(found.answered.value), f"{TODAY}/answered")
        parts += [" It answers ", share, " of the rows; the others count for neither."]
    if found.strange:
        wrong = (count(found.strange), f"{TODAY}/strange")
        shown = names(found.strange_answers, f"{TODAY}/strange_answers")
        parts += [" ", wrong, " of its answers are no label and count as wrong: ", shown, "."]
    return say(*parts)
