"""How often the hold-out was opened, and what its intervals pay for it."""

from __future__ import annotations

from headstart.decide.evidence import is_estimate
from headstart.decide.figures import Figure, Reader
from headstart.decide.words import confidence
from headstart.types.ledger import escape


def widened(read: Reader) -> Figure | None:
    """Confidence of the hold-out's intervals, where it is above the brief's because earlier looks
    are paid for; None where it is not."""
    asked = read.value("/brief/requirement/confidence")
    found = read.at(f"/evaluate/metrics/{escape(str(read.value('/adapt/metric', 'accuracy')))}")
    if asked is None or found is None or not is_estimate(found):
        return None
    if read.value("/evaluate/basis") != "hold-out" or found.value["confidence"] <= asked:
        return None
    return read.figure(confidence(found.value["confidence"]), found)
