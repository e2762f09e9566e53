"""Rows labelled so many of each class, and test rows as they come: what naming the shares is worth.

    python benchmarks/prevalence.py --shared ../shared/data [--draws 5]

The emotion and the offensive tweets, as many training rows of each class; the test file has the mix
that it came with. The head of the frozen arm (MiniLM, scaled by its out-of-fold temperature)
answers it

    as learned    as if the classes were as common as one another
    Headstart     with the shares of the test file named in the brief ([prevalence])
    estimated     with shares estimated from the test file's inputs, by expectation maximisation
                  (Saerens, Latinne and Decaestecker 2002), which needs no brief

and beside it "says" what the cross-validated folds say of the accuracy in use: as they are, and
weighted by the named shares.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from ladder_real import Cell, text_sources

from headstart.adapt import ArmFeatures, Mix, label_texts
from headstart.adapt.run import scored
from headstart.backbones import load_encoder
from headstart.data import make_folds, text_key
from headstart.heads import at_temperature, fit_linear, fit_temperature, logits_of
from headstart.metrics import accuracy, log_loss
from headstart.types.model import EncoderFeatures

SIZES = (16, 32, 64, 128, 200)
TASKS = ("emotion", "offensive")
STEPS = 500


def estimated(proba: np.ndarray, of_rows: np.ndarray) -> np.ndarray:
    """Shares of the classes among rows, from their probabilities under other shares (classes,)."""
    shares = of_rows.copy()
    for _ in range(STEPS):
        found = proba * (shares / of_rows)
        found = (found / found.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(found - shares).max() < 1e-7:
            break
        shares = found
    return np.maximum(shares, 1e-4)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--draws", type=int, default=5)
    said = arguments.parse_args()
    encoder = load_encoder("all-MiniLM-L6-v2")

    def embedded(texts: list[str]) -> np.ndarray:
        return encoder.encode(texts, [text_key(text) for text in texts])

    print("| task | rows a class | as learned | Headstart | estimated | log loss of each "
          "| the folds say | weighted, they say |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |")
    for source in text_sources(said.shared):
        if source.name not in TASKS:
            continue
        names = sorted(set(source.train[1]))
        truth = np.array([names.index(label) for label in source.test[1]])
        test = embedded(list(source.test[0]))
        in_use = np.bincount(truth, minlength=len(names)) / len(truth)
        near = embedded(label_texts(names, {}))
        for size in SIZES:
            table = []
            for seed in range(said.draws):
                (values, labels), _ = Cell(source, size, seed).rows()
                rows, codes = embedded(values), np.array([names.index(one) for one in labels])
                width = EncoderFeatures("pkg:all-MiniLM-L6-v2", "", rows.shape[1])
                known = ArmFeatures(rows, width, near).label_weights
                folds = make_folds(codes, np.arange(len(codes)), 5, 2, seed)
                found = [
                    fit_linear(
                        rows[fit], codes[fit], len(names), seed=seed, towards=known
                    ).predict_proba(rows[held])
                    for fit, held in folds
                ]
                mix = Mix(in_use, np.full(len(names), 1.0 / len(names)))
                plain = scored(found, codes, folds)
                weighted = scored(found, codes, folds, None, "accuracy", mix)
                heat = fit_temperature(codes, logits_of(plain.out_of_fold))
                head = fit_linear(rows, codes, len(names), seed=seed, towards=known)
                proba = at_temperature(logits_of(head.predict_proba(test)), heat)
                guess = Mix(estimated(proba, mix.of_rows), mix.of_rows)
                every = [proba, mix.shifted(proba), guess.shifted(proba)]
                table.append(
                    [accuracy(truth, one.argmax(axis=1)) for one in every]
                    + [log_loss(truth, one) for one in every]
                    + [one.scores["accuracy"].mean() for one in (plain, weighted)]
                )
            mean = np.mean(table, axis=0)
            right = " | ".join(f"{100 * one:.1f}" for one in mean[:3])
            losses = ", ".join(f"{one:.3f}" for one in mean[3:6])
            folds_say = " | ".join(f"{100 * one:.1f}" for one in mean[6:])
            print(f"| {source.name} | {size} | {right} | {losses} | {folds_say} |", flush=True)


if __name__ == "__main__":
    main()
