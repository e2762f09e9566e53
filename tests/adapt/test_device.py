"""Which device is trained on."""

from __future__ import annotations

import pytest
import torch

from headstart.adapt.device import VARIABLE, device_name, training_device
from headstart.types.errors import InputError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with nothing but processors."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return monkeypatch


def test_the_best_that_is_here_is_taken(machine: pytest.MonkeyPatch) -> None:
    assert training_device() == "cpu"
    machine.setattr(torch.backends.mps, "is_available", lambda: True)
    assert training_device() == "mps"
    machine.setattr(torch.cuda, "device_count", lambda: 1)
    assert training_device() == "cuda"


def test_who_names_a_device_gets_it(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(torch.cuda, "device_count", lambda: 2)
    for name in ("cpu", "cuda", "cuda:1"):
        machine.setenv(VARIABLE, name)
        assert training_device() == name


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps", "gpu", "cuda:x", "meta"])
def test_a_device_that_is_not_here_is_refused(machine: pytest.MonkeyPatch, name: str) -> None:
    machine.setenv(VARIABLE, name)
    with pytest.raises(InputError, match=f"the device '{name}' is not here") as error:
        training_device()
    assert error.value.place == f"environment variable {VARIABLE}"
    assert "name one of: cpu" in str(error.value.tip)


def test_its_name_is_what_people_call_it(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(torch.cuda, "get_device_name", lambda device: "Some GPU")
    assert device_name("cuda:1") == "cuda:1 (Some GPU)"
    assert device_name("mps") == "mps"
