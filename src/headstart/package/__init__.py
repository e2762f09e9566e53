"""Write a bundle, after the parity gate."""

from __future__ import annotations

from headstart.package.build import build
from headstart.package.publish import publish

__all__ = ["build", "publish"]
