"""Where thawed networks are trained: an accelerator where there is one."""

from __future__ import annotations

import os

import torch

from headstart.types.errors import InputError

VARIABLE = "HEADSTART_DEVICE"


def training_device() -> str:
    """`$HEADSTART_DEVICE`, or else the first CUDA device, Apple's GPU (mps), or the CPU.

    Raises:
        InputError: the variable names a device that is not here.
    """
    asked = os.environ.get(VARIABLE, "").strip()
    if not asked:
        return next(name for name in ("cuda", "mps", "cpu") if _is_here(name))
    try:
        kind = torch.device(asked).type
    except RuntimeError:
        kind = ""
    if not _is_here(asked if kind == "cuda" else kind):
        here = [name for name in ("cpu", "cuda", "mps") if _is_here(name)]
        raise InputError(
            f"the device '{asked}' is not here",
            place=f"environment variable {VARIABLE}",
            tip=f"name one of: {', '.join(here)}; or unset it",
        )
    return asked


def _is_here(name: str) -> bool:
    if name.startswith("cuda"):
        return (torch.device(name).index or 0) < torch.cuda.device_count()
    return name == "cpu" or (name == "mps" and torch.backends.mps.is_available())


def device_name(device: str) -> str:
    """A device as people call it.

    >>> device_name("cpu")
    'cpu'
    """
    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return device
