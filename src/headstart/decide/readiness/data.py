"""Data quality: what the ledger says to each line."""

from __future__ import annotations

from headstart.decide.evidence import at, branches, leaves, value
from headstart.decide.figures import Quote, Reader
from headstart.decide.findings import finding_pointers, skipped
from headstart.decide.opening import several_labels
from headstart.decide.readiness.line import DATA, Known, Line, Part, asked, done, gap
from headstart.decide.words import count, listed

SERIOUS = 0.5


def _leakage(read: Reader) -> Known:
    parts: list[Part] = []
    for pointer in finding_pointers(read.view):
        name = value(read.view, f"{pointer}/check")
        if name == "near-duplicates" and not parts:
            groups = read.number(f"{pointer}/numbers/groups")
            if groups:
                one = value(read.view, f"{pointer}/numbers/groups") == 1
                parts += ["yes, ", groups, " group" if one else " groups", " kept on one side"]
    n, every = read.number("/evaluate/n"), read.number("/evaluate/n_all")
    if read.value("/evaluate/basis") == "hold-out" and n and every:
        parts += ["; " if parts else "yes, ", n, " of ", every, " hold-out rows decide"]
    return done(*(parts or ["yes, no near-duplicates were found"]))


def _related(read: Reader) -> Known:
    column = read.value("/brief/data/group_column")
    if column:
        return done("kept together by column ", Quote(str(column), 60))
    for pointer in finding_pointers(read.view):
        if value(read.view, f"{pointer}/check") == "hidden-groups":
            return gap(*read.prose(str(value(read.view, f"{pointer}/title")),
                                   read.view.entry(f"{pointer}/title")).parts)  # fmt: skip
    return asked("no column of customers, devices or speakers is named")


def _labels(read: Reader) -> Known:
    check = "further-labels" if several_labels(read) else "labels"
    for pointer in branches(read.view, "/checks"):
        if value(read.view, f"{pointer}/check") != check:
            continue
        why = at(read.view, f"{pointer}/skipped")
        if why is not None and why.value:
            return gap(*read.prose(str(why.value["reason"]), why).parts)
        titles = branches(read.view, f"{pointer}/findings")
        if not titles:
            return done("checked, nothing found")
        first = read.view.entry(f"{titles[0]}/title")
        return done("checked: ", *read.prose(str(first.value), first).parts)
    return gap("the labels were not checked")


def _serious(read: Reader) -> Known:
    found = [
        pointer
        for pointer in finding_pointers(read.view)
        if value(read.view, f"{pointer}/severity", 0.0) >= SERIOUS
    ]
    if not found:
        return done("the audit found nothing serious")
    first = read.view.entry(f"{found[0]}/title")
    more = ", and more" if len(found) > 1 else ""
    return gap(*read.prose(str(first.value), first).parts, more)


def _checked(read: Reader) -> Known | None:
    ran = branches(read.view, "/checks")
    if not ran:
        return None
    out = [name.replace("-", " ") for name, _ in skipped(read)]
    return done("every check ran") if not out else done("all but ", Quote(listed(out), 160))


def _definitions(read: Reader) -> Known:
    named = branches(read.view, "/brief/data/definitions")
    return done("they stand in the brief") if named else asked("the brief defines no label")


def _shares(read: Reader) -> Known | None:
    if several_labels(read):
        return None
    if branches(read.view, "/brief/data/prevalence"):
        return done("the brief names the share of each class")
    counts = [entry.value for _, entry in leaves(read.view, "/audit/class_counts")]
    if counts and max(counts) - min(counts) <= 1:
        largest = max(leaves(read.view, "/audit/class_counts"), key=lambda pair: pair[1].value)[1]
        return gap("every class has ", read.figure(count(largest.value), largest), " rows")
    return asked("the rows are taken to come as cases do")


def _small(read: Reader) -> Known:
    entry = read.at("/audit/small_classes")
    if entry is None or not entry.value:
        return done("every class has rows in every fold")
    return gap("too few rows: ", Quote(listed([str(name) for name in entry.value]), 160))


def _permission(read: Reader) -> Known:
    for pointer in finding_pointers(read.view):
        if value(read.view, f"{pointer}/check") == "personal-data":
            title = read.view.entry(f"{pointer}/title")
            return asked(*read.prose(str(title.value), title).parts)
    return asked("nothing recorded")


LINES = (
    Line("leakage_checked", DATA, "Was leakage checked?", "Run headstart audit.", _leakage),
    Line(
        "related_rows",
        DATA,
        "Do rows of one customer or device stay together?",
        "Name the column with --group and run again, or say why rows do not belong together.",
        _related,
    ),
    Line(
        "labels_checked",
        DATA,
        "Were the labels checked?",
        "Read the most suspicious ones with headstart relabel.",
        _labels,
        of_sets="Read the rows that audit.html lists, and mend their labels in the file.",
    ),
    Line(
        "serious_findings",
        DATA,
        "Is every serious finding of the audit dealt with?",
        "Open audit.html, act on it and run again.",
        _serious,
    ),
    Line(
        "checks_ran",
        DATA,
        "Did the checks of the data run?",
        "Open audit.html for what is missing.",
        _checked,
    ),
    Line(
        "label_definitions",
        DATA,
        "Is it written down what each label means?",
        "Fill in [labels] of headstart.toml, or say where the definitions are.",
        _definitions,
    ),
    Line(
        "shares_in_use",
        DATA,
        "Is it known how common each class is in use?",
        "Name the shares with --prevalence and run again, or say that the rows came as cases do.",
        _shares,
    ),
    Line(
        "rows_in_each_class",
        DATA,
        "Has every class enough rows?",
        "Label more rows of these classes, or join them.",
        _small,
    ),
    Line(
        "permission",
        DATA,
        "May the data be used for this (consent, contract, personal data)?",
        "Ask whoever answers for data protection, and write down their word.",
        _permission,
    ),
)
