"""The command line: parse, call, print, exit status.

0: a decision was reached, whatever it says. 2: input that cannot be used. 3: interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import headstart
from headstart import bootstrap
from headstart.interrupt import interruptible, stopped
from headstart.terminal import ProgressLine, converse
from headstart.types.errors import HeadstartError

SPINS = "3000"
"""Turns that a thread of OpenMP (torch, scikit-learn) waits awake for the others before it sleeps.
GNU's default is 300,000: where another program holds a core, the rest of the work waits for it at
every product. Measured on two cores: a hundred times fewer cost up to a third on an idle machine,
and save up to a half on a busy one."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="headstart",
        description="Should this feature be built on a pretrained model? An answer with evidence.",
    )
    top.add_argument("--version", action="version", version=f"headstart {headstart.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="from labelled data (or a pilot folder) to a decision")
    _data_arguments(run)
    run.add_argument(
        "--max-stage",
        choices=("frozen", "probe", "norms", "top-1", "top-2", "top-4", "full"),
        help="how far thawing may go where it earns it (default: top-4)",
    )
    run.add_argument(
        "--rung", action="append", default=[], metavar="NAME",
        help="try exactly this step of thawing (lora, pairs, early-1 …); repeat for several",
    )  # fmt: skip
    run.add_argument(
        "--sets", type=float, metavar="X", help="answer with sets that hold the label this often"
    )
    run.add_argument("--json", action="store_true", help="print decision.json, and nothing else")
    run.set_defaults(act=_run)

    audit = commands.add_parser("audit", help="what is wrong with the data, before any decision")
    _data_arguments(audit)
    audit.add_argument("--json", action="store_true", help="print the findings as JSON alone")
    audit.set_defaults(act=_audit)

    select = commands.add_parser("select", help="which backbone: every candidate on a scorecard")
    _data_arguments(select)
    select.add_argument("--reference", metavar="DATA", help="a sample of what they were trained on")
    select.add_argument("--use", choices=("commercial", "research"), help="default: commercial")
    select.add_argument("--json", action="store_true", help="print the scorecard as JSON alone")
    select.set_defaults(act=_select)

    relabel = commands.add_parser("relabel", help="read the most suspicious labels one by one")
    relabel.add_argument("pilot", type=Path, metavar="PILOT")
    relabel.set_defaults(act=_relabel)

    init = commands.add_parser("init", help="write the brief to edit before `headstart run`")
    init.add_argument("pilot", type=Path, metavar="PILOT", help="folder to create")
    _data_arguments(init, out=False)
    init.set_defaults(act=_init)

    status = commands.add_parser("status", help="what a pilot has done so far, and what it decided")
    status.add_argument("pilot", type=Path, metavar="PILOT")
    status.set_defaults(act=_status)

    decide = commands.add_parser("decide", help="the rules again, on what a pilot has measured")
    decide.add_argument("pilot", type=Path, metavar="PILOT")
    decide.add_argument("--json", action="store_true", help="print decision.json, and nothing else")
    decide.set_defaults(act=_decide)

    memo = commands.add_parser("memo", help="render the memo again from the ledger")
    memo.add_argument("pilot", type=Path, metavar="PILOT")
    memo.add_argument("--open", action="store_true", help="show it in the browser")
    memo.set_defaults(act=_memo)

    compare = commands.add_parser("compare", help="two finished pilots side by side")
    compare.add_argument("first", type=Path, metavar="PILOT_A")
    compare.add_argument("second", type=Path, metavar="PILOT_B")
    compare.add_argument("--out", type=Path, metavar="FILE.html", help="write it as a page, too")
    compare.add_argument("--json", action="store_true", help="print the comparison as JSON alone")
    compare.set_defaults(act=_compare)

    ready = commands.add_parser("readiness", help="what is still open before a pilot goes live")
    ready.add_argument("pilot", type=Path, metavar="PILOT")
    ready.add_argument(
        "--answer",
        nargs=2,
        action="append",
        default=[],
        metavar=("KEY", "TEXT"),
        help="answer a line that the evidence cannot; kept in readiness.toml",
    )
    ready.add_argument("--owner", metavar="NAME", help="whose these lines are (alone: all lines)")
    ready.add_argument("--interview", action="store_true", help="a scorecard to print, for hiring")
    ready.add_argument("--out", type=Path, metavar="FILE.html", help="default: in the pilot folder")
    ready.set_defaults(act=_readiness)

    predict = commands.add_parser("predict", help="label new rows with a bundle")
    predict.add_argument("bundle", type=Path, metavar="BUNDLE")
    predict.add_argument("data", type=Path, metavar="DATA")
    predict.add_argument("--out", type=Path, required=True, metavar="FILE", help=".csv or .jsonl")
    predict.add_argument("--input", metavar="COLUMN", help="column with the text or image path")
    predict.set_defaults(act=_predict)

    catalogue = commands.add_parser("catalogue", help="the backbones that are known")
    which = catalogue.add_subparsers(dest="which", metavar="list|show|add|remove")
    which.add_parser("list", help="one line each (the default)")
    show = which.add_parser("show", help="a backbone's card")
    show.add_argument("ref", metavar="REF")
    add = which.add_parser("add", help="keep a backbone in your own catalogue, and review its card")
    add.add_argument("ref", metavar="REF", help="hf:, timm:, onnx:, file: or api:")
    add.add_argument("--name", metavar="N", help="default: as its source calls it")
    remove = which.add_parser("remove", help="take one out of your own catalogue")
    remove.add_argument("name", metavar="NAME")
    catalogue.set_defaults(act=_catalogue)

    doctor = commands.add_parser("doctor", help="what this machine has and what is missing")
    doctor.set_defaults(act=_doctor)

    demo = commands.add_parser("demo", help="the main job on real data")
    demo.add_argument("which", nargs="?", choices=("text", "image"), help="default: both")
    demo.add_argument("--out", type=Path, default=Path("demo"), metavar="FOLDER")
    demo.set_defaults(act=_demo)
    return top


def _data_arguments(command: argparse.ArgumentParser, *, out: bool = True) -> None:
    command.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="CSV, TSV, JSONL, Parquet or Excel file, or a folder of images with one subfolder a "
        "class" + (", or a pilot folder" if out else ""),
    )
    command.add_argument("--input", metavar="COLUMN", help="column with the text or image path")
    command.add_argument("--label", metavar="COLUMN", help="column with the label")
    command.add_argument("--holdout", metavar="DATA", help="rows kept for the final judgement")
    command.add_argument("--group", metavar="COLUMN", help="rows of one value stay together")
    command.add_argument("--time", metavar="COLUMN", help="the latest rows are held out")
    command.add_argument(
        "--also", action="append", default=[], metavar="COLUMN", help="another label column"
    )
    command.add_argument("--separator", metavar="S", help="between several labels of one row")
    command.add_argument(
        "--out-of-scope", metavar="LABEL", help="label of rows that are none of the classes"
    )
    command.add_argument(
        "--order", nargs="+", default=[], metavar="LABEL", help="all labels, the lowest first"
    )
    command.add_argument(
        "--prevalence", nargs="+", default=[], metavar="LABEL=SHARE", type=_label_and_share,
        help="how common each label is in use, where the rows were not drawn as cases come",
    )  # fmt: skip
    command.add_argument("--current", metavar="COLUMN", help="what today's process answers")
    command.add_argument("--metric", metavar="NAME", help="primary metric (default: see the brief)")
    command.add_argument("--level", type=float, metavar="X", help="level it must reach to ship")
    command.add_argument(
        "--backbone", action="append", default=[], metavar="REF", help="repeat to try several"
    )
    command.add_argument(
        "--minutes", "--budget", type=float, metavar="M", help="compute budget of the run"
    )
    command.add_argument("--seed", type=int, metavar="N", help="default: 0")
    if out:
        command.add_argument("--out", type=Path, metavar="PILOT", help="default: NAME-pilot")


def _label_and_share(text: str) -> tuple[str, float]:
    label, found, share = text.rpartition("=")
    try:
        return label, float(share if found and label else "?")
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a label and its share; write LABEL=SHARE, as in fraud=0.02"
        ) from None


def _options(arguments: argparse.Namespace) -> bootstrap.Options:
    return bootstrap.Options(
        input=arguments.input,
        label=arguments.label,
        holdout=arguments.holdout,
        group=arguments.group,
        time=arguments.time,
        also=tuple(arguments.also),
        separator=arguments.separator,
        out_of_scope=arguments.out_of_scope,
        order=tuple(arguments.order),
        prevalence=dict(arguments.prevalence),
        current=arguments.current,
        metric=arguments.metric,
        level=arguments.level,
        sets=getattr(arguments, "sets", None),
        backbones=tuple(arguments.backbone),
        minutes=arguments.minutes,
        seed=arguments.seed,
        reference=getattr(arguments, "reference", None),
        use=getattr(arguments, "use", None),
        max_stage=getattr(arguments, "max_stage", None),
        rungs=tuple(getattr(arguments, "rung", ())),
    )


def _run(arguments: argparse.Namespace) -> int:
    opened = bootstrap.open_pilot(arguments.data, arguments.out, _options(arguments))
    _tell(f"Pilot: {opened.pilot.folder}")
    with ProgressLine(sys.stderr) as progress:
        bootstrap.run_pilot(opened, progress)
    _tell(bootstrap.summary(opened.pilot))
    if arguments.json:
        sys.stdout.write(bootstrap.decision_text(opened.pilot))
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    opened = bootstrap.open_pilot(arguments.data, arguments.out, _options(arguments))
    _tell(f"Pilot: {opened.pilot.folder}")
    with ProgressLine(sys.stderr) as progress:
        found = bootstrap.audit_pilot(opened, progress)
    if arguments.json:
        json.dump(found.document, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        print(found.text)
    _tell(f"Audit: {found.page}")
    return 0


def _select(arguments: argparse.Namespace) -> int:
    opened = bootstrap.open_pilot(arguments.data, arguments.out, _options(arguments))
    _tell(f"Pilot: {opened.pilot.folder}")
    with ProgressLine(sys.stderr) as progress:
        found = bootstrap.select_pilot(opened, progress)
    if arguments.json:
        json.dump(found.document, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        print(found.text)
    _tell(f"Scorecard: {found.page}")
    return 0


def _relabel(arguments: argparse.Namespace) -> int:
    with ProgressLine(sys.stderr) as progress:
        work = bootstrap.open_relabelling(arguments.pilot, progress)
    converse(work.session, sys.stdin, sys.stdout)
    path = work.save()
    changed = len(work.session.changes())
    labels = "label" if changed == 1 else "labels"
    _tell(f"{changed} {labels} changed; the data set with them: {path}")
    return 0


def _init(arguments: argparse.Namespace) -> int:
    pilot = bootstrap.init_pilot(arguments.pilot, arguments.data, _options(arguments))
    print(f"Wrote {pilot.brief}")
    print(f"Edit it, then: headstart run {arguments.pilot}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    print(bootstrap.status(arguments.pilot))
    return 0


def _decide(arguments: argparse.Namespace) -> int:
    pilot = bootstrap.decide_pilot(arguments.pilot)
    _tell(bootstrap.summary(pilot))
    if arguments.json:
        sys.stdout.write(bootstrap.decision_text(pilot))
    return 0


def _memo(arguments: argparse.Namespace) -> int:
    path = bootstrap.write_memo(arguments.pilot)
    print(path)
    if arguments.open and not webbrowser.open(path.as_uri()):
        _tell("no browser could be started; open the file yourself")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    found = bootstrap.compare_pilots(arguments.first, arguments.second)
    page = bootstrap.write_page(arguments.out, found.html) if arguments.out else None
    if arguments.json:
        json.dump(found.document, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        print(found.text)
    if page is not None:
        _tell(f"Page: {page}")
    return 0


def _readiness(arguments: argparse.Namespace) -> int:
    found = bootstrap.readiness(
        arguments.pilot,
        out=arguments.out,
        interview=arguments.interview,
        answers=[(key, text) for key, text in arguments.answer],
        owner=arguments.owner,
    )
    if found.text:
        print(found.text)
    for path in found.pages:
        _tell(f"Wrote {path}")
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    with ProgressLine(sys.stderr) as progress:
        said = bootstrap.predict(
            arguments.bundle, arguments.data, arguments.out, arguments.input, progress
        )
    _tell(said)
    return 0


def _catalogue(arguments: argparse.Namespace) -> int:
    if arguments.which == "show":
        print(bootstrap.show_card(arguments.ref))
    elif arguments.which == "add":
        print(bootstrap.add_card(arguments.ref, arguments.name))
    elif arguments.which == "remove":
        print(bootstrap.remove_card(arguments.name))
    else:
        print(bootstrap.list_cards())
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    report, sound = bootstrap.doctor()
    print(report)
    return 0 if sound else 2


def _demo(arguments: argparse.Namespace) -> int:
    for which in (arguments.which,) if arguments.which else ("text", "image"):
        data = bootstrap.demo_data(which, arguments.out)
        opened = bootstrap.open_pilot(data, arguments.out / f"{which}-pilot", bootstrap.Options())
        _tell(f"\n{which}: {data}")
        with ProgressLine(sys.stderr) as progress:
            bootstrap.run_pilot(opened, progress)
        print(bootstrap.summary(opened.pilot))
    return 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = parser().parse_args(argv)
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
    try:
        return int(interruptible(lambda: arguments.act(arguments)))
    except HeadstartError as error:
        _tell(f"headstart: {error}")
        return error.exit_status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _interrupted(arguments)


def _interrupted(arguments: argparse.Namespace) -> int:
    """Say how to go on, and end."""
    again = "headstart " + " ".join(sys.argv[1:])
    what = (
        f"What is finished is kept. Go on with: {again}"
        if arguments.command in {"run", "demo", "audit", "select"}
        else f"Nothing was changed. Start again with: {again}"
    )
    _tell(f"\nheadstart: interrupted. {what}")
    return stopped()
