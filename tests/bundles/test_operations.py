"""A bundle served from a process of its own, and how its end is told."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from headstart.bundles import operations
from headstart.bundles.operations import serve_apart
from headstart.types.errors import BundleError
from headstart.types.result import Estimate


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the serving process imports from first; its measurements are short."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "from headstart.bundles import latency\nlatency.THROUGHPUT_SECONDS = 0.0\n"
    )
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    return folder


def dies(folder: Path, code: str) -> None:
    """Loading a bundle runs `code` in the serving process."""
    (folder / "sitecustomize.py").write_text(
        textwrap.dedent(
            f"""
            from headstart.bundles import reader
            def load(path):
                {code}
            reader.load = load
            """
        )
    )


def test_a_bundle_is_measured(bundle: Path, stand_ins: ModuleType, quick: Path) -> None:
    served = serve_apart(bundle, stand_ins.TEXTS)
    assert list(served.latency_ms) == ["p50", "p95", "p99"]
    p50, p95 = served.latency_ms["p50"], served.latency_ms["p95"]
    assert isinstance(p50, Estimate)
    assert isinstance(p95, Estimate)
    assert 0 < p50.value <= p95.value < served.cold_start_ms
    assert p50.n == 100
    assert p50.low is not None
    assert p50.high is not None
    assert p50.low <= p50.value <= p50.high
    assert served.rows_per_second is not None
    assert served.rows_per_second > 10
    # Of the small process that served it, however large the one that started it is.
    large = np.ones((300, 1024, 1024), dtype=np.uint8)
    assert 20 < serve_apart(bundle, stand_ins.TEXTS).peak_mb < 250
    assert large.nbytes > 250e6


def test_modules_in_the_working_folder_are_not_taken_for_the_librarys(
    bundle: Path,
    stand_ins: ModuleType,
    quick: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('mine')")
    (tmp_path / "queue.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path)
    assert serve_apart(bundle, stand_ins.TEXTS[:1]).cold_start_ms > 0


def test_a_damaged_bundle_is_named_with_what_is_wrong(bundle: Path, quick: Path) -> None:
    graph = bundle / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"could not be served: .*model\.onnx") as caught:
        serve_apart(bundle, ["hello"])
    assert caught.value.place == str(bundle)
    assert "→" not in caught.value.message
    with pytest.raises(BundleError, match="could not be served: the bundle does not exist"):
        serve_apart(bundle.parent / "none", ["hello"])


ENDS = {
    "segfault": ("import ctypes; ctypes.string_at(0)", "its process was ended by SIGSEGV"),
    "memory": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "status": ("import os; os._exit(4)", "its process ended with status 4"),
    "silent": ("import os; os._exit(0)", "its process ended with status 0"),
    "error": ("raise KeyError('layer')", "KeyError: 'layer'"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_process_that_dies_is_told_of(how: str, bundle: Path, quick: Path) -> None:
    code, said = ENDS[how]
    dies(quick, code)
    with pytest.raises(BundleError, match=f"the bundle could not be served: .*{said}"):
        serve_apart(bundle, ["hello"])


def test_one_that_never_answers_is_ended(
    bundle: Path, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(quick, "import time; time.sleep(60)")
    monkeypatch.setattr(operations, "PATIENCE_SECONDS", 1.0)
    with pytest.raises(BundleError, match="SIGKILL"):
        serve_apart(bundle, ["hello"])


def test_without_a_row_there_is_nothing_to_serve(bundle: Path) -> None:
    with pytest.raises(ValueError, match="no row"):
        serve_apart(bundle, [])
