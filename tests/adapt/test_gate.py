"""The gate against its definition, and in worlds where no rung is any better."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from headstart.adapt.gate import ALPHA, Purse, Rule, gains, guards, hopeless, judge_gain
from headstart.types.model import ArmResult

RULE = Rule("accuracy", 0.01, 0.95, 500, 5)
SCORES = st.lists(st.integers(0, 100), min_size=10, max_size=10)
Floats = NDArray[np.float64]


def said(rung: Floats, base: Floats, rule: Rule = RULE, level: float = ALPHA) -> str:
    return judge_gain(gains(rung, base, rule, ("rung", "base")), rule, level)[0]


def shares(values: list[int]) -> Floats:
    return np.array(values) / 100.0


def rederived(gap: Floats, rule: Rule, level: float) -> str:
    error = gap.std(ddof=1) * np.sqrt(1 / len(gap) + (1 / rule.k) / (1 - 1 / rule.k))
    law = stats.t(len(gap) - 1, loc=gap.mean(), scale=error)
    if law.cdf(0.0) <= level and gap.mean() >= rule.margin:
        return "adopt"
    if law.ppf(0.5 + rule.confidence / 2) < rule.margin or gap.mean() <= 0:
        return "stay"
    return "not enough evidence"


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_the_word_is_that_of_a_corrected_t_test(repeats: int) -> None:
    random = np.random.default_rng(repeats)
    words = set()
    for _ in range(200):
        base = random.uniform(0.5, 0.7, 5 * repeats)
        gap = random.normal(random.choice([-0.02, 0.0, 0.02, 0.06]), 0.03, 5 * repeats)
        level = random.choice([0.01, 0.025, 0.05])
        expected = rederived((base + gap) - base, RULE, level)
        assert said(base + gap, base, RULE, level) == expected
        words.add(expected)
    assert words == {"adopt", "stay", "not enough evidence"}


def test_a_loss_is_turned_so_that_less_is_better() -> None:
    rule = Rule("log_loss", 0.01, 0.95, 500, 5)
    base = np.array([0.61, 0.58, 0.63, 0.6, 0.59])
    gap = np.array([0.11, 0.1, 0.12, 0.1, 0.09])
    assert said(base - gap, base, rule) == "adopt"
    assert said(base + gap, base, rule) == "stay"


@given(SCORES, SCORES, st.integers(0, 50))
@settings(max_examples=100, deadline=None)
def test_a_constant_more_never_turns_adopt_into_stay(
    rung: list[int], base: list[int], more: int
) -> None:
    a, b = shares(rung), shares(base)
    if np.ptp(a - b) > 0 and said(a, b) == "adopt":
        assert said(a + more / 100, b) == "adopt"


@given(SCORES)
@settings(max_examples=50, deadline=None)
def test_equal_arms_are_never_adopted(scores: list[int]) -> None:
    for margin in (0.0, 0.01):
        rule = Rule("accuracy", margin, 0.95, 500, 5)
        assert said(shares(scores), shares(scores), rule, 0.4) != "adopt"


@given(SCORES, SCORES, st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_a_rung_below_the_margin_is_never_adopted(
    rung: list[int], base: list[int], margin: int
) -> None:
    rule = Rule("accuracy", margin / 100, 0.95, 500, 5)
    a, b = shares(rung), shares(base)
    if (a - b).mean() < rule.margin - 1e-9:
        assert said(a, b, rule, 0.5) != "adopt"


@pytest.mark.parametrize("rungs", [1, 2, 3, 4])
def test_the_purse_is_the_fallback_procedure(rungs: int) -> None:
    """α_i + Σ of the parts of the rungs directly before i that were all adopted; and over every set
    of true hypotheses the levels at which a first wrong adoption can happen sum to α at most."""
    for adopted in product([False, True], repeat=rungs):
        purse = Purse.of(ALPHA, rungs)
        for i, one in enumerate(adopted):
            run = 0
            while run < i and adopted[i - 1 - run]:
                run += 1
            assert purse.level == pytest.approx(ALPHA / rungs * (1 + run))
            purse.spend(one)
    for equal in product([False, True], repeat=rungs):
        purse, spent = Purse.of(ALPHA, rungs), 0.0
        for null in equal:
            spent += purse.level if null else 0.0
            purse.spend(not null)
        assert spent <= ALPHA + 1e-12


def test_hopeless_can_only_stop() -> None:
    base = [0.6, 0.62, 0.58, 0.61, 0.6]
    assert hopeless([one - 0.2 for one in base], base, RULE)
    assert not hopeless([one + 0.1 for one in base], base, RULE)
    assert not hopeless([0.1], [0.9], RULE)
    random = np.random.default_rng(0)
    for _ in range(100):
        gap = random.normal(0.02, 0.05, 5)
        a, b = np.array(base) + gap, np.array(base)
        if gap.mean() >= RULE.margin:
            assert not hopeless(a.tolist(), b.tolist(), RULE)


def arm(name: str, right: NDArray[np.bool_], codes: NDArray[np.int64], loss: Floats) -> ArmResult:
    answers = np.where(right, codes, (codes + 1) % 3)
    return ArmResult(
        name, "adapted", pretrained=True, deployable=True, describe=name,
        scores={"log_loss": loss}, out_of_fold=np.eye(3, dtype=np.float32)[answers],
    )  # fmt: skip


CODES = np.arange(300) % 3
LOSS = np.array([0.50, 0.52, 0.49, 0.51, 0.48])
WOBBLE = np.array([0.005, -0.004, 0.003, -0.006, 0.002])


def fallen(rung: ArmResult, shifted: Floats) -> list[bool]:
    base = arm("base", np.random.default_rng(1).random(300) < 0.8, CODES, LOSS)
    checks = guards(rung, base, CODES, ("a", "b", "c"), (shifted, 1.0 - LOSS), RULE)
    return [check.falls for check in checks]


def test_each_guard_sees_its_own_fall_and_none_a_mild_noise() -> None:
    right = np.random.default_rng(1).random(300) < 0.8
    mild = right ^ (np.random.default_rng(2).random(300) < 0.03)
    lost = right & ((CODES != 1) | (np.random.default_rng(3).random(300) < 0.5))
    still = 1.0 - LOSS + WOBBLE
    assert fallen(arm("mild", mild, CODES, LOSS + WOBBLE), still) == [False, False, False]
    worse = LOSS + 0.1 + WOBBLE
    assert fallen(arm("loss", mild, CODES, worse), still) == [True, False, False]
    assert fallen(arm("class", lost, CODES, LOSS + WOBBLE), still) == [False, True, False]
    assert fallen(arm("shift", mild, CODES, LOSS + WOBBLE), still - 0.1) == [False, False, True]


def fold_scores(x: Floats, y: NDArray[np.int64]) -> Floats:
    """Accuracy of the nearest class mean, two repeats of five stratified folds, (10,)."""
    found = []
    for repeat in range(2):
        order = np.lexsort((np.random.default_rng(repeat).random(len(y)), y))
        fold = np.empty(len(y), dtype=np.int64)
        fold[order] = np.arange(len(y)) % 5
        for number in range(5):
            train, test = fold != number, fold == number
            means = np.stack([x[train & (y == c)].mean(axis=0) for c in range(3)])
            away = ((x[test][:, None] - means) ** 2).sum(axis=2)
            found.append(float((away.argmin(axis=1) == y[test]).mean()))
    return np.array(found)


def test_three_equal_rungs_are_rarely_adopted() -> None:
    """Each arm sees the same rows through its own noise of the same size. 5% is allowed; more than
    it would see by chance in one of a thousand such tests fails."""
    worlds, wrong = 400, 0
    for world in range(worlds):
        random = np.random.default_rng(world)
        y = np.arange(150) % 3
        rows = random.normal(0, 0.6, (3, 6))[y] + random.normal(0, 0.7, (150, 6))
        arms = [fold_scores(rows + random.normal(0, 1, rows.shape), y) for _ in range(4)]
        purse, best, rule = Purse.of(ALPHA, 3), arms[0], Rule("accuracy", 0.0, 0.95, 150, 5)
        adoptions = []
        for rung in arms[1:]:
            adoptions.append(said(rung, best, rule, purse.level) == "adopt")
            best = rung if adoptions[-1] else best
            purse.spend(adoptions[-1])
        wrong += any(adoptions)
    assert wrong <= stats.binom.ppf(0.999, worlds, ALPHA)
