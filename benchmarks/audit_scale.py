"""Near-duplicate search at scale: seconds, memory, and how both grow.

    python benchmarks/audit_scale.py [--rows 10000 30000 100000 300000] [--width 384]

Embeddings are drawn as a mixture of clusters, so that neighbours exist, and 1% of the rows are
copies with noise. Each size runs in a process of its own. The search is exact; on the smallest
size the pairs are compared with those of the full matrix.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.cosine import cosine_pairs

THRESHOLD = 0.985
CHECKED = 10_000


def embeddings(n: int, width: int, seed: int = 0) -> tuple[NDArray[np.float32], int]:
    """(rows of length one, copies among them)."""
    random = np.random.default_rng(seed)
    copies = n // 100
    centres = random.normal(size=(max(2, n // 50), width)).astype(np.float32)
    rows = centres[random.integers(len(centres), size=n)]
    rows += random.normal(size=(n, width)).astype(np.float32)
    source = random.permutation(n - copies)[:copies]
    rows[n - copies :] = rows[source] + 0.05 * random.normal(size=(copies, width))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows, copies


def one(n: int, width: int) -> dict[str, float]:
    """Seconds and memory of one search, in this process."""
    rows, copies = embeddings(n, width)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.monotonic()
    found = cosine_pairs(rows, THRESHOLD)
    seconds = time.monotonic() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"seconds": seconds, "peak": peak, "before": before}
    if n <= CHECKED:
        full = np.triu(rows @ rows.T, k=1) >= THRESHOLD
        wanted = set(zip(*np.nonzero(full), strict=True))
        pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
        result["recall"] = len(wanted & pairs) / max(1, len(wanted))
    return {**result, "pairs": len(found), "copies": copies}


def main() -> int:
    """Print the table and the growth exponent."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000]
    )
    arguments.add_argument("--width", type=int, default=384)
    arguments.add_argument("--one", type=int, help="one size in this process; prints JSON")
    said = arguments.parse_args()
    if said.one:
        print(json.dumps(one(said.one, said.width)))
        return 0
    print("| rows | seconds | peak MB | pairs | copies planted |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    taken = []
    for n in said.rows:
        command = [sys.executable, __file__, "--one", str(n), "--width", str(said.width)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        taken.append(found["seconds"])
        note = (
            f" (recall against the full matrix {found['recall']:.3f})" if "recall" in found else ""
        )
        print(
            f"| {n:,} | {found['seconds']:.1f} | {found['peak']:.0f} | {found['pairs']:,}{note} | "
            f"{found['copies']:,} |",
            flush=True,
        )
    if len(taken) > 1:
        slope = np.polyfit(np.log(said.rows[-2:]), np.log(taken[-2:]), 1)[0]
        print(f"\nSeconds grow with the rows to the power {slope:.2f} (last two sizes).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
