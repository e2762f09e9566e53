"""The rules once more, on the evidence of a finished run: nothing is trained, and no hold-out is
opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headstart.bundles import verify
from headstart.decide import RULES_VERSION, decide, decide_together
from headstart.package import publish
from headstart.ports import RunStore
from headstart.types.brief import Brief, said_as
from headstart.types.errors import BundleError, PilotError
from headstart.types.ledger import escape, flatten, unescape
from headstart.types.result import Decision
from headstart.workflow.documents import write_documents
from headstart.workflow.finished import Finished
from headstart.workflow.further import further_brief
from headstart.workflow.journal import Journal, fingerprint
from headstart.workflow.model_card import model_card
from headstart.workflow.pilot import Pilot

OF_THE_RULES = ("requirement.level", "budget.latency_ms", "mistakes.failure_cost", "task.value")
"""Fields of the brief that only the rules and the memo read."""
OF_A_SELECTION = ("requirement.level", "budget.latency_ms")
"""Of those, what a selection of the backbone has read too."""


def decide_again(
    pilot: Pilot, store: RunStore, visited: Sequence[tuple[str, str]], brief: Brief
) -> Decision:
    """The decision by the rules and the brief as they are now; memo, decision.json and the bundle's
    card are written anew. The ledger keeps the earlier one.

    visited: (stage, inputs) of the newest finished run. brief: as it is now.

    Raises:
        PilotError: the brief asks for something that was measured otherwise, or the evidence is of
            a version that cannot be read.
    """
    found = Finished(store, tuple(visited), str(pilot.folder))
    _check_measured(found, brief, pilot)
    journal = Journal(store)
    several = found.columns
    decisions: dict[str, Decision] = {}
    for number, column in enumerate(several or ("",)):
        root = f"outputs/{escape(column)}/" if number else ""
        own = brief
        if number:
            own = further_brief(brief, column, found.report("audit").metric)
        _put(journal, found, f"{root}brief", own)
        decisions[column] = _decided(journal, found, root, column if several else "", own)
    if several:
        metrics = {
            column: found.report(f"outputs/{escape(column)}/adapt" if number else "adapt").metric
            for number, column in enumerate(several)
        }
        decision = decide_together(decisions, metrics)
        _put(journal, found, "decide", decision)
    else:
        decision = decisions[""]
    made = dict(journal.visited)
    journal.visited[:] = [
        (stage, made.get(stage, key)) for stage, key in visited if stage != "finished"
    ]
    view = journal.view()
    _renew_card(pilot, found, model_card(view))
    write_documents(pilot, view)
    journal.finish()
    return decision


def _decided(journal: Journal, found: Finished, root: str, column: str, brief: Brief) -> Decision:
    """The decision about one label column. root: where its evidence stands; column: its name, where
    there are several."""
    split, adapted, evaluation = (
        found.report(f"{root}{stage}") for stage in ("audit", "adapt", "evaluate")
    )
    cards = [found.report(stage) for stage, _ in found.visited if stage.startswith("select/")]
    package, checks = found.report("package"), found.report("checks")
    made = decide(brief, split, adapted, evaluation, package, cards, checks=checks)
    stage = f"outputs/{escape(column)}/decide" if column else "decide"
    # The fitted model is part of the evidence, and was described when it was at hand.
    decision = replace(made, chosen=found.report(stage).chosen)
    _put(journal, found, stage, decision)
    return decision


def _put(journal: Journal, found: Finished, stage: str, report: Any) -> None:
    """Record a report in place of that of a finished stage, unless it says the same."""
    if report == found.report(stage):
        return
    *under, name = stage.split("/")
    root = Journal(journal.store, "/".join(under))
    root.visited = journal.visited
    inputs = {
        "data": fingerprint(found.report("data")),
        "report": fingerprint(report),
        "rules": RULES_VERSION,
    }
    root.stage(name, inputs, lambda: report, pointer=f"/{name}")


def _check_measured(found: Finished, brief: Brief, pilot: Pilot) -> None:
    """Whether the evidence answers what the brief asks now."""
    before = found.report("brief")
    free = set(OF_THE_RULES)
    if any(stage == "selection" for stage, _ in found.visited):
        free -= set(OF_A_SELECTION)
    costs = before.weighs_mistakes or bool(before.column_costs)
    by_level = costs and before.requirement.metric is None
    if by_level and (before.requirement.level is None) != (brief.requirement.level is None):
        free.discard("requirement.level")
    said, now = (_fields(one) for one in (before, brief))
    changed = sorted(name for name in said.keys() | now.keys() if said.get(name) != now.get(name))
    measured = [name for name in changed if name not in free]
    if measured:
        raise PilotError(
            f"the brief was changed in what the evidence depends on ({', '.join(measured)})",
            place=str(pilot.brief),
            tip=f"measure again: headstart run {pilot.folder}, or take the change back",
        )


def _fields(brief: Brief) -> dict[str, Any]:
    """The brief's fields by their names in headstart.toml. Which of them were not said matters to
    the margin alone."""
    leaves = {
        said_as(".".join(unescape(token) for token in pointer.split("/")[1:])): value
        for pointer, value in flatten(replace(brief, defaulted=()), "")
    }
    return leaves | {
        "requirement.margin": (brief.requirement.margin, "requirement.margin" in brief.defaulted)
    }


def _renew_card(pilot: Pilot, found: Finished, card: dict[str, str]) -> None:
    """The decision in the model card of the bundle, where the run's bundle is in its place."""
    try:
        manifest = verify(pilot.bundle)
    except BundleError:
        return
    of_the_run = {
        row.provenance.get("model")
        for row in found.store.ledger([one for one in found.visited if one[0] == "package"])
    }
    if manifest.provenance.get("model") in of_the_run:
        publish(pilot.bundle, pilot.bundle, card)
