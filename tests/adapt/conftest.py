"""What tests of training share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from headstart.backbones import load_encoder
from headstart.backbones.encoder import FrozenEncoder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Sums have one order, so that equal trainings give equal bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def encoder(cache: Path) -> FrozenEncoder:
    """The built-in backbone of texts."""
    found = load_encoder("all-MiniLM-L6-v2", cache=cache)
    assert isinstance(found, FrozenEncoder)
    return found
