"""Checks of the rows that are trained on: each looks, and says what it found."""

from headstart.audit.checks.run import BUILT_IN, run_checks

__all__ = ["BUILT_IN", "run_checks"]
