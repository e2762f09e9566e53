"""What label names are worth to the head on a frozen backbone, by the number of rows.

    python benchmarks/label_names.py --shared ../shared/data [--seeds 5] [--only NAME]

Five text tasks with MiniLM; every method answers the same test rows (1,000 at most) after it saw
the same training rows (those of ladder_real.py):

    zero-shot   the label whose name lies nearest; no row is looked at
    plain       logistic regression, pulled towards 0: scikit-learn's, by another solver
    Headstart   the same, pulled towards half the zero-shot weights where inner folds find it better

"used" is the share of draws in which they did; the interval of the gain is of its mean over draws.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from ladder_real import Cell, text_sources
from scipy import stats

from headstart.adapt import ArmFeatures, label_texts
from headstart.backbones import load_encoder
from headstart.data import text_key
from headstart.heads import fit_linear
from headstart.types.model import EncoderFeatures

SIZES = (4, 8, 16, 32, 64, 128)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--only", default="", help="part of a task's name")
    said = arguments.parse_args()
    encoder = load_encoder("all-MiniLM-L6-v2")

    def embedded(texts: list[str]) -> np.ndarray:
        return encoder.encode(texts, [text_key(text) for text in texts])

    print("| task | rows a class | draws | zero-shot | plain | Headstart | gain | used "
          "| seconds: Headstart / plain |")  # fmt: skip
    print("| --- " + "| ---: " * 8 + "|")
    for source in text_sources(said.shared):
        if said.only not in source.name:
            continue
        names = sorted(set(source.train[1]))
        labels = embedded(label_texts(names, {}))
        fewest = min(source.train[1].count(name) for name in names)
        for size in SIZES:
            if size > fewest or size * len(names) > 2000:
                continue
            right, used, seconds = [], [], []
            for seed in range(said.seeds):
                (values, truth), (checks, answers) = Cell(source, size, seed).rows()
                rows, held = embedded(values), embedded(checks)
                codes = np.array([names.index(one) for one in truth])
                wanted = np.array([names.index(one) for one in answers])
                source_of = EncoderFeatures("pkg:all-MiniLM-L6-v2", "", rows.shape[1])
                known = ArmFeatures(rows, source_of, labels).label_weights
                begin = time.perf_counter()
                plain = fit_linear(rows, codes, len(names), seed=seed)
                between = time.perf_counter()
                own = fit_linear(rows, codes, len(names), seed=seed, towards=known)
                seconds.append((time.perf_counter() - between) / (between - begin))
                said_by = (
                    (held @ known.T).argmax(axis=1),
                    plain.predict_proba(held).argmax(axis=1),
                    own.predict_proba(held).argmax(axis=1),
                )
                right.append([float((one == wanted).mean()) for one in said_by])
                used.append(own.towards > 0.0)
            means = 100 * np.mean(right, axis=0)
            gains = [100 * (one[2] - one[1]) for one in right]
            gain, error = np.mean(gains), stats.sem(gains)
            half = error * stats.t.ppf(0.975, len(gains) - 1)
            low, high = gain - half, gain + half
            print(
                f"| {source.name} | {size} | {said.seeds} | {means[0]:.1f} | {means[1]:.1f} "
                f"| {means[2]:.1f} | {gain:+.1f} ({low:+.1f} to {high:+.1f}) "
                f"| {100 * np.mean(used):.0f}% | {np.median(seconds):.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
