"""The stand-in encoder, and measurements that take no time."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from headstart.bundles import latency


def load_stand_ins() -> ModuleType:
    name = "stand_ins"
    if name not in sys.modules:
        path = Path(__file__).parents[1] / "bundles" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def stand_ins() -> ModuleType:
    return load_stand_ins()


@pytest.fixture
def encoder(stand_ins: ModuleType, tmp_path: Path) -> Any:
    return stand_ins.TinyEncoder(tmp_path)


@pytest.fixture(autouse=True)
def quick_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(latency, "THROUGHPUT_SECONDS", 0.0)
