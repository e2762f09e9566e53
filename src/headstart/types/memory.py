"""The largest memory that this process has held."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_megabytes() -> float:
    """Largest resident memory of this process since it was started, in megabytes.

    On Linux `ru_maxrss` is inherited: a small process that a large one started reports the large
    one's. The kernel's own high-water mark of this program is not.

    >>> 1 < peak_megabytes() < 1e6
    True
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import resource

    unit = 1024 if sys.platform != "darwin" else 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
