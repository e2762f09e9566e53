"""Every interval and test that is reported of rows that were looked at before is widened."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from hashlib import sha256

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from headstart.evaluate import Context, SealedHoldout, SetRule, evaluate, find_parts, pair_runs
from headstart.evaluate.automation import Thresholds
from headstart.evaluate.slices import Known
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.result import Comparison, Estimate, HoldoutAnswers

LABELS = ("a", "b", "c")
ASKED = Brief(
    "pilot",
    DataSource("rows.csv"),
    requirement=Requirement(max_error=0.4, sets=0.8),
    mistake_costs={"a": 2.0, "b": 1.0},
    review_cost=0.1,
)


def world(n: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes, and probabilities of a model that is right in four cases out of five."""
    random = np.random.default_rng(seed)
    y = np.random.default_rng(9).choice(3, n, p=[0.5, 0.3, 0.2])
    answer = np.where(random.random(n) < 0.8, y, (y + 1) % 3)
    proba = random.dirichlet(np.ones(3), n) + 2 * np.eye(3)[answer]
    return y, proba / proba.sum(axis=1, keepdims=True)


def report(y: np.ndarray, proba: np.ndarray, openings: int, **more):
    values = [f"value {i}" + "x" * (i % 50) for i in range(len(y))]
    keys = [sha256(value.encode()).hexdigest() for value in values]
    sealed = SealedHoldout(
        "text", values, [LABELS[c] for c in y], values, keys, np.ones(len(y), dtype=bool)
    )
    return evaluate(
        lambda asked: proba,
        sealed,
        labels=LABELS,
        majority=np.array([0.5, 0.3, 0.2]),
        metric="accuracy",
        chosen="frozen",
        openings=openings,
        **{"brief": ASKED, **more},
    )


def everything(openings: int):
    y, proba = world()
    values = [f"value {i}" + "x" * (i % 50) for i in range(len(y))]
    parts = find_parts(Known("text", values, ()), np.zeros(len(y), bool), ("a",), y, 0)
    return report(
        y,
        proba,
        openings,
        sets=SetRule(0.2, 500),
        thresholds=np.array([0.7, 0.0]),
        by_cost=Thresholds(np.array([0.9, 0.0]), 0.5),
        unscaled=lambda p: p,
        context=Context(parts),
        bundle=lambda asked: proba[: len(asked)],
    )


def found_in(node, path=""):
    """(where, what) of every estimate and comparison of a report."""
    if isinstance(node, (Estimate, Comparison)):
        yield path, node
    elif isinstance(node, dict):
        for key, one in node.items():
            yield from found_in(one, f"{path}/{key}")
    elif isinstance(node, tuple):
        for i, one in enumerate(node):
            yield from found_in(one, f"{path}/{i}")
    elif is_dataclass(node) and not isinstance(node, HoldoutAnswers):
        for one in fields(node):
            yield from found_in(getattr(node, one.name), f"{path}/{one.name}")


def test_all_of_a_second_look_is_wider():
    once, twice = dict(found_in(everything(1))), dict(found_in(everything(2)))
    assert once.keys() == twice.keys()
    parts = {path.split("/")[1] for path in once}
    assert parts >= {
        *("metrics", "metrics_all", "majority", "against_majority", "per_class", "costs"),
        *("calibration", "stress", "slices", "automation", "prediction_sets"),
    }
    for path, was in once.items():
        now = twice[path]
        if was.low is None:
            continue
        assert (was.confidence, now.confidence) == (0.95, 0.975), path
        assert now.low <= was.low, path
        assert now.high >= was.high, path
        said = now.method if isinstance(now, Estimate) else now.test
        assert said.endswith("α divided by the 2 openings of the hold-out"), path
    assert sum(twice[path].high > was.high for path, was in once.items() if was.high) > 20


def test_the_interval_is_wilsons_at_the_looks_level():
    y, proba = world(120)
    hits = int((proba.argmax(axis=1) == y).sum())
    for openings in (1, 2, 5):
        found = report(y, proba, openings).metrics["accuracy"]
        expected = proportion_confint(hits, 120, alpha=0.05 / openings, method="wilson")
        assert (found.low, found.high) == pytest.approx(expected)


def test_tables_without_a_method_are_widened_too():
    once, twice = everything(1), everything(2)
    row, wide = once.calibration.reliability[-1], twice.calibration.reliability[-1]
    assert wide.right_low < row.right_low
    assert wide.right_high > row.right_high
    slices = zip(
        *(sorted(one.slices.rows, key=lambda row: row.name) for one in (once, twice)), strict=True
    )
    for was, now in slices:
        assert now.low < was.low
        assert now.high > was.high
        assert now.p_value == was.p_value
    assert twice.stress.rows[-1].low <= once.stress.rows[-1].low


def test_a_comparison_pays_for_every_pair_of_looks():
    names, metrics = ("one", "two"), ("accuracy", "accuracy")
    a, b = (report(*world(300, seed), 1) for seed in (1, 2))
    briefs = (ASKED, ASKED)
    once = pair_runs(a, b, names=names, metrics=metrics, briefs=briefs)
    again = pair_runs(
        replace(a, openings=2), replace(b, openings=3), names=names, metrics=metrics, briefs=briefs
    )
    assert once.differences["accuracy"].confidence == pytest.approx(0.95)
    found = again.differences["accuracy"]
    assert found.confidence == pytest.approx(1 - 0.05 / 6)
    assert found.low < once.differences["accuracy"].low
    assert found.test.endswith("α divided by the 6 pairs of openings")
