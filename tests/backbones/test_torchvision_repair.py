from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from headstart.backbones import torchvision_repair as repair

SCRIPT = """
import sys
from headstart.backbones.torchvision_repair import SYMPTOM, repair_torchvision
repaired = repair_torchvision()
assert repair_torchvision() == repaired
import torch
from torchvision.transforms import functional
image = torch.arange(16.0).reshape(1, 4, 4)
assert functional.hflip(image)[0, 0].tolist() == [3.0, 2.0, 1.0, 0.0]
sys.exit(10 if repaired else 11)
"""
PLAIN = "import torchvision"


def test_torchvision_can_be_imported_and_is_repaired_only_where_it_must_be() -> None:
    plain = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True)
    if plain.returncode and repair.SYMPTOM not in plain.stderr:
        pytest.skip("torchvision is not installed, or fails for another reason")
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == (10 if plain.returncode else 11), done.stderr


@pytest.mark.parametrize(
    ("raised", "declared", "answer"),
    [
        (None, 0, False),
        (ModuleNotFoundError("No module named 'torchvision'"), 0, False),
        (RuntimeError("something else"), 0, False),
        (RuntimeError(repair.SYMPTOM), 1, True),
    ],
)
def test_only_that_error_is_repaired(
    monkeypatch: pytest.MonkeyPatch, raised: Exception | None, declared: int, answer: bool
) -> None:
    attempts: list[str] = []
    declarations: list[int] = []

    def import_module(name: str) -> ModuleType:
        attempts.append(name)
        if raised is not None and len(attempts) == 1:
            raise raised
        return ModuleType(name)

    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(repair, "import_module", import_module)
    monkeypatch.setattr(repair, "_declare", lambda: declarations.append(1))
    assert repair.repair_torchvision() is answer
    assert len(declarations) == declared
