"""A printable scorecard for an interview, with this pilot as its case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from headstart.decide import appendix
from headstart.decide.environment import asset, environment
from headstart.decide.evidence import at, branches, is_estimate, kind, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.findings import finding_pointers
from headstart.decide.opening import backbone_name
from headstart.decide.readiness.line import arm, gain, interval, metric_of
from headstart.decide.readiness.page import tidied
from headstart.decide.words import count, megabytes, milliseconds
from headstart.metrics.words import difference, metric_value, percent, unit
from headstart.types.ledger import LedgerRow, LedgerView

FINDINGS = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """One area of the interview: the case is put from the ledger, the rest is the same for all."""

    title: str
    case: Callable[[Reader], list[Said]]
    question: str
    good: str
    fair: str
    poor: str


def interview_html(view: LedgerView) -> str:
    """The scorecard as one self-contained page to print: no network, no script.

    Raises:
        KeyError: the view holds no decision.
    """
    css = Markup(asset("memo.css") + asset("readiness.css"))
    return environment(False).get_template("interview.html.j2").render(**_context(view), css=css)


def interview_markdown(view: LedgerView) -> str:
    """The same in Markdown; each number is followed by the ledger row it was read from.

    Raises:
        KeyError: the view holds no decision.
    """
    return tidied(environment(True).get_template("interview.md.j2").render(**_context(view)))


def _context(view: LedgerView) -> dict[str, Any]:
    view.entry("/decide/ship")
    read = Reader(_without_content(view))
    context = {
        "name": Quote(str(read.value("/brief/name", "")), 120),
        "task": _task(read),
        "topics": [
            {
                "title": topic.title,
                "case": topic.case(read),
                "question": topic.question,
                "sounds": (("Good", topic.good), ("Fair", topic.fair), ("Poor", topic.poor)),
            }
            for topic in TOPICS
        ],
    }
    return {**context, "ledger": appendix.ledger(read)}


def _without_content(view: LedgerView) -> LedgerView:
    """The same ledger without the rows of data that it quotes: people from outside read this."""

    def bare(row: LedgerRow) -> LedgerRow:
        if not row.pointer.startswith("/evaluate/errors/"):
            return row
        kept = {key: row.value[key] for key in ("kind", "label", "predicted", "probability")}
        return replace(row, value=kept)

    return LedgerView(bare(row) for row in view.rows)


def _task(read: Reader) -> Said:
    rows, classes = read.number("/data/rows"), read.at("/data/classes")
    what = str(read.value("/data/modality", "text"))
    if rows is None or classes is None:
        return Said(("The case is a real pilot.",))
    number = read.figure(count(len(classes.value)), classes)
    return Said(("The case is a real pilot: ", rows, f" labelled {what}s in ", number, " classes."))


def _judgement(read: Reader) -> list[Said]:
    found = [
        Said((f"{words[0].upper()}{words[1:]}: ", *interval(score), f" {metric_of(read)}."))
        for family, words in (
            ("majority", "always the largest class"),
            ("classical", "classical features and a linear head"),
            ("random", "the network with random weights"),
            ("frozen", "the pretrained network, frozen, with a new head"),
        )
        if (score := arm(read, family)) is not None and score.value is not None
    ]
    gap = gain(read, "/adapt/transfer_comparison")
    if gap:
        found.append(Said(("The best pretrained arm less the best other one: ", *gap, ".")))
    margin = read.at("/adapt/margin")
    metric = str(read.value("/adapt/metric", "accuracy"))
    if margin is not None:
        least = read.figure(difference(metric, margin.value), margin)
        found.append(
            Said(
                (
                    "The brief calls a gain worth it from ",
                    least,
                    f" {unit(metric, steps=read.steps)} on.",
                )
            )
        )
    return found


def _workflow(read: Reader) -> list[Said]:
    frozen = arm(read, "frozen")
    found = []
    if frozen is not None and frozen.value is not None:
        found.append(
            Said(("The frozen baseline stands at ", *interval(frozen), f" {metric_of(read)}."))
        )
    for pointer in branches(read.view, "/adapt/ladder/outcomes"):
        verdict = str(value(read.view, f"{pointer}/verdict"))
        moved = gain(read, f"{pointer}/gain")
        if moved:
            name = Quote(str(value(read.view, f"{pointer}/rung")), 40)
            found.append(
                Said(("Thawed ", name, ": ", *moved, f" over the best so far; {verdict}."))
            )
    rows = read.number("/evaluate/n")
    if read.value("/evaluate/basis") == "hold-out" and rows:
        found.append(Said((rows, " rows are held out and sealed.")))
    else:
        found.append(Said(("There were too few rows to hold some out.",)))
    return found


def _data(read: Reader) -> list[Said]:
    found = []
    for pointer in finding_pointers(read.view)[:FINDINGS]:
        title = read.view.entry(f"{pointer}/title")
        found.append(Said((*read.prose(str(title.value), title).parts, ".")))
    return found or [Said(("The audit found nothing to report.",))]


def _failures(read: Reader) -> list[Said]:
    found = []
    rows = [
        (entry.value["value"], pointer, entry)
        for pointer in branches(read.view, "/evaluate/per_class")
        if (entry := at(read.view, f"{pointer}/recall")) is not None and is_estimate(entry)
    ]
    if rows:
        _, pointer, entry = min(rows, key=lambda row: (row[0], row[1]))
        label = Quote(str(value(read.view, f"{pointer}/label")), 60)
        recall = interval(read.measure("accuracy", entry))
        found.append(Said(("The weakest class is ", label, " with a recall of ", *recall, ".")))
    for pointer in branches(read.view, "/evaluate/errors")[:2]:
        error = read.view.entry(pointer)
        sure = read.figure(percent(error.value["probability"]), error)
        truth, answer = (Quote(str(error.value[key]), 60) for key in ("label", "predicted"))
        found.append(
            Said(("A case labelled ", truth, " was answered ", answer, " with a probability of ",
                  sure, "."))
        )  # fmt: skip
    stated = read.at("/evaluate/calibration/error")
    if stated is not None and is_estimate(stated):
        error_ = interval(read.measure("accuracy", stated))
        found.append(Said(("Stated and true shares differ by ", *error_, ".")))
    return found or [Said(("No wrong answer was recorded.",))]


def _production(read: Reader) -> list[Said]:
    found: list[Said] = []
    name = backbone_name(read)
    if name:
        found.append(Said(("What would ship is built on ", Quote(name, 60), ".")))
    p95 = read.at("/package/latency_ms/p95")
    if p95 is not None and is_estimate(p95):
        took = interval(read.measure("", p95, milliseconds))
        found.append(Said(("One answer takes ", *took, " at p95 on one machine.")))
    size = read.number("/package/size_bytes", megabytes)
    if size:
        found.append(Said(("The bundle has ", size, ".")))
    entry = read.at("/evaluate/certificate")
    if entry is not None and kind(entry) == "SelectiveCertificate":
        share = read.figure(percent(entry.value["reviewed"]), entry)
        wrong = read.figure(percent(entry.value["limit"]), entry)
        found.append(
            Said((share, " of the cases go to people, so that at most ", wrong,
                  " of the other answers are wrong."))
        )  # fmt: skip
    else:
        found.append(Said(("No probability is certified from which it may answer alone.",)))
    metric = str(read.value("/adapt/metric", "accuracy"))
    level = read.number("/brief/requirement/level", lambda x: metric_value(metric, x))
    if level:
        found.append(Said(("The product asks for ", level, f" {metric_of(read)}.")))
    return found


TOPICS = (
    Topic(
        "Judgement of transfer",
        _judgement,
        "Would you build this on the pretrained network? What would change your mind?",
        "Looks at the interval and the margin before the means. Uses the control with random "
        "weights and the simple baseline to say where a gain comes from. Names what would turn the "
        "answer: more labels, a closer source, other inputs, another price.",
        "Compares the right two figures and knows that pretraining can fail to help, but takes "
        "the difference at face value or forgets the control.",
        "Takes the pretrained network because it is newer, larger or usual, or decides by one "
        "figure without asking how sure it is.",
    ),
    Topic(
        "Training workflow",
        _workflow,
        "Which steps do you take from here, how do you see that each was worth it, and what do you "
        "not look at while deciding?",
        "Starts from the frozen baseline, changes one thing at a time from the top of the network, "
        "with small rates and a rule for stopping; judges each step in pairs on the same folds and "
        "goes back if it does not pay. Leaves the hold-out sealed until one model is left.",
        "Thaws in a sensible order and watches a validation score, but changes several things at "
        "once or has no rule for when to stop.",
        "Trains everything at once at one rate, picks the best of many runs by the rows that are "
        "to judge it, or cannot say how to tell a gain from luck.",
    ),
    Topic(
        "Data quality",
        _data,
        "Which of these do you act on before training anything, and how would each have shown in "
        "the score?",
        "Says for each whether it flatters the score or lowers it: copies across the split "
        "flatter, wrong labels cap it, a shortcut flatters until the source changes. Reads "
        "rows before deciding, and repairs the process that made them.",
        "Finds the serious ones and would clean the rows, without saying what each does to the "
        "score or where it came from.",
        "Leaves the data to others, removes whatever is in the way, or drops hard rows from the "
        "hold-out because they lower the score.",
    ),
    Topic(
        "Failure analysis",
        _failures,
        "You have these answers and an hour. What do you do, and what do you expect to find?",
        "Reads the mistakes first and sorts them by cause: label wrong, input cut or unclear, "
        "classes that overlap, something never seen in training. Counts each cause, then chooses "
        "the repair with the most effect, which may be the definition and not the model.",
        "Looks at the confusions and the weak class and has repairs at hand, but goes from a few "
        "examples straight to one of them.",
        "Proposes a larger model or more data without having read a mistake, or calls confident "
        "mistakes noise.",
    ),
    Topic(
        "Production thinking",
        _production,
        "It is to go live next week. What must be in place, and what makes you switch it off?",
        "Names the way back first and has tried it. Watches inputs, confidence and reviewed cases, "
        "each with a value at which a named person acts. Knows what a mistake and a review cost, "
        "measures on the machine that serves, and plans where new labels come from.",
        "Thinks of latency, monitoring and a way back, but without values, names or a rehearsal.",
        "Sees the work as done when the score is reached, or leaves everything after that to the "
        "people who run the service.",
    ),
)
