"""Model selection: what the ledger says to each line."""

from __future__ import annotations

from headstart.decide.evidence import at, branches, value
from headstart.decide.figures import Quote, Reader
from headstart.decide.opening import TRANSFER_WORDS, backbone_name
from headstart.decide.readiness.line import (
    SELECTION,
    Known,
    Line,
    arm,
    asked,
    done,
    gain,
    gap,
    interval,
    metric_of,
)
from headstart.decide.words import listed
from headstart.metrics.words import metric_value
from headstart.types.ledger import escape


def _level(read: Reader) -> Known:
    metric = str(read.value("/adapt/metric", "accuracy"))
    level = read.number("/brief/requirement/level", lambda x: metric_value(metric, x))
    if level is None:
        return asked("the brief names no level")
    return done(metric_of(read), " of ", level)


def _baselines(read: Reader) -> Known:
    least, classical = arm(read, "majority"), arm(read, "classical")
    if least is None or classical is None:
        return gap("an arm without a network is missing")
    return done(
        "one answer for all ", *interval(least), ", classical features ", *interval(classical)
    )


def _frozen(read: Reader) -> Known:
    frozen = arm(read, "frozen")
    if frozen is None:
        return gap("no frozen backbone was run")
    verdicts = [
        str(value(read.view, f"{one}/verdict"))
        for one in branches(read.view, "/adapt/ladder/outcomes")
    ]
    after = (
        "; what was thawed was judged against it"
        if any(verdict != "not tried" for verdict in verdicts)
        else "; nothing was thawed"
    )
    return done("yes, ", *interval(frozen), after)


def _control(read: Reader) -> Known:
    random = arm(read, "random")
    if random is not None:
        return done("the same network with random weights ", *interval(random))
    for pointer in branches(read.view, "/adapt/unavailable"):
        if value(read.view, f"{pointer}/family") == "random":
            entry = at(read.view, f"{pointer}/why")
            if entry is not None:
                return asked(*read.prose(str(entry.value["reason"]), entry).parts)
    return asked("the network was not run with random weights")


def _transfer(read: Reader) -> Known:
    found = gain(read, "/adapt/transfer_comparison")
    if not found:
        return gap("nothing pretrained was compared with the rest")
    return done(TRANSFER_WORDS[read.value("/decide/transfer")], ": ", *found, " on equal folds")


def _candidates(read: Reader) -> Known:
    ran = branches(read.view, "/selection/race/standings") or branches(read.view, "/select")
    if len(ran) < 2:
        return asked("one backbone was tried")
    names = [str(value(read.view, f"{one}/ref", "")) for one in ran]
    names = [name or str(value(read.view, f"{one}/card/ref", "")) for name, one in
             zip(names, ran, strict=True)]  # fmt: skip
    return done("tried: ", Quote(listed(names), 200))


def _licence(read: Reader) -> Known:
    ref = read.value("/decide/chosen/backbone")
    if not ref:
        return done("no pretrained network ships")
    licence = str(read.value(f"/select/{escape(ref)}/card/licence", "not stated"))
    use = str(read.value("/brief/use", "commercial"))
    return asked(Quote(backbone_name(read), 60), ": ", Quote(licence, 80), f", for {use} use")


LINES = (
    Line(
        "required_level",
        SELECTION,
        "Is it named what the result must reach?",
        "Set requirement.level in headstart.toml and run again, or say why none is needed.",
        _level,
    ),
    Line(
        "simple_baselines",
        SELECTION,
        "Were simple baselines run on the same folds?",
        "Run again without leaving arms out.",
        _baselines,
    ),
    Line(
        "frozen_baseline",
        SELECTION,
        "Was there a frozen baseline before thawing?",
        "Name a backbone with --backbone and run again.",
        _frozen,
    ),
    Line(
        "random_control",
        SELECTION,
        "Is it the pretraining that helps, and not the network?",
        "Use a backbone that can be given random weights, or say why the control is not needed.",
        _control,
    ),
    Line(
        "transfer_tested",
        SELECTION,
        "Was the gain from transfer tested in pairs?",
        "Name a backbone with --backbone and run again.",
        _transfer,
    ),
    Line(
        "several_backbones",
        SELECTION,
        "Was more than one backbone tried?",
        "Run headstart select on this pilot, then headstart run.",
        _candidates,
        of_sets="Name several with --backbone and run again: all are tried on the same folds.",
    ),
    Line(
        "licence_cleared",
        SELECTION,
        "Has somebody cleared the licence for this use?",
        "Let whoever answers for licences read the card, and write down their word.",
        _licence,
    ),
)
