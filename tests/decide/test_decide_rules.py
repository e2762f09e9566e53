"""The ship rules: each line of the table, their order, and that sentences cite what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from headstart.decide import RULES_VERSION, decide
from headstart.decide.rules import RULES
from headstart.decide.sentences import distance, plain
from headstart.decide.steps import looks_like_a_scale, most_confused, rows_to_certainty
from headstart.decide.words import NUMBER
from headstart.types.codec import decode, encode
from headstart.types.data import Finding
from headstart.types.result import Comparison, Estimate, NotAvailable, SelectiveCertificate


def judged(base: Any, *, accuracy: Any = None, against: Any = None, **requirement: Any) -> Any:
    """The case with another accuracy (value, low, high), another gain or another requirement."""
    evaluation = base.evaluation
    if accuracy is not None:
        found = accuracy
        if isinstance(accuracy, tuple):
            found = Estimate(*accuracy, evaluation.n, "Wilson")
        evaluation = replace(evaluation, metrics={**evaluation.metrics, "accuracy": found})
    if against is not None:
        evaluation = replace(evaluation, against_majority=against)
    brief = replace(base.brief, requirement=replace(base.brief.requirement, **requirement))
    return replace(base, evaluation=evaluation, brief=brief)


def certified(base: Any, reviewed: float = 0.2, **requirement: Any) -> Any:
    """The case with a brief that allows 2% wrong, and a certificate of it."""
    coverage = 1.0 - reviewed
    answered = round(coverage * 3080)
    found = SelectiveCertificate(
        threshold=0.8125,
        limit=0.02,
        confidence=0.95,
        coverage=coverage,
        coverage_low=coverage - 0.014,
        coverage_high=coverage + 0.014,
        reviewed=reviewed,
        answered=answered,
        wrong=7,
        error=7 / answered,
        upper=0.0123,
        n=3080,
        method="fixed-sequence Learn-then-Test, exact binomial p-values",
    )
    base = judged(base, max_error=0.02, **requirement)
    return replace(base, evaluation=replace(base.evaluation, certificate=found))


def refused(base: Any, **requirement: Any) -> Any:
    base = judged(base, max_error=0.02, **requirement)
    why = NotAvailable("cannot be certified: needs 120 more labelled cases")
    return replace(base, evaluation=replace(base.evaluation, certificate=why))


def costly(base: Any, **brief: Any) -> Any:
    return replace(base, brief=replace(base.brief, **brief))


def budget(base: Any, milliseconds: float) -> Any:
    return costly(base, budget=replace(base.brief.budget, latency_ms=milliseconds))


@pytest.mark.parametrize(
    ("interval", "level", "ship", "rule"),
    [
        ((0.85, 0.80, 0.90), None, "with-review", "no-level-named"),
        ((0.85, 0.80, 0.90), 0.80, "yes", "level-met"),
        ((0.85, 0.80, 0.90), 0.79, "yes", "level-met"),
        ((0.85, 0.80, 0.90), 0.801, "with-review", "level-not-certain"),
        ((0.85, 0.80, 0.90), 0.90, "with-review", "level-not-certain"),
        ((0.85, 0.80, 0.90), 0.901, "no", "level-missed"),
        ((0.85, None, None), 0.5, "with-review", "level-not-certain"),
        (NotAvailable("no rows"), 0.5, "with-review", "level-not-certain"),
    ],
)
def test_the_level_against_the_interval(
    cases: Any, interval: Any, level: Any, ship: str, rule: str
) -> None:
    decision = judged(cases["text-helps"], accuracy=interval, level=level).decision
    assert (decision.ship, decision.rule) == (ship, rule)
    assert decision.rules_version == RULES_VERSION


def test_log_loss_is_better_when_smaller(cases: Any) -> None:
    base = cases["text-helps"]
    base = replace(base, adapt=replace(base.adapt, metric="log_loss"))
    found = {"log_loss": Estimate(0.50, 0.45, 0.55, 3080, "bootstrap")}
    base = replace(base, evaluation=replace(base.evaluation, metrics=found))
    ships = {level: judged(base, level=level).decision.ship for level in (0.44, 0.5, 0.55, 0.6)}
    assert ships == {0.44: "no", 0.5: "with-review", 0.55: "yes", 0.6: "yes"}


@pytest.mark.parametrize("verdict", ["harms", "inconclusive"])
def test_not_better_than_the_largest_class_is_never_shipped(cases: Any, verdict: Any) -> None:
    base = cases["text-helps"]
    against = replace(base.evaluation.against_majority, verdict=verdict)
    decision = judged(base, against=against, level=0.5).decision
    assert (decision.ship, decision.rule) == ("no", "not-better-than-majority")
    assert ("credibly worse" in decision.reasons[0]) == (verdict == "harms")


def test_a_holdout_too_small_for_the_gain_of_the_folds_is_said_to_be(cases: Any) -> None:
    base = cases["text-helps"]
    chosen, metric = base.adapt.chosen, base.adapt.metric
    folds = Comparison(
        "majority", chosen, metric, -0.275, -0.352, -0.198, 0.001, "t", 197, 50, 10, "harms"
    )
    steps = {}
    for on_folds in ("harms", "inconclusive"):
        compared = (replace(folds, verdict=on_folds),)
        judging = replace(base, adapt=replace(base.adapt, comparisons=compared))
        for on_holdout in ("harms", "inconclusive"):
            against = replace(base.evaluation.against_majority, verdict=on_holdout)
            steps[on_folds, on_holdout] = judged(judging, against=against).decision.next_steps[0]
    said = steps.pop(("harms", "inconclusive"))
    assert "+27.5 points (+19.8 to +35.2)" in said
    assert "more hold-out rows" in said
    assert all(step.startswith("Do not build on this yet") for step in steps.values())


def test_the_majority_itself_is_never_shipped(cases: Any) -> None:
    base = judged(cases["text-inconclusive"], against=NotAvailable("the same answers"))
    base = replace(base, adapt=replace(base.adapt, approach="majority", chosen="majority"))
    decision = base.decision
    assert (decision.ship, decision.approach) == ("no", "majority")
    assert decision.chosen["head"] == "class shares"
    assert decision.reasons[0] == "No arm is worth more than always answering the largest class."


def test_a_broken_or_unknown_latency_budget_is_not_yes(cases: Any) -> None:
    base = cases["text-helps"]
    slow = budget(base, 1.0)
    assert (slow.decision.ship, slow.decision.rule) == ("with-review", "latency-over-budget")
    assert any("over the budget of 1 ms" in reason for reason in slow.decision.reasons)
    kept = budget(base, 50.0).decision
    assert any("within the budget of 50 ms" in reason for reason in kept.reasons)
    unknown = replace(base, package=replace(base.package, latency_ms={})).decision
    assert unknown.ship == "with-review"
    assert "could not be measured" in unknown.reasons[0]


def test_latency_does_not_rescue_what_is_not_good_enough(cases: Any) -> None:
    slow = budget(judged(cases["text-helps"], level=0.99), 1.0)
    assert slow.decision.rule == "level-missed"


def test_sentences_hold_no_clock_reading(cases: Any) -> None:
    base = cases["text-helps"]
    latency = {"p95": Estimate(31.4159, 30.0, 33.0, 200, "order statistics")}
    other = replace(base, package=replace(base.package, latency_ms=latency))
    assert other.decision == base.decision


def test_without_a_hold_out_cross_validation_decides_and_is_said(cases: Any) -> None:
    base = cases["text-inconclusive"]
    against = replace(base.evaluation.against_majority, verdict="helps")
    good = judged(base, accuracy=(0.9, 0.85, 0.95), against=against)
    assert good.decision.ship == "yes"
    assert any("cross-validated estimates decide" in reason for reason in good.decision.reasons)
    assert any("optimistic" in risk for risk in good.decision.risks)
    dear = costly(good, failure_cost="high").decision
    assert (dear.ship, dear.rule) == ("with-review", "costly-without-hold-out")


def test_a_high_failure_cost_demands_a_certificate(cases: Any) -> None:
    dear = costly(cases["text-helps"], failure_cost="high")
    assert (dear.decision.ship, dear.decision.rule) == ("with-review", "costly-without-certificate")
    assert "max_error" in dear.decision.reasons[0]
    assert (certified(dear).decision.ship, certified(dear).decision.rule) == ("yes", "certified")


def test_exactly_one_line_of_the_table_is_the_last_resort() -> None:
    assert [rule.name for rule in RULES if rule.ship == "yes"] == ["certified", "level-met"]
    assert RULES[-1].name == "level-met"
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("case", "opening"),
    [
        ("text-helps", "Transfer helps: ‘frozen all-MiniLM-L6-v2’ scores 20.0 points more"),
        ("image-harms", "Do not transfer: ‘frozen EfficientNet-Lite0’ scores 7.1 points less"),
        ("text-inconclusive", "Not enough evidence for or against transfer: "),
    ],
)
def test_the_transfer_sentence_has_its_numbers(cases: Any, case: str, opening: str) -> None:
    reason = cases[case].decision.reasons[1]
    assert reason.startswith(opening)
    assert "5 folds × 2 repeats" in reason
    assert ("four times out of five" in reason) == (case == "text-inconclusive")


def test_transfer_that_cannot_be_judged_is_said(cases: Any) -> None:
    base = cases["text-inconclusive"]
    adapt = replace(base.adapt, transfer_comparison=NotAvailable("no pretrained arm could be run"))
    reasons = replace(base, adapt=adapt).decision.reasons
    assert reasons[1] == "Whether transfer helps cannot be said: no pretrained arm could be run."


def test_inconclusive_names_the_labels_that_would_settle_it(cases: Any) -> None:
    base = cases["text-inconclusive"]
    assert any("about 720 more rows (840 in all" in step for step in base.decision.next_steps)
    open_ended = replace(base.adapt.transfer_comparison, labels_needed=None)
    adapt = replace(base.adapt, transfer_comparison=open_ended)
    steps = replace(base, adapt=adapt).decision.next_steps
    assert any("too small to say how many" in step for step in steps)
    found = replace(base.adapt.transfer_comparison, labels_needed=415_239)
    steps = replace(base, adapt=replace(base.adapt, transfer_comparison=found)).decision.next_steps
    assert not any("label about" in step for step in steps)
    assert any("would take about 415,239 of them" in step for step in steps)


def test_small_classes_are_a_risk_and_a_step(cases: Any) -> None:
    decision = cases["text-inconclusive"].decision
    assert any("‘billing’" in risk and "fewer separate rows" in risk for risk in decision.risks)
    assert any(step == "Collect more examples of ‘billing’." for step in decision.next_steps)
    base = cases["text-inconclusive"]
    counts = {**base.audit.class_counts, "billing": 40}
    steps = replace(base, audit=replace(base.audit, class_counts=counts)).decision.next_steps
    assert any(
        step.endswith("The rows of ‘billing’ are copies of each other: only others count.")
        for step in steps
    )


def test_a_class_that_another_drowns_comes_with_the_cost_to_name(cases: Any) -> None:
    base = cases["text-inconclusive"]
    first, *rest = base.evaluation.per_class
    never = replace(
        first, n=5, recall=Estimate(0.0, 0.0, 0.5, 0.95, 5, "Wilson"),
        precision=NotAvailable("it was never the answer"),
    )  # fmt: skip
    counts = {first.label: 4, **dict.fromkeys((row.label for row in rest), 1)}
    counts[rest[0].label] = 90
    case = replace(
        base,
        audit=replace(base.audit, class_counts=counts),
        evaluation=replace(base.evaluation, per_class=(never, *rest)),
    )
    steps = case.decision.next_steps
    assert steps[0].startswith(
        f"Say what it costs to miss ‘{first.label}’ (5 rows here): no answer"
    )
    assert not any("define the two better" in step for step in steps)
    # Where no class drowns the others, or costs are named, there is nothing to say.
    even = replace(case, audit=replace(case.audit, class_counts=dict.fromkeys(counts, 40)))
    assert not any("costs to miss" in step for step in even.decision.next_steps)
    named = replace(case, brief=replace(case.brief, mistake_costs={first.label: 9.0}))
    assert not any("costs to miss" in step for step in named.decision.next_steps)


def test_a_difference_of_costs_is_said_in_words(cases: Any) -> None:
    found = replace(cases["text-inconclusive"].adapt.transfer_comparison, metric="cost")

    def said_of(comparison: Comparison, *, steps: bool = False) -> str:
        return plain(distance(comparison, "/p", steps=steps))

    said = [said_of(replace(found, difference=gap)) for gap in (0.25, -0.25)]
    assert said == ["a cost of a case that is 0.25 higher", "a cost of a case that is 0.25 lower"]
    assert said_of(found, steps=True).startswith("a mean absolute error that is ")
    rate = replace(found, metric="accuracy", difference=0.031)
    assert said_of(rate) == "3.1 points more accuracy"


def test_several_names_of_a_class_come_before_more_rows_of_it(cases: Any) -> None:
    base = cases["text-inconclusive"]
    names = "Give one name to what is one class: 'Billing' (70 rows), 'billing' (4 rows)."
    finding = Finding(
        "label-names", 0.6, "1 class probably goes by several names", "They are kept apart.",
        advice=names,
    )  # fmt: skip
    counts = {"Billing": 70, "billing": 4, "technical": 46}
    split = replace(
        base.audit, findings=(*base.audit.findings, finding), class_counts=counts,
    )  # fmt: skip
    decision = replace(base, audit=split).decision
    assert decision.next_steps[0] == names
    assert not any("Collect more examples" in step for step in decision.next_steps)
    assert "1 class probably goes by several names." in decision.risks


def test_repeated_openings_serious_findings_and_remarks_are_risks(cases: Any) -> None:
    base = cases["image-harms"]
    remark = "The same architecture with random weights is not credibly worse (0.010)."
    risks = replace(base, adapt=replace(base.adapt, remarks=(remark,))).decision.risks
    assert any("opened 2 times" in risk for risk in risks)
    assert "31 images are nearly the same as another one." in risks
    assert remark in risks


def test_a_second_look_is_judged_by_its_wider_interval(cases: Any) -> None:
    base = cases["text-helps"]
    found = base.evaluation.metrics["accuracy"]
    level = found.low - 0.0005
    brief = replace(base.brief, requirement=replace(base.brief.requirement, level=level))
    wide = replace(found, low=found.low - 0.002, high=found.high + 0.002, confidence=0.975)
    again = replace(base.evaluation, openings=2, metrics={"accuracy": wide})
    assert replace(base, brief=brief).decision.rule == "level-met"
    decision = replace(base, brief=brief, evaluation=again).decision
    assert decision.rule == "level-not-certain"
    risk = next(one for one in decision.risks if "opened 2 times" in one)
    assert "its intervals and tests are at 97.5%" in risk
    assert "hold together at 95%" in risk


def test_no_level_named_says_which_one_would_be_met(cases: Any) -> None:
    step = cases["image-harms"].decision.next_steps[0]
    assert "a level up to 78.7% would be met" in step


def test_cut_texts_are_a_risk_only_of_the_backbone_that_was_chosen(cases: Any) -> None:
    base = cases["text-inconclusive"]
    assert not any("longer than" in risk for risk in base.decision.risks)
    frozen = replace(base.adapt, approach="frozen", chosen="frozen all-MiniLM-L6-v2")
    decision = replace(base, adapt=frozen).decision
    assert "21% of the texts are longer than the backbone reads" in " ".join(decision.risks)
    assert decision.chosen["backbone"] == "pkg:all-MiniLM-L6-v2"


def test_sentences_are_their_pieces_and_every_source_exists(reports: Any) -> None:
    decision, view = reports.decision, reports.view
    for part in ("reasons", "risks", "next_steps"):
        sentences, cited = getattr(decision, part), decision.cited[part]
        assert ["".join(text for text, _ in pieces) for pieces in cited] == list(sentences)
        for pieces in cited:
            for text, source in pieces:
                if source.startswith("/"):
                    view.entry(source)
                elif source == "":
                    assert not NUMBER.search(text), text


def test_a_decision_survives_storage(reports: Any) -> None:
    assert decode(encode(reports.decision)) == reports.decision


@pytest.mark.parametrize(("value", "level"), [(0.85, 0.8), (0.62, 0.6), (0.97, 0.9)])
def test_rows_to_certainty_is_where_wilsons_bound_meets_the_level(
    value: float, level: float
) -> None:
    rows = rows_to_certainty(value, level, 0.95)
    assert rows is not None
    low, _ = proportion_confint(value * rows, rows, 0.05, "wilson")
    assert low >= level - 1e-9
    fewer, _ = proportion_confint(value * (rows - 1), rows - 1, 0.05, "wilson")
    assert fewer < level


def test_no_number_of_rows_helps_a_rate_below_the_level() -> None:
    assert rows_to_certainty(0.7, 0.8, 0.95) is None
    assert most_confused([[3, 0], [0, 4]]) is None


def test_the_uncertain_level_names_the_rows_to_label(cases: Any) -> None:
    uncertain = judged(cases["image-harms"], accuracy=(0.85, 0.775, 0.904), level=0.8)
    assert "Label about 126 more hold-out rows" in uncertain.decision.next_steps[0]


def test_the_models_own_head_and_settings_are_reported(cases: Any) -> None:
    import numpy as np

    from headstart.types.model import FittedModel, NoFeatures

    base = cases["text-helps"]
    model = FittedModel("frozen", "frozen", "text", ("a",), NoFeatures(), np.zeros((1, 0)),
                        np.zeros(1), "logistic regression", {"l2": 0.1})  # fmt: skip
    decision = decide(
        base.brief, base.audit, base.adapt, base.evaluation, base.package, base.scorecards, model
    )
    assert decision.chosen["settings"] == {"l2": 0.1}
    assert isinstance(base.evaluation.against_majority, Comparison)


@pytest.mark.parametrize(
    ("reviewed", "requirement", "ship", "rule"),
    [
        (0.2, {"level": None}, "yes", "certified"),
        (0.2, {"level": 0.8}, "yes", "certified"),
        (0.0, {"level": 0.8}, "yes", "certified"),
        (0.2, {"level": 0.83}, "with-review", "level-not-certain"),
        (0.2, {"level": 0.99}, "no", "level-missed"),
        (0.51, {"level": 0.8}, "with-review", "mostly-reviewed"),
    ],
)
def test_with_a_certificate(
    cases: Any, reviewed: float, requirement: Any, ship: str, rule: str
) -> None:
    decision = certified(cases["text-helps"], reviewed, **requirement).decision
    assert (decision.ship, decision.rule) == (ship, rule)
    said = [reason for reason in decision.reasons if "may answer alone" in reason]
    assert len(said) == 1
    for number in ("0.8125", "7 of", "1.2%", "95%"):
        assert number in said[0]
    if ship == "yes":
        assert f"{100 * reviewed:.1f}% of the cases go to a person" in decision.reasons[0]


def test_a_limit_that_is_not_certified_is_never_yes(cases: Any) -> None:
    for failure_cost in ("low", "high"):
        decision = costly(refused(cases["text-helps"]), failure_cost=failure_cost).decision
        assert (decision.ship, decision.rule) == ("with-review", "limit-not-certified")
        assert "needs 120 more labelled cases" in decision.reasons[0]
        assert "needs 120 more labelled cases" in decision.next_steps[0]


def test_a_slow_model_without_a_level_is_said_without_one(cases: Any) -> None:
    slow = budget(certified(cases["text-helps"], level=None), 1.0).decision
    assert (slow.ship, slow.rule) == ("with-review", "latency-over-budget")
    assert "required" not in slow.reasons[0]


def test_labels_that_may_be_a_scale_are_pointed_out(cases: Any) -> None:
    assert looks_like_a_scale(["5", "4", "3", "2", "1"])
    for labels in (["1", "2"], ["1", "2", "4"], ["a", "b", "c"], ["1.5", "2.5", "3.5"]):
        assert not looks_like_a_scale(labels)
    base = cases["text-helps"]
    scale = replace(base, evaluation=replace(base.evaluation, labels=("1", "2", "3")))
    assert any("--order" in step for step in scale.decision.next_steps)
    ordered = replace(base.brief, data=replace(base.brief.data, order=("1", "2", "3")))
    named = replace(scale, brief=ordered)
    assert not any("--order" in step for step in named.decision.next_steps)
    assert not any("--order" in step for step in base.decision.next_steps)
