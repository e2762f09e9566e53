"""CLINC150 with its out-of-scope rows, the frozen arm alone, where no arm has to be compared.

    python benchmarks/clinc150_frozen.py --shared ../shared/data [--per-intent 100] [--work folder]

The rows, the split, the head, the score and its threshold are those of `clinc150_oos.py`; but
nothing is decided, so that TF-IDF is not fitted on the folds, and the probabilities are not scaled.
With and without the out-of-scope training rows to choose the score by.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from clinc150_oos import PUBLISHED, some, write

from headstart import bootstrap
from headstart.adapt import ArmInputs, Seen, choose_outside, label_texts, plan_arms, refit
from headstart.audit import audit, find_near_duplicates
from headstart.heads import LinearHead, outside_scores
from headstart.metrics import auroc
from headstart.stats import wilson
from headstart.types.result import Estimate
from headstart.workflow.pipeline import prepare


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def shown(found: Estimate) -> str:
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return f"{100 * found.value:.1f}% ({100 * found.low:.1f} to {100 * found.high:.1f})"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--per-intent", type=int, default=100)
    arguments.add_argument("--work", type=Path)
    said = arguments.parse_args()
    parts = json.loads((said.shared / "clinc150/data_full.json").read_text(encoding="utf-8"))
    parts = {name: [(text, intent) for text, intent in rows] for name, rows in parts.items()}
    work = said.work or Path(tempfile.mkdtemp(prefix="clinc-"))
    work.mkdir(parents=True, exist_ok=True)
    data, held = work / "train.csv", work / "test.csv"
    write(data, some(parts["train"], said.per_intent) + parts["oos_train"])
    write(held, parts["test"] + parts["oos_test"])
    options = bootstrap.Options(
        input="text", label="intent", holdout=str(held), out_of_scope="oos", max_stage="frozen"
    )
    brief = bootstrap.open_pilot(data, work / "pilot", options).brief
    begin = time.monotonic()

    def took(what: str) -> None:
        print(f"{what}: after {time.monotonic() - begin:.0f} s", flush=True)

    prepared = prepare(brief, silent)
    backbone, sources = prepared.backbones[0], prepared.sources
    dataset, holdout = sources.dataset, sources.holdout
    assert holdout is not None
    features = backbone.features(
        backbone.encoder, dataset.values, dataset.keys, label_texts(dataset.single_labels, {})
    )
    test = backbone.features(backbone.encoder, holdout.values, holdout.keys, []).matrix
    outside, sealed = (
        backbone.encoder.encode([one.value for one in rows], [one.key for one in rows])
        for rows in (sources.outside, sources.sealed_outside)
    )
    took("features")
    near = find_near_duplicates(
        dataset, holdout, features=features.matrix, holdout_features=test, seed=brief.seed
    )
    split = audit(dataset, holdout, brief, near)
    took("split")
    spec = next(arm for arm in plan_arms("text", [backbone.card]) if arm.family == "frozen")
    codes, labels = dataset.targets(), dataset.single_labels
    rows = ArmInputs(
        "text", dataset.values, codes, labels, split.groups, features={spec.name: features}
    )
    model = refit(spec, rows, brief.seed)
    took("head")
    clean = split.holdout_clean
    truth = np.array([labels.index(one.label) for one in holdout.examples])[clean]
    test = test[clean]
    whole = LinearHead(model.weights, model.bias)
    own, strange = (seen @ whole.weights.T + whole.bias for seen in (test, sealed))
    right = own.argmax(axis=1) == truth
    n, m = len(test), len(sealed)
    print(f"{len(dataset)} training rows in scope, {n} and {m} test rows, {model.head}")
    print(f"accuracy without flags {shown(wilson(int(right.sum()), n))}\n")
    for name, known in (("with", outside), ("without", outside[:0])):
        l2 = model.settings["l2"]
        pulled = features.label_weights if model.settings["label_names"] else None
        seen = Seen(features.matrix, codes, known, len(labels), l2=l2, towards=pulled)
        choice = choose_outside(seen, whole, split.folds, 0.05, brief.seed)
        score = choice.score
        inside, out = outside_scores(score, test, own), outside_scores(score, sealed, strange)
        flagged = inside > score.threshold
        cells = (
            f"Headstart, frozen MiniLM, {name} out-of-scope training rows, {score.name}",
            shown(wilson(int((right & ~flagged).sum()), n)),
            shown(wilson(int((out > score.threshold).sum()), m)),
            shown(wilson(int(flagged.sum()), n)),
            f"{auroc(inside, out):.3f}",
        )
        print("| " + " | ".join(cells) + " |")
        print(f"chosen by {choice.against}: {choice.auroc}")
        took(name)
    for name, accuracy, recall in PUBLISHED:
        print(f"| {name} | {100 * accuracy:.1f}% | {100 * recall:.1f}% | | |")


if __name__ == "__main__":
    main()
