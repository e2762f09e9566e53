"""The matrices are small: a second thread would only wait on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headstart.heads.threads import threads_for


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threads_for(0):
        yield
