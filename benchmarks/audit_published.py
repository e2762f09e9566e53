"""Near-duplicates between the training and the test part of public data sets, as published.

    python benchmarks/audit_published.py --shared ../shared/data [--sheet pairs.png]

For Banking77 (all of it) and the CIFAR-10 subset: how many pairs cross from the training to the
test part, by kind, how many test rows leak, and the ten clearest pairs to read. Identical rows
count as well. `--sheet` keeps the ten pairs of pictures side by side, as an image.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.audit import find_near_duplicates
from headstart.audit.near_duplicates.find import NearDuplicates
from headstart.audit.near_duplicates.findings import clearest
from headstart.audit.near_duplicates.pairs import KINDS
from headstart.backbones import load_encoder
from headstart.data import load_dataset
from headstart.types.data import Dataset

BACKBONES = {"text": "pkg:all-MiniLM-L6-v2", "image": "pkg:efficientnet-lite0"}
CLEAREST = 10


def across(near: NearDuplicates, n: int) -> np.ndarray:
    """The pairs with one row on either side."""
    return np.flatnonzero((near.pairs.first < n) & (near.pairs.second >= n))


def published(name: str, train: Dataset, test: Dataset) -> tuple[NearDuplicates, np.ndarray]:
    """Print what was found between the two parts."""
    begin = time.perf_counter()
    encoder = load_encoder(BACKBONES[train.modality])
    seen = encoder.encode(train.values, train.keys)
    held = encoder.encode(test.values, test.keys)
    embedded = time.perf_counter()
    near = find_near_duplicates(train, test, features=seen, holdout_features=held)
    done = time.perf_counter()
    pairs = across(near, len(train))
    kinds = np.bincount(near.pairs.kind[pairs], minlength=len(KINDS))
    said = ", ".join(f"{c:,} {kind}" for kind, c in zip(KINDS, kinds, strict=True) if c)
    print(
        f"\n{name}: {len(pairs):,} pairs between {len(train):,} training and {len(test):,} test "
        f"rows ({said or 'none'}); {int(near.leaking.sum()):,} test rows leak; embedding "
        f"{embedded - begin:.0f} s, search {done - embedded:.0f} s"
    )
    return near, clearest(near, pairs)


def show(train: Dataset, test: Dataset, near: NearDuplicates, rows: np.ndarray) -> None:
    """Print pairs, one under the other."""
    n = len(train)
    for pair in rows:
        a = train.examples[int(near.pairs.first[pair])]
        b = test.examples[int(near.pairs.second[pair]) - n]
        kind = KINDS[int(near.pairs.kind[pair])]
        print(f"  {kind} {near.pairs.similarity[pair]:.3f}")
        print(f"    train [{a.label}] {a.value}\n    test  [{b.label}] {b.value}")


def sheet(train: Dataset, test: Dataset, near: NearDuplicates, rows: np.ndarray) -> Image.Image:
    """Pairs of pictures side by side, ten a column."""
    side, n = 128, len(train)
    page = Image.new("RGB", (2 * side + 8, (side + 8) * max(1, len(rows))), "white")
    for line, pair in enumerate(rows):
        a = train.examples[int(near.pairs.first[pair])].value
        b = test.examples[int(near.pairs.second[pair]) - n].value
        for column, path in enumerate((a, b)):
            with Image.open(path) as picture:
                page.paste(
                    picture.convert("RGB").resize((side, side)),
                    (column * (side + 8), line * (side + 8)),
                )
    return page


def main() -> int:
    """Both data sets."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--sheet", type=Path, help="where to keep the pairs of pictures")
    said = arguments.parse_args()
    banking = [load_dataset(said.shared / f"banking77/{part}.csv") for part in ("train", "test")]
    near, rows = published("Banking77", *banking)
    show(*banking, near, rows[:CLEAREST])
    cifar = [load_dataset(said.shared / "cifar10" / part) for part in ("train", "test")]
    near, rows = published("CIFAR-10 (1,000 + 1,000)", *cifar)
    show(*cifar, near, rows[:CLEAREST])
    if said.sheet is not None:
        sheet(*cifar, near, rows[:CLEAREST]).save(said.sheet)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
