"""Latency: quantiles with distribution-free intervals, throughput and cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from headstart.bundles import latency
from headstart.types.artifact import Prediction
from headstart.types.result import Estimate, NotAvailable


class Sleeper:
    """A predictor that takes a set time for each row and counts what it was asked."""

    labels = ("a",)

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.calls = seconds, []

    def predict_proba(self, values: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(list(values))
        time.sleep(self.seconds * len(values))
        return np.ones((len(values), 1), dtype=np.float32)

    def predict(self, values: Sequence[str]) -> list[Prediction]:
        raise NotImplementedError


@given(
    n=st.integers(1, 400),
    q=st.sampled_from([0.5, 0.9, 0.95, 0.99]),
    confidence=st.sampled_from([0.8, 0.95, 0.99]),
)
def test_the_interval_is_scipys(n: int, q: float, confidence: float) -> None:
    tail = (1 - confidence) / 2
    tie = np.abs(stats.binom.cdf(np.arange(n), n, q)[:, None] - [tail, 1 - tail]).min() < 1e-9
    assume(not tie)  # Exactly on the edge, rounding decides.
    values = np.random.default_rng(n).exponential(size=n)
    ours = latency.quantile_estimate(values.tolist(), q, confidence)
    theirs = stats.quantile_test(values, q=0.0, p=q).confidence_interval(confidence)
    for end, expected in ((ours.low, theirs.low), (ours.high, theirs.high)):
        assert (end is None) == bool(np.isnan(expected))
        if end is not None:
            assert end == pytest.approx(expected)
    assert ours.value == np.quantile(values, q, method="inverted_cdf")


def test_the_interval_covers_the_true_quantile() -> None:
    rng, truth = np.random.default_rng(0), -np.log(1 - 0.95)
    covered = 0
    for _ in range(1000):
        found = latency.quantile_estimate(rng.exponential(size=100).tolist(), 0.95)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= stats.binom.ppf(0.001, 1000, 0.95)


def test_a_missing_end_says_how_many_requests_it_needs() -> None:
    found = latency.quantile_estimate(list(range(100)), 0.99)
    assert found.high is None
    assert found.method.endswith("no upper bound from 100 requests (368 are needed)")
    enough = latency.quantile_estimate(list(range(368)), 0.99)
    assert enough.high is not None
    assert latency.quantile_estimate(list(range(367)), 0.99).high is None


def test_requests_are_asked_one_at_a_time_and_the_warm_up_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(latency, "PATIENCE_SECONDS", 60.0)
    sleeper = Sleeper()
    found = latency.measure_latency(sleeper, ["x", "y", "z"])
    assert all(len(call) == 1 for call in sleeper.calls)
    assert len(sleeper.calls) == latency.WARM_UP + latency.REQUESTS
    assert {call[0] for call in sleeper.calls} == {"x", "y", "z"}
    p50, p95, p99 = (found[name] for name in ("p50", "p95", "p99"))
    assert isinstance(p50, Estimate)
    assert isinstance(p95, Estimate)
    assert isinstance(p99, Estimate)
    assert p50.n == latency.REQUESTS
    assert p50.value <= p95.value <= p99.value


def test_it_measures_milliseconds() -> None:
    p50 = latency.measure_latency(Sleeper(0.002), ["x"])["p50"]
    assert isinstance(p50, Estimate)
    assert 2.0 <= p50.value < 50.0


def test_slow_requests_are_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PATIENCE_SECONDS", 0.0)
    p95 = latency.measure_latency(Sleeper(), ["x"])["p95"]
    assert isinstance(p95, Estimate)
    assert p95.n == latency.FEWEST
    assert p95.high is None


def test_nothing_to_measure_with_is_said() -> None:
    assert set(latency.measure_latency(Sleeper(), [])) == {"p50", "p95", "p99"}
    assert isinstance(latency.measure_latency(Sleeper(), [])["p50"], NotAvailable)
    assert latency.measure_throughput(Sleeper(), []) is None


def test_throughput_and_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "THROUGHPUT_SECONDS", 0.1)
    sleeper = Sleeper(0.001)
    rate = latency.measure_throughput(sleeper, ["x", "y", "z"])
    assert rate is not None
    assert 100 < rate <= 1000
    assert min(len(call) for call in sleeper.calls) >= latency.THROUGHPUT_ROWS
    monkeypatch.setattr(latency, "cores", lambda: 4)
    # 1,000 rows/s: a million rows take 1,000 s on 4 cores at 0.09 an hour each.
    assert latency.cost_per_million(1000.0, 0.09) == pytest.approx(0.1)
    assert latency.cost_per_million(1000.0, None) is None


class Waiting:
    """Answers after a while, and counts how many wait beside each other."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def predict_proba(self, values: Sequence[str]) -> np.ndarray:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.004)
        with self.lock:
            self.now -= 1
        return np.full((len(values), 2), 0.5)


def test_clients_ask_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PATIENCE_SECONDS", 60.0)
    for clients in (1, 4):
        predictor = Waiting()
        found = latency.measure_latency(predictor, ["a", "b"], at_once=clients)  # type: ignore[arg-type]
        assert predictor.most == clients
        p50 = found["p50"]
        assert isinstance(p50, Estimate)
        assert latency.REQUESTS <= p50.n < latency.REQUESTS + clients
        assert p50.value >= 4.0
