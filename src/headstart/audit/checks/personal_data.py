"""Personal data and secrets in the texts: counted, and never printed in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from headstart.audit.exhibits import count, exhibits_of, places_of, share
from headstart.audit.personal import find_personal
from headstart.ports import AuditInputs
from headstart.types.data import Finding

SECRETS = frozenset({"private key", "access key", "password", "payment card"})


class PersonalData:
    """What a bundle, a memo or a log should not carry on."""

    name = "personal-data"
    needs: tuple[str, ...] = ()

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        if inputs.dataset.modality != "text":
            return
        kinds: Counter[str] = Counter()
        rows = []
        for row, value in enumerate(inputs.dataset.values):
            found = find_personal(value)
            if found:
                rows.append(row)
                kinds.update(found)
        if not rows:
            return
        n = len(inputs.dataset)
        secret = bool(SECRETS & set(kinds))
        named = ", ".join(f"{times:,} × {kind}" for kind, times in kinds.most_common())
        yield Finding(
            check=self.name,
            severity=0.45 if secret else 0.25,
            title=f"{count(len(rows), 'text')} of {n:,} ({share(len(rows), n)}) hold personal "
            f"data{' or secrets' if secret else ''}",
            detail=f"{named}. They are masked wherever Headstart shows a text.",
            rows=places_of(inputs.dataset, rows),
            advice="See whether you may train on them; a model can be made to give some away.",
            method="patterns; card numbers by Luhn's check, account numbers by ISO 13616",
            exhibits=exhibits_of(inputs.dataset, rows),
            numbers={"texts": len(rows), **kinds},
        )
