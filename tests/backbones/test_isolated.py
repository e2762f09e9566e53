"""Features from a process of its own: equal bits, and a crash that takes nothing with it."""

from __future__ import annotations

import os
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones import find_card, load_encoder
from headstart.backbones.int8 import quantized
from headstart.backbones.isolated import encode_apart
from headstart.data import text_key
from headstart.types.errors import BackboneError, InterruptedRunError, MissingExtraError

TEXTS = [f"where is my card number {i}, please?" for i in range(40)]
KEYS = [text_key(text) for text in TEXTS]


def test_features_are_those_of_this_process_and_are_found_in_the_store(tmp_path: Path) -> None:
    card = find_card("all-MiniLM-L6-v2")
    effort = encode_apart(card, TEXTS, KEYS, cache=tmp_path / "a", timed=True)
    assert effort.rows == 40
    assert effort.peak_mb > 50
    assert effort.seconds_per_row is not None
    assert 0 < effort.seconds_per_row < 1
    here = load_encoder(card, cache=tmp_path / "a")
    assert here.missing(KEYS) == 0  # type: ignore[attr-defined]
    apart = here.encode(TEXTS, KEYS)
    assert here.computed == 0  # type: ignore[attr-defined]
    np.testing.assert_array_equal(
        apart, load_encoder(card, cache=tmp_path / "b").encode(TEXTS, KEYS)
    )
    assert encode_apart(card, TEXTS, KEYS, cache=tmp_path / "a").rows == 0


def test_its_errors_are_ours(tmp_path: Path) -> None:
    card = replace(find_card("all-MiniLM-L6-v2"), sha256="0" * 64)
    with pytest.raises(BackboneError, match=r"sha256|hash"):
        encode_apart(card, TEXTS, KEYS, cache=tmp_path)
    absent = replace(find_card("all-MiniLM-L6-v2"), package="no-such-package")
    with pytest.raises(MissingExtraError, match=r"no-such-package"):
        encode_apart(absent, TEXTS, KEYS, cache=tmp_path)


def test_progress_is_heard_and_an_interruption_ends_the_child(tmp_path: Path) -> None:
    heard: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        heard.append(what)
        raise InterruptedRunError("stopped")

    with pytest.raises(InterruptedRunError):
        encode_apart(find_card("all-MiniLM-L6-v2"), TEXTS, KEYS, cache=tmp_path, progress=progress)
    assert heard


CRASHES = {
    "segfault": ("import ctypes; ctypes.string_at(0)", r"crashed \(SIGSEGV\)"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ran out of memory"),
    "memory": ("raise MemoryError", "it ran out of memory"),
    "exit": ("import os; os._exit(3)", "ended with status 3"),
    "error": ("raise KeyError('layer')", "KeyError: 'layer'"),
}


@pytest.mark.parametrize("how", CRASHES)
def test_a_network_that_dies_is_named_and_this_process_lives(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin's encoder, installed as a package would be, that dies in native code."""
    code, said = CRASHES[how]
    (tmp_path / "crashing.py").write_text(
        textwrap.dedent(
            f"""
            class Source:
                scheme = "crash"
                def card(self, ref):
                    raise NotImplementedError
                def encoder(self, card, *, random_seed=None):
                    {code}
            """
        )
    )
    info = tmp_path / "crashing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crashing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[headstart.backbones]\ncrash = crashing:Source\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    card = replace(find_card("all-MiniLM-L6-v2"), ref="crash:now")
    with pytest.raises(BackboneError, match=said):
        encode_apart(card, TEXTS[:2], KEYS[:2], cache=tmp_path / "cache")


def test_eight_bits_are_close_and_smaller(tmp_path: Path) -> None:
    encoder = load_encoder("all-MiniLM-L6-v2", cache=tmp_path)
    small = quantized(encoder, TEXTS, tmp_path)
    full, eight = encoder.encode(TEXTS, KEYS), small.encode(TEXTS, KEYS)
    cosine = (full * eight).sum(1) / np.linalg.norm(full, axis=1) / np.linalg.norm(eight, axis=1)
    assert np.median(cosine) > 0.9
    assert cosine.min() > 0.85
    one = np.concatenate(
        [small.encode([t], [f"{k}-alone"]) for t, k in zip(TEXTS, KEYS, strict=True)]
    )
    np.testing.assert_array_equal(one, eight)  # a row's features do not depend on its batch
    assert small.onnx_path().stat().st_size < 0.8 * encoder.onnx_path().stat().st_size
    view = quantized(load_encoder("all-MiniLM-L6-v2?layer=3", cache=tmp_path), TEXTS, tmp_path)
    keys = {one.key for one in (small, encoder, view)}  # type: ignore[attr-defined]
    assert len(keys) == 3
    assert quantized(encoder, TEXTS, tmp_path).onnx_path() == small.onnx_path()
