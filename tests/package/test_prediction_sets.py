"""Prediction sets of a bundle, by the rule in the manifest."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from headstart.bundles import load, score_file, verify
from headstart.package import build, publish, sets_rule
from headstart.types.result import NotAvailable


@pytest.fixture
def staging(stand_ins: ModuleType, encoder: Any, tmp_path: Path) -> Path:
    build(stand_ins.frozen_model(encoder), encoder, stand_ins.TEXTS, tmp_path / "staged", name="n")
    return tmp_path / "staged"


def ruled(staging: Path, threshold: float) -> Path:
    rule = {"threshold": threshold, "level": 0.9}
    publish(staging, staging.parent / "bundle", {}, sets={"": rule})
    return staging.parent / "bundle"


def test_without_a_rule_there_are_no_sets(staging: Path, stand_ins: ModuleType) -> None:
    assert sets_rule(NotAvailable("none are asked for")) == verify(staging).sets == {}
    assert {one.prediction_set for one in load(staging).predict(stand_ins.TEXTS)} == {None}


def test_a_set_holds_what_is_probable_enough(staging: Path, stand_ins: ModuleType) -> None:
    proba = load(staging).predict_proba(stand_ins.TEXTS)
    threshold = float(np.sort(proba.max(axis=1))[2])
    bundle = ruled(staging, threshold)
    predictor = load(bundle)
    for row, one in zip(proba, predictor.predict(stand_ins.TEXTS), strict=True):
        order = [i for i in np.argsort(-row, kind="stable") if row[i] >= threshold]
        assert one.prediction_set == tuple(predictor.labels[i] for i in order)
    assert any(one.prediction_set == () for one in predictor.predict(stand_ins.TEXTS))
    publish(bundle, bundle, {"decision": "yes"})
    assert verify(bundle).sets == {"threshold": threshold, "level": 0.9}
    publish(bundle, bundle, {}, sets={"": {}})
    assert verify(bundle).sets == {}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_labelled_file_has_them(
    staging: Path, stand_ins: ModuleType, tmp_path: Path, suffix: str
) -> None:
    source, out = tmp_path / "new.csv", tmp_path / f"out{suffix}"
    with source.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([text] for text in stand_ins.TEXTS), [" "]])
    proba = load(staging).predict_proba(stand_ins.TEXTS)
    bundle = ruled(staging, float(np.median(proba)))
    score_file(bundle, source, out)
    text = out.read_text(encoding="utf-8")
    said = [list(one.prediction_set or ()) for one in load(bundle).predict(stand_ins.TEXTS)]
    assert len({len(one) for one in said}) > 1
    if suffix == ".csv":
        *rows, bad = [row["prediction_set"] for row in csv.DictReader(text.splitlines())]
        assert bad == ""
        assert [json.loads(row) for row in rows] == said
    else:
        *found, bad = [json.loads(line)["prediction_set"] for line in text.splitlines()]
        assert bad is None
        assert found == said
    score_file(staging, source, out)
    assert "prediction_set" not in out.read_text(encoding="utf-8").splitlines()[0]
