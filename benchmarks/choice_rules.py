"""Which arm to take: three rules for how much better a less simple one has to be.

    python benchmarks/choice_rules.py --shared ../shared/data [--seeds 5] [--sizes 8 32 128]

The arms that could ship (majority, zero-shot, TF-IDF or HOG, frozen backbone) on the folds that a
run would have, on six real tasks; what each is worth is measured on at most 1,000 test rows. In the
order of simplicity, an arm gives way to another one whose gain over the folds is

    whole interval   above the margin with its whole interval
    credible         credibly above zero (one-sided; log-loss beside the metric, decision 22), and
                     on average at least the margin
    mean             on average at least the margin

or of which it is so with a head on the network of the generic model (decision 14). *Regret* is what
the pick loses on the test rows to the best arm, in points.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
from ladder_real import BACKBONES, Cell, planned, sources

from headstart.adapt import ArmFeatures, ArmInputs, label_texts, plan_arms, refit, run_arm
from headstart.adapt.judge import Measure, choose
from headstart.audit.split import choose_repeats
from headstart.backbones import load_encoder
from headstart.data import file_key, make_folds, text_key
from headstart.engines.local import LocalEngine
from headstart.modalities import get_modality
from headstart.types.brief import Brief, DataSource
from headstart.types.model import SIMPLICITY, ArmResult, ClassicalFeatures, EncoderFeatures

FAMILIES = ("majority", "zero-shot", "classical", "frozen")
RULES = ("whole interval", "credible", "mean")
"""Of `choose`, which has the second."""
K, MARGIN = 5, 0.01
"""Folds, and the margin that a brief has by default."""


def arms_of(cell: Cell) -> tuple[list[ArmResult], Measure, dict[str, float]]:
    """The arms on folds, how they are compared, and the accuracy of each on the test rows."""
    (values, labels), (checks, truth) = cell.rows()
    text = cell.source.modality == "text"
    names = tuple(sorted(set(labels)))
    codes = np.array([names.index(label) for label in labels], dtype=np.int64)
    right = np.array([names.index(label) for label in truth])
    encoder = load_encoder(BACKBONES[cell.source.modality])
    keys = [text_key(v) if text else file_key(Path(v)) for v in (*values, *checks)]
    every = encoder.encode([*values, *checks], keys)
    matrix, new = every[: len(values)], every[len(values) :]
    texts = label_texts(names, {})
    named = encoder.encode(texts, [text_key(one) for one in texts]) if text else None
    source = EncoderFeatures(encoder.card.ref, encoder.weights_sha256, encoder.width)
    specs = [
        spec
        for spec in plan_arms(cell.source.modality, [encoder.card])
        if spec.family in FAMILIES and (text or spec.family != "zero-shot")
    ]
    given = ArmFeatures(matrix, source, named)
    inputs = ArmInputs(
        cell.source.modality, values, codes, names, np.arange(len(values)),
        features={spec.name: given for spec in specs if spec.backbone},
    )  # fmt: skip
    repeats = choose_repeats(len(values), len(names), K, Brief("choice", DataSource("rows.csv")))
    folds = make_folds(codes, np.arange(len(values)), K, repeats, cell.seed)
    found, worth = [], {}
    for spec in specs:
        arm = run_arm(spec, inputs, folds, cell.seed, lambda *told: None, LocalEngine(1))
        assert isinstance(arm, ArmResult), arm
        found.append(arm)
        model = refit(spec, inputs, cell.seed)
        seen = np.zeros((len(checks), 0), np.float32)
        if isinstance(model.featurizer, ClassicalFeatures):
            reader = get_modality(cell.source.modality)
            seen = reader.classical_transform(model.featurizer, checks)
        elif isinstance(model.featurizer, EncoderFeatures):
            seen = new
        said = (seen @ model.weights.T + model.bias).argmax(axis=1)
        worth[arm.name] = 100 * float((said == right).mean())
    return found, Measure("accuracy", MARGIN, 0.95, len(values), K, repeats), worth


def pick(arms: list[ArmResult], measure: Measure, rule: str) -> ArmResult:
    """What a rule takes."""
    order = {family: number for number, family in enumerate(SIMPLICITY)}
    rising = sorted(arms, key=lambda arm: order[arm.family])  # type: ignore[index]
    if rule == "credible":
        return choose(arms, measure)

    def gives_way(arm: ArmResult, other: ArmResult) -> bool:
        gain = measure.gain(measure.compare(other, arm))
        least = gain.low if rule == "whole interval" else gain.value
        return least is not None and least > MARGIN

    for arm in rising:
        if not any(gives_way(arm, other) for other in rising if other is not arm):
            head = next((one for one in rising if one.family == "frozen"), arm)
            better = measure.goodness(head) - measure.goodness(arm) >= MARGIN
            return head if arm.family == "zero-shot" and better else arm
    return max(rising, key=measure.goodness)


def main() -> None:
    """The table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--cache", type=Path, default=Path("ladder_cache"))
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--sizes", type=int, nargs="+", default=(8, 32, 128))
    arguments.add_argument("--only", default="", help="part of a cell's name")
    said = arguments.parse_args()
    said.cache.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("HEADSTART_CACHE", str(said.cache / "warm"))
    kept: dict[tuple[str, int], list[dict[str, float]]] = defaultdict(list)
    taken: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for cell in planned(sources(said.shared, said.cache)):
        if cell.seed >= said.seeds or cell.size not in said.sizes or said.only not in cell.name:
            continue
        arms, measure, worth = arms_of(cell)
        best, row = max(worth.values()), {}
        for rule in RULES:
            arm = pick(arms, measure, rule)
            row[rule] = best - worth[arm.name]
            taken[cell.source.name, cell.size, rule].append(arm.family)
        frozen = next(arm.name for arm in arms if arm.family == "frozen")
        row["always frozen"] = best - worth[frozen]
        kept[cell.source.name, cell.size].append(row)
        print(cell.name, worth, {rule: round(row[rule], 1) for rule in row}, flush=True)
    columns = (*RULES, "always frozen")
    print("\n| task | rows a class | draws | " + " | ".join(columns) + " | taken by `credible` |")
    print("| --- | ---: | ---: |" + " ---: |" * len(columns) + " --- |")
    for (name, size), rows in sorted(kept.items()):
        means = " | ".join(f"{np.mean([row[rule] for row in rows]):.1f}" for rule in columns)
        families = taken[name, size, "credible"]
        counts = ", ".join(f"{families.count(f)} {f}" for f in FAMILIES if f in families)
        print(f"| {name} | {size} | {len(rows)} | {means} | {counts} |")
    every = [row for rows in kept.values() for row in rows]
    means = " | ".join(f"**{np.mean([row[rule] for row in every]):.2f}**" for rule in columns)
    print(f"| all | | {len(every)} | {means} | |")


if __name__ == "__main__":
    main()
