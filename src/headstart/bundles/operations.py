"""A bundle in a process of its own: cold start, latency, throughput, memory.

python -m headstart.bundles.operations BUNDLE  < rows.json
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.bundles.latency import measure_latency, measure_throughput
from headstart.types.errors import BundleError
from headstart.types.result import Estimate, NotAvailable

PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Served:
    """What a process that serves a bundle took."""

    latency_ms: dict[str, Estimate | NotAvailable]
    rows_per_second: float | None
    cold_start_ms: float
    """From starting the process to its first answer."""
    peak_mb: float
    """Largest resident memory of the process."""


def serve_apart(bundle: Path, sample: Sequence[str]) -> Served:
    """Serve some rows from a fresh process, which needs neither torch nor scikit-learn.

    sample: raw values, at least one.

    Raises:
        BundleError: the process died or answered nothing, and how.
    """
    if not sample:
        raise ValueError("there is no row to serve")
    begin = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "headstart.bundles.operations", str(bundle)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(list(sample)) + "\n")
        child.stdin.flush()
        first = child.stdout.readline()
        started = time.perf_counter()
        rest, complaints = child.communicate(timeout=PATIENCE_SECONDS)
    except (BrokenPipeError, subprocess.TimeoutExpired) as error:
        raise BundleError(f"the bundle could not be served: {error}", place=str(bundle)) from error
    finally:
        if child.poll() is None:
            child.kill()
            with suppress(OSError, ValueError):
                child.communicate()
    if child.returncode or not first:
        last = complaints.strip().splitlines()[-1:] or [f"status {child.returncode}"]
        raise BundleError(f"the bundle could not be served: {last[0]}", place=str(bundle))
    said = json.loads(rest)
    latency = {name: _read(value) for name, value in said["latency_ms"].items()}
    return Served(
        latency, said["rows_per_second"], 1000 * (started - begin), float(said["peak_mb"])
    )


def _read(value: dict[str, Any]) -> Estimate | NotAvailable:
    return NotAvailable(**value) if set(value) == {"reason"} else Estimate(**value)


def main(arguments: Sequence[str]) -> int:
    """Answer one row, say so, then measure."""
    import resource
    from dataclasses import asdict

    from headstart.bundles.reader import load

    sample = json.loads(sys.stdin.readline())
    predictor = load(Path(arguments[0]))
    predictor.predict_proba(sample[:1])
    sys.stdout.write("answered\n")
    sys.stdout.flush()
    latency = measure_latency(predictor, sample)
    rate = measure_throughput(predictor, sample)
    unit = 1024 if sys.platform != "darwin" else 1024**2
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    found = {
        "latency_ms": {name: asdict(value) for name, value in latency.items()},
        "rows_per_second": rate,
        "peak_mb": peak,
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
