"""Bundles to read: built once, copied for each test that spoils one."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from headstart.bundles import latency
from headstart.package import build


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


@pytest.fixture(autouse=True)
def quick_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(latency, "THROUGHPUT_SECONDS", 0.0)


@pytest.fixture(scope="session")
def built(stand_ins: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle; never changed."""
    folder = tmp_path_factory.mktemp("built")
    encoder = stand_ins.TinyEncoder(folder)
    model = stand_ins.frozen_model(encoder)
    build(model, encoder, stand_ins.TEXTS, folder / "bundle", name="tickets")
    return folder / "bundle"


@pytest.fixture
def bundle(built: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(built, tmp_path / "bundle"))
