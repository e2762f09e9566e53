"""One cache for all tests of a session, since an export takes seconds; rows to embed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TEXTS = [
    "I lost my card",
    "why was I charged twice for the same payment?",
    "card",
    "My transfer to a friend in another country has been pending for three days; when will it be?",
    "How do I change my PIN",
    "I lost my bank card",
    "the app crashes whenever I open the statement of last month, please help me with this problem",
    "is there a fee for exchanging currencies at the weekend?",
    "Übermäßig lange Wörter, 数字 and ☂ too",
    "top up failed",
    "what is my limit",
    "word " * 400,
]


def content_keys(values: Sequence[str]) -> list[str]:
    return [hashlib.sha256(value.encode()).hexdigest() for value in values]


@pytest.fixture(scope="session")
def keys() -> Callable[[Sequence[str]], list[str]]:
    return content_keys


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return TEXTS


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Nine images of different sizes and content."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    paths = []
    for i in range(9):
        coarse = rng.integers(0, 255, (4 + i, 5, 3), dtype=np.uint8)
        path = folder / f"{i}.png"
        Image.fromarray(coarse).resize((60 + 30 * i, 80 + 10 * i)).save(path)
        paths.append(str(path))
    return paths


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")
