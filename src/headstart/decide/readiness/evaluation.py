"""Evaluation: what the ledger says to each line."""

from __future__ import annotations

from headstart.decide.certificate import certificate_chapter
from headstart.decide.evidence import at, branches, is_estimate, kind, value
from headstart.decide.figures import Quote, Reader
from headstart.decide.looks import widened
from headstart.decide.readiness.line import (
    EVALUATION,
    Known,
    Line,
    asked,
    done,
    gain,
    gap,
    interval,
)
from headstart.metrics.words import LOWER_IS_BETTER, metric_value, percent
from headstart.types.ledger import escape


def _sealed(read: Reader) -> Known:
    n = read.number("/evaluate/n")
    if read.value("/evaluate/basis") != "hold-out" or n is None:
        return gap("none; the figures are cross-validated")
    return done("yes, ", n, " rows that nothing was chosen on")


def _openings(read: Reader) -> Known | None:
    times = read.value("/evaluate/openings", 0)
    openings = read.number("/evaluate/openings")
    if not times or openings is None:
        return None
    if times == 1:
        return done("opened ", openings, " time")
    said = (
        "opened ", openings, " times: what was changed in between may have been fitted to it",
    )  # fmt: skip
    wider = widened(read)
    if wider is None:
        return gap(*said)
    return gap(*said, "; its intervals are at ", wider, ", which pays for the looks alone")


def _reached(read: Reader) -> Known | None:
    metric = str(read.value("/adapt/metric", "accuracy"))
    level = read.number("/brief/requirement/level", lambda x: metric_value(metric, x))
    entry = read.at(f"/evaluate/metrics/{escape(metric)}")
    if level is None:
        return None
    found = read.measure(metric, entry)
    said = (*interval(found), ", required ", level)
    if not is_estimate(entry) or entry is None or entry.value["low"] is None:
        return gap(*said)
    wanted = read.value("/brief/requirement/level")
    sure = (
        entry.value["high"] <= wanted if metric in LOWER_IS_BETTER else entry.value["low"] >= wanted
    )
    return done(*said) if sure else gap(*said)


def _simplest(read: Reader) -> Known | None:
    found = gain(read, "/evaluate/against_majority")
    if not found:
        return None
    entry = read.view.entry("/evaluate/against_majority")
    said = (*found, " over one answer for all")
    return done(*said) if entry.value["verdict"] == "helps" else gap(*said)


def _today(read: Reader) -> Known | None:
    column = read.value("/brief/data/current")
    if column is None:
        return None
    found = gain(read, "/evaluate/today/difference")
    if not found:
        why = read.at("/evaluate/today") or read.at("/evaluate/today/difference")
        return gap(*(read.measure("", why).why.parts if why else ("not measured",)))
    entry = read.view.entry("/evaluate/today/difference")
    said = (*found, " over today's process (", Quote(str(column), 40), ")")
    return done(*said) if entry.value["verdict"] == "helps" else gap(*said)


def _production(read: Reader) -> Known:
    if read.value("/brief/data/time_column"):
        return asked("the latest rows were held out")
    how = {
        "file": "the hold-out is a file of its own",
        "carved": "the hold-out is a random part of the same data",
        "none": "there is no hold-out",
    }
    return asked(how.get(str(read.value("/audit/holdout_kind")), "not recorded"))


def _calibration(read: Reader) -> Known:
    entry = read.at("/evaluate/calibration/error")
    if entry is None or not is_estimate(entry):
        why = read.at("/evaluate/calibration")
        return gap(*(read.measure("", why).why.parts if why else ("it was not measured",)))
    found = read.measure("accuracy", entry)
    return done("yes; stated and true shares differ by ", *interval(found))


def _weakest(read: Reader) -> Known | None:
    rows = [
        (found.value["value"], pointer, found)
        for pointer in branches(read.view, "/evaluate/per_class")
        if (found := at(read.view, f"{pointer}/recall")) is not None and is_estimate(found)
    ]
    if not rows:
        return None
    _, pointer, entry = min(rows, key=lambda row: (row[0], row[1]))
    label = Quote(str(value(read.view, f"{pointer}/label")), 60)
    return done("the weakest is ", label, ", recall ", *interval(read.measure("accuracy", entry)))


def _mistakes(read: Reader) -> Known | None:
    if not branches(read.view, "/evaluate/errors"):
        return None
    return asked("the memo lists the most confident ones")


def _costs(read: Reader) -> Known:
    found = read.at("/evaluate/costs/answers")
    if is_estimate(found):
        return done(*interval(read.measure("cost", found)), " a case")
    why = read.at("/evaluate/costs")
    return asked(*(read.measure("", why).why.parts if why else ("not measured",)))


def _alone(read: Reader) -> Known:
    chapter = certificate_chapter(read)
    entry = read.at("/evaluate/certificate")
    if chapter is None or entry is None:
        return asked("the brief names no largest share of wrong answers")
    if kind(entry) != "SelectiveCertificate":
        return gap(*chapter["why"].parts)
    answered = read.figure(percent(entry.value["coverage"]), entry)
    least = read.figure(f"{entry.value['threshold']:.4f}", entry)
    return done("certified for ", answered, " of the cases, from a probability of ", least, " on")


def _outside(read: Reader) -> Known:
    entry = read.at("/evaluate/outside/recall")
    if is_estimate(entry):
        noticed = ("it notices ", *interval(read.measure("accuracy", entry)), " of them")
        alone = read.at("/evaluate/outside/alone")
        if not is_estimate(alone):
            return done(*noticed)
        answered = interval(read.measure("accuracy", alone))
        return done(*noticed, ", and answers ", *answered, " without a person")
    why = read.at("/evaluate/outside")
    return asked(*(read.measure("", why).why.parts if why else ("not measured",)))


LINES = (
    Line(
        "sealed_holdout",
        EVALUATION,
        "Was the result judged on a sealed hold-out?",
        "Label more rows, or name a hold-out with --holdout.",
        _sealed,
    ),
    Line(
        "opened_once",
        EVALUATION,
        "Was the hold-out opened once?",
        "Take new rows for the figure that is to be quoted.",
        _openings,
    ),
    Line(
        "level_reached",
        EVALUATION,
        "Is the required level surely reached?",
        "Follow the memo's next steps, or ask for another level.",
        _reached,
    ),
    Line(
        "beats_one_answer",
        EVALUATION,
        "Does it beat one answer for all?",
        "Do not ship; look at the data first.",
        _simplest,
    ),
    Line(
        "beats_today",
        EVALUATION,
        "Does it beat today's process?",
        "Label more rows that today's process has answered, or keep today's process.",
        _today,
    ),
    Line(
        "production_like",
        EVALUATION,
        "Does the hold-out look like production?",
        "Compare it with a week of real cases: source, time, share of each class.",
        _production,
    ),
    Line(
        "calibration_checked",
        EVALUATION,
        "Do stated probabilities come true?",
        "Run again with a hold-out, and read the memo's chapter on calibration.",
        _calibration,
    ),
    Line(
        "classes_looked_at",
        EVALUATION,
        "Was it measured class by class?",
        "Read the memo's table of classes.",
        _weakest,
    ),
    Line(
        "mistakes_read",
        EVALUATION,
        "Has somebody who knows the task read the mistakes?",
        "Read the mistakes in the memo together, and write down what they have in common.",
        _mistakes,
    ),
    Line(
        "cost_of_mistakes",
        EVALUATION,
        "Is it known what mistakes cost?",
        "Fill in [mistakes] of headstart.toml and run again.",
        _costs,
    ),
    Line(
        "answers_alone",
        EVALUATION,
        "Is it certified when the model may answer alone?",
        "Set requirement.max_error in headstart.toml and run again, or say why it never may.",
        _alone,
        "Add hold-out rows and run again; until then let a person check every answer.",
    ),
    Line(
        "out_of_scope",
        EVALUATION,
        "Does it notice cases that are none of the classes?",
        "Label some such rows, name the label in headstart.toml and run again.",
        _outside,
    ),
)
