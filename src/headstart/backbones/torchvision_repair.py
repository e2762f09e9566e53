"""torchvision built for CUDA beside torch built for the CPU: make `import torchvision` work.

PyPI's torchvision wheel registers two operators in a library that needs CUDA. Beside the CPU build
of torch that library does not load, the operators' schemas are missing, and the import fails; timm
and transformers then fail too, since they import torchvision wherever it is installed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

SYMPTOM = "operator torchvision::nms does not exist"
OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_declared: list[Any] = []


def repair_torchvision() -> bool:
    """Import torchvision, declaring the two missing operators where that is what fails.

    Returns whether a repair was needed. Does nothing where torchvision is not installed or loads by
    itself; any other failure is left to whoever needs torchvision.
    """
    if "torchvision" in sys.modules:
        return bool(_declared)
    try:
        import_module("torchvision")
    except ImportError:
        return False
    except RuntimeError as error:
        if SYMPTOM not in str(error):
            return False
        _forget("torchvision")
        _declare()
        import_module("torchvision")
        return True
    return False


def _declare() -> None:
    import torch

    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in OPERATORS:
        library.define(name + SCHEMA)
    # The declarations live only as long as the library object.
    _declared.append(library)


def _forget(package: str) -> None:
    for name in [n for n in sys.modules if n == package or n.startswith(package + ".")]:
        del sys.modules[name]
