"""The transfer verdict and the choice, on scores that were made to measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from headstart.adapt import judge
from headstart.types.adapt import ArmSpec
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.codec import decode, encode
from headstart.types.data import AuditReport, Folds
from headstart.types.model import ArmFamily, ArmResult, Unavailable
from headstart.types.result import Comparison, NotAvailable

K, REPEATS, N = 5, 2, 300
DEPLOYABLE = ("majority", "zero-shot", "classical", "frozen")
PRETRAINED = ("zero-shot", "frozen")


def arm(family: ArmFamily, mean: float, *, name: str = "", spread: float = 0.01, seed: int = 0):
    """An arm with the given mean accuracy; `spread` is that of its folds."""
    random = np.random.default_rng([seed, *map(ord, name or family)])
    noise = random.standard_normal(K * REPEATS)
    noise = (noise - noise.mean()) / noise.std()
    accuracy = mean + spread * noise
    scores = {
        "accuracy": accuracy,
        "macro_f1": accuracy - 0.05,
        "balanced_accuracy": accuracy,
        "log_loss": 2 - accuracy,
    }
    return ArmResult(
        name or family,
        family,
        family in PRETRAINED,
        family in DEPLOYABLE,
        f"the {family} arm",
        scores,
        np.full((N, 2), 0.5, dtype=np.float32),
    )


def brief(**requirement) -> Brief:
    return Brief("pilot", DataSource("rows.csv"), requirement=Requirement(**requirement))


def audited(metric: str = "accuracy", margin: float = 0.01) -> AuditReport:
    folds = Folds(np.tile(np.arange(N) % K, (REPEATS, 1)), K)
    rows = np.arange(N)
    empty = np.arange(0)
    return AuditReport(
        rows, rows, folds, "none", empty, empty.astype(bool), N, {"a": 150, "b": 150}, metric, "so",
        margin,
    )  # fmt: skip


def decide(*arms: ArmResult, metric: str = "accuracy", unavailable=(), **requirement):
    said = brief(**requirement)
    return judge(arms, unavailable, said, audited(metric, said.requirement.margin))


def test_a_clear_gain_helps_and_the_frozen_arm_is_chosen():
    report = decide(arm("majority", 0.4), arm("classical", 0.7), arm("frozen", 0.85))
    assert (report.transfer, report.approach, report.chosen) == ("helps", "frozen", "frozen")
    assert (report.best_pretrained, report.best_target_only) == ("frozen", "classical")
    assert report.transfer_comparison == report.comparisons[0]
    assert report.comparisons[0].difference == pytest.approx(0.15)
    assert "85.0%" in report.choice_reason
    assert "'classical'" in report.choice_reason


def test_a_clear_loss_harms_and_the_classical_arm_is_chosen():
    report = decide(arm("majority", 0.4), arm("classical", 0.85), arm("frozen", 0.7))
    assert (report.transfer, report.approach) == ("harms", "classical")
    assert report.comparisons[0].difference == pytest.approx(-0.15)


def test_a_difference_within_the_noise_is_inconclusive_and_the_simpler_arm_is_chosen():
    report = decide(arm("majority", 0.4), arm("classical", 0.80), arm("frozen", 0.81, spread=0.05))
    assert (report.transfer, report.approach) == ("inconclusive", "classical")


def test_a_credible_gain_below_the_margin_helps_but_is_not_worth_the_complexity():
    arms = (arm("majority", 0.4), arm("classical", 0.80), arm("frozen", 0.83))
    assert decide(*arms, margin=0.05).approach == "classical"
    assert decide(*arms, margin=0.05).transfer == "helps"
    assert decide(*arms, margin=0.001).approach == "frozen"


def test_a_credible_gain_of_at_least_the_margin_is_taken_though_less_of_it_may_be_left():
    """The words of the gate: the interval reaches below the margin, not below zero."""
    arms = (arm("majority", 0.4), arm("classical", 0.80), arm("frozen", 0.83, spread=0.01))
    report = decide(*arms, margin=0.025)
    gain = report.comparisons[0]
    assert 0.0 < gain.low < 0.025 < gain.difference
    assert report.approach == "frozen"
    assert decide(*arms, margin=0.035).approach == "classical"


def test_what_is_chosen_is_credible_one_sided():
    classical, frozen = arm("classical", 0.80), arm("frozen", 0.84, spread=0.032)
    gaps = frozen.scores["accuracy"] - classical.scores["accuracy"]
    error = gaps.std(ddof=1) * np.sqrt(1 / (K * REPEATS) + 1 / (K - 1))
    one_sided = stats.t.sf(gaps.mean() / error, K * REPEATS - 1)
    for confidence in (1 - one_sided - 1e-3, 1 - one_sided + 1e-3):
        report = decide(arm("majority", 0.4), classical, frozen, confidence=confidence)
        wanted = "frozen" if one_sided <= 1 - confidence else "classical"
        assert report.approach == wanted


def losing(one: ArmResult, mean: float) -> ArmResult:
    """The arm with a log-loss of its rows about a mean."""
    random = np.random.default_rng(1)
    rows = tuple(
        (mean + 0.1 * random.standard_normal(N // K)).astype(np.float32) for _ in range(K * REPEATS)
    )
    return replace(one, log_losses=rows)


def test_an_arm_whose_probabilities_are_credibly_better_has_less_to_show_in_the_metric():
    majority = losing(arm("majority", 0.4), 0.9)
    classical = losing(arm("classical", 0.80), 0.6)
    faint = arm("frozen", 0.83, spread=0.026)
    gaps = faint.scores["accuracy"] - classical.scores["accuracy"]
    error = gaps.std(ddof=1) * np.sqrt(1 / (K * REPEATS) + 1 / (K - 1))
    assert 0.025 < stats.t.sf(gaps.mean() / error, K * REPEATS - 1) < 0.1
    report = decide(majority, classical, losing(faint, 0.5))
    assert report.approach == "frozen"
    assert "shows in its probabilities: +0.100 nats of log-loss (+0.1" in report.choice_reason
    assert report.transfer == "inconclusive"  # The verdict is of the metric.
    assert decide(majority, classical, losing(faint, 0.6)).approach == "classical"
    assert decide(majority, classical, losing(faint, 0.7)).approach == "classical"
    assert decide(majority, classical, losing(faint, 0.5), margin=0.04).approach == "classical"
    open_still = arm("frozen", 0.83, spread=0.05)
    assert decide(majority, classical, losing(open_still, 0.5)).approach == "classical"
    clear = decide(majority, classical, losing(arm("frozen", 0.83), 0.5))
    assert clear.approach == "frozen"
    assert "in its probabilities" not in clear.choice_reason


def test_with_two_tests_the_metric_has_half_of_the_level():
    classical, frozen = arm("classical", 0.80), arm("frozen", 0.84, spread=0.032)
    gaps = frozen.scores["accuracy"] - classical.scores["accuracy"]
    error = gaps.std(ddof=1) * np.sqrt(1 / (K * REPEATS) + 1 / (K - 1))
    one_sided = stats.t.sf(gaps.mean() / error, K * REPEATS - 1)
    arms = losing(arm("majority", 0.4), 0.9), losing(classical, 0.6), losing(frozen, 0.6)
    for times, wanted in ((1.9, "classical"), (2.1, "frozen")):
        assert decide(*arms, confidence=1 - times * one_sided).approach == wanted


def test_interval_is_nadeau_and_bengios():
    classical, frozen = arm("classical", 0.7), arm("frozen", 0.85)
    found = decide(arm("majority", 0.4), classical, frozen).comparisons[0]
    d = frozen.scores["accuracy"] - classical.scores["accuracy"]
    spread = np.sqrt(d.var(ddof=1) * (1 / (K * REPEATS) + 1 / (K - 1)))
    half = stats.t.ppf(0.975, K * REPEATS - 1) * spread
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half))


def test_several_pretrained_arms_widen_the_interval_by_bonferroni():
    base = (arm("majority", 0.4), arm("classical", 0.7), arm("frozen", 0.85))
    one = decide(*base).comparisons[0]
    two = decide(*base, arm("zero-shot", 0.5)).comparisons[0]
    assert (two.a, two.b) == ("frozen", "classical")
    ratio = stats.t.ppf(1 - 0.025 / 2, K * REPEATS - 1) / stats.t.ppf(0.975, K * REPEATS - 1)
    assert (two.high - two.low) / (one.high - one.low) == pytest.approx(ratio)
    assert "Bonferroni over 2" in two.test


def test_controls_are_target_only_but_never_chosen_and_a_better_one_is_remarked_on():
    report = decide(
        arm("majority", 0.4), arm("classical", 0.6), arm("scratch", 0.9), arm("frozen", 0.7)
    )
    assert report.best_target_only == "scratch"
    assert (report.transfer, report.approach) == ("harms", "frozen")
    assert any("'scratch' credibly beats" in remark for remark in report.remarks)


def test_a_vendors_network_is_never_chosen_and_a_better_one_is_remarked_on():
    vendors = replace(arm("frozen", 0.95), deployable=False)
    report = decide(arm("classical", 0.8), vendors)
    assert (report.chosen, report.transfer, report.best_pretrained) == (
        "classical",
        "helps",
        "frozen",
    )
    assert report.remarks[0].startswith("The vendor's network in 'frozen' credibly beats")
    assert "cannot be packaged" in report.remarks[0]
    assert not ArmSpec("frozen", "frozen", "", "api:https://host/v1?model=m").deployable
    assert ArmSpec("frozen", "frozen", "", "hf:us/one").deployable


def test_random_weights_as_good_as_learned_ones_are_remarked_on():
    arms = (arm("majority", 0.4), arm("classical", 0.5), arm("frozen", 0.7))
    assert any("random weights" in r for r in decide(*arms, arm("random", 0.7)).remarks)
    assert not decide(*arms, arm("random", 0.4)).remarks


def test_zero_shot_counts_as_pretrained_and_is_simpler_than_classical():
    report = decide(arm("majority", 0.4), arm("classical", 0.8), arm("zero-shot", 0.9))
    assert (report.transfer, report.approach) == ("helps", "zero-shot")
    near = decide(arm("majority", 0.4), arm("classical", 0.8), arm("zero-shot", 0.8))
    assert near.approach == "zero-shot"


@pytest.mark.parametrize(
    ("frozen", "classical", "same", "chosen"),
    [
        (0.62, 0.5, True, "frozen"),  # a margin better, not credibly so
        (0.605, 0.5, True, "zero-shot"),  # less than the margin
        (0.58, 0.5, True, "zero-shot"),
        (0.62, 0.63, True, "zero-shot"),  # what needs no network at all is better still
        (0.62, 0.5, False, "zero-shot"),  # another network would be something to save
    ],
)
def test_the_generic_model_gives_way_to_a_better_head_on_its_network(
    frozen, classical, same, chosen
):
    arms = (
        arm("majority", 0.4),
        arm("classical", classical, spread=0.05),
        replace(arm("zero-shot", 0.6, spread=0.05), backbone="pkg:a"),
        replace(arm("frozen", frozen, spread=0.05), backbone="pkg:a" if same else "pkg:b"),
    )
    report = decide(*arms)
    assert report.chosen == chosen
    assert ("runs the same network" in report.choice_reason) == (chosen == "frozen")


def test_a_head_that_is_credibly_better_needs_no_such_excuse():
    report = decide(
        arm("majority", 0.4),
        arm("classical", 0.5),
        replace(arm("zero-shot", 0.6), backbone="pkg:a"),
        replace(arm("frozen", 0.9), backbone="pkg:a"),
    )
    assert report.chosen == "frozen"
    assert "runs the same network" not in report.choice_reason


def test_of_two_backbones_the_better_is_chosen():
    report = decide(
        arm("majority", 0.4),
        arm("classical", 0.5),
        arm("frozen", 0.80, name="frozen:a"),
        arm("frozen", 0.801, name="frozen:b"),
    )
    assert report.chosen == report.best_pretrained == "frozen:b"


@pytest.mark.parametrize(("frozen", "transfer"), [(0.85, "helps"), (0.5, "harms")])
def test_log_loss_is_turned_the_right_way(frozen, transfer):
    report = decide(
        arm("majority", 0.4), arm("classical", 0.7), arm("frozen", frozen), metric="log_loss"
    )
    assert report.transfer == transfer
    assert report.approach == ("frozen" if transfer == "helps" else "classical")
    assert report.best_target_only == "classical"
    assert report.comparisons[0].difference == pytest.approx(0.7 - frozen)
    if transfer == "helps":
        assert "gain over the best simpler arm, 'classical', is +0.150 nats" in report.choice_reason


def test_every_other_arm_is_compared_with_the_chosen_one():
    report = decide(
        arm("majority", 0.4), arm("classical", 0.7), arm("scratch", 0.5), arm("frozen", 0.85)
    )
    assert [(c.a, c.b) for c in report.comparisons[1:]] == [
        ("majority", "frozen"),
        ("classical", "frozen"),
        ("scratch", "frozen"),
    ]


def test_without_a_pretrained_arm_transfer_is_inconclusive_and_says_why():
    missing = (Unavailable("frozen", "frozen", NotAvailable("no backbone is installed")),)
    report = decide(arm("majority", 0.4), arm("classical", 0.7), unavailable=missing)
    assert report.transfer == "inconclusive"
    assert isinstance(report.transfer_comparison, NotAvailable)
    assert (report.best_pretrained, report.approach) == (None, "classical")
    assert report.unavailable == missing
    assert [(c.a, c.b) for c in report.comparisons] == [("majority", "classical")]


def test_majority_is_chosen_where_nothing_credibly_beats_it():
    report = decide(arm("majority", 0.5), arm("classical", 0.505), arm("frozen", 0.5))
    assert (report.approach, report.transfer) == ("majority", "inconclusive")


def test_arms_that_always_agree_are_inconclusive():
    same = arm("classical", 0.8)
    twin = replace(same, name="frozen", family="frozen", pretrained=True)
    report = decide(arm("majority", 0.4), same, twin)
    assert (report.transfer, report.approach) == ("inconclusive", "classical")
    found = report.transfer_comparison
    assert isinstance(found, Comparison)
    assert (found.difference, found.low, found.high) == (0, 0, 0)


def test_there_is_always_a_choice_and_it_does_not_depend_on_the_order_of_the_arms():
    random = np.random.default_rng(0)
    for world in range(100):
        arms = [
            arm(family, random.uniform(0.5, 0.6), spread=random.uniform(0.001, 0.1), seed=world)
            for family in DEPLOYABLE
        ]
        report = decide(*arms)
        again = decide(*arms[::-1])
        assert (report.chosen, report.transfer) == (again.chosen, again.transfer)
        assert report.approach in DEPLOYABLE


def test_nothing_to_judge_is_refused():
    with pytest.raises(ValueError, match="no target-only arm"):
        decide(arm("frozen", 0.5))
    with pytest.raises(ValueError, match="no arm that could ship"):
        decide(arm("scratch", 0.5))


def test_report_survives_storage():
    report = decide(arm("majority", 0.4), arm("classical", 0.7), arm("frozen", 0.85))
    assert decode(encode(report)) == report


def test_two_equal_arms_rarely_seem_to_differ():
    """400 worlds in which frozen and classical are right equally often on the same rows."""
    random = np.random.default_rng(0)
    folds = audited().folds
    verdicts = []
    for _ in range(400):
        arms = [arm("majority", 0.1)]
        for family in ("classical", "frozen"):
            # A row's chance to be right is the row's; two trainings on it mostly agree.
            right = random.random(N) < 0.75
            scores = np.array([right[test].mean() for _, test in folds])
            jitter = random.normal(0, 0.01, len(scores))
            arms.append(replace(arm(family, 0.75), scores={"accuracy": scores + jitter}))
        verdicts.append(decide(*arms).transfer)
    false_alarms = sum(verdict != "inconclusive" for verdict in verdicts)
    assert false_alarms <= stats.binom.ppf(0.999, 400, 0.05)
