"""Pictures too dark, too bright, blurred, empty, tiny or oddly shaped."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from headstart.audit.checks.pictures import measure_pictures
from headstart.audit.exhibits import count, exhibits_of, places_of, share
from headstart.ports import AuditInputs
from headstart.types.data import Finding

TINY = 32
ODD = 4.0
ONE = {"are": "is", "show": "shows", "have": "has"}
"""Verbs of the faults, of one picture."""


class PictureQuality:
    """Faults that a person sees at once, by fixed limits."""

    name = "picture-quality"
    needs: tuple[str, ...] = ()

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        if inputs.dataset.modality != "image":
            return
        n = len(inputs.dataset)
        for fault, rows in faults(measure_pictures(inputs.dataset.values)).items():
            if not len(rows) or len(rows) == n:
                continue  # Where all are alike, it is what these pictures are.
            yield Finding(
                check=self.name,
                severity=round(min(0.49, 0.05 + len(rows) / n), 3),
                title=f"{count(len(rows), 'picture')} of {n:,} ({share(len(rows), n)}) "
                f"{_of(len(rows), fault)}",
                detail="They are kept. A model may learn the fault instead of the content if it "
                "goes with a class; see the shortcuts.",
                rows=places_of(inputs.dataset, rows),
                advice="Look at them; take out those that no person could label.",
                method="grey levels and Laplacian of the picture at 128 pixels",
                exhibits=exhibits_of(inputs.dataset, rows),
                numbers={"pictures": len(rows)},
            )


def _of(pictures: int, fault: str) -> str:
    """The fault, of one picture or of several."""
    verb, _, rest = fault.partition(" ")
    return f"{ONE[verb]} {rest}" if pictures == 1 else fault


def faults(seen: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.int64]]:
    """Rows that have each fault, the clearest first."""
    width, height = seen["width"], seen["height"]
    ratio = np.maximum(width, height) / np.maximum(1, np.minimum(width, height))
    usual = np.median(seen["sharpness"])
    dark = (seen["brightness"] < 28) | (seen["dark"] > 0.9)
    bright = (seen["brightness"] > 232) | (seen["bright"] > 0.7)
    flat = seen["contrast"] < 6
    ranks = {
        "are too dark": dark,
        "are blown out": bright,
        "show next to nothing": flat & ~dark & ~bright,
        "are blurred": (seen["sharpness"] < 20) & (seen["sharpness"] < 0.1 * usual) & ~flat,
        "are tiny": np.minimum(width, height) < TINY,
        "have an odd shape": ratio > ODD,
    }
    order = {
        "are too dark": seen["brightness"],
        "are blown out": -seen["brightness"],
        "show next to nothing": seen["contrast"],
        "are blurred": seen["sharpness"],
        "are tiny": np.minimum(width, height),
        "have an odd shape": -ratio,
    }
    return {
        fault: np.flatnonzero(hit)[np.argsort(order[fault][hit], kind="stable")]
        for fault, hit in ranks.items()
    }
