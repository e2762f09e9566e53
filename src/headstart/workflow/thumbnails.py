"""Small pictures for the memo."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

from headstart.modalities.image import open_image
from headstart.types.result import EvaluationReport

SIDE = 112
LARGEST_BYTES = 6_000


def error_pictures(evaluation: EvaluationReport) -> list[tuple[str, Any]]:
    """Ledger rows with a thumbnail of every mistake that the memo shows."""
    return [
        (f"/thumbnails/{index}", thumbnail(error.value))
        for index, error in enumerate(evaluation.errors)
    ]


def thumbnail(path: str) -> str:
    """A data URI of the picture, at most 112 pixels wide and high and about 6 kB."""
    image = open_image(Path(path), at_least=2 * SIDE)
    image.thumbnail((SIDE, SIDE))
    for quality in (80, 60, 40, 20):
        stream = BytesIO()
        image.save(stream, "JPEG", quality=quality)
        if stream.tell() <= LARGEST_BYTES:
            break
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
