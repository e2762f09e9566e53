"""A thousand photographs of CIFAR-10: frozen EfficientNet-Lite beside HOG and colour histograms.

    python benchmarks/cifar10.py --shared ../shared/data

`headstart run` on the training folder with the test folder as hold-out. Prints every arm, the
paired comparison that decides about transfer, and what the hold-out says. Ends with status 1 where
the interval of the difference holds zero.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--seed", type=int, default=0)
    said = arguments.parse_args()
    photographs = said.shared / "cifar10"
    with tempfile.TemporaryDirectory() as folder:
        pilot = Path(folder) / "pilot"
        command = [sys.executable, "-m", "headstart", "run", str(photographs / "train")]
        command += ["--holdout", str(photographs / "test"), "--seed", str(said.seed)]
        begin = time.monotonic()
        subprocess.run(
            [*command, "--out", str(pilot)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HEADSTART_CACHE": f"{folder}/cache"},
        )
        seconds = time.monotonic() - begin
        document = json.loads((pilot / "decision.json").read_text(encoding="utf-8"))
    print("| arm | cross-validated accuracy | 95% interval |\n| --- | ---: | ---: |")
    for arm in document["candidates"]:
        found = arm.get("metrics", {}).get("accuracy", {})
        if "value" in found:
            print(
                f"| {arm['name']} | {found['value']:.3f} | {found['low']:.3f}–{found['high']:.3f} |"
            )
    first = document["comparisons"][0]
    print(
        f"\n{first['a']} − {first['b']}: {first['difference']:+.3f} "
        f"({first['low']:+.3f} to {first['high']:+.3f}), {first['test']}"
    )
    held = document["holdout"]["metrics"]["accuracy"]
    print(
        f"hold-out accuracy of the chosen arm ({document['approach']}): {held['value']:.3f} "
        f"({held['low']:.3f}–{held['high']:.3f}, n = {held['n']}); {seconds:.0f} s in all"
    )
    helps = first["low"] > 0 and (first["a"], first["b"]) == ("frozen", "classical")
    return 0 if helps else 1


if __name__ == "__main__":
    sys.exit(main())
