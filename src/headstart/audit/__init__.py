"""What the data is fit for."""

from __future__ import annotations

from headstart.audit.checks import run_checks
from headstart.audit.near_duplicates import find_near_duplicates
from headstart.audit.split import audit

__all__ = ["audit", "find_near_duplicates", "run_checks"]
