"""The version, for everything that writes it down."""

from __future__ import annotations

VERSION = "0.1.0"
