"""The share to automate: chosen on some rows, costed on others."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.evaluate import answers, thresholds_by_cost
from headstart.evaluate.automation import automation_report
from headstart.types.brief import Brief, DataSource
from headstart.types.result import AutomationReport, NotAvailable


def brief(**costs) -> Brief:
    return Brief("pilot", DataSource("rows.csv"), seed=1, **costs)


def world(n: int, seed: int):
    """Two classes; the stated probability is the true one, uniform from a half to one."""
    random = np.random.default_rng(seed)
    stated = random.uniform(0.5, 1.0, n)
    y = (random.random(n) > stated).astype(np.int64)
    return y, answers(np.column_stack([stated, 1.0 - stated]))


def test_the_threshold_is_where_an_error_costs_what_a_review_costs():
    """A mistake costs 1 and a review 0.2: by Chow's rule a case is answered from 0.8 on."""
    y, said = world(20_000, 0)
    tried = thresholds_by_cost(said, y, brief(review_cost=0.2))
    assert tried is not None
    assert tried.chosen == pytest.approx(0.8, abs=0.03)
    assert tried.chosen in tried.curve
    assert tried.curve[-1] == 0.0
    assert (np.diff(tried.curve) < 0).all()


def test_the_curve_counts_answers_and_reviews():
    y, said = world(500, 1)
    tried = thresholds_by_cost(*reversed(world(500, 2)), brief(review_cost=0.2))
    found = automation_report(y, said, tried, brief(review_cost=0.2, automated_value=0.05))
    assert isinstance(found, AutomationReport)
    for point in found.points:
        alone = said.certainty >= point.threshold
        wrong = (said.given != y)[alone].sum()
        assert point.share == pytest.approx(alone.mean())
        expected = (wrong - 0.05 * alone.sum() + 0.2 * (~alone).sum()) / 500
        assert point.cost == pytest.approx(expected)
    best = next(point for point in found.points if point.threshold == found.chosen)
    assert found.cost.value == pytest.approx(best.cost)
    assert found.share.value == pytest.approx(best.share)
    assert found.alone.value == pytest.approx((said.given != y).mean() - 0.05)
    assert found.cost.low < found.cost.value < found.cost.high
    assert found.points[-1].share == 1.0


def test_a_review_that_costs_nothing_reviews_what_could_be_wrong():
    y, said = world(2000, 3)
    tried = thresholds_by_cost(said, y, brief(review_cost=0.0))
    assert tried is not None
    assert tried.chosen > 0.97


def test_why_there_is_none():
    y, said = world(50, 4)
    assert thresholds_by_cost(said, y, brief()) is None
    assert isinstance(automation_report(y, said, None, brief()), NotAvailable)
    nothing = automation_report(y[:0], said[:0], None, brief(review_cost=0.1))
    assert isinstance(nothing, NotAvailable)


def test_the_cost_at_the_chosen_point_is_covered_by_its_interval():
    """The expected cost at a fixed threshold, on 200 hold-outs of 300 rows: 95% ± 4 (two-sided)."""
    truth_y, truth = world(400_000, 5)
    tried = thresholds_by_cost(*reversed(world(2000, 6)), brief(review_cost=0.2))
    assert tried is not None
    alone = truth.certainty >= tried.chosen
    true = np.where(alone, truth.given != truth_y, 0.2).mean()
    hit = 0
    for seed in range(200):
        y, said = world(300, 100 + seed)
        found = automation_report(y, said, tried, brief(review_cost=0.2))
        assert isinstance(found, AutomationReport)
        hit += (found.cost.low or 0.0) <= true <= (found.cost.high or 1.0)
    assert 0.91 <= hit / 200 <= 0.99
