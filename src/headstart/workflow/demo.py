"""Real data for the demonstration, from packages, as a user would have it: a CSV and a folder."""

from __future__ import annotations

import csv
import shutil
from importlib.util import find_spec
from pathlib import Path

from headstart.types.errors import MissingExtraError
from headstart.workflow.extras import installed

CELLS_PER_CLASS = 300
SMALLEST_TOPIC = 15


def demo_texts(folder: Path) -> Path:
    """messages.csv: the opening utterance of each conversation and the topic it belongs to.

    From `chatterbot-corpus` (BSD-3-Clause): English topics with at least 15 conversations.

    Raises:
        MissingExtraError: the package is not installed.
    """
    corpus = _package("chatterbot_corpus", "chatterbot-corpus") / "data" / "english"
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("the text demonstration", extra="demo", package="pyyaml") from error
    rows: list[tuple[str, str]] = []
    for path in sorted(corpus.glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        opening = dict.fromkeys(str(turns[0]).strip() for turns in content["conversations"])
        if len(opening) >= SMALLEST_TOPIC:
            rows += [(text, path.stem) for text in opening]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "messages.csv"
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        writer.writerows(rows)
    return target


def demo_images(folder: Path) -> Path:
    """cells/: electroluminescence images of solar cells, `working` or `defective`.

    From `elpv-dataset` (CC BY-NC-SA 4.0): the first 300 cells whose defect probability is 0, and
    the first 300 for which it is 1.

    Raises:
        MissingExtraError: the package is not installed.
    """
    data = _package("elpv_dataset", "elpv-dataset") / "data"
    target = folder / "cells"
    for name in ("working", "defective"):
        (target / name).mkdir(parents=True, exist_ok=True)
    taken = {"working": 0, "defective": 0}
    for row in (data / "labels.csv").read_text(encoding="utf-8").splitlines():
        image, probability, *_ = row.split()
        label = {0.0: "working", 1.0: "defective"}.get(float(probability))
        if label is not None and taken[label] < CELLS_PER_CLASS:
            taken[label] += 1
            shutil.copyfile(data / image, target / label / Path(image).name)
    return target


def _package(module: str, package: str) -> Path:
    spec = find_spec(module) if installed(package) is not None else None
    if spec is None or spec.origin is None:
        raise MissingExtraError("the demonstration", extra="demo", package=package)
    return Path(spec.origin).parent
