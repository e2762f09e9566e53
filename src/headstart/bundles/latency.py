"""What a bundle costs to run: latency of one request, rows a second, cost of a million rows."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from headstart.ports import Predictor
from headstart.types.result import Estimate, NotAvailable

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
REQUESTS = 100
"""At 100 requests the 95% interval of p95 has both ends; p99 would need 368."""
FEWEST = 20
WARM_UP = 5
PATIENCE_SECONDS = 10.0
THROUGHPUT_ROWS = 32
THROUGHPUT_SECONDS = 0.5


def measure_latency(
    predictor: Predictor, sample: Sequence[str], *, confidence: float = 0.95, at_once: int = 1
) -> dict[str, Estimate | NotAvailable]:
    """p50, p95 and p99 in milliseconds of one request, warm, on this machine.

    100 requests over the rows of `sample`; fewer (at least 20) when they take over 10 seconds.
    at_once: clients that ask beside each other, each again as soon as it is answered.
    """
    if not sample:
        return {name: NotAvailable("there was no row to time a request with") for name in QUANTILES}
    for i in range(WARM_UP):
        predictor.predict_proba([sample[i % len(sample)]])
    times: list[float] = []
    until = time.perf_counter() + PATIENCE_SECONDS

    def client(_: int) -> None:
        while len(times) < REQUESTS and (len(times) < FEWEST or time.perf_counter() < until):
            value = [sample[len(times) % len(sample)]]
            before = time.perf_counter()
            predictor.predict_proba(value)
            times.append(1000 * (time.perf_counter() - before))

    with ThreadPoolExecutor(at_once) as clients:
        list(clients.map(client, range(at_once)))
    return {name: quantile_estimate(times, q, confidence) for name, q in QUANTILES.items()}


def quantile_estimate(values: Sequence[float], q: float, confidence: float = 0.95) -> Estimate:
    """The q-quantile (nearest rank) with its distribution-free interval between order statistics.

    An end is None where n is too small for an order statistic to bound the quantile; `method` says
    so. Source: Conover, Practical Nonparametric Statistics (1999), section 3.2.

    >>> estimate = quantile_estimate([float(i) for i in range(1, 101)], 0.5)
    >>> estimate.value, estimate.low, estimate.high
    (50.0, 40.0, 61.0)
    """
    ordered = sorted(values)
    n = len(ordered)
    tail = (1 - confidence) / 2
    below = _cumulative_binomial(n, q)
    lower = sum(1 for p in below if p <= tail)
    upper = next((u for u in range(1, n + 1) if 1 - below[u - 1] <= tail), None)
    method = "nearest rank, interval from order statistics"
    missing = [name for name, end in (("lower", lower), ("upper", upper)) if not end]
    if missing:
        needed = math.ceil(math.log(tail) / math.log(q if upper is None else 1 - q))
        method += f"; no {' or '.join(missing)} bound from {n} requests ({needed} are needed)"
    return Estimate(
        value=ordered[max(math.ceil(n * q) - 1, 0)],
        low=ordered[lower - 1] if lower else None,
        high=ordered[upper - 1] if upper is not None else None,
        n=n,
        method=method,
        confidence=confidence,
    )


def _cumulative_binomial(n: int, q: float) -> list[float]:
    """P(B <= k) for k = 0 … n−1, B binomial (n, q)."""
    total, found = 0.0, []
    for k in range(n):
        total += math.comb(n, k) * q**k * (1 - q) ** (n - k)
        found.append(total)
    return found


def measure_throughput(predictor: Predictor, sample: Sequence[str]) -> float | None:
    """Rows a second when many rows are asked for at once; None without rows."""
    if not sample:
        return None
    rows = list(sample) * math.ceil(THROUGHPUT_ROWS / len(sample))
    passes, spent = 0, 0.0
    while not passes or spent < THROUGHPUT_SECONDS:
        before = time.perf_counter()
        predictor.predict_proba(rows)
        passes, spent = passes + 1, spent + time.perf_counter() - before
    return passes * len(rows) / spent


def cost_per_million(
    rows_per_second: float | None, price_per_core_hour: float | None
) -> float | None:
    """What a million rows cost at this rate on all cores of this machine.

    >>> cost_per_million(None, 0.05)
    """
    if not rows_per_second or price_per_core_hour is None:
        return None
    return 1e6 / rows_per_second / 3600 * cores() * price_per_core_hour


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
