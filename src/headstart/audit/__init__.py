"""What the data is fit for."""

from __future__ import annotations

from headstart.audit.split import audit

__all__ = ["audit"]
