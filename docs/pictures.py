"""Take the pictures of the memos: `python docs/pictures.py --shared ../shared/data`.

Three real runs, each screen 1280 and 390 pixels wide, in headless Chromium:

    text    the domains of CLINC150 with rows out of scope, 60 rows a domain, its test file held out
    image   solar cells, the demonstration's pictures
    no      emotion tweets, 8 rows a class, a required accuracy of 70%
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from headstart import bootstrap

IMAGES = Path(__file__).parent / "images"
HEIGHTS = {1280: 1400, 390: 1600}
NARROWEST = 500
"""What Chromium makes of a window that should be narrower."""
Rows = list[tuple[str, str]]


def text_run(shared: Path, work: Path) -> Path:
    folder = shared / "clinc150"
    domains = json.loads((folder / "domains.json").read_text(encoding="utf-8"))
    of = {intent: domain for domain, intents in domains.items() for intent in intents}
    parts = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
    train = [(text, of[intent]) for text, intent in parts["train"]]
    test = [(text, of[intent]) for text, intent in parts["test"]]
    _write(work / "messages.csv", _some(train, 60) + _oos(parts["oos_train"]))
    _write(work / "held.csv", test + _oos(parts["oos_test"]))
    options = bootstrap.Options(
        label="label", input="text", holdout=str(work / "held.csv"), out_of_scope="oos"
    )
    return _run(work / "messages.csv", options)


def image_run(shared: Path, work: Path) -> Path:
    return _run(bootstrap.demo_data("image", work), bootstrap.Options())


def no_run(shared: Path, work: Path) -> Path:
    folder = shared / "tweets_emotion"
    lines = (folder / "mapping.txt").read_text(encoding="utf-8").splitlines()
    names = dict(line.split(None, 1) for line in lines if line.strip())

    def rows(part: str) -> Rows:
        texts = (folder / f"{part}_text.txt").read_text(encoding="utf-8").splitlines()
        codes = (folder / f"{part}_labels.txt").read_text(encoding="utf-8").split()
        return [(text, names[code]) for text, code in zip(texts, codes, strict=True)]

    _write(work / "tweets.csv", _some(rows("train"), 8))
    _write(work / "held.csv", rows("test"))
    options = bootstrap.Options(
        label="label", input="text", holdout=str(work / "held.csv"), level=0.7
    )
    return _run(work / "tweets.csv", options)


def _oos(rows: list[list[str]]) -> Rows:
    return [(text, "oos") for text, _ in rows]


def _some(rows: Rows, most: int) -> Rows:
    """So many rows of each label, drawn once."""
    draw, found = random.Random(0), []
    for label in sorted({label for _, label in rows}):
        found += draw.sample([row for row in rows if row[1] == label], most)
    return found


def _write(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label"))
        writer.writerows(rows)


def _run(data: Path, options: bootstrap.Options) -> Path:
    opened = bootstrap.open_pilot(data, data.parent / f"{data.stem}-pilot", options)
    bootstrap.run_pilot(opened, lambda what, done, total: None)
    return opened.pilot.folder / "memo.html"


def screenshot(page: Path, width: int, target: Path) -> None:
    """The top of the page as a screen of that width shows it; the page is given such a frame."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise SystemExit("chromium is not installed")
    height = HEIGHTS[width]
    with tempfile.TemporaryDirectory() as folder:
        frame, shot = Path(folder) / "frame.html", Path(folder) / "shot.png"
        frame.write_text(
            f'<body style="margin:0"><iframe src="{page.absolute().as_uri()}" width="{width}" '
            f'height="{height}" style="border:0" scrolling="no"></iframe>',
            encoding="utf-8",
        )
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--window-size={max(width, NARROWEST)},{height}", f"--screenshot={shot}",
             f"--user-data-dir={folder}/profile", frame.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        Image.open(shot).crop((0, 0, width, height)).convert("RGB").quantize(128).save(
            target, optimize=True
        )


def main() -> None:
    runs = {"text": text_run, "image": image_run, "no": no_run}
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--only", nargs="+", choices=tuple(runs), default=tuple(runs))
    said = arguments.parse_args()
    for name in said.only:
        with tempfile.TemporaryDirectory() as folder:
            page = runs[name](said.shared, Path(folder))
            for width in HEIGHTS:
                target = IMAGES / f"memo-{name}-{width}.png"
                screenshot(page, width, target)
                sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
