"""Whether each class has enough rows for what is to be decided about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from headstart.audit.exhibits import count
from headstart.ports import AuditInputs
from headstart.stats import wilson
from headstart.types.data import Finding

FEWEST = 20
NAMED = 10


class Coverage:
    """Classes in which a single row moves the score by points."""

    name = "coverage"
    needs: tuple[str, ...] = ()

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        counts = Counter(label for labels in inputs.dataset.sets for label in labels)
        few = sorted((n, label) for label, n in counts.items() if n < FEWEST)
        if not few:
            return
        smallest = few[0][0]
        known = wilson(smallest // 2, smallest)
        assert known.low is not None
        assert known.high is not None
        named = ", ".join(f"'{label}' ({n})" for n, label in few[:NAMED])
        more = f" and {len(few) - NAMED} more" if len(few) > NAMED else ""
        yield Finding(
            check=self.name,
            severity=0.2,
            title=f"{count(len(few), 'class', 'classes')} of {len(counts)} with fewer than "
            f"{FEWEST} rows",
            detail=f"Fewest: {named}{more}. The recall of a class with {count(smallest, 'row')} "
            f"is known to within {50 * (known.high - known.low):.0f} points at best. The rows are "
            "kept: rare classes are often the ones that matter.",
            advice="Label more rows of these classes before deciding about each of them; the "
            "decision on the whole does not wait for it.",
            method="Wilson interval of a share of one half",
            numbers={"classes": len(few), "fewest": smallest},
        )
