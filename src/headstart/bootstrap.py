"""Where the inside meets the outside: the one file that names concrete adapters.

`run` and `load` are the library's front door; the command line uses the functions below them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.engines.local import LocalEngine
from headstart.ports import Predictor, Progress
from headstart.storage.sqlite import SQLiteStore
from headstart.types.brief import Brief
from headstart.types.errors import PilotError
from headstart.types.result import Decision
from headstart.workflow.pilot import (
    AUDIT_HTML,
    DECISION,
    INTERVIEW_HTML,
    MEMO_HTML,
    READINESS_HTML,
    RELABELLED,
    SCORECARD_HTML,
    Pilot,
)

if TYPE_CHECKING:
    from headstart.types.data import Dataset
    from headstart.types.ledger import LedgerView
    from headstart.workflow.pipeline import Parts, Prepared
    from headstart.workflow.relabel import Session


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may say beside the data; None: found or defaulted."""

    input: str | None = None
    label: str | None = None
    holdout: str | None = None
    group: str | None = None
    time: str | None = None
    also: tuple[str, ...] = ()
    separator: str | None = None
    out_of_scope: str | None = None
    order: tuple[str, ...] = ()
    prevalence: Mapping[str, float] = field(default_factory=dict)
    current: str | None = None
    reference: str | None = None
    use: str | None = None
    max_stage: str | None = None
    rungs: tuple[str, ...] = ()
    metric: str | None = None
    level: float | None = None
    sets: float | None = None
    backbones: tuple[str, ...] = ()
    minutes: float | None = None
    seed: int | None = None


def run(
    data: str | Path,
    *,
    input: str | None = None,
    label: str | None = None,
    holdout: str | Path | None = None,
    group: str | None = None,
    time: str | None = None,
    also: Sequence[str] = (),
    separator: str | None = None,
    out_of_scope: str | None = None,
    order: Sequence[str] = (),
    prevalence: Mapping[str, float] | None = None,
    current: str | None = None,
    out: str | Path | None = None,
    metric: str | None = None,
    level: float | None = None,
    sets: float | None = None,
    backbone: str | Sequence[str] = (),
    minutes: float | None = None,
    max_stage: str | None = None,
    rungs: Sequence[str] = (),
    seed: int | None = None,
    progress: Progress | None = None,
) -> Decision:
    """From labelled data, or a pilot folder, to a decision with its evidence in the pilot folder.

    data: a CSV, TSV, JSONL, Parquet or Excel file, a folder of images with one subfolder a class,
    or a pilot folder. group: column whose rows belong together; time: column by which the latest
    rows are held out; also: other label columns, decided about in the same run. separator: what
    stands between the labels of a row that may have several. out_of_scope: label of the rows that
    none of the others fits. order: all labels from the lowest to the highest, where they have an
    order. prevalence: share of the cases in use that have each label, where the rows were not drawn
    as cases come. current: column with what today's process answers. max_stage: how far the
    backbone may be thawed where that earns it: frozen, probe, norms, top-1, top-2, top-4 (default)
    or full. rungs: exactly these steps of it, by name.
    sets: share of the cases whose prediction set should hold the true label.
    out: the pilot folder (default: `<name>-pilot` in the working folder).

    Raises:
        InputError: the data, the brief, a backbone or the folder cannot be used.
        MissingExtraError: an optional package that this modality needs is not installed.
    """
    options = Options(
        input=input,
        label=label,
        holdout=str(holdout) if holdout is not None else None,
        group=group,
        time=time,
        also=tuple(also),
        separator=separator,
        out_of_scope=out_of_scope,
        order=tuple(order),
        prevalence=dict(prevalence or {}),
        current=current,
        metric=metric,
        level=level,
        sets=sets,
        backbones=(backbone,) if isinstance(backbone, str) else tuple(backbone),
        minutes=minutes,
        max_stage=max_stage,
        rungs=tuple(rungs),
        seed=seed,
    )
    opened = open_pilot(Path(data), Path(out) if out is not None else None, options)
    return run_pilot(opened, progress or _silent)


def load(bundle: str | Path) -> Predictor:
    """The model in a bundle; needs neither torch nor scikit-learn.

    Raises:
        BundleError: a file of the bundle is missing or was changed.
    """
    from headstart.bundles import load as load_bundle

    return load_bundle(Path(bundle))


@dataclass(frozen=True, slots=True)
class Opened:
    """A pilot folder and its brief. A new folder is made once its data has been read."""

    pilot: Pilot
    brief: Brief


def open_pilot(data: Path, out: Path | None, options: Options) -> Opened:
    """The pilot folder for `data` and what it is asked; `data` may be a pilot folder itself.

    Raises:
        PilotError: the folder has a brief that says something else.
        InputError: the brief or the options cannot be used.
    """
    from headstart.brief import read_brief

    pilot = Pilot(data)
    if pilot.exists():
        if out is not None or options != Options():
            raise PilotError(
                "a pilot folder has its brief; other options cannot be given beside it",
                place=str(pilot.brief),
                tip=f"edit the brief, then: headstart run {data}",
            )
        return Opened(pilot, read_brief(pilot.brief))
    pilot = Pilot(out or Path(f"{data.absolute().stem}-pilot"))
    brief = _infer(data, options)
    if not pilot.exists():
        return Opened(pilot, brief)
    kept = read_brief(pilot.brief)
    different = _differences(kept, brief)
    if different:
        raise PilotError(
            f"the folder holds a pilot whose brief says something else ({', '.join(different)})",
            place=str(pilot.brief),
            tip=f"use that brief: headstart run {pilot.folder}, or name another folder with --out",
        )
    return Opened(pilot, kept)


def init_pilot(folder: Path, data: Path, options: Options) -> Pilot:
    """A new pilot folder with a brief to edit.

    Raises:
        PilotError: there is a brief already.
    """
    pilot = Pilot(folder)
    if pilot.exists():
        raise PilotError(
            "there is a brief already",
            place=str(pilot.brief),
            tip=f"edit it, then: headstart run {folder}",
        )
    return _write_brief(pilot, _infer(data, options))


def run_pilot(opened: Opened, progress: Progress) -> Decision:
    """Run (or resume) a pilot; leaves memo, decision, bundle and ledger in its folder.

    Raises:
        InputError: the data or a backbone cannot be used; then a new folder has not been made.
        PilotError: the folder cannot be written to.
    """
    from headstart.workflow.pipeline import run_pipeline

    with _started(opened, progress) as (prepared, parts):
        return run_pipeline(opened.brief, prepared, opened.pilot, parts)


@contextmanager
def _started(
    opened: Opened,
    progress: Progress,
    preparing: Callable[[Brief, Progress], Prepared] | None = None,
) -> Iterator[tuple[Prepared, Parts]]:
    """The data read, the folder made and held, the store open."""
    from headstart.workflow.pipeline import Parts, prepare

    pilot = opened.pilot
    prepared = (preparing or prepare)(opened.brief, progress)
    if pilot.exists():
        pilot.create()
    else:
        _write_brief(pilot, opened.brief)
    with pilot.lock(), closing(SQLiteStore(pilot.database)) as store:
        yield prepared, Parts(store=store, engine=LocalEngine(), progress=progress)


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found, for a person and for machines, and where it is shown."""

    text: str
    document: dict[str, Any]
    page: Path


def audit_pilot(opened: Opened, progress: Progress) -> Shown:
    """Look at the data of a pilot; `run_pilot` goes on from there.

    Raises:
        InputError: the data or a backbone cannot be used; then a new folder has not been made.
        PilotError: the folder cannot be written to.
    """
    from headstart.decide import audit_json, audit_text
    from headstart.workflow.pipeline import prepare, run_audit

    with _started(opened, progress, partial(prepare, to_decide=False)) as (prepared, parts):
        view = run_audit(opened.brief, prepared, opened.pilot, parts)
    return Shown(audit_text(view), audit_json(view), opened.pilot.folder / AUDIT_HTML)


def select_pilot(opened: Opened, progress: Progress) -> Shown:
    """Race and measure the candidate backbones of a pilot; the hold-out stays sealed.

    Raises:
        InputError: the data, the reference or every backbone cannot be used.
        PilotError: the folder cannot be written to.
    """
    from headstart.decide import scorecard_json, scorecard_text
    from headstart.workflow.pipeline import prepare_selection, run_selection

    with _started(opened, progress, prepare_selection) as (prepared, parts):
        view = run_selection(opened.brief, prepared, opened.pilot, parts)
    page = opened.pilot.folder / SCORECARD_HTML
    return Shown(scorecard_text(view), scorecard_json(view), page)


def open_relabelling(folder: Path, progress: Progress) -> Relabelling:
    """The most suspicious labels of a pilot, and what was said of them so far.

    Raises:
        PilotError: there is no pilot, or its log is damaged.
        InputError: the data cannot be used.
    """
    from headstart.brief import read_brief
    from headstart.workflow.pipeline import run_ranking
    from headstart.workflow.relabel import LOG, Session, suspects

    pilot = _existing(folder)
    opened = Opened(pilot, read_brief(pilot.brief))
    with _started(opened, progress) as (prepared, parts):
        rows, ranking = run_ranking(opened.brief, prepared, pilot, parts)
    dataset = prepared.sources.dataset
    found = suspects(dataset, rows, ranking)
    return Relabelling(pilot, dataset, Session(found, pilot.folder / LOG, dataset.labels))


@dataclass(frozen=True, slots=True)
class Relabelling:
    """A session, and the data set that it changes a copy of."""

    pilot: Pilot
    dataset: Dataset
    session: Session

    def save(self) -> Path:
        """Write the whole data set with the new labels into the pilot folder: a table of texts, a
        folder of pictures."""
        from headstart.workflow.relabel import relabelled_csv, relabelled_folder

        changes = self.session.changes()
        if self.dataset.modality == "image":
            target = (self.pilot.folder / RELABELLED).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            relabelled_folder(self.dataset, changes, target)
            return target
        return self.pilot.write(RELABELLED, relabelled_csv(self.dataset, changes))


def write_memo(folder: Path) -> Path:
    """Render a pilot's memo again from its ledger; the same ledger gives the same bytes."""
    from headstart.workflow.documents import write_documents

    pilot = _existing(folder)
    with closing(SQLiteStore(pilot.database)) as store:
        write_documents(pilot, _view(store, pilot))
    return pilot.folder / MEMO_HTML


def decide_pilot(folder: Path) -> Pilot:
    """Apply the rules again to the evidence of a finished pilot, with its brief as it is now.

    Raises:
        PilotError: there is no finished pilot, its brief asks for what was not measured, or another
            process is running in the folder.
        BriefError: the brief cannot be used.
    """
    from headstart.brief import read_brief
    from headstart.workflow.again import decide_again

    pilot = _existing(folder)
    brief = read_brief(pilot.brief)
    with pilot.lock(), closing(SQLiteStore(pilot.database)) as store:
        decide_again(pilot, store, _visited(store, pilot), brief)
    return pilot


def summary(pilot: Pilot) -> str:
    """A few lines for the terminal: the verdict, its numbers, where the memo is."""
    from headstart.decide import summary_text

    with closing(SQLiteStore(pilot.database)) as store:
        text = summary_text(_view(store, pilot))
    return f"{text}\nMemo: {pilot.folder / MEMO_HTML}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two pilots side by side, in three forms."""

    text: str
    document: dict[str, Any]
    html: str


def compare_pilots(first: Path, second: Path) -> Compared:
    """Two finished pilots, with a paired test on the hold-out rows that both have answered.

    Raises:
        PilotError: one of them is not there, has not finished, or both are one folder.
        InputError: they answer with different labels, or share no hold-out row.
    """
    from headstart.decide import compare_html, compare_json, compare_text
    from headstart.workflow.compare import FinishedRun, compare_runs

    pilots = _existing(first), _existing(second)
    if pilots[0].folder.samefile(pilots[1].folder):
        raise PilotError(
            "both are the same pilot",
            place=str(pilots[0].folder),
            tip="name two pilots: headstart compare PILOT_A PILOT_B",
        )
    runs = []
    for pilot, name in zip(pilots, _apart(*(one.folder for one in pilots)), strict=True):
        with closing(SQLiteStore(pilot.database)) as store:
            runs.append(FinishedRun.read(store, _visited(store, pilot), name, str(pilot.folder)))
    found = compare_runs(*runs)
    return Compared(compare_text(found), compare_json(found), compare_html(found))


def _apart(first: Path, second: Path) -> tuple[str, str]:
    """The shortest ends of two paths that differ."""
    for length in range(1, max(len(first.parts), len(second.parts)) + 1):
        names = tuple("/".join(path.parts[-length:]) for path in (first, second))
        if names[0] != names[1]:
            return names[0], names[1]
    return str(first), str(second)


@dataclass(frozen=True, slots=True)
class Readied:
    """What is still open, and the page and its Markdown."""

    text: str
    pages: tuple[Path, Path]


def readiness(
    folder: Path,
    *,
    out: Path | None = None,
    interview: bool = False,
    answers: Sequence[tuple[str, str]] = (),
    owner: str | None = None,
) -> Readied:
    """The readiness page of a finished pilot, or the scorecard of an interview about it.

    answers: (key of a line, what is said), kept in readiness.toml beside the brief; owner: whose
    these lines are, or where nothing is answered, whose every line is that names no one.

    Raises:
        PilotError: there is no finished pilot, no such line, or an answer cannot be kept.
    """
    from headstart.workflow.readiness import keep, write_interview, write_readiness

    pilot = _existing(folder)
    with closing(SQLiteStore(pilot.database)) as store:
        view = _view(store, pilot)
    page = _page(out or pilot.folder / (INTERVIEW_HTML if interview else READINESS_HTML))
    if answers or owner is not None:
        keep(pilot, answers, owner)
    if interview:
        return Readied("", write_interview(view, page))
    return Readied(*write_readiness(pilot, view, page))


def write_page(out: Path, content: str) -> Path:
    """Write a page whole or not at all.

    Raises:
        PilotError: it is not named `.html`, or cannot be written.
    """
    page = _page(out)
    return Pilot(page.parent).write(page.name, content)


def _page(out: Path) -> Path:
    if out.suffix.lower() != ".html":
        raise PilotError(
            "a page is written as .html",
            place=str(out),
            tip=f"name it {out.with_suffix('.html').name} with --out",
        )
    return out


def decision_text(pilot: Pilot) -> str:
    """The content of decision.json."""
    return (pilot.folder / DECISION).read_text(encoding="utf-8")


def status(folder: Path) -> str:
    """Which stages of a pilot are finished, and what it decided."""
    pilot = _existing(folder)
    with closing(SQLiteStore(pilot.database)) as store:
        lines = [
            f"{at}  {seconds:8.2f} s  {stage}"
            for stage, seconds, at in store.stages()
            if stage != "finished"
        ]
        done = store.latest("finished") is not None
    if not done:
        ending = f"not finished; go on with: headstart run {folder}"
    else:
        document: dict[str, Any] = json.loads(decision_text(pilot))
        ending = (
            f"decided: transfer {document['transfer']}, approach {document['approach']}, "
            f"ship {document['ship']}\nMemo: {pilot.folder / MEMO_HTML}"
        )
    return "\n".join([f"Pilot: {pilot.folder}", *lines, ending])


def predict(
    bundle: Path, data: Path, out: Path, input_column: str | None, progress: Progress
) -> str:
    """Label the rows of `data` into `out`; returns a sentence that says what was done."""
    from headstart.bundles import score_file

    return str(score_file(bundle, data, out, input_column=input_column, progress=progress))


def list_cards() -> str:
    """The catalogue, a line for each backbone."""
    from headstart.workflow.catalogue import list_text

    return list_text()


def add_card(ref: str, name: str | None = None) -> str:
    """Keep a backbone in the user's own catalogue; says where, and what is to be completed."""
    from headstart.workflow.catalogue import add_text

    return add_text(ref, name)


def remove_card(name: str) -> str:
    """Take a backbone out of the user's own catalogue."""
    from headstart.workflow.catalogue import remove_text

    return remove_text(name)


def show_card(ref: str) -> str:
    """A backbone's card."""
    from headstart.workflow.catalogue import card_text

    return card_text(ref)


def doctor() -> tuple[str, bool]:
    """What this machine has, and whether texts or images can be run."""
    from headstart.workflow.doctor import examine

    return examine()


def demo_data(which: str, folder: Path) -> Path:
    """Real data for the demonstration, written below `folder`."""
    from headstart.workflow.demo import demo_images, demo_texts

    return demo_texts(folder) if which == "text" else demo_images(folder)


def _infer(data: Path, options: Options) -> Brief:
    from headstart.brief import infer_brief

    return infer_brief(
        data,
        input_column=options.input,
        label_column=options.label,
        holdout=options.holdout,
        group_column=options.group,
        time_column=options.time,
        also=options.also,
        separator=options.separator,
        out_of_scope=options.out_of_scope,
        order=options.order,
        prevalence=options.prevalence,
        current=options.current,
        reference=options.reference,
        use=options.use,
        max_stage=options.max_stage,
        rungs=options.rungs,
        metric=options.metric,
        level=options.level,
        sets=options.sets,
        backbones=options.backbones,
        minutes=options.minutes,
        seed=options.seed,
    )


def _write_brief(pilot: Pilot, brief: Brief) -> Pilot:
    from headstart.brief import write_toml

    pilot.create()
    write_toml(brief, pilot.brief)
    return pilot


def _differences(old: Brief, new: Brief) -> list[str]:
    names = (
        "data", "requirement", "budget", "backbones", "seed", "use", "reference", "max_stage",
        "rungs",
    )  # fmt: skip
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _existing(folder: Path) -> Pilot:
    pilot = Pilot(folder)
    if not pilot.exists():
        raise PilotError(
            "there is no pilot here (no headstart.toml)",
            place=str(pilot.folder),
            tip=f"start one: headstart init {folder} DATA",
        )
    if not pilot.database.is_file():
        raise PilotError(
            "this pilot has not run yet",
            place=str(pilot.folder),
            tip=f"run it: headstart run {folder}",
        )
    return pilot


def _visited(store: SQLiteStore, pilot: Pilot) -> list[tuple[str, str]]:
    """(stage, inputs) of the newest finished run."""
    from headstart.types.codec import decode

    finished = store.latest("finished")
    if finished is None:
        raise PilotError(
            "this pilot has not reached a decision yet",
            place=str(pilot.folder),
            tip=f"run it: headstart run {pilot.folder}",
        )
    return list(decode(finished))


def _view(store: SQLiteStore, pilot: Pilot) -> LedgerView:
    from headstart.types.ledger import LedgerView

    return LedgerView(store.ledger(_visited(store, pilot)))


def _silent(what: str, done: int, total: int) -> None:
    """Say nothing."""
