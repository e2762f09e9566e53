"""One run of the command, in a process forked from one that has imported what most runs import.

Run by its path (`conftest.headstart`), with what is asked of it as the global `asked`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from headstart.cli import main

asked: dict[str, Any] = globals()["asked"]

for stream, name in enumerate(("input", "output", "errors")):
    opened = os.open(asked[name], os.O_RDONLY if stream == 0 else os.O_WRONLY)
    os.dup2(opened, stream)
    os.close(opened)
sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["environment"])
sys.path[:0] = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
sys.argv = ["headstart", *asked["arguments"]]
sys.exit(main())
