"""The temperature of the arm that ships, or a slope and a shift for each of its classes."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.adapt import find_temperature, scale, unscaled
from headstart.heads import at_temperature, at_vector, fit_temperature, logits_of
from headstart.metrics import log_loss
from headstart.types.adapt import TemperatureReport, VectorScaling
from headstart.types.data import Folds
from headstart.types.model import ArmResult, FittedModel, NoFeatures
from headstart.types.result import NotAvailable

MODEL = FittedModel(
    "frozen", "frozen", "text", ("a", "b", "c"), NoFeatures(),
    np.ones((3, 2), np.float32), np.arange(3, dtype=np.float32), "linear",
)  # fmt: skip


def _case(n: int, seed: int, heat: float, family: str = "frozen"):
    """Probabilities whose true temperature is `heat`."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, 3)) * 1.5
    true = at_temperature(logits, 1.0)
    y = (true.cumsum(axis=1) < random.random((n, 1))).sum(axis=1).astype(np.int64)
    stated = at_temperature(logits, 1.0 / heat).astype(np.float32)
    arm = ArmResult(family, family, True, True, "", {}, stated)  # type: ignore[arg-type]
    fold = random.permutation(np.arange(n) % 5)[None, :]
    return y, arm, Folds(fold, 5)


def test_what_was_sharpened_is_found_and_undone():
    y, arm, folds = _case(6000, 0, 2.0)
    found = find_temperature(arm, y, folds)
    assert isinstance(found, TemperatureReport)
    assert found.used
    assert found.temperature == pytest.approx(2.0, rel=0.08)
    assert found.log_loss_scaled < found.log_loss_as_it_is
    scaled, answers = scale(MODEL, arm, found, y, folds)
    assert np.allclose(scaled.bias * found.temperature, MODEL.bias)
    again = fit_temperature(y, logits_of(answers.out_of_fold))
    assert again == pytest.approx(1.0, abs=0.01)
    assert (answers.out_of_fold.argmax(axis=1) == arm.out_of_fold.argmax(axis=1)).all()


def test_what_would_not_help_is_not_done():
    """On calibrated rows the cross-fitted temperature loses as often as it wins: where it loses
    nothing is changed, where it wins next to nothing is."""
    used = 0
    for seed in range(40):
        y, arm, folds = _case(300, seed, 1.0)
        found = find_temperature(arm, y, folds)
        assert isinstance(found, TemperatureReport)
        used += found.used
        assert found.temperature == pytest.approx(1.0, abs=0.35)
        if not found.used:
            assert found.temperature == 1.0
            assert scale(None, arm, found, y, folds) == (None, arm)  # type: ignore[arg-type]
    assert 2 <= used <= 30


def test_new_rows_are_no_worse_than_before_but_for_noise():
    """Scaled less raw log-loss on 4,000 fresh rows, over 60 fits on 200: the mean is not above 0
    by more than three standard errors, whether the arm was calibrated or not."""
    for heat in (1.0, 1.5):
        gaps = []
        for seed in range(60):
            y, arm, folds = _case(200, seed, heat)
            found = find_temperature(arm, y, folds)
            assert isinstance(found, TemperatureReport)
            new, fresh, _ = _case(4000, 1000 + seed, heat)
            logits = logits_of(fresh.out_of_fold)
            rows = np.arange(len(new))
            before = -np.log(at_temperature(logits, 1.0)[rows, new]).mean()
            after = -np.log(at_temperature(logits, found.temperature)[rows, new]).mean()
            gaps.append(after - before)
        error = np.std(gaps, ddof=1) / np.sqrt(len(gaps))
        assert np.mean(gaps) < 3 * error + 0.001


def test_what_cannot_be_scaled_says_why():
    y, arm, folds = _case(20, 0, 1.0, "majority")
    assert isinstance(find_temperature(arm, y, folds), NotAvailable)
    y, arm, folds = _case(20, 0, 1.0)
    arm.out_of_fold[:] = np.nan
    assert isinstance(find_temperature(arm, y, folds), NotAvailable)


def test_rows_that_were_not_scored_stay_so():
    y, arm, folds = _case(200, 0, 2.0)
    arm.out_of_fold[:30] = np.nan
    found = find_temperature(arm, y, folds)
    assert isinstance(found, TemperatureReport)
    assert found.n == 170
    _, answers = scale(MODEL, arm, TemperatureReport(2.0, 1.0, 0.9, 170, True), y, folds)
    assert np.isnan(answers.out_of_fold[:30]).all()
    assert np.isfinite(answers.out_of_fold[30:]).all()


def _uneven(n: int, seed: int, slopes: tuple[float, ...], shifts: tuple[float, ...]):
    """Probabilities that a slope and a shift for each class would put right."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(n, 3)) * 1.5
    logits -= logits.mean(axis=1, keepdims=True)
    true = at_temperature(logits * slopes + np.array(shifts), 1.0)
    y = (true.cumsum(axis=1) < random.random((n, 1))).sum(axis=1).clip(0, 2).astype(np.int64)
    stated = at_temperature(logits, 1.0).astype(np.float32)
    arm = ArmResult("frozen", "frozen", True, True, "", {}, stated)
    return y, arm, Folds(random.permutation(np.arange(n) % 5)[None, :], 5)


def test_slopes_and_shifts_are_used_where_one_temperature_is_too_few():
    y, arm, folds = _uneven(3000, 0, (0.4, 1.0, 1.6), (1.0, 0.0, -1.0))
    found = find_temperature(arm, y, folds)
    assert isinstance(found, TemperatureReport)
    vector = found.vector
    assert isinstance(vector, VectorScaling)
    assert vector.used
    assert not found.used
    assert vector.log_loss < found.log_loss_scaled
    assert vector.gain > vector.error > 0.0
    np.testing.assert_allclose(np.diff(vector.shift), [-1.0, -1.0], atol=0.25)
    model, answers = scale(MODEL, arm, found, y, folds)
    assert model.settings["scaling"] == "vector"
    stated = at_temperature(
        logits_of(arm.out_of_fold) - logits_of(arm.out_of_fold).mean(1, keepdims=True), 1.0
    )
    np.testing.assert_allclose(stated, arm.out_of_fold, atol=1e-6)
    assert log_loss(y, answers.out_of_fold) == pytest.approx(vector.log_loss, abs=1e-6)
    # the model's own probabilities, and what they were before
    features = np.random.default_rng(1).normal(size=(50, 2))
    raw = _answers(MODEL, features)
    scaled = _answers(model, features)
    back = unscaled(scaled, found)
    assert back is not None
    np.testing.assert_allclose(back, raw, atol=1e-5)
    wide = unscaled(np.hstack([scaled, np.zeros((50, 1))]), found)
    assert wide is not None
    np.testing.assert_allclose(wide, np.hstack([raw, np.zeros((50, 1))]), atol=1e-5)


def _answers(model: FittedModel, features: np.ndarray) -> np.ndarray:
    return at_temperature(features @ model.weights.T + model.bias, 1.0)


def test_few_rows_of_a_class_are_too_few():
    y, arm, folds = _uneven(3000, 0, (0.4, 1.0, 1.6), (1.0, 0.0, -1.0))
    rows = np.concatenate([np.flatnonzero(y == 0)[:19], np.flatnonzero(y > 0)])
    few = ArmResult("frozen", "frozen", True, True, "", {}, arm.out_of_fold[rows])
    found = find_temperature(few, y[rows], Folds(folds.assignment[:, rows], 5))
    assert isinstance(found, TemperatureReport)
    assert isinstance(found.vector, NotAvailable)
    assert "19 rows" in found.vector.reason


@pytest.mark.parametrize("heat", [1.0, pytest.param(1.6, marks=pytest.mark.slow)])
def test_slopes_and_shifts_are_no_worse_on_new_rows_but_for_noise(heat: float):
    """Where a temperature is all that is needed: log-loss on 4,000 fresh rows with whatever was
    chosen, less that with the temperature alone, over 80 fits on 200 rows."""
    gaps, used = [], 0
    for seed in range(80):
        y, arm, folds = _case(200, seed, heat)
        found = find_temperature(arm, y, folds)
        assert isinstance(found, TemperatureReport)
        if isinstance(found.vector, NotAvailable) or not found.vector.used:
            gaps.append(0.0)
            continue
        used += 1
        new, fresh, _ = _case(4000, 1000 + seed, heat)
        logits, vector = logits_of(fresh.out_of_fold), found.vector
        after = at_vector(logits, (np.array(vector.slope), np.array(vector.shift)))
        alone = at_temperature(logits, fit_temperature(y, logits_of(arm.out_of_fold)))
        gaps.append(log_loss(new, after) - log_loss(new, alone))
    error = np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    assert np.mean(gaps) < 3 * error + 0.001
    assert used <= 20
