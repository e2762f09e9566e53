"""Answering needs the base install alone, and starts quickly."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from headstart.bundles import load
from headstart.package import build

EXTRAS = [
    "torch",
    "torchvision",
    "transformers",
    "timm",
    "sklearn",
    "scipy",
    "onnx",
    "onnxscript",
    "safetensors",
    "threadpoolctl",
    "pyarrow",
    "pandas",
]

BLOCKED = textwrap.dedent(
    """
    import sys

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in EXTRAS:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Absent())
    """
)


def run(program: str, *arguments: str) -> Any:
    """What a fresh process without the extras prints as JSON."""
    source = f"EXTRAS = {EXTRAS!r}\n{BLOCKED}\n{textwrap.dedent(program)}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def kinds(stand_ins: ModuleType, tmp_path: Path) -> dict[str, tuple[Path, list[str]]]:
    """A bundle and values of every kind of preprocessing."""
    texts, pictures = stand_ins.TEXTS, stand_ins.pictures(tmp_path)
    tiny, colour = stand_ins.TinyEncoder(tmp_path), stand_ins.TinyImageEncoder(tmp_path)
    models = {
        "tokens": (stand_ins.frozen_model(tiny), tiny, texts),
        "pixels": (stand_ins.colour_model(), colour, pictures),
        "ngrams": (stand_ins.classical_model("text", texts), None, texts),
        "hog-colour": (stand_ins.classical_model("image", pictures), None, pictures),
        "none": (stand_ins.majority_model(), None, texts),
    }
    for kind, (model, encoder, values) in models.items():
        build(model, encoder, values, tmp_path / kind, name=kind)
    return {kind: (tmp_path / kind, values) for kind, (_, _, values) in models.items()}


def test_every_kind_answers_without_the_extras(kinds: dict[str, tuple[Path, list[str]]]) -> None:
    program = """
        import json, headstart
        answers = {}
        for kind, (bundle, values) in json.loads(sys.argv[1]).items():
            answers[kind] = headstart.load(bundle).predict_proba(values).tolist()
        print(json.dumps(answers))
    """
    asked = {kind: (str(bundle), values) for kind, (bundle, values) in kinds.items()}
    answers = run(program, json.dumps(asked))
    for kind, (bundle, values) in kinds.items():
        assert load(bundle).manifest.preprocessing["kind"] == kind
        np.testing.assert_allclose(answers[kind], load(bundle).predict_proba(values), atol=1e-6)


def test_importing_brings_in_nothing_heavy() -> None:
    program = """
        import json, headstart
        headstart.load
        from headstart import bundles
        from headstart.package import publish
        heavy = ["onnxruntime", "pydantic", "jinja2", "tokenizers", *EXTRAS]
        print(json.dumps([name for name in heavy if name in sys.modules]))
    """
    assert run(program) == []


def test_the_blocker_blocks() -> None:
    program = """
        import json
        found = []
        for name in EXTRAS:
            try:
                __import__(name)
            except ModuleNotFoundError:
                found.append(name)
        print(json.dumps(found))
    """
    assert run(program) == EXTRAS
