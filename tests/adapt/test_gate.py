"""The gate: its levels, its words, what must not fall, and how often it is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import f1_score, log_loss

from headstart.adapt.gate import (
    FoldAnswers,
    Gaps,
    Rule,
    chance,
    gains,
    gains_in_log_loss,
    gaps_between,
    given_up,
    guards,
    hopeless,
    judge_gain,
    last_level,
    level_of,
    outcome,
    rows_to_settle,
    settled,
    too_few_rows,
)
from headstart.adapt.log_losses import scaled_log_losses
from headstart.adapt.run import scored
from headstart.data import make_folds
from headstart.select.block_ridge import Decomposed, held_out
from headstart.types.model import ArmResult
from headstart.types.result import Comparison
from headstart.workflow.rung_folds import waves

RULE = Rule("accuracy", 0.01, 0.95, 400, 5)


def found(gaps: np.ndarray, rule: Rule = RULE, by_rows: float | None = None) -> Comparison:
    return gains(Gaps(gaps, by_rows), rule, ("rung", "base"))


def by_hand(gaps: np.ndarray, k: int, by_rows: float | None = None) -> float:
    """One-sided p-value of Nadeau and Bengio's test; by_rows counts as ten degrees of freedom."""
    n = len(gaps)
    spread, df = gaps.var(ddof=1), n - 1
    if by_rows is not None:
        spread, df = (df * spread + 10 * by_rows) / (df + 10), df + 10
    error = np.sqrt(spread * (1 / n + 1 / (k - 1)))
    return float(stats.t.sf(gaps.mean() / error, df))


@pytest.mark.parametrize("by_rows", [None, 0.01**2, 0.03**2])
@pytest.mark.parametrize("seed", range(30))
def test_it_adopts_where_the_test_by_hand_does(seed: int, by_rows: float | None) -> None:
    random = np.random.default_rng(seed)
    gaps, level = random.normal(0.02, 0.02, 10), 0.025
    verdict, _ = judge_gain(found(gaps, by_rows=by_rows), RULE, level)
    wanted = by_hand(gaps, 5, by_rows) <= level and gaps.mean() >= RULE.margin
    assert (verdict == "adopt") == wanted


def test_all_three_outcomes_and_what_they_say() -> None:
    small = np.array([0.002, -0.002, 0.001, -0.001, 0.0])
    assert judge_gain(found(0.05 + small), RULE, 0.025)[0] == "adopt"
    verdict, why = judge_gain(found(small), RULE, 0.025)
    assert verdict == "stay"
    assert "credibly less than the margin" in why
    wild = np.array([0.09, -0.05, 0.08, 0.0, 0.03])
    verdict, why = judge_gain(found(wild), RULE, 0.025)
    assert verdict == "not enough evidence"
    assert "rows would settle a gain of this size" in why
    verdict, why = judge_gain(found(-wild), RULE, 0.025)
    assert verdict == "not enough evidence"
    assert "rows would show that it is less" in why


def test_the_rows_that_settle_a_gain_do_so_four_times_in_five() -> None:
    gaps = np.array([0.09, -0.05, 0.08, 0.0, 0.03])
    one = found(gaps)
    rows = rows_to_settle(one, one.difference, 0.025)
    assert rows is not None
    error = gaps.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4) * np.sqrt(400 / rows)
    critical = stats.t.isf(0.025, 4)
    power = stats.nct.sf(critical, 4, one.difference / error)
    assert power == pytest.approx(0.8, abs=0.01)


@given(st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=5), st.floats(0.0, 0.1))
def test_more_gain_never_turns_adopt_into_another_word(gaps: list[float], more: float) -> None:
    before, _ = judge_gain(found(np.array(gaps)), RULE, 0.025)
    after, _ = judge_gain(found(np.array(gaps) + more), RULE, 0.025)
    if before == "adopt" and np.std(gaps) > 1e-6:
        assert after == "adopt"


@given(st.lists(st.floats(-0.5, 0.5), min_size=10, max_size=10), st.floats(0.0, 0.1))
def test_equal_arms_and_gains_below_the_margin_are_never_adopted(
    scores: list[float], by_rows: float
) -> None:
    gaps = np.array(scores) - np.mean(scores)
    assert judge_gain(found(gaps, by_rows=by_rows), RULE, 0.05)[0] != "adopt"
    assert judge_gain(found(gaps + 0.009, by_rows=by_rows), RULE, 0.05)[0] != "adopt"


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=9))
def test_to_lose_hope_is_to_be_short_of_the_margin(gaps: list[float]) -> None:
    if hopeless(Gaps(np.array(gaps)), RULE):
        assert np.mean(gaps) < RULE.margin
    assert not hopeless(Gaps(np.array(gaps[:1])), RULE)


@pytest.mark.parametrize("by_rows", [None, 0.04**2])
@pytest.mark.parametrize(("gaps", "trainings"), [((0.02, -0.01), 5), ((0.05, 0.01, 0.03), 15)])
def test_the_chance_of_an_adoption_is_that_of_folds_that_go_on_so(
    gaps: tuple[float, ...], trainings: int, by_rows: float | None
) -> None:
    """The other folds drawn about a rate that the first ones leave open."""
    rule, level, done = replace(RULE, n=200), 0.05, len(gaps)
    found, need = chance(Gaps(np.array(gaps), by_rows), rule, trainings, level)
    own, df = float(np.std(gaps, ddof=1)), trainings - 1
    least = (0.1 * rule.k / rule.n) ** 0.5
    if by_rows is not None:
        own, df = (((done - 1) * own**2 + 10 * by_rows) / (done + 9)) ** 0.5, df + 10
        least = 0.0
    error = own * (1 / trainings + 1 / (rule.k - 1)) ** 0.5
    assert need == pytest.approx(max(rule.margin, stats.t.ppf(0.95, df) * error))
    random, spread = np.random.default_rng(0), max(own, least)
    rate = np.mean(gaps) + spread / done**0.5 * random.standard_normal((100_000, 1))
    rest = rate + spread * random.standard_normal((100_000, trainings - done))
    whole = (np.sum(gaps) + rest.sum(axis=1)) / trainings
    assert found == pytest.approx((whole >= need).mean(), abs=0.005)


@pytest.mark.parametrize("rows_known", [False, True])
@pytest.mark.parametrize(
    ("trainings", "gain", "lost", "saved"),
    [(5, 0.0, 0.01, 0.35), (5, 0.04, 0.02, 0.05), (15, 0.0, 0.01, 0.6), (15, 0.04, 0.03, 0.05)],
)
def test_giving_up_saves_trainings_and_hardly_any_adoption(
    trainings: int, gain: float, lost: float, saved: float, rows_known: bool
) -> None:
    """Folds whose gains share a fifth of their variance; of the adoptions that all folds would have
    given."""
    rule, level = replace(RULE, n=600), 0.05
    own = np.sqrt(0.1 * 5 / rule.n)
    random, worlds = np.random.default_rng(trainings), 1_500
    gaps = gain + own / 2 * random.standard_normal((worlds, 1))
    gaps = gaps + own * random.standard_normal((worlds, trainings))
    by_rows = own**2 if rows_known else None
    adopted = kept = used = 0
    for one in gaps:
        right = judge_gain(found(one, rule, by_rows), rule, level)[0] == "adopt"
        ends = [wave.stop for wave in waves(5, trainings)]
        said = (given_up(Gaps(one[:end], by_rows), rule, trainings, level) for end in ends)
        stopped = next((end for end, word in zip(ends, said, strict=True) if word), None)
        adopted, kept = adopted + right, kept + (right and stopped is None)
        used += stopped or trainings
    assert (adopted - kept) / worlds <= lost
    assert 1 - used / trainings / worlds >= saved


def test_a_clear_gain_ends_after_whole_repeats_alone() -> None:
    rule = replace(RULE, n=2000)
    noise = 0.004 * np.random.default_rng(1).standard_normal(15)
    clear, faint = (gain + noise for gain in (0.05, 0.012))
    for end, said in ((4, False), (5, True), (7, False), (10, True), (15, False)):
        assert settled(Gaps(clear[:end]), rule, 3) == said
    assert not settled(Gaps(clear[:5]), rule, 1)
    assert not settled(Gaps(faint[:5]), rule, 3)
    assert not settled(Gaps((noise - 0.05)[:5]), rule, 3)


@pytest.mark.parametrize("by_rows", [None, 0.03**2])
@pytest.mark.parametrize("shared", [0.0, pytest.param(0.5, marks=pytest.mark.slow)])
def test_all_looks_together_stay_within_the_level(shared: float, by_rows: float | None) -> None:
    """Null worlds without a margin; of the folds' variance a fifth is shared, or more."""
    rule, level, worlds = replace(RULE, n=600, margin=0.0), 0.05, 4_000
    random = np.random.default_rng(3)
    gaps = (0.5 + shared) * random.standard_normal((worlds, 1))
    gaps = 0.03 * (gaps + random.standard_normal((worlds, 15)))
    early = last = 0
    for one in gaps:
        if any(settled(Gaps(one[:end], by_rows), rule, 3) for end in (5, 10)):
            early += 1
        elif judge_gain(found(one, rule, by_rows), rule, last_level(level, 3))[0] == "adopt":
            last += 1
    assert early / worlds <= (0.005 if shared == 0.0 else 0.03)
    if shared == 0.0:
        assert 0.03 <= (early + last) / worlds <= 0.055


def test_what_was_given_up_says_what_adoption_takes() -> None:
    rule = replace(RULE, n=616)
    said = given_up(Gaps(np.array([0.03, -0.016])), rule, 5, 0.05)
    assert said is not None
    assert said[0] == "not enough evidence"
    assert re.fullmatch(
        r"after 2 of 5 folds it gained \+0\.7 points; to adopt it takes about \+4\.7 points with "
        r"so many rows, to which it had a chance of \d%",
        said[1],
    )
    assert given_up(Gaps(np.array([-0.02, -0.03])), rule, 5, 0.05) == (
        "stay", "after 2 of 5 folds it gained −2.5 points: no hope of the margin",
    )  # fmt: skip
    assert given_up(Gaps(np.array([0.06, 0.04])), rule, 5, 0.05) is None
    assert given_up(Gaps(np.full(5, -0.1)), rule, 5, 0.05) is None


@pytest.mark.parametrize(("repeats", "fewest"), [(1, 154), (2, 117), (3, 104)])
def test_a_likely_gain_is_found_four_times_in_five_from_just_enough_rows(
    repeats: int, fewest: int
) -> None:
    """Folds whose gains share a fifth of their variance, as folds that overlap do."""
    rule = replace(RULE, n=fewest)
    assert not too_few_rows(rule, repeats)
    assert f"about {fewest:,} rows" in too_few_rows(replace(rule, n=fewest - 1), repeats)
    random, worlds, trainings = np.random.default_rng(repeats), 4_000, 5 * repeats
    own = np.sqrt(0.1 * 5 / fewest)
    shared = own / np.sqrt(5 - 1)
    gaps = 0.1 + shared * random.standard_normal((worlds, 1))
    gaps = gaps + own * random.standard_normal((worlds, trainings))
    share = np.mean([by_hand(one, 5, own**2) <= rule.alpha for one in gaps])
    assert share == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize(("lacking", "fewest"), [(0.3, 104), (0.1, 415), (0.04, 1038)])
def test_what_lacks_little_takes_more_rows(lacking: float, fewest: int) -> None:
    """A rung that mends half of what the frozen backbone gets wrong, in folds of drawn rows."""
    rule = replace(RULE, n=fewest)
    assert not too_few_rows(rule, 3, lacking)
    assert f"about {fewest:,} rows" in too_few_rows(replace(rule, n=fewest - 1), 3, lacking)
    heavy = replace(rule, design_effect=1.5, n=round(1.5 * fewest) + 1)
    assert not too_few_rows(heavy, 3, lacking)
    assert too_few_rows(replace(heavy, n=round(1.5 * fewest) - 2), 3, lacking)
    if lacking > 0.1:
        return
    random, worlds = np.random.default_rng(7), 4_000
    a_fold = fewest / 5
    mended = random.poisson(0.75 * lacking * a_fold, (worlds, 15))
    broken = random.poisson(0.25 * lacking * a_fold, (worlds, 15))
    shared = np.sqrt(lacking / a_fold / 4) * random.standard_normal((worlds, 1))
    gaps = (mended - broken) / a_fold + shared
    by_rows = lacking / a_fold
    share = np.mean([by_hand(one, 5, by_rows) <= rule.alpha for one in gaps])
    assert share == pytest.approx(0.8, abs=0.025)


def test_with_too_few_rows_it_says_what_could_be_found_and_what_is_needed() -> None:
    said = too_few_rows(replace(RULE, n=32), 3)
    assert "with 32 rows the gate would find a gain of +18.0 points four times in five" in said
    costs = replace(RULE, metric="cost", n=32, largest=10.0)
    assert "+1.8 in the unit of the costs" in too_few_rows(costs, 3)
    assert not too_few_rows(replace(costs, n=109), 3)


def test_the_gain_of_an_ordered_task_is_counted_in_steps() -> None:
    small = 1e-4 * np.arange(10)
    for steps, unit in ((True, "steps"), (False, "in the unit of the costs")):
        rule = replace(RULE, metric="cost", n=32, largest=2.0, steps=steps)
        _, why = judge_gain(found(0.1 - small, rule), rule, 0.05)
        assert f"it gains +0.0995 {unit} (" in why
        assert f"not one of +0.2 {unit}" in too_few_rows(rule, 3)


def test_smaller_is_better_where_the_metric_says_so() -> None:
    rule = replace(RULE, metric="log_loss")
    random = np.random.default_rng(2)
    codes, worse = random.integers(0, 4, 400), random.random(400) < 0.5
    better = worse | (random.random(400) < 0.5)
    gaps = gaps_between(answers(better, codes), arm_of(answers(worse, codes), rule), rule)
    losses = [
        log_loss(one.codes, other.proba) - log_loss(one.codes, one.proba)
        for one, other in zip(answers(better, codes), answers(worse, codes), strict=True)
    ]
    assert gaps.by_fold == pytest.approx(losses)
    assert gaps.mean > 0.0
    assert judge_gain(found(gaps.by_fold, rule, gaps.by_rows), rule, 0.025)[0] == "adopt"
    back = gaps_between(answers(worse, codes), arm_of(answers(better, codes), rule), rule)
    assert hopeless(back, rule)


@pytest.mark.parametrize("rungs", [1, 2, 3])
def test_levels_of_all_true_nulls_that_may_be_reached_add_up_to_alpha(rungs: int) -> None:
    """Over every true order of the rungs; a wrong adoption ends the walk, a right one may or may
    not come."""

    def reached(true: tuple[int, ...]) -> int:
        pairs = set()

        def walk(turn: int, best: int) -> None:
            if turn > rungs:
                return
            null = true[turn] <= true[best]
            if null:
                pairs.add((turn, best))
            walk(turn + 1, best)
            if not null:
                walk(turn + 1, turn)

        walk(1, 0)
        return len(pairs)

    most = max(reached((0, *true)) for true in product(range(rungs + 1), repeat=rungs))
    assert most * level_of(0.05, rungs) == pytest.approx(0.05)


def test_too_many_rungs_are_refused() -> None:
    with pytest.raises(ValueError, match="4 rungs cannot share a level"):
        level_of(0.05, 4)


def answers(right: np.ndarray, codes: np.ndarray, sure: float = 0.9) -> list[FoldAnswers]:
    """Five folds whose answers are right where `right` says so."""
    said = np.where(right, codes, (codes + 1) % 4)
    proba = np.full((len(codes), 4), (1 - sure) / 3)
    proba[np.arange(len(codes)), said] = sure
    parts = np.array_split(np.arange(len(codes)), 5)
    return [FoldAnswers(codes[part], proba[part], proba[part]) for part in parts]


def arm_of(folds: list[FoldAnswers], rule: Rule) -> ArmResult:
    """An arm that gives these answers."""
    scores = {rule.metric: np.array([one.score(rule.metric, rule) for one in folds])}
    by_row = tuple(one.values(rule.metric, rule).astype(np.float32) for one in folds)
    none = np.zeros((0, 4), dtype=np.float32)
    return ArmResult("base", "frozen", True, True, "", scores, none, by_row=by_row)


def test_what_falls_is_named_and_stops_an_adoption() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 4, 400)
    labels = ("a", "b", "c", "d")
    base = random.random(400) < 0.7
    better = base | (random.random(400) < 0.4)

    def falls(rung: list[FoldAnswers]) -> dict[str, bool]:
        said = guards(rung, answers(base, codes), ("rung", "base"), labels, RULE)
        return {one.name: one.falls for one in said}

    assert not any(falls(answers(better, codes)).values())
    assert not any(falls(answers(base, codes)).values())
    sure = falls(answers(better, codes, sure=1 - 1e-9))
    assert sure["calibration (log loss)"]
    collapsed = better & (codes != 2)
    said = guards(answers(collapsed, codes), answers(base, codes), ("r", "b"), labels, RULE)
    recall = next(one for one in said if one.name == "recall of every class")
    assert recall.falls
    assert "'c'" in recall.reason
    moved = [replace(one, shifted=one.proba[:, ::-1]) for one in answers(better, codes)]
    assert falls(moved)["rows that are mildly changed"]

    gain = found(0.1 + np.arange(5) / 1000)
    word = outcome(
        "top-1", "", "frozen", gain, None, said, RULE, 0.05, folds_run=5, estimated_minutes=1
    )
    assert word.verdict == "stay"
    assert "not at this price" in word.reason
    fine = outcome(
        "top-1", "", "frozen", gain, None, (), RULE, 0.05, folds_run=5, estimated_minutes=1
    )
    assert fine.verdict == "adopt"


def test_what_must_not_fall_is_judged_by_the_answers_that_are_given() -> None:
    random = np.random.default_rng(4)
    codes = random.choice(3, size=300, p=[0.7, 0.2, 0.1])
    proba = random.dirichlet(np.ones(3), 300) * 0.6 + 0.4 * np.eye(3)[codes]
    by = np.array([1.0, 2.0, 5.0])[:, None] * (1.0 - np.eye(3))
    one = FoldAnswers(codes, proba, proba[:, ::-1], by)
    weighed = (proba * [1.0, 2.0, 5.0]).argmax(axis=1)
    for code in range(3):
        assert (one.recalled(code) == (weighed[codes == code] == code)).all()
    assert (one.recalled(1) != replace(one, by=None).recalled(1)).any()
    moved = (proba[:, ::-1] * [1.0, 2.0, 5.0]).argmax(axis=1)
    macro = replace(RULE, metric="macro_f1")
    assert one.score("macro_f1", macro, shifted=True) == pytest.approx(
        f1_score(codes, moved, average="macro")
    )
    costs = np.array([[0.0, 1.0, 1.0], [4.0, 0.0, 1.0], [9.0, 9.0, 0.0]])
    cheapest = (proba[:, ::-1] @ costs).argmin(axis=1)
    paid = costs[codes, cheapest].mean()
    priced = replace(RULE, metric="cost", costs=costs)
    assert one.score("cost", priced, shifted=True) == pytest.approx(paid)


def test_a_ladder_of_equal_rungs_is_seldom_climbed() -> None:
    """Real cross-validation: three classifiers on exchangeable halves of rotated features, so that
    two rungs equal the ground in truth. 400 worlds; at a true rate of 5%, 32 wrong ladders or more
    have a probability below 0.6%."""
    random = np.random.default_rng(5)
    wrong = 0
    for world in range(400):
        n, width = 120, 8
        codes = np.arange(n) % 2
        signal = np.where(codes[:, None] == 1, 0.25, -0.25)
        folds = make_folds(codes, np.arange(n), 5, 2, world)
        arms = []
        for _ in range(3):
            x = signal + random.normal(size=(n, width))
            rows, y = Decomposed.of(x), np.eye(2)[codes]
            answers = [
                FoldAnswers(codes[test], softmax(said, axis=1), said)
                for _, _, test, said in held_out(rows, y, folds, [1.0])
            ]
            arms.append(answers)
        rule = replace(RULE, n=n, margin=0.0)
        level = level_of(rule.alpha, 2)
        base = scored([one.proba for one in arms[0]], codes, folds)
        ground = ArmResult(
            "frozen", "frozen", True, True, "", base.scores, base.out_of_fold,
            by_row=base.by_row, log_losses=base.log_losses,
        )  # fmt: skip
        for rung in arms[1:]:
            gaps = gaps_between(rung, ground, rule)
            assert gaps.in_log_loss is not None
            surer = gains_in_log_loss(gaps, rule, ("rung", "base"))
            verdict, _ = judge_gain(gains(gaps, rule, ("rung", "base")), rule, level, surer)
            if verdict == "adopt":
                wrong += 1
                break
    assert wrong < 32


LIKELY = 0.02 + 0.02 * np.array([-1.1, 1.0, -0.5, 0.9, -0.3])
"""Gains with a one-sided p-value between 0.05 and 0.1."""
SURE = 0.05 + np.array([0.002, -0.002, 0.001, -0.001, 0.0])


def test_a_gain_may_show_in_log_loss_where_the_metric_leaves_little_open() -> None:
    p, sure = by_hand(LIKELY, 5), found(SURE)
    assert 0.05 < p < 0.1
    verdict, why = judge_gain(found(LIKELY), RULE, 0.05, sure)
    assert verdict == "adopt"
    assert "credible at a level of 0.1, and +0.050 nats of log-loss (+0.0" in why
    assert why.endswith("credible at one of 0.025")
    # The metric has to be passed at twice the level, and nothing stands in for the margin.
    for level, said in ((p / 2 - 1e-3, "not enough evidence"), (p / 2 + 1e-3, "adopt")):
        assert judge_gain(found(LIKELY), RULE, level, sure)[0] == said
    verdict, why = judge_gain(found(LIKELY), RULE, p / 2 - 1e-3, sure)
    assert re.search(r"not credible at a level of 0\.0\d+, beside \+0\.050 nats of log-loss", why)
    dear = replace(RULE, margin=0.021)
    assert judge_gain(found(LIKELY), dear, 0.05, sure)[0] == "not enough evidence"
    assert judge_gain(found(LIKELY), RULE, 0.05, found(LIKELY))[0] == "not enough evidence"


def test_two_tests_share_the_level() -> None:
    p = by_hand(LIKELY, 5)
    assert judge_gain(found(LIKELY), RULE, 1.05 * p)[0] == "adopt"
    beside = found(-LIKELY)
    for times, said in ((1.95, "not enough evidence"), (2.05, "adopt")):
        assert judge_gain(found(LIKELY), RULE, times * p, beside)[0] == said


def test_log_losses_are_compared_at_the_best_temperature_of_each_arm() -> None:
    random = np.random.default_rng(7)
    codes = [random.integers(0, 3, 40) for _ in range(5)]
    logits = [random.normal(size=(40, 3)) + 1.5 * np.eye(3)[one] for one in codes]
    plain = scaled_log_losses(codes, [softmax(one, axis=1) for one in logits])
    sure = scaled_log_losses(codes, [softmax(3.0 * one, axis=1) for one in logits])
    y, wide = np.concatenate(codes), np.concatenate(logits)
    best = minimize_scalar(lambda u: log_loss(y, softmax(wide * u, axis=1)), bounds=(0.1, 10))
    assert np.concatenate(plain).mean() == pytest.approx(best.fun, abs=1e-3)
    assert [len(one) for one in plain] == [40] * 5
    for one, other, own, seen in zip(plain, sure, codes, logits, strict=True):
        # The prior on the temperature is worth half a nat in all.
        assert one == pytest.approx(other, rel=0.02, abs=0.01)
        scaled = softmax(seen * best.x, axis=1)
        assert one.mean() == pytest.approx(log_loss(own, scaled, labels=[0, 1, 2]), abs=0.01)


def test_the_metric_is_not_tested_twice() -> None:
    random = np.random.default_rng(8)
    codes = random.integers(0, 2, 100)
    folds = make_folds(codes, np.arange(100), 5, 1, 0)
    proba = softmax(random.normal(size=(100, 2)) + np.eye(2)[codes], axis=1)
    answers = [FoldAnswers(codes[test], proba[test], proba[test]) for _, test in folds]
    of = scored([proba[test].astype(np.float32) for _, test in folds], codes, folds)
    base = ArmResult(
        "frozen", "frozen", True, True, "", of.scores, of.out_of_fold,
        by_row=of.by_row, log_losses=of.log_losses,
    )  # fmt: skip
    same = gaps_between(answers, base, RULE)
    assert same.in_log_loss is not None
    assert same.in_log_loss.by_fold == pytest.approx(0.0, abs=1e-6)
    assert gaps_between(answers, base, replace(RULE, metric="log_loss")).in_log_loss is None
    # Arms that were kept by an earlier version have none.
    assert gaps_between(answers, replace(base, log_losses=()), RULE).in_log_loss is None


def test_hope_is_that_of_either_test_with_the_margin() -> None:
    rule, level = replace(RULE, n=600), 0.05
    gaps = np.array([0.03, 0.0])
    alone = chance(Gaps(gaps, 0.03**2), rule, 5, level)[0]
    clear = Gaps(np.array([0.08, 0.07]), 0.02**2)
    faint = Gaps(np.array([-0.08, -0.07]), 0.02**2)
    with_clear = chance(Gaps(gaps, 0.03**2, clear), rule, 5, level)[0]
    with_faint = chance(Gaps(gaps, 0.03**2, faint), rule, 5, level)[0]
    assert with_faint < alone < with_clear
    variance = Gaps(gaps, 0.03**2).variance()
    need = stats.t.isf(2 * level, 14) * (variance * (1 / 5 + 1 / 4)) ** 0.5
    assert need > rule.margin
    wanted = stats.norm.sf((need - 0.015) / (variance * (1 / 2 - 1 / 5)) ** 0.5)
    assert with_clear == pytest.approx(wanted, abs=1e-6)
    said = given_up(Gaps(np.array([0.03, -0.016]), None, faint), replace(RULE, n=616), 5, 0.05)
    assert said is not None
    assert "with so many rows (less where log-loss shows it too), to which" in said[1]
