"""Answers that a person should look at, by the rule in the manifest."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from headstart.bundles import load, score_file, verify
from headstart.package import build, publish, review_rule
from headstart.types.brief import Requirement
from headstart.types.result import NotAvailable

REQUIRED = Requirement(max_error=0.1, certainty=0.9)


@pytest.fixture
def staging(stand_ins: ModuleType, encoder: Any, tmp_path: Path) -> Path:
    build(stand_ins.frozen_model(encoder), encoder, stand_ins.TEXTS, tmp_path / "staged", name="n")
    return tmp_path / "staged"


def ruled(staging: Path, below: float | None) -> Path:
    rule = review_rule(REQUIRED, NotAvailable("too few")) | {"below": below}
    publish(staging, staging.parent / "bundle", {}, rule)
    return staging.parent / "bundle"


def test_without_a_limit_nobody_is_asked(staging: Path, stand_ins: ModuleType) -> None:
    publish(staging, staging.parent / "bundle", {}, review_rule(Requirement(), NotAvailable("x")))
    bundle = staging.parent / "bundle"
    assert verify(bundle).review == {}
    assert not any(answer.review for answer in load(bundle).predict(stand_ins.TEXTS))


def test_an_answer_below_the_threshold_is_for_a_person(
    staging: Path, stand_ins: ModuleType
) -> None:
    before = load(staging).predict_proba(stand_ins.TEXTS).max(axis=1)
    below = float(np.sort(before)[3])
    predictor = load(ruled(staging, below))
    asked = [answer.review for answer in predictor.predict(stand_ins.TEXTS)]
    assert asked == (before < below).tolist()
    assert sum(asked) == 3


def test_a_limit_without_a_certificate_asks_for_every_answer(
    staging: Path, stand_ins: ModuleType
) -> None:
    predictor = load(ruled(staging, None))
    assert all(answer.review for answer in predictor.predict(stand_ins.TEXTS))


def test_a_bundle_in_place_takes_another_rule(staging: Path) -> None:
    bundle = ruled(staging, 0.5)
    rule = {"below": 0.75, "max_error": 0.1, "confidence": 0.9}
    publish(bundle, bundle, {"decision": "yes"}, rule)
    assert verify(bundle).review == rule
    publish(bundle, bundle, {})
    assert verify(bundle).review == rule


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_labelled_file_says_which_rows(
    staging: Path, stand_ins: ModuleType, tmp_path: Path, suffix: str
) -> None:
    source = tmp_path / "new.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text", "review"], *((t, "mine") for t in stand_ins.TEXTS)])
        csv.writer(stream).writerow([" ", "mine"])
    below = float(np.sort(load(staging).predict_proba(stand_ins.TEXTS).max(axis=1))[4])
    report = score_file(ruled(staging, below), source, tmp_path / f"out{suffix}")
    text = (tmp_path / f"out{suffix}").read_text(encoding="utf-8")
    if suffix == ".csv":
        rows: list[dict[str, Any]] = list(csv.DictReader(text.splitlines()))
        asked = [row["review_2"] == "true" for row in rows]
    else:
        rows = [json.loads(line) for line in text.splitlines()]
        asked = [row["review_2"] for row in rows]
    assert {row["review"] for row in rows} == {"mine"}
    said = load(staging.parent / "bundle").predict(stand_ins.TEXTS)
    assert asked == [*(answer.review for answer in said), True]
    assert report.review == 4
    assert "4 of them for review by a person" in str(report)
