"""Whether stated probabilities come true, against what they were drawn from."""

from __future__ import annotations

import numpy as np

from headstart.evaluate.calibration import calibration_report
from headstart.evaluate.estimates import answers
from headstart.heads import at_temperature
from headstart.metrics import log_loss
from headstart.types.result import CalibrationReport, Estimate, NotAvailable


def _rows(n: int, seed: int, heat: float):
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, 4)) * 2.0
    true = at_temperature(logits, 1.0)
    y = (true.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)
    return y.astype(np.int64), at_temperature(logits, heat)


def test_true_probabilities_have_no_error_and_sharpened_ones_have_it():
    y, proba = _rows(4000, 0, 1.0)
    good = calibration_report(y, answers(proba))
    assert isinstance(good, CalibrationReport)
    assert good.error.low == 0.0
    assert good.error.value < 0.03
    y, proba = _rows(4000, 0, 0.5)
    bad = calibration_report(y, answers(proba))
    assert isinstance(bad, CalibrationReport)
    assert (bad.error.low or 0.0) > 0.05
    assert isinstance(bad.sure_wrong, Estimate)
    assert isinstance(good.sure_wrong, Estimate)
    assert bad.sure_wrong.value > good.sure_wrong.value + 0.05
    assert sum(row.n for row in bad.reliability) == 4000


def test_the_log_loss_before_scaling_is_that_of_the_raw_probabilities():
    y, raw = _rows(500, 1, 0.5)
    scaled = at_temperature(np.log(raw), 2.0)
    found = calibration_report(y, answers(scaled), before=raw)
    assert isinstance(found, CalibrationReport)
    assert isinstance(found.log_loss_as_it_is, Estimate)
    assert np.isclose(found.log_loss_as_it_is.value, log_loss(y, raw), rtol=1e-9)
    plain = calibration_report(y, answers(scaled))
    assert isinstance(plain, CalibrationReport)
    assert isinstance(plain.log_loss_as_it_is, NotAvailable)


def test_without_rows_it_is_not_known():
    none = calibration_report(np.zeros(0, np.int64), answers(np.zeros((0, 3))))
    assert isinstance(none, NotAvailable)


def test_unsure_answers_have_no_share_of_sure_ones():
    found = calibration_report(np.array([0, 1]), answers(np.array([[0.6, 0.4], [0.4, 0.6]])))
    assert isinstance(found, CalibrationReport)
    assert found.sure.value == 0.0
    assert isinstance(found.sure_wrong, NotAvailable)
