"""A bundle in a process of its own: cold start, latency, throughput, memory.

python -m headstart.bundles.operations BUNDLE CLIENTS < rows.json
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.bundles.latency import measure_latency, measure_throughput
from headstart.types.errors import BundleError, HeadstartError
from headstart.types.memory import peak_megabytes
from headstart.types.result import Estimate, NotAvailable

PATIENCE_SECONDS = 120.0
"""Longer than any measurement takes; then the process is ended."""


@dataclass(frozen=True, slots=True)
class Served:
    """What a process that serves a bundle took."""

    latency_ms: dict[str, Estimate | NotAvailable]
    rows_per_second: float | None
    cold_start_ms: float
    """From starting the process to its first answer."""
    peak_mb: float
    """Largest resident memory of the process."""


def serve_apart(bundle: Path, sample: Sequence[str], at_once: int = 1) -> Served:
    """Serve some rows from a fresh process, which needs neither torch nor scikit-learn.

    sample: raw values, at least one. at_once: requests under way at once.

    Raises:
        BundleError: the process died or answered nothing, and how.
    """
    if not sample:
        raise ValueError("there is no row to serve")
    begin = time.perf_counter()
    child = subprocess.Popen(
        # -P: modules in the user's folder are not the library's.
        [sys.executable, "-P", "-m", "headstart.bundles.operations", str(bundle), str(at_once)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    slow = threading.Timer(PATIENCE_SECONDS, child.kill)
    slow.daemon = True
    slow.start()
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):  # it died; what it wrote says why
            child.stdin.write(json.dumps(list(sample)) + "\n")
            child.stdin.flush()
        first = child.stdout.readline()
        started = time.perf_counter()
        rest, complaints = child.communicate()
    finally:
        slow.cancel()
        if child.poll() is None:
            child.kill()
            with suppress(OSError, ValueError):
                child.communicate()
    said = _last(first + rest)
    if child.returncode or "error" in said or "peak_mb" not in said:
        why = said.get("error") or _why(child.returncode, complaints)
        raise BundleError(f"the bundle could not be served: {why}", place=str(bundle))
    latency = {name: _read(value) for name, value in said["latency_ms"].items()}
    return Served(
        latency, said["rows_per_second"], 1000 * (started - begin), float(said["peak_mb"])
    )


def _last(output: str) -> dict[str, Any]:
    """The last line of JSON; empty where there is none."""
    for line in reversed(output.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


def _why(status: int, complaints: str) -> str:
    """How a process that said nothing of it ended.

    >>> _why(-11, ""), _why(1, "Traceback: …\\nKeyError: 'x'\\n")
    ('its process was ended by SIGSEGV', "KeyError: 'x'")
    """
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    return (fatal or lines or [f"its process ended with status {status}"])[-1]


def _read(value: dict[str, Any]) -> Estimate | NotAvailable:
    return NotAvailable(**value) if set(value) == {"reason"} else Estimate(**value)


def main(arguments: Sequence[str]) -> int:
    """Answer one row, say so, then measure."""
    from dataclasses import asdict

    from headstart.bundles.reader import load

    sample = json.loads(sys.stdin.readline())
    try:
        predictor = load(Path(arguments[0]))
        predictor.predict_proba(sample[:1])
    except HeadstartError as error:
        sys.stdout.write(json.dumps({"error": error.message}) + "\n")
        return 1
    sys.stdout.write("answered\n")
    sys.stdout.flush()
    latency = measure_latency(predictor, sample, at_once=int(arguments[1]))
    rate = measure_throughput(predictor, sample)
    found = {
        "latency_ms": {name: asdict(value) for name, value in latency.items()},
        "rows_per_second": rate,
        "peak_mb": peak_megabytes(),
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
