"""Every check, one after the other; one that cannot run says why."""

from __future__ import annotations

import time
from collections.abc import Sequence

from headstart.audit.checks.boilerplate import Boilerplate
from headstart.audit.checks.coverage import Coverage
from headstart.audit.checks.further_labels import FurtherLabels
from headstart.audit.checks.hardness import Hardness
from headstart.audit.checks.hidden_groups import HiddenGroups
from headstart.audit.checks.input_length import InputLength
from headstart.audit.checks.label_errors import LabelErrors
from headstart.audit.checks.later_rows import LaterRows
from headstart.audit.checks.personal_data import PersonalData
from headstart.audit.checks.picture_quality import PictureQuality
from headstart.audit.checks.shift import Shift
from headstart.audit.checks.shortcuts import Shortcuts
from headstart.audit.checks.slices import Slices
from headstart.ports import AuditCheck, AuditInputs, Progress
from headstart.registry import Registry
from headstart.types.data import CheckOutcome
from headstart.types.result import NotAvailable

BUILT_IN: tuple[AuditCheck, ...] = (
    LabelErrors(),
    FurtherLabels(),
    Coverage(),
    Hardness(),
    Shift(),
    Slices(),
    HiddenGroups(),
    LaterRows(),
    InputLength(),
    Boilerplate(),
    PersonalData(),
    PictureQuality(),
    Shortcuts(),
)
GROUP = "headstart.checks"
WITHOUT = {
    "holdout": "there is no hold-out file",
    "holdout_features": "no backbone has seen the hold-out",
    "features": "no backbone has seen the rows",
    "probabilities": "no arm has answered the rows",
    "tokenize": "no tokenizer reads the rows",
}
"""Why a check that needs a field cannot run."""


def checks() -> list[AuditCheck]:
    """The built-in checks, then those that installed packages offer (`headstart.checks`).

    Raises:
        InputError: a plugin cannot be loaded, or takes a name that is taken.
    """
    registry = Registry[AuditCheck]("check", group=GROUP)
    for check in BUILT_IN:
        registry.add(check.name, check)
    registry.load_plugins()
    return [registry.get(name) for name in registry]


def run_checks(
    inputs: AuditInputs, progress: Progress, only: Sequence[str] = ()
) -> tuple[CheckOutcome, ...]:
    """What every check found on these rows; with `only`, what the checks of these names did."""
    found = []
    every = [check for check in checks() if not only or check.name in only]
    for done, check in enumerate(every):
        progress("checks of the data", done, len(every))
        found.append(_outcome(check, inputs))
    return tuple(found)


def _outcome(check: AuditCheck, inputs: AuditInputs) -> CheckOutcome:
    lacking = [need for need in check.needs if getattr(inputs, need) is None]
    if lacking:
        why = WITHOUT.get(lacking[0], f"there are no {lacking[0]}")
        return CheckOutcome(check.name, skipped=NotAvailable(why))
    begin = time.perf_counter()
    answer = check(inputs)
    seconds = round(time.perf_counter() - begin, 3)
    if isinstance(answer, NotAvailable):
        return CheckOutcome(check.name, skipped=answer, seconds=seconds)
    return CheckOutcome(check.name, tuple(answer), seconds=seconds)
