"""Publishing: the card filled, the old bundle or the new one at every moment."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from headstart.bundles import load, verify
from headstart.package import build, place, publish
from headstart.types.errors import BundleError

FACTS: Mapping[str, str] = {
    "metrics": "- accuracy 0.83",
    "decision": "with-review",
    "data": "500 rows",
    "A further heading": "said.",
}


@pytest.fixture
def staging(stand_ins: ModuleType, encoder: Any, tmp_path: Path) -> Path:
    model = stand_ins.frozen_model(encoder)
    build(model, encoder, stand_ins.TEXTS, tmp_path / "pilot" / ".staging", name="new")
    return tmp_path / "pilot" / ".staging"


@pytest.fixture
def final(stand_ins: ModuleType, staging: Path) -> Path:
    """An older bundle in place."""
    folder = staging.parent / "bundle"
    build(stand_ins.majority_model(), None, ["x"], folder, name="old")
    return folder


def test_the_card_is_filled_and_the_bundle_is_sound(staging: Path) -> None:
    before = (staging / "README.md").read_text(encoding="utf-8")
    files = publish(staging, staging.parent / "bundle", FACTS)
    assert files == verify(staging.parent / "bundle").files
    card = (staging.parent / "bundle" / "README.md").read_text(encoding="utf-8")
    assert before.count("Not filled in") == 3
    assert "Not filled in" not in card
    for text in (*FACTS.values(), "## A further heading", "## Limits", "MIT-0", "account"):
        assert text in card
    assert load(staging.parent / "bundle").predict(["hello"])
    assert (staging / "README.md").read_text(encoding="utf-8") == before
    assert verify(staging)


def test_an_older_bundle_is_replaced_and_nothing_else_is_left(staging: Path, final: Path) -> None:
    publish(staging, final, FACTS)
    assert verify(final).name == "new"
    assert sorted(path.name for path in final.parent.iterdir()) == [".staging", "bundle"]


def test_again_gives_the_same_bytes(staging: Path, final: Path) -> None:
    first = publish(staging, final, FACTS)
    manifest = (final / "manifest.json").read_bytes()
    assert publish(staging, final, FACTS) == first
    assert (final / "manifest.json").read_bytes() == manifest


def test_the_published_bundle_outlives_staging(staging: Path, final: Path) -> None:
    publish(staging, final, FACTS)
    for path in staging.rglob("*.*"):
        path.unlink()
    assert load(final).predict(["hello"])


def test_without_hard_links_files_are_copied(
    staging: Path, final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    publish(staging, final, FACTS)
    assert verify(final).name == "new"


def test_without_an_exchange_the_old_one_is_renamed(
    staging: Path, final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_exchanged", lambda new, final: False)
    publish(staging, final, FACTS)
    assert verify(final).name == "new"
    assert sorted(path.name for path in final.parent.iterdir()) == [".staging", "bundle"]


def test_a_spoilt_staging_folder_is_not_published(staging: Path, final: Path) -> None:
    (staging / "model.onnx").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"model\.onnx was changed"):
        publish(staging, final, FACTS)
    assert verify(final).name == "old"


def test_a_full_disk_leaves_the_old_bundle(
    staging: Path, final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = sys.modules[publish.__module__]

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(publishing, "write_file", full)
    with pytest.raises(BundleError, match="No space left on device"):
        publish(staging, final, FACTS)
    assert verify(final).name == "old"
    assert sorted(path.name for path in final.parent.iterdir()) == [".staging", "bundle"]


KILLED = textwrap.dedent(
    """
    import json, os, shutil, signal, sys
    from pathlib import Path
    from headstart.bundles import verify
    from headstart.package import publish

    staging, final = Path(sys.argv[1]), Path(sys.argv[2])
    old = shutil.copytree(final, final.parent.parent / "old")
    watched = {"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "ctypes.dlsym"}
    calls = deadly = 0

    def watch(event, arguments):
        global calls
        if event in watched and (event != "open" or str(final.parent) in str(arguments[0])):
            calls += 1
            if calls == deadly:
                os.kill(os.getpid(), signal.SIGKILL)

    def child():
        sys.addaudithook(watch)
        publish(staging, final, {"metrics": "m"})
        os._exit(0)

    seen = []
    while True:
        deadly += 1
        shutil.rmtree(final)
        shutil.copytree(old, final)
        process = os.fork()
        if process == 0:
            child()
        killed = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL
        found = verify(final).name
        publish(staging, final, {"metrics": "m"})
        left = sorted(path.name for path in final.parent.iterdir())
        seen.append((killed, found, verify(final).name, left))
        if not killed:
            break
    print(json.dumps(seen))
    """
)


@pytest.mark.skipif(sys.platform != "linux", reason="kills by signal; the exchange is Linux's")
def test_killed_at_any_step_the_old_or_the_new_bundle_is_whole(staging: Path, final: Path) -> None:
    """The process is killed before each system call in turn; then publishing again finishes."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(staging), str(final)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *steps, (killed, *_) = json.loads(done.stdout)
    assert not killed
    assert len(steps) > 20
    found = [found for _, found, _, _ in steps]
    assert found == sorted(found, reverse=True)
    assert set(found) == {"old", "new"}
    assert all(after == "new" for _, _, after, _ in steps)
    assert all(left == [".staging", "bundle"] for *_, left in steps)
