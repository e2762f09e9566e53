"""Running the command as a user does."""

from __future__ import annotations

import csv
import multiprocessing
import os
import random
import runpy
import subprocess
import tempfile
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

collect_ignore = ["in_a_fork.py"]

Run = Callable[..., subprocess.CompletedProcess[str]]

WORDS = {
    "card": ("card", "bank card", "debit card", "plastic", "visa"),
    "transfer": ("transfer", "payment", "wire", "remittance", "standing order"),
    "cash": ("cash", "machine", "withdrawal", "notes", "atm"),
}
FRAMES = (
    "where is my {}",
    "the {} did not work on {day}",
    "please help me with the {} i ordered",
    "why was i charged for the {} in {place}",
    "i want to cancel my {} before {day}",
    "is there a fee for a {} in {place}",
    "my {} from {place} is still missing",
    "{day} i lost my {}",
)


@pytest.fixture
def read() -> Callable[[Path], list[dict[str, str]]]:
    """The rows of a CSV file, by the names of its columns."""

    def rows(path: Path) -> list[dict[str, str]]:
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    return rows


BUDGET = ("--minutes", "1")
SCRIPT = str(Path(__file__).with_name("in_a_fork.py"))
IMPORTED = (
    "headstart.cli",
    "headstart.bootstrap",
    "headstart.workflow.pipeline",
    "headstart.adapt.device",
    "sklearn.linear_model",
    "transformers",
    "onnxruntime",
)


def pilot(path: Path) -> bool:
    return (path / "headstart.toml").is_file()


@pytest.fixture
def headstart(cache: Path, tmp_path: Path, forks: ForkServerContext) -> Run:
    """Run `headstart` in a process of its own (`in_a_fork.py`); a new pilot has a budget
    of a minute where none is named, which repeats the folds less often than the default's five."""

    def run(
        *arguments: object, timeout: float = 200, typed: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        said = [str(one) for one in arguments]
        own = "--minutes" not in said
        begins = said[0] == "init" or (said[0] == "run" and not pilot(tmp_path / said[1]))
        said += BUDGET if begins and own else ()
        with tempfile.TemporaryDirectory() as folder:
            streams = {name: Path(folder) / name for name in ("input", "output", "errors")}
            for path in streams.values():
                path.touch()
            streams["input"].write_text(typed or "", encoding="utf-8")
            asked = {
                **streams,
                "folder": tmp_path,
                "arguments": said,
                "environment": {
                    **os.environ, "HEADSTART_CACHE": str(cache), "HF_HUB_OFFLINE": "1"
                },
            }  # fmt: skip
            process = forks.Process(target=runpy.run_path, args=(SCRIPT, {"asked": asked}))
            process.start()
            process.join(timeout)
            if process.exitcode is None:
                process.kill()
                process.join()
                raise subprocess.TimeoutExpired(["headstart", *said], timeout)
            output, errors = (
                streams[name].read_text(encoding="utf-8") for name in ("output", "errors")
            )
            return subprocess.CompletedProcess(said, process.exitcode, output, errors)

    return run


@pytest.fixture(scope="session")
def forks() -> ForkServerContext:
    """Processes that begin with what a run imports, which takes seconds and is done once here."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED])
    return context


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """tickets.csv: 240 short messages of three topics."""
    rng = random.Random(0)
    rows: list[tuple[str, str]] = []
    for label, nouns in WORDS.items():
        seen: set[str] = set()
        while len(seen) < 80:
            seen.add(
                rng.choice(FRAMES)
                .replace("{}", rng.choice(nouns))
                .replace("{day}", rng.choice(("monday", "tuesday", "friday", "sunday")))
                .replace("{place}", rng.choice(("rome", "oslo", "lima", "kyoto", "quebec")))
                + rng.choice(("", " please", " thanks", " urgently", " today"))
            )
        rows += [(text, label) for text in sorted(seen)]
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        writer.writerows(rows)
    return path


WIDTH = 16
SENTENCES = """
a account arrive atm card cash coins debit does easter fee find friday has have i is it lost mine
monday my night noon not notes plastic since summer sunday the took tuesday visa was what when where
who why you your
"""
KNOWN_WORDS = SENTENCES.split()


def graph(path: Path, nodes: list[Any], inputs: list[Any], **weights: np.ndarray) -> Path:
    output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", WIDTH])
    made = helper.make_graph(
        nodes, "g", inputs, [output], [numpy_helper.from_array(w, n) for n, w in weights.items()]
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opset, ir_version=9), path)
    return path


@pytest.fixture
def words(tmp_path: Path) -> str:
    """A network of random word vectors, which is enough for an audit."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    known = KNOWN_WORDS
    tokenizer = Tokenizer(
        models.WordLevel({w: i for i, w in enumerate(["[UNK]", *known])}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / "net").mkdir()
    tokenizer.save(str(tmp_path / "net" / "tokenizer.json"))
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    nodes = [
        helper.make_node("Gather", ["vectors", "input_ids"], ["gathered"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["gathered", "wide"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["features"], keepdims=0),
    ]
    vectors = np.random.default_rng(0).normal(size=(len(known) + 1, WIDTH)).astype(np.float32)
    axes = {"last": np.array([2]), "middle": np.array([1])}
    return f"onnx:{graph(tmp_path / 'net' / 'm.onnx', nodes, inputs, vectors=vectors, **axes)}"


@pytest.fixture
def filters(tmp_path: Path) -> str:
    """A network of random filters over 32 × 32 pixels."""
    pixels = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, 32, 32])
    nodes = [
        helper.make_node("Conv", ["pixel_values", "weights"], ["filtered"], strides=[8, 8]),
        helper.make_node("Relu", ["filtered"], ["positive"]),
        helper.make_node("GlobalMaxPool", ["positive"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
    ]
    weights = np.random.default_rng(0).normal(size=(WIDTH, 3, 8, 8)).astype(np.float32)
    return f"onnx:{graph(tmp_path / 'net.onnx', nodes, [pixels], weights=weights)}"
