"""Features computed in a process of its own: a network that crashes takes nothing with it.

    python -m headstart.backbones.isolated  < task.json

The child keeps the features in the store, where the parent finds them. It speaks in lines of JSON:
`progress`, and in the end `done` or `error`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

from headstart.ports import Progress
from headstart.types.errors import BackboneError, HeadstartError, MissingExtraError
from headstart.types.memory import peak_megabytes
from headstart.types.model import BackboneCard

TAIL = 2000
TIMED_ROWS = 48


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took. `rows` were computed in `seconds`; the others were in the store already."""

    rows: int
    seconds: float
    loading_seconds: float
    peak_mb: float
    seconds_per_row: float | None
    """Of some rows computed anew and timed by themselves; None where that was not asked for."""


def encode_apart(
    card: BackboneCard,
    values: Sequence[str],
    keys: Sequence[str],
    *,
    random_seed: int | None = None,
    cache: Path | None = None,
    timed: bool = False,
    progress: Progress | None = None,
) -> Effort:
    """Compute and keep the features of these rows in a child process; with `timed`, time some.

    Raises:
        BackboneError: the network cannot be used, or its process died; the message says how.
        MissingExtraError: a package that it needs is not installed.
    """
    task = {
        "card": asdict(card),
        "values": list(values),
        "keys": list(keys),
        "random_seed": random_seed,
        "cache": None if cache is None else str(cache),
        "timed": timed,
    }
    child = subprocess.Popen(
        # -P: modules in the user's folder are not the library's.
        [sys.executable, "-P", "-m", "headstart.backbones.isolated"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    complaints: list[str] = []
    assert child.stderr is not None
    listening = threading.Thread(target=_listen, args=(child.stderr, complaints), daemon=True)
    listening.start()
    try:
        answer = _follow(child, json.dumps(task), progress)
        listening.join(5)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
    if answer is None:
        raise BackboneError(
            f"the process that computed its features {_end(child.returncode)}",
            place=card.ref,
            tip=_last_line(complaints) or "run it alone to see more: headstart run DATA --backbone",
        )
    if "error" in answer:
        raise _error(answer["error"], card)
    return Effort(**answer["done"])


def _follow(
    child: subprocess.Popen[str], task: str, progress: Progress | None
) -> dict[str, Any] | None:
    """The child's last word, or None where it died without one."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(task + "\n")
        child.stdin.flush()
    except BrokenPipeError:
        return None
    for line in child.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue  # a library that prints
        if isinstance(said, dict) and "progress" in said:
            if progress is not None:
                progress(*said["progress"])
        elif isinstance(said, dict):
            return said
    child.wait()
    return None


def _listen(stream: TextIO, complaints: list[str]) -> None:
    with suppress(ValueError):  # closed while reading
        for line in stream:
            complaints.append(line.rstrip())
            del complaints[:-50]


def _last_line(complaints: Sequence[str]) -> str:
    """The end of what the child wrote to its standard error."""
    return next((line for line in reversed(complaints) if line.strip()), "")[:TAIL]


def _end(status: int) -> str:
    """How a process ended.

    >>> _end(-11), _end(-9)
    ('crashed (SIGSEGV)', 'was killed (SIGKILL): it probably ran out of memory')
    """
    if status >= 0:
        return f"ended with status {status} and no answer"
    name = signal.Signals(-status).name
    if name == "SIGKILL":
        return f"was killed ({name}): it probably ran out of memory"
    return f"crashed ({name})"


def _error(said: dict[str, Any], card: BackboneCard) -> HeadstartError:
    if said["kind"] == "missing":
        return MissingExtraError(said["what"], extra=said["extra"], package=said["package"])
    return BackboneError(said["message"], place=said["place"] or card.ref, tip=said["tip"])


def _card(fields: dict[str, Any]) -> BackboneCard:
    made: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()
    }
    return BackboneCard(**made)


def _say(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _work(task: dict[str, Any]) -> None:

    from headstart.backbones.loading import load_encoder

    begin = time.perf_counter()
    cache = Path(task["cache"]) if task["cache"] else None
    encoder = load_encoder(_card(task["card"]), cache=cache, random_seed=task["random_seed"])
    runtime = getattr(encoder, "runtime", None)
    if runtime is not None:
        runtime(task["values"])
    loaded = time.perf_counter()

    def progress(what: str, done: int, total: int) -> None:
        _say(progress=[what, done, total])

    encoder.encode(task["values"], task["keys"], progress)
    done = time.perf_counter()
    measure = getattr(encoder, "seconds_per_row", None) if task["timed"] else None
    each = None if measure is None else float(measure(task["values"][:TIMED_ROWS]))
    effort = Effort(
        rows=int(getattr(encoder, "computed", 0)),
        seconds=done - loaded,
        loading_seconds=loaded - begin,
        peak_mb=peak_megabytes(),
        seconds_per_row=each,
    )
    _say(done=asdict(effort))


def main() -> NoReturn:
    """Read a task from standard input, do it, and say how it went."""
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(OSError):
        # When memory runs out, this process is to go, and not the one that waits for it.
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        _work(task)
    except MissingExtraError as error:
        _say(error={"kind": "missing", "what": error.what, "extra": error.extra,
                    "package": error.package})  # fmt: skip
    except HeadstartError as error:
        _say(error={"kind": "backbone", "message": error.message, "place": error.place,
                    "tip": error.tip})  # fmt: skip
    except MemoryError:
        _say(error={"kind": "backbone", "message": "it ran out of memory", "place": None,
                    "tip": "choose a smaller backbone"})  # fmt: skip
    except Exception as error:
        first = str(error).strip().splitlines()
        _say(error={"kind": "backbone",
                    "message": f"{type(error).__name__}: {first[0] if first else ''}",
                    "place": None, "tip": None})  # fmt: skip
    # Not by returning: the thread that waits on standard input holds its lock to the end.
    os._exit(0)


def _end_with_parent() -> None:
    """Standard input ends when the parent does."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
