"""Faults planted in real data, and how many of them the audit finds.

    python benchmarks/audit_planted.py --shared ../shared/data [--rows 1500] [--pictures 400]

Near-duplicates of every kind are planted in messages of Banking77 and photographs of CIFAR-10 and
must be found as pairs; then folds are made by group, and planted pairs that cross a fold counted.
Labels are flipped, uniformly and between confusable classes, and both Headstart's and cleanlab's
rankings are scored by average precision, on the same features and out-of-fold probabilities. Faults
of pictures are planted, and found by Headstart's limits and by cleanvision. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from headstart.audit import find_near_duplicates
from headstart.audit.checks.picture_quality import faults
from headstart.audit.checks.pictures import measure_pictures
from headstart.audit.labels import rank_labels
from headstart.backbones import load_encoder
from headstart.data import file_key, make_folds, text_key
from headstart.types.data import Dataset, Example, Place

TYPO = 0.08


# ---------------------------------------------------------------- near-duplicate texts


def typing_errors(text: str, chance: random.Random) -> str:
    """One or two letters swapped, dropped or doubled."""
    letters = list(text)
    places = [
        i for i in range(len(letters) - 1) if letters[i].isalpha() and letters[i + 1].isalpha()
    ]
    for i in sorted(chance.sample(places, min(2, len(places))), reverse=True):
        kind = chance.randrange(3)
        if kind == 0:
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
        elif kind == 1:
            del letters[i]
        else:
            letters.insert(i, letters[i])
    return "".join(letters)


def numbered(text: str, chance: random.Random) -> str:
    """The same with an order number of its own."""
    return f"Order {chance.randrange(10**5, 10**6)}: {text}"


def lightly_edited(text: str, chance: random.Random) -> str:
    """A word added in front or behind."""
    return f"Hello, {text}" if chance.random() < 0.5 else f"{text} Thanks"


TEXT_CHANGES: dict[str, Callable[[str, random.Random], str]] = {
    "identical": lambda text, chance: text,
    "case": lambda text, chance: text.upper(),
    "punctuation": lambda text, chance: (
        text.replace("?", "").replace(".", "").replace(",", "") + " !!"
    ),
    "typos": typing_errors,
    "numbers": numbered,
    "light edit": lightly_edited,
}


def example(value: str, label: str, row: int, image: bool = False) -> Example:
    key = file_key(Path(value)) if image else text_key(value)
    return Example(key, value, label, Place("planted", row))


def dataset(values: Sequence[str], labels: Sequence[str], image: bool = False) -> Dataset:
    rows = tuple(
        example(v, y, i + 1, image) for i, (v, y) in enumerate(zip(values, labels, strict=True))
    )
    return Dataset("image" if image else "text", rows, tuple(sorted(set(labels))), "x", "0" * 64)


def crossing(
    groups: NDArray[np.int64], codes: NDArray[np.int64], pairs: Sequence[tuple[int, int]]
) -> int:
    """Planted pairs that sit on both sides of a fold, over two repeats of five folds."""
    folds = make_folds(codes, groups, 5, 2, 0).assignment
    return sum(int((folds[:, a] != folds[:, b]).any()) for a, b in pairs)


def score_pairs(
    data: Dataset, planted: dict[str, list[tuple[int, int]]], features: NDArray[np.float32] | None
) -> None:
    """Recall of each kind, precision, crossing pairs."""
    # Pairs that the published data already holds are neither right nor wrong here.
    n = min(b for pairs in planted.values() for _, b in pairs)
    own = Dataset(data.modality, data.examples[:n], data.labels, data.source, data.sha256)
    before = find_near_duplicates(own, features=None if features is None else features[:n])
    known = set(zip(before.pairs.first.tolist(), before.pairs.second.tolist(), strict=True))
    found = find_near_duplicates(data, features=features)
    pairs = set(zip(found.pairs.first.tolist(), found.pairs.second.tolist(), strict=True))
    source = {b: a for some in planted.values() for a, b in some}
    every = [pair for some in planted.values() for pair in some]
    print("| change | planted | found | recall |\n| --- | ---: | ---: | ---: |")
    for kind, some in planted.items():
        hits = sum(pair in pairs or found.groups[pair[0]] == found.groups[pair[1]] for pair in some)
        print(f"| {kind} | {len(some)} | {hits} | {hits / len(some):.3f} |")

    def right(a: int, b: int) -> bool:
        x, y = source.get(a, a), source.get(b, b)
        return x == y or (min(x, y), max(x, y)) in known

    new = pairs - known
    wrong = sum(not right(a, b) for a, b in new)
    print(
        f"\n{len(new) - wrong} of {len(new)} new pairs are planted ones or follow from them: "
        f"precision {1 - wrong / max(1, len(new)):.3f}. As published: {len(known)} pairs."
    )
    print(
        f"Planted pairs that cross a fold once grouped: "
        f"{crossing(found.groups, data.codes(), every)} of {len(every)}.\n"
    )


def near_duplicate_texts(texts: list[str], labels: list[str], encoder: object) -> None:
    chance = random.Random(1)
    values, names, planted = list(texts), list(labels), {}
    sources = chance.sample(
        [i for i, t in enumerate(texts) if len(t.split()) >= 6], 60 * len(TEXT_CHANGES)
    )
    for k, (kind, change) in enumerate(TEXT_CHANGES.items()):
        planted[kind] = []
        for i in sources[60 * k : 60 * (k + 1)]:
            planted[kind].append((i, len(values)))
            values.append(change(texts[i], chance))
            names.append(labels[i])
    features = encoder.encode(values, [text_key(v) for v in values])  # type: ignore[attr-defined]
    print(f"\n## Near-duplicate texts ({len(texts):,} messages of Banking77)\n")
    score_pairs(dataset(values, names), planted, features)


# ---------------------------------------------------------------- near-duplicate pictures


def cropped(image: Image.Image) -> Image.Image:
    w, h = image.size
    return image.crop((int(0.1 * w), int(0.05 * h), w, int(0.95 * h)))


def marked(image: Image.Image) -> Image.Image:
    copy = image.convert("RGB")
    w, h = copy.size
    layer = Image.new("RGBA", (w, h), (0, 0, 0, 0))
    ImageDraw.Draw(layer).rectangle(
        (0.1 * w, 0.75 * h, 0.9 * w, 0.88 * h), fill=(255, 255, 255, 90)
    )
    return Image.alpha_composite(copy.convert("RGBA"), layer).convert("RGB")


PICTURE_CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "re-encoded": lambda image: image,
    "resized": lambda image: image.resize((int(image.width * 0.7), int(image.height * 0.7))),
    "cropped 10%": cropped,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "turned 4°": lambda image: image.rotate(4, Image.Resampling.BICUBIC),
    "watermark": marked,
    "grey": lambda image: image.convert("L"),
}


def near_duplicate_pictures(
    title: str, paths: list[str], labels: list[str], folder: Path, each: int, encoder: object
) -> None:
    chance = random.Random(2)
    values, names, planted = list(paths), list(labels), {}
    sources = chance.sample(range(len(paths)), each * len(PICTURE_CHANGES))
    for k, (kind, change) in enumerate(PICTURE_CHANGES.items()):
        planted[kind] = []
        for i in sources[each * k : each * (k + 1)]:
            target = folder / f"{len(values)}.jpg"
            change(Image.open(paths[i]).convert("RGB")).convert("RGB").save(target, quality=80)
            planted[kind].append((i, len(values)))
            values.append(str(target))
            names.append(labels[i])
    print(f"\n## Near-duplicate pictures ({title})\n")
    keys = [file_key(Path(value)) for value in values]
    features = encoder.encode(values, keys)  # type: ignore[attr-defined]
    score_pairs(dataset(values, names, image=True), planted, features)


# ---------------------------------------------------------------- labels


def flipped(
    codes: NDArray[np.int64], rate: float, table: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """A share of the labels moved to other classes in proportion to `table` (classes, classes)."""
    chance = np.random.default_rng(seed)
    moved = codes.copy()
    for i in chance.choice(len(codes), round(rate * len(codes)), replace=False):
        moved[i] = chance.choice(len(table), p=table[codes[i]])
    return moved


def label_errors(
    features: NDArray[np.float32], codes: NDArray[np.int64], title: str
) -> list[float]:
    """Average precision of both rankings in every cell; returns the differences."""
    classes = int(codes.max()) + 1
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(C=10.0, max_iter=300)
    clean = cross_val_predict(model, features, codes, cv=folds, method="predict_proba")
    np.fill_diagonal(
        confusion := np.array([clean[codes == c].mean(axis=0) for c in range(classes)]), 0
    )
    uniform = (1 - np.eye(classes)) / (classes - 1)
    tables = {"uniform": uniform, "confusable": confusion / confusion.sum(axis=1, keepdims=True)}
    print(f"\n## Wrong labels ({title})\n")
    print("| kind | share | Headstart | cleanlab | estimated share of wrong labels |")
    print("| --- | ---: | ---: | ---: | ---: |")
    differences = []
    for kind, table in tables.items():
        for rate in (0.02, 0.05, 0.1, 0.2):
            ours, theirs, estimated = [], [], []
            for seed in range(3):
                given = flipped(codes, rate, table, seed)
                wrong = given != codes
                proba = cross_val_predict(model, features, given, cv=folds, method="predict_proba")
                ranking = rank_labels(given, proba.astype(np.float32), features)
                ours.append(average_precision_score(wrong, ranking.suspicion))
                quality = get_label_quality_scores(given, proba)
                theirs.append(average_precision_score(wrong, 1 - quality))
                estimated.append(ranking.wrong.mean())
                differences.append(ours[-1] - theirs[-1])
            print(
                f"| {kind} | {rate:.0%} | {np.mean(ours):.3f} | {np.mean(theirs):.3f} | "
                f"{np.mean(estimated):.1%} |",
                flush=True,
            )
    return differences


# ---------------------------------------------------------------- faults of pictures

FAULTS: dict[str, tuple[str, str, Callable[[Image.Image], Image.Image]]] = {
    "dark": ("are too dark", "is_dark_issue", lambda i: i.point(lambda v: v // 14)),
    "bright": (
        "are blown out",
        "is_light_issue",
        lambda i: i.point(lambda v: min(255, 225 + v // 3)),
    ),
    "blurred": (
        "are blurred",
        "is_blurry_issue",
        lambda i: i.filter(ImageFilter.GaussianBlur(i.width / 24)),
    ),
    "empty": (
        "show next to nothing",
        "is_low_information_issue",
        lambda i: Image.new("RGB", i.size, (131, 127, 122)),
    ),
    "odd shape": (
        "have an odd shape",
        "is_odd_aspect_ratio_issue",
        lambda i: i.resize((i.width * 2, i.height // 4)),
    ),
}


def picture_faults(paths: list[str], folder: Path) -> None:
    """Recall and false alarms of each fault beside cleanvision, on the same files."""
    from cleanvision import Imagelab

    chance, planted = random.Random(3), {}
    folder.mkdir()
    for i, path in enumerate(paths):
        Image.open(path).convert("RGB").save(folder / f"{i:05d}.png")
    sources = chance.sample(range(len(paths)), 20 * len(FAULTS))
    for k, (name, (_, _, change)) in enumerate(FAULTS.items()):
        planted[name] = {f"{i:05d}.png" for i in sources[20 * k : 20 * (k + 1)]}
        for file in planted[name]:
            change(Image.open(folder / file)).save(folder / file)
    files = sorted(folder.iterdir())
    ours = faults(measure_pictures([str(file) for file in files]))
    lab = Imagelab(data_path=str(folder))
    with redirect_stdout(io.StringIO()):
        lab.find_issues()
    table = lab.issues
    print(f"\n## Faults of pictures ({len(files)} photographs, 20 of each fault)\n")
    print("| fault | found by Headstart | false alarms | found by cleanvision | false alarms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    whole = set().union(*planted.values())
    for name, (mine, other, _) in FAULTS.items():
        said = {files[row].name for row in ours[mine]}
        peer = {Path(path).name for path in table.index[table[other]]}
        print(
            f"| {name} | {len(said & planted[name])} | {len(said - whole)} | "
            f"{len(peer & planted[name])} | {len(peer - whole)} |"
        )


# ---------------------------------------------------------------- data


def banking(shared: Path, rows: int) -> tuple[list[str], list[str]]:
    with (shared / "banking77/test.csv").open(encoding="utf-8", newline="") as stream:
        found = [(row["text"], row["category"]) for row in csv.DictReader(stream)]
    chosen = random.Random(0).sample(found, rows)
    return [text for text, _ in chosen], [label for _, label in chosen]


def photographs(shared: Path, part: str) -> tuple[list[str], list[str]]:
    files = sorted((shared / "cifar10" / part).rglob("*.jpg"))
    return [str(file) for file in files], [file.parent.name for file in files]


def solar_cells(folder: Path) -> tuple[list[str], list[str]]:
    from headstart.workflow.demo import demo_images

    files = sorted(demo_images(folder).rglob("*.png"))
    return [str(file) for file in files], [file.parent.name for file in files]


def main() -> int:
    """Print every table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--rows", type=int, default=1500)
    arguments.add_argument("--pictures", type=int, default=30, help="copies of each kind")
    said = arguments.parse_args()
    texts, labels = banking(said.shared, said.rows)
    encoder = load_encoder("pkg:all-MiniLM-L6-v2")
    near_duplicate_texts(texts, labels, encoder)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        lite = load_encoder("pkg:efficientnet-lite0")
        paths, names = photographs(said.shared, "train")
        (work / "copies").mkdir()
        near_duplicate_pictures(
            "1,000 of CIFAR-10, 32 × 32", paths, names, work / "copies", said.pictures, lite
        )
        cells, kinds = solar_cells(work / "cells")
        (work / "cell-copies").mkdir()
        near_duplicate_pictures(
            "600 solar cells, 300 × 300", cells, kinds, work / "cell-copies", said.pictures, lite
        )
        picture_faults(cells[:300], work / "faults")
        seen = lite.encode(paths, [file_key(Path(path)) for path in paths])
    order = sorted(set(names))
    differences = label_errors(seen, np.array([order.index(n) for n in names]), "1,000 photographs")
    frequent = {label for label in set(labels) if labels.count(label) >= 15}
    kept = [i for i, label in enumerate(labels) if label in frequent]
    order = sorted(frequent)
    embedded = encoder.encode([texts[i] for i in kept], [text_key(texts[i]) for i in kept])
    codes = np.array([order.index(labels[i]) for i in kept])
    differences += label_errors(embedded, codes, f"{len(kept):,} messages, {len(order)} intents")
    at_or_above = np.mean([difference >= 0 for difference in differences])
    print(
        f"\nAt or above cleanlab in {at_or_above:.0%} of {len(differences)} cells; "
        f"the worst is {min(differences):+.3f}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
