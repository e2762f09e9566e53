"""The pilot folder: one brief, its evidence, its decision and its bundle."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.types.errors import PilotError

BRIEF = "headstart.toml"
DATABASE = "headstart.db"
AUDIT_HTML = "audit.html"
SCORECARD_HTML = "scorecard.html"
MEMO_HTML = "memo.html"
MEMO_MARKDOWN = "memo.md"
DECISION = "decision.json"
READINESS = "readiness.toml"
READINESS_HTML = "readiness.html"
INTERVIEW_HTML = "interview.html"
BUNDLE = "bundle"
ARTIFACTS = "artifacts"
RELABELLED = "artifacts/relabelled.csv"
STAGING = ".staging"


class Pilot:
    """Paths of a pilot folder, and safe writing into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @property
    def brief(self) -> Path:
        return self.folder / BRIEF

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE

    @property
    def staging(self) -> Path:
        return self.folder / STAGING

    @property
    def artifacts(self) -> Path:
        return self.folder / ARTIFACTS

    def exists(self) -> bool:
        return self.brief.is_file()

    def create(self) -> None:
        """Make the folder, and see that it can be written to before any work is done.

        Raises:
            PilotError: it is a file, or cannot be made or written to.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise PilotError(
                "the output is a file, not a folder",
                place=str(self.folder),
                tip="name another folder with --out",
            )
        with self._errors():
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as probe:
                probe.write(b"\0" * 65536)
                probe.flush()

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file whole or not at all."""
        target = self.folder / name
        data = content.encode("utf-8") if isinstance(content, str) else content
        with self._errors():
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.chmod(partial, 0o644)
                os.replace(partial, target)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise
        return target

    def clear_staging(self) -> None:
        """Remove what an interrupted run left half done."""
        shutil.rmtree(self.staging, ignore_errors=True)
        for name in (BRIEF, READINESS, AUDIT_HTML, MEMO_HTML, MEMO_MARKDOWN, DECISION):
            for leftover in self.folder.glob(f".{name}.*"):
                leftover.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one run; the system lets go of it when the process ends.

        Raises:
            PilotError: another process is running in this folder.
        """
        try:
            import fcntl
        except ImportError:  # no advisory locks on this system
            yield
            return
        with self._errors(), (self.folder / ".lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PilotError(
                    "another headstart is running in this folder",
                    place=str(self.folder),
                    tip="wait until it has ended, or name another folder with --out",
                ) from None
            yield

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise PilotError(
                f"the folder cannot be written to ({error.strerror})",
                place=str(self.folder),
                tip="name a folder you may write to with --out",
            ) from error
        except OSError as error:
            raise PilotError(
                f"writing failed: {error.strerror or error}",
                place=str(self.folder),
                tip="free some space or name another folder with --out, then run again",
            ) from error
