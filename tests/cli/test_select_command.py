"""`headstart select`: the scorecard in three forms, candidates that fail, a race that resumes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., subprocess.CompletedProcess[str]]


def cited(node: Any, at: str = "") -> Iterator[tuple[str, Any, int]]:
    """(pointer, value, ledger id) of every number and sentence."""
    if isinstance(node, dict) and set(node) == {"value", "ledger"}:
        yield at, node["value"], node["ledger"]
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from cited(value, f"{at}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from cited(value, f"{at}/{i}")
    else:
        raise AssertionError(f"{at} is not cited: {node!r}")


def entries(out: str) -> dict[str, dict[str, Any]]:
    """The candidates of a scorecard in JSON, by reference."""
    return {one["ref"]["value"]: one for one in json.loads(out)["entries"]}


def status(entry: dict[str, Any]) -> str:
    return str(entry["standing"]["status"]["value"])


def check_scorecard(out: str) -> None:
    leaves = list(cited(json.loads(out)))
    ids = [number for _, _, number in leaves]
    assert len(set(ids)) == len(ids)
    kinds = [value.get("kind") for _, value, _ in leaves if isinstance(value, dict)]
    assert kinds.count("Estimate") > 20
    for at, value, _ in leaves:
        if not isinstance(value, dict) or "kind" not in value:
            # What is counted, not measured.
            last = at.rsplit("/", 1)[-1]
            assert not isinstance(value, float) or last in {"margin", "seconds", "budget_minutes"}
        elif value["kind"] == "Estimate":
            assert value["n"] > 0, at
            assert value["method"], at
            ends = (value["low"], value["high"])
            assert ends != (None, None) or "no interval" in value["method"], (at, value)
        elif value["kind"] == "NotAvailable":
            assert len(value["reason"]) > 5, at
        else:
            assert (value["kind"], value["n"] > 0) == ("Comparison", True)


def check_page(site: Any, page: str, profile: Path) -> None:
    """It fits a phone and a desk, asks nobody, and does not complain."""
    for width in (390, 1280):
        site.pages["/memo.html"] = page
        site.pages["/"] = site.around(width)
        shown, log = site.browse(profile)
        found = re.search(r"measured (\d+) wide: (.*?)</pre>", shown, re.DOTALL)
        assert found, shown[-500:]
        assert int(found[1]) <= width, found[2]
        assert found[2].strip() == ""
        assert set(site.asked) <= {"/", "/memo.html", "/favicon.ico"}
        assert "CONSOLE" not in log, [line for line in log.splitlines() if "CONSOLE" in line]


CLICK = """<!doctype html><body><iframe id="page" src="/memo.html" style="width:1280px"></iframe>
<pre id="out"></pre><script>
document.getElementById("page").onload = function () {
  var table = this.contentDocument.querySelector("table.sortable"), said = [];
  function order() {
    said.push([].map.call(table.tBodies[0].rows, function (row) {
      return row.cells[1].dataset.value; }).join(","));
  }
  var button = table.querySelectorAll("th[data-sort] button")[1];
  button.click(); order(); button.click(); order();
  document.getElementById("out").textContent = "ordered " + said.join(" then ") + ";";
};
</script>"""


def test_the_scorecard_of_texts_as_table_page_and_json(
    headstart: Run, tickets: Path, words: str, site: Any, tmp_path: Path
) -> None:
    arguments = ["select", tickets, "--backbone", words, "--backbone", f"{words}?max_tokens=3"]
    arguments += ["--reference", tickets, "--minutes", "1", "--out", "p"]
    said = headstart(*arguments)
    assert said.returncode == 0, said.stderr
    head, *rest = said.stdout.splitlines()
    assert head.split() == ["candidate", "accuracy", "interval", "n", "p95", "rows/s", "licence",
                            "status"]  # fmt: skip
    assert sum("picked" in line.split() for line in rest) == 1
    found = headstart(*arguments, "--json")
    assert found.returncode == 0, found.stderr
    check_scorecard(found.stdout)
    told = json.loads(found.stdout)
    every = entries(found.stdout)
    assert set(every) == {words, f"{words}?max_tokens=3", "classical:tf-idf"}
    picked = [ref for ref, one in every.items() if status(one) == "picked"]
    assert picked == [told["pick"]["value"]]
    served = every[picked[0]]["operations"][0]
    for name in ("p50", "p95", "p99"):
        assert served["latency_ms"][name]["value"]["value"] > 0
    page = (tmp_path / "p" / "scorecard.html").read_text(encoding="utf-8")
    ids = {number for _, _, number in cited(told)}
    shown = {int(number) for number in re.findall(r'href="#L(\d+)"', page)}
    assert shown, page[:2000]
    assert shown <= {int(number) for number in re.findall(r'id="L(\d+)"', page)}
    assert len(shown & ids) > 20
    assert not (tmp_path / "p" / "decision.json").exists()
    check_page(site, page, tmp_path / "profile")
    site.pages["/"] = CLICK
    shown_page, _ = site.browse(tmp_path / "profile")
    ordered = re.search(r"ordered ([\d.,]*) then ([\d.,]*);", shown_page)
    assert ordered, shown_page[-800:]
    down, up = ([float(v) for v in part.split(",") if v] for part in ordered.groups())
    assert down == sorted(down, reverse=True)
    assert up == sorted(up)
    assert len(down) == 3

    done = headstart("run", "p")  # both networks have one name: their references tell them apart
    assert done.returncode == 0, done.stderr
    memo = (tmp_path / "p" / "memo.md").read_text(encoding="utf-8")
    assert "frozen:m (onnx:" in memo


def test_a_run_tries_what_was_selected_and_its_memo_says_why(
    headstart: Run, tickets: Path, tmp_path: Path
) -> None:
    lines = tickets.read_text(encoding="utf-8").splitlines()
    (tmp_path / "few.csv").write_text("\n".join([lines[0], *lines[1::4]]), encoding="utf-8")
    found = headstart("select", "few.csv", "--minutes", "0.05", "--out", "p", "--json")
    assert found.returncode == 0, found.stderr
    pick = json.loads(found.stdout)["pick"]["value"]
    done = headstart("run", "p", "--json")
    assert done.returncode == 0, done.stderr
    assert "Why this backbone" in (tmp_path / "p" / "memo.html").read_text(encoding="utf-8")
    assert json.loads(done.stdout)
    others = {ref for ref in entries(found.stdout) if not ref.startswith("classical:")} - {pick}
    if not pick.startswith("classical:"):
        assert not any(ref in done.stderr for ref in others)


def test_the_scorecard_of_pictures(headstart: Run, filters: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label, colour in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
        (tmp_path / "signs" / label).mkdir(parents=True)
        for i in range(40):
            noise = random.normal(scale=30, size=(32, 32, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "signs" / label / f"{i}.png")
    found = headstart(
        "select", "signs", "--backbone", filters, "--minutes", "1", "--out", "p", "--json"
    )
    assert found.returncode == 0, found.stderr
    check_scorecard(found.stdout)
    assert set(entries(found.stdout)) == {filters, "classical:colour-and-hog"}
    assert (tmp_path / "p" / "scorecard.html").is_file()


def plugin(folder: Path) -> str:
    """An organisation's package whose networks die in native code; the path that finds it."""
    folder.mkdir()
    (folder / "crashing.py").write_text(
        textwrap.dedent(
            """
            import ctypes
            from headstart.types.model import BackboneCard

            class Source:
                scheme = "crash"
                def card(self, ref):
                    return BackboneCard(ref, ref, "text", "mit", None, "us")
                def encoder(self, card, *, random_seed=None):
                    if card.ref == "crash:memory":
                        raise MemoryError
                    ctypes.string_at(0)
            """
        )
    )
    info = folder / "crashing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crashing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[headstart.backbones]\ncrash = crashing:Source\n")
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


def test_a_candidate_that_cannot_run_is_out_and_the_race_goes_on(
    headstart: Run, tickets: Path, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", plugin(tmp_path / "site"))
    monkeypatch.setenv("HEADSTART_CONFIG", str(tmp_path / "config"))
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "config.json").write_text(
        '{"model_type": "nonesuch", "architectures": ["X"], "hidden_size": 8}'
    )
    (strange / "model.safetensors").write_bytes(b"")
    (strange / "tokenizer.json").write_bytes((tmp_path / "net" / "tokenizer.json").read_bytes())
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "catalogue.toml").write_text(
        f'[[backbone]]\nref = "{words}"\nname = "changed"\nmodality = "text"\nlicence = "mit"\n'
        f'source = "us"\nsha256 = "{"0" * 64}"\n'
    )
    reasons = {
        "crash:native": r"SIGSEGV",
        "crash:memory": r"out of memory",
        f"{words}?max_tokens=0": r"'max_tokens=0' is not a whole number above 0",
        f"file:{strange}": r"nonesuch|architecture|model_type",
        words: r"hash|sha256",
        "hf:nobody/nothing": r"nobody/nothing",
    }
    good = tmp_path / "good"
    good.mkdir()
    for name in ("m.onnx", "tokenizer.json"):
        (good / name).write_bytes((tmp_path / "net" / name).read_bytes())
    named = [*reasons, f"onnx:{good}/m.onnx"]
    backbones = [part for ref in named for part in ("--backbone", ref)]
    found = headstart("select", tickets, *backbones, "--minutes", "1", "--out", "p", "--json")
    assert found.returncode == 0, found.stderr
    check_scorecard(found.stdout)
    every = entries(found.stdout)
    assert status(every[f"onnx:{good}/m.onnx"]) != "out"
    assert status(every["classical:tf-idf"]) != "out"
    for ref, reason in reasons.items():
        assert status(every[ref]) == "out"
        assert re.search(reason, every[ref]["standing"]["reason"]["value"]), ref


def test_where_nobody_can_race_nothing_is_left_behind(
    headstart: Run, tickets: Path, words: str, tmp_path: Path
) -> None:
    said = headstart("select", tickets, "--backbone", f"{words}?max_tokens=0", "--out", "p")
    assert said.returncode == 2
    assert "'max_tokens=0' is not a whole number above 0" in said.stderr
    assert "Traceback" not in said.stderr
    assert not (tmp_path / "p").exists()


@pytest.mark.alone
def test_ctrl_c_ends_a_race_within_two_seconds_and_it_goes_on_from_there(
    headstart: Run, tickets: Path, words: str, cache: Path, tmp_path: Path
) -> None:
    """The best of three, each in a folder of its own: a busy machine adds seconds that are not the
    program's, or the run has ended before the signal comes."""
    waited = []
    for attempt in range(3):
        arguments = ["select", str(tickets), "--backbone", words, "--minutes", "1"]
        arguments += ["--out", f"p{attempt}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "headstart", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
            env={**os.environ, "HEADSTART_CACHE": str(cache), "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if re.search(r"120 rows", line):
                break
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        waited.append(time.monotonic() - begin)
        if waited[-1] < 2 and process.returncode == 3:
            break
        time.sleep(1)
    assert waited[-1] < 2, waited
    assert process.returncode == 3, said
    assert "Go on with: headstart select" in said
    assert "Traceback" not in said
    again = headstart(*arguments, "--json")
    assert again.returncode == 0, again.stderr
    assert "near-duplicate texts" not in again.stderr  # that was done before
    check_scorecard(again.stdout)
