"""Which packages each kind of work needs, and whether they are there."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from headstart.types.errors import MissingExtraError

GROUPS: dict[str, tuple[str, ...]] = {
    "base": ("numpy", "onnxruntime", "pillow", "tokenizers", "pydantic", "jinja2"),
    "text": ("scipy", "scikit-learn", "onnx", "safetensors", "torch", "transformers"),
    "image": ("scipy", "scikit-learn", "onnx", "safetensors", "torch", "torchvision", "timm"),
    "parquet": ("pyarrow",),
    "excel": ("openpyxl",),
    "lora": ("peft",),
    "demo": ("chatterbot-corpus", "elpv-dataset", "pyyaml"),
}
MODULES = {"pillow": "PIL", "scikit-learn": "sklearn", "pyyaml": "yaml"}
"""Where the module is not called as the package is."""


def installed(package: str) -> str | None:
    """The version of a package that can be imported; None where it cannot."""
    try:
        found = find_spec(MODULES.get(package, package.replace("-", "_")))
    except ImportError:
        return None
    try:
        return version(package) if found is not None else None
    except PackageNotFoundError:
        return None


def require(what: str, extra: str) -> None:
    """See that every package of an extra is there, before any work is done.

    Raises:
        MissingExtraError: one is not; the tip is the line that installs it.
    """
    for package in GROUPS[extra]:
        if installed(package) is None:
            raise MissingExtraError(what, extra=extra, package=package)
