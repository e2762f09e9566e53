"""Headstart: should this feature be built on a pretrained model? An answer with evidence.

>>> import headstart
>>> headstart.__version__
'0.1.0'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headstart.types.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from headstart.bootstrap import load as load
    from headstart.bootstrap import run as run
    from headstart.estimator import TransferClassifier as TransferClassifier
    from headstart.types.result import Decision as Decision

_PUBLIC = {
    "run": "headstart.bootstrap",
    "load": "headstart.bootstrap",
    "TransferClassifier": "headstart.estimator",
    "Decision": "headstart.types.result",
}

__all__ = ["Decision", "TransferClassifier", "__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    """Public names, imported when first used so that `import headstart` stays quick."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'headstart' has no attribute '{name}'")
