"""Three hand-made runs, recorded in a ledger the way the workflow does it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.decide import decide
from headstart.types.adapt import AdaptReport, TemperatureReport
from headstart.types.artifact import PackageReport, Parity
from headstart.types.brief import Brief, Budget, DataSource, Requirement
from headstart.types.data import AuditReport, DataReport, Finding, Folds, Place, SetAside
from headstart.types.ledger import LedgerRow, LedgerView, escape, flatten
from headstart.types.model import ArmSummary, BackboneCard, Scorecard, Unavailable
from headstart.types.result import (
    AutomationPoint,
    AutomationReport,
    BrierParts,
    CalibrationReport,
    ClassCertificate,
    ClassRow,
    Comparison,
    CostReport,
    Decision,
    ErrorGroup,
    Estimate,
    EvaluationReport,
    GalleryReport,
    MemoError,
    NotAvailable,
    PredictionSetReport,
    ReliabilityRow,
    SelectiveCertificate,
    SetSizeRow,
    SliceReport,
    SliceRow,
    StressReport,
    StressRow,
    TodayReport,
)

CORRECTED = "mean over folds, Nadeau–Bengio corrected interval"
SHA = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True)
class Reports:
    """Every report of one run; `view` is its ledger."""

    brief: Brief
    data: DataReport
    audit: AuditReport
    scorecards: tuple[Scorecard, ...]
    adapt: AdaptReport
    package: PackageReport
    evaluation: EvaluationReport
    thumbnails: tuple[str, ...] = ()
    temperature: TemperatureReport | NotAvailable | None = None

    @property
    def decision(self) -> Decision:
        return decide(
            self.brief, self.audit, self.adapt, self.evaluation, self.package, self.scorecards
        )

    def rows(self, first: int = 1, clock: float = 1.0) -> list[LedgerRow]:
        """Ledger rows from id `first`; `clock` scales everything that a clock measured."""
        package = replace(
            self.package,
            latency_ms={k: _slower(v, clock) for k, v in self.package.latency_ms.items()},
            rows_per_second=(self.package.rows_per_second or 0) / clock,
            cost_per_million=(self.package.cost_per_million or 0) * clock,
        )
        stages: list[tuple[str, Any]] = [("/brief", self.brief), ("/data", self.data)]
        stages.append(("/audit", self.audit))
        stages += [(f"/select/{escape(card.card.ref)}", card) for card in self.scorecards]
        if self.temperature is not None:
            stages.append(("/temperature", self.temperature))
        stages += [("/adapt", self.adapt), ("/package", package), ("/evaluate", self.evaluation)]
        stages.append(("/thumbnails", dict(enumerate(self.thumbnails))))
        stages.append(("/decide", self.decision))
        found: list[LedgerRow] = []

        def record(stage: str, leaves: list[tuple[str, Any]]) -> None:
            provenance = {"data": self.data.sha256, "code": "c0de" * 16, "stage inputs": stage}
            for pointer, value in leaves:
                number = first + len(found)
                found.append(LedgerRow(number, pointer, value, provenance, "2026-01-05T09:00:00Z"))

        for pointer, report in stages:
            if pointer != "/thumbnails" or self.thumbnails:
                record(pointer, list(flatten(report, pointer)))
            name = escape(pointer[1:].replace("~1", "/"))
            record(pointer, [(f"/timings/{name}", round(1.234 * clock, 3))])
        run = {
            "created_at": "2026-01-05T09:00:00Z",
            "version": "0.1.0",
            "machine": "Linux x86_64, 2 cores, 24 GiB",
            "seed": 0,
        }
        record("/run", list(flatten(run, "/run")))
        return found

    @property
    def view(self) -> LedgerView:
        return LedgerView(self.rows())


def _slower(value: Estimate | NotAvailable, clock: float) -> Estimate | NotAvailable:
    if isinstance(value, NotAvailable) or value.low is None or value.high is None:
        return value
    return replace(value, value=value.value * clock, low=value.low * clock, high=value.high * clock)


def estimate(value: float, half: float, n: int, method: str = CORRECTED) -> Estimate:
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), n, method)


def metrics(value: float, half: float, n: int, method: str = CORRECTED) -> dict[str, Any]:
    return {
        "accuracy": estimate(value, half, n, method),
        "macro_f1": estimate(value - 0.006, half, n, method),
        "balanced_accuracy": estimate(value - 0.004, half, n, method),
        "log_loss": Estimate(1.2 - value, 1.1 - value, 1.3 - value, n, method),
        "brier": NotAvailable("not asked for") if value < 0.1 else estimate(0.3, 0.02, n, method),
    }


def arm(name: str, family: Any, describe: str, value: float, half: float, n: int) -> ArmSummary:
    pretrained = family in ("zero-shot", "frozen", "adapted")
    found = {k: v for k, v in metrics(value, half, n).items() if isinstance(v, Estimate)}
    backbone = "pkg:" + name.partition(" ")[2] if family in ("frozen", "random") else None
    return ArmSummary(
        name, family, pretrained, family not in ("scratch", "random"), describe, found, backbone
    )


def comparison(
    a: str, b: str, gap: float, half: float, n: int, repeats: int = 2, metric: str = "accuracy"
) -> Comparison:
    verdict: Any = "helps" if gap - half > 0 else "harms" if gap + half < 0 else "inconclusive"
    undecided = verdict == "inconclusive"
    return Comparison(
        a=a,
        b=b,
        metric=metric,
        difference=gap,
        low=gap - half,
        high=gap + half,
        p_value=0.00002 if not undecided else 0.31,
        test="corrected resampled t-test (Nadeau–Bengio)",
        n=n,
        folds=5,
        repeats=repeats,
        verdict=verdict,
        probability_above_margin=0.4 if undecided else 0.999,
        minimum_detectable=half * 1.4,
        labels_needed=n * 7 if undecided else None,
    )


def card(ref: str, name: str, modality: Any, truncated: float | None) -> Scorecard:
    return Scorecard(
        card=BackboneCard(
            ref=ref,
            name=name,
            modality=modality,
            licence="Apache-2.0",
            feature_width=384,
            source="its publisher",
            parameters=22_713_216,
            size_mb=90.9,
            max_tokens=256 if modality == "text" else None,
            input_size=None if modality == "text" else 224,
            sha256=SHA,
        ),
        runtime="onnxruntime",
        runtime_reason="the exported encoder equals torch on real rows",
        parity=2.1e-7,
        weights_sha256=SHA,
        truncated_share=truncated,
    )


def audit_report(
    rows: int, holdout: int, kind: Any, counts: dict[str, int], **more: Any
) -> AuditReport:
    held = np.arange(holdout)
    return AuditReport(
        development=np.arange(rows),
        groups=np.arange(rows),
        folds=Folds(np.zeros((2, rows), dtype=np.int64), 5),
        holdout_kind=kind,
        holdout=held,
        holdout_clean=np.ones(holdout, dtype=np.bool_),
        rows=rows,
        class_counts=counts,
        metric="accuracy",
        margin=0.01,
        metric_reason="accuracy by default: no class holds over 60% of the rows",
        **more,
    )


def package_report(approach_ms: float, size: int, rows: int) -> PackageReport:
    def timed(value: float) -> Estimate:
        return Estimate(value, value * 0.9, value * 1.15, 200, "order statistics of 200 requests")

    return PackageReport(
        path="bundle",
        files={"model.onnx": SHA, "labels.json": SHA},
        size_bytes=size,
        parity=Parity(rows, rows, 3.2e-7, 1e-4),
        latency_ms={
            "p50": timed(approach_ms),
            "p95": timed(approach_ms * 1.6),
            "p99": timed(approach_ms * 2.1),
        },
        rows_per_second=1000 / approach_ms * 1.7,
        cost_per_million=0.05 * 1e6 / (1000 / approach_ms * 1.7) / 3600,
    )


def class_rows(labels: tuple[str, ...], each: int, centre: float, seed: int) -> tuple[Any, ...]:
    random, found = Random(seed), []
    for label in labels:
        hits = min(each, max(0, round(random.gauss(centre, 0.12) * each)))
        recall = estimate(hits / each, 0.1, each, "Wilson")
        precision: Any = estimate(min(1.0, hits / each + 0.03), 0.1, each + 3, "Wilson")
        if hits == 0:
            precision = NotAvailable("never predicted")
        found.append(ClassRow(label, each, precision, recall, max(0.0, hits / each - 0.01)))
    return tuple(found)


def confusion(rows: tuple[Any, ...], seed: int) -> list[list[int]]:
    random = Random(seed)
    matrix = [[0] * len(rows) for _ in rows]
    for i, row in enumerate(rows):
        hits = round(row.recall.value * row.n)
        matrix[i][i] = hits
        for _ in range(row.n - hits):
            j = (i + random.choice([1, 1, 1, 2, 3])) % len(rows)
            matrix[i][j if j != i else (i + 1) % len(rows)] += 1
    return matrix


def text_helps(level: float | None = 0.8) -> Reports:
    """77 classes, a hold-out file, a frozen backbone that clearly wins, 3,000 rows set aside."""
    things = ("card", "transfer", "top up", "refund", "exchange rate", "PIN", "identity check")
    states = (
        "arrival", "declined", "fee charged", "not working", "pending", "limits", "cancel",
        "wrong amount", "by phone", "abroad", "twice",
    )  # fmt: skip
    labels = tuple(sorted(f"{thing} {state}" for thing in things for state in states))
    n, held = 616, 3080
    frozen, classical = "frozen all-MiniLM-L6-v2", "classical tf-idf"
    rows = class_rows(labels, 40, 0.835, 1)
    told = (
        "I was charged a fee for getting my own money out abroad, can you tell me why?",
        "The rate on my statement is not the one I saw in the app.",
        "my card still hasn't arrived after two weeks, is there a way to track it??",
        "Is there a limit on how many times I can top up?",
    )
    errors = tuple(
        MemoError(
            f"last_month.csv, row {17 + 31 * i}",
            told[i % 4],
            labels[i * 3],
            labels[i * 3 + 1],
            0.97 - i * 0.02,
        )
        for i in range(20)
    )
    arms = (
        arm("majority", "majority", "always the largest class", 0.013, 0.002, n),
        arm("zero-shot all-MiniLM-L6-v2", "zero-shot", "nearest label name", 0.612, 0.031, n),
        arm(classical, "classical", "word and character TF-IDF", 0.629, 0.034, n),
        arm("random all-MiniLM-L6-v2", "random", "the same network, random weights", 0.31, 0.03, n),
        arm(frozen, "frozen", "frozen features, new linear head", 0.829, 0.027, n),
    )
    return Reports(
        brief=Brief(
            name="Route support messages",
            data=DataSource("tickets.csv", "text", "category", "last_month.csv", "text"),
            carry_over="Knowledge of everyday English",
            value="Saves the first manual triage of each message",
            requirement=Requirement("accuracy", level),
            budget=Budget(latency_ms=50.0),
            mistake_costs={labels[0]: 5.0},
            defaulted=("requirement.margin", "requirement.confidence", "budget.minutes",
                       "budget.price_per_core_hour", "mistakes.failure_cost", "trial.folds",
                       "trial.seed"),
        ),
        data=DataReport(
            modality="text",
            rows=n,
            classes=labels,
            sha256="3f" * 32,
            source="tickets.csv",
            input_column="text",
            label_column="category",
            set_aside=tuple(
                SetAside(
                    Place("tickets.csv", i + 2, "text"),
                    "the text is empty" if i % 3 else "the label is missing",
                    "" if i % 3 else "Hello, I have a question about",
                )
                for i in range(3000)
            ),
            remarks=("12 rows have labels with spaces that are no part of it.",),
            holdout_source="last_month.csv",
            holdout_rows=held + 12,
            holdout_sha256="7a" * 32,
        ),
        audit=audit_report(
            n, held + 12, "file", dict.fromkeys(labels, 8),
            findings=(
                Finding(
                    "exact duplicates", 0.3, "12 hold-out rows repeat a training row",
                    "They were set aside, so that the hold-out decides on rows the model never "
                    "saw.",
                    rows=(Place("last_month.csv", 41), Place("last_month.csv", 977)),
                    done="set aside", advice="Remove them from the file.",
                    method="sha256 of the content", numbers={"rows": 12.0},
                ),
            ),
        ),
        scorecards=(card("pkg:all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "text", 0.004),),
        adapt=AdaptReport(
            metric="accuracy",
            margin=0.01,
            arms=arms,
            unavailable=(
                Unavailable("scratch", "scratch", NotAvailable("8 rows a class are too few")),
            ),
            transfer="helps",
            transfer_comparison=comparison(frozen, classical, 0.2, 0.025, n),
            best_pretrained=frozen,
            best_target_only=classical,
            approach="frozen",
            chosen=frozen,
            comparisons=(
                comparison(frozen, classical, 0.2, 0.025, n),
                comparison("zero-shot all-MiniLM-L6-v2", frozen, -0.217, 0.03, n),
                comparison("majority", frozen, -0.816, 0.028, n),
            ),
            choice_reason=f"'{frozen}' reaches accuracy 82.9% (80.2% to 85.6%) over 5 folds × 2. "
            f"Its gain over the best simpler arm, '{classical}', is +20.0 points (+17.5 to +22.5).",
        ),
        package=package_report(4.3, 91_300_000, 200),
        evaluation=EvaluationReport(
            basis="hold-out",
            n=held,
            n_all=held + 12,
            openings=1,
            metrics=metrics(0.8351, 0.0131, held, "Wilson"),
            metrics_all=metrics(0.836, 0.013, held + 12, "Wilson"),
            majority=metrics(0.013, 0.004, held, "Wilson"),
            against_majority=comparison(frozen, "majority", 0.822, 0.013, held, 1),
            per_class=rows,
            confusion=confusion(rows, 2),
            labels=labels,
            errors=errors,
        ),
    )  # fmt: skip


def _thumbnail(seed: int) -> str:
    """A made-up solar cell: bus bars, grain, a dark crack."""
    random = np.random.default_rng(seed)
    cell = random.normal(150, 14, (112, 112))
    cell[:, 36:39] -= 70
    cell[:, 73:76] -= 70
    steps = np.clip(np.cumsum(random.normal(0, 1.5, 112)) + 20 + 10 * (seed % 7), 2, 109)
    for y, x in enumerate(steps.astype(int)):
        cell[y, x - 1 : x + 2] -= 90 * (seed % 3 > 0)
    stream = io.BytesIO()
    Image.fromarray(np.clip(cell, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=60)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def image_harms() -> Reports:
    """Two classes, a carved hold-out, no level named; HOG and colour beat the backbone."""
    labels, n, held = ("defective", "working"), 480, 120
    frozen, classical = "frozen EfficientNet-Lite0", "classical HOG + colour"
    rows = (
        ClassRow("defective", 58, estimate(0.86, 0.09, 56, "Wilson"),
                 estimate(0.828, 0.1, 58, "Wilson"), 0.842),
        ClassRow("working", 62, estimate(0.844, 0.09, 64, "Wilson"),
                 estimate(0.871, 0.09, 62, "Wilson"), 0.857),
    )  # fmt: skip
    errors = tuple(
        MemoError(f"cells/{labels[i % 2]}/cell{i:04d}.png", f"/cells/{i}.png", labels[i % 2],
                  labels[1 - i % 2], 0.93 - 0.03 * i)
        for i in range(14)
    )  # fmt: skip
    return Reports(
        brief=Brief(
            name="Solar cells: working or defective",
            data=DataSource("cells", modality="image"),
            carry_over="Edges and textures of photographs",
            defaulted=("task.value", "requirement.metric", "requirement.level", "budget.minutes"),
        ),
        data=DataReport(
            "image", n + held, labels, "ab" * 32, "cells", None, None,
            (SetAside(Place("cells/working/cell0999.png"), "the image is truncated"),), (),
        ),
        audit=audit_report(
            n, held, "carved", {"defective": 238, "working": 242},
            findings=(
                Finding("near duplicates", 0.6, "31 images are nearly the same as another one",
                        "Modules photographed twice give pairs of cells.", done="grouped",
                        advice="Keep one picture of each cell."),
            ),
        ),
        scorecards=(card("pkg:EfficientNet-Lite0", "EfficientNet-Lite0", "image", None),),
        adapt=AdaptReport(
            "accuracy", 0.01,
            (
                arm("majority", "majority", "always the largest class", 0.504, 0.01, n),
                arm(classical, "classical", "HOG and colour histograms", 0.862, 0.031, n),
                arm("scratch network", "scratch", "a small network from scratch", 0.741, 0.05, n),
                arm("random EfficientNet-Lite0", "random", "random weights", 0.702, 0.04, n),
                arm(frozen, "frozen", "frozen features, new linear head", 0.791, 0.038, n),
            ),
            (Unavailable("zero-shot", "zero-shot",
                         NotAvailable("an image backbone knows no label names")),),
            "harms", comparison(frozen, classical, -0.071, 0.036, n), frozen, classical,
            "classical", classical,
            (comparison(frozen, classical, -0.071, 0.036, n),
             comparison("scratch network", classical, -0.121, 0.045, n),
             comparison("majority", classical, -0.358, 0.03, n)),
            "Classical features are the simplest arm that no other arm beats",
        ),
        package=package_report(2.6, 214_000, 200),
        evaluation=EvaluationReport(
            "hold-out", held, held, 2, metrics(0.85, 0.063, held, "Wilson"),
            metrics(0.85, 0.063, held, "Wilson"), metrics(0.517, 0.09, held, "Wilson"),
            comparison(classical, "majority", 0.333, 0.08, held, 1), rows,
            [[48, 10], [8, 54]], labels, errors,
        ),
        thumbnails=tuple(_thumbnail(i) for i in range(14)),
    )  # fmt: skip


def text_inconclusive() -> Reports:
    """120 rows, no hold-out, nothing credibly better than the largest class."""
    labels, n = ("billing", "other", "technical"), 120
    frozen, classical = "frozen all-MiniLM-L6-v2", "classical tf-idf"
    rows = class_rows(labels, 40, 0.45, 5)
    return Reports(
        brief=Brief(
            name="pilot",
            data=DataSource("messages.jsonl", "message", "team", None, "text"),
            requirement=Requirement(level=0.7),
            defaulted=("task.name", "task.value", "task.carry_over", "requirement.metric",
                       "mistakes.failure_cost"),
        ),
        data=DataReport(
            "text", n, labels, "cd" * 32, "messages.jsonl", "message", "team", (), ()
        ),
        audit=audit_report(
            n, 0, "none", {"billing": 4, "other": 70, "technical": 46}, small_classes=("billing",)
        ),
        scorecards=(card("pkg:all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "text", 0.21),),
        adapt=AdaptReport(
            "accuracy", 0.01,
            (
                arm("majority", "majority", "always the largest class", 0.583, 0.02, n),
                arm(classical, "classical", "word and character TF-IDF", 0.592, 0.071, n),
                arm(frozen, "frozen", "frozen features, new linear head", 0.617, 0.08, n),
            ),
            (), "inconclusive", comparison(frozen, classical, 0.025, 0.071, n), frozen, classical,
            "classical", classical,
            (comparison(frozen, classical, 0.025, 0.071, n),
             comparison("majority", classical, -0.009, 0.08, n)),
            "Classical features are the simplest arm that no other arm beats by more than 1 point",
        ),
        package=package_report(0.4, 96_000, 120),
        evaluation=EvaluationReport(
            "cross-validation", n, n, 0, metrics(0.592, 0.071, n), metrics(0.592, 0.071, n),
            metrics(0.583, 0.02, n), comparison(classical, "majority", 0.009, 0.08, n), rows,
            confusion(rows, 3), labels,
            (MemoError("messages.jsonl, row 4", "it does not work", "billing", "other", 0.71),),
        ),
    )  # fmt: skip


def text_certified() -> Reports:
    """A costly failure, at most 2% wrong allowed, and certified for four fifths of the cases."""
    base = text_helps(level=None)
    found = SelectiveCertificate(
        0.8125, 0.02, 0.95, 0.8, 0.7855, 0.8138, 0.2, 2464, 31, 31 / 2464, 0.0168, 3080,
        "fixed-sequence Learn-then-Test, exact binomial p-values", 2428, 31,
    )  # fmt: skip
    return _limited(base, found)


def text_refused() -> Reports:
    """The same, but nothing could be certified."""
    why = "cannot be certified: needs 1,234 more labelled cases"
    return _limited(text_helps(), NotAvailable(why))


def _limited(base: Reports, found: SelectiveCertificate | NotAvailable) -> Reports:
    required = replace(base.brief.requirement, max_error=0.02, sets=0.9)
    brief = replace(base.brief, requirement=required, failure_cost="high", review_cost=0.5)
    curve = [
        (i / 20, 1 - i / 20, 0.5 - 0.9 * (1 - i / 20) * (i / 20) + 0.1 * (1 - i / 20))
        for i in range(20, -1, -1)
    ]
    bca = "stratified bootstrap, BCa, 1000 resamples"
    automation = AutomationReport(
        tuple(AutomationPoint(*point) for point in curve),
        0.45,
        Estimate(0.55, 0.532, 0.567, 3080, "Wilson"),
        Estimate(curve[11][2], 0.31, 0.36, 3080, bca),
        Estimate(0.6, 0.57, 0.63, 3080, bca),
        0.5,
    )
    costs = CostReport(
        Estimate(0.412, 0.371, 0.455, 3080, "stratified bootstrap, BCa, 1000 resamples"),
        Estimate(0.347, 0.316, 0.381, 3080, "stratified bootstrap, BCa, 1000 resamples"),
        Estimate(-0.065, -0.081, -0.049, 3080, "stratified bootstrap, BCa, 1000 resamples"),
        Estimate(1.037, 1.031, 1.043, 3080, "stratified bootstrap, BCa, 1000 resamples"),
        Estimate(0.8351, 0.8216, 0.8478, 3080, "Wilson"),
        Estimate(0.8213, 0.807, 0.8345, 3080, "Wilson"),
    )
    calibration = CalibrationReport(
        Estimate(0.081, 0.062, 0.097, 3080, "debiased, noncentral χ² over 15 bins"),
        (
            ReliabilityRow(0.1, 0.2, 214, 0.163, 0.31, 0.252, 0.375),
            ReliabilityRow(0.5, 0.6, 1207, 0.552, 0.73, 0.704, 0.754),
            ReliabilityRow(0.9, 1.0, 1659, 0.957, 0.981, 0.973, 0.986),
        ),
        BrierParts(0.011, 0.6, 0.986, 0.002),
        Estimate(0.934, 0.91, 0.96, 3080, "stratified bootstrap, BCa, 1000 resamples"),
        Estimate(1659 / 3080, 0.521, 0.556, 3080, "Wilson"),
        Estimate(32 / 1659, 0.0137, 0.0271, 1659, "Wilson"),
    )
    sets = PredictionSetReport(
        0.9, 0.12345, 10003,
        Estimate(2610 / 3080, 0.8342, 0.8599, 3080, "Clopper–Pearson"),
        Estimate(1.734, 1.69, 1.78, 3080, bca),
        Estimate(1540 / 3080, 0.4824, 0.5176, 3080, "Wilson"),
        Estimate(77 / 3080, 0.02, 0.0311, 3080, "Wilson"),
        (
            SetSizeRow(0, False, 77, 0),
            SetSizeRow(1, False, 1540, 1400),
            SetSizeRow(5, True, 1463, 1210),
        ),
    )  # fmt: skip
    certified = SelectiveCertificate(
        0.9, 0.02, 0.975, 0.7, 0.6, 0.8, 0.3, 28, 0, 0.0, 0.019, 40, "Learn-then-Test"
    )
    slices = SliceReport(
        (
            SliceRow("channel is 'fax'", "column", Estimate(0.31, 0.24, 0.39, 140, "Wilson"),
                     Estimate(0.158, 0.145, 0.172, 2940, "Wilson"), 0.08, 0.23, 0.0004, True),
            SliceRow("characters over 80", "size", Estimate(0.17, 0.15, 0.19, 1020, "Wilson"),
                     Estimate(0.162, 0.147, 0.178, 2060, "Wilson"), -0.02, 0.036, 0.72, False),
        ),
        2, 1,
    )  # fmt: skip
    today = TodayReport(
        Estimate(2950 / 3080, 0.95, 0.9641, 3080, "Wilson"),
        Estimate(2301 / 2950, 0.7647, 0.7946, 2950, "Wilson"),
        Estimate(2464 / 2950, 0.8214, 0.8482, 2950, "Wilson"),
        Estimate(0.241, 0.22, 0.262, 2950, bca),
        Estimate(0.187, 0.17, 0.204, 2950, bca),
        replace(
            comparison("frozen all-MiniLM-L6-v2", "today's process", 163 / 2950, 0.019, 2950, 1),
            test="McNemar's exact test; Newcombe's paired interval",
        ),
        12, ("unsure", "queue 7"),
        Estimate(2301 / 3080, 0.7314, 0.7621, 3080, "Wilson"),
    )  # fmt: skip
    some = base.evaluation.errors
    gallery = GalleryReport(
        508, 3080, 41, True,
        (
            ErrorGroup("label in doubt", "", 41, some[:2]),
            ErrorGroup("confused pair", "one and another", 120, some[:4]),
            ErrorGroup("other", "", 347, some),
        ),
    )  # fmt: skip
    stress = StressReport(
        (
            StressRow("as they are", "", Estimate(0.84, 0.783, 0.884, 200, "Wilson"),
                      0.0, -0.02, 0.02, 0.81, 0.61),
            StressRow("typos", "in 10% of the words", Estimate(0.77, 0.707, 0.823, 200, "Wilson"),
                      -0.07, -0.11, -0.031, 0.79, 0.82),
        ),
        200,
    )  # fmt: skip
    brief = replace(brief, data=replace(brief.data, current="agent"))
    known = replace(
        base.evaluation,
        stress=stress,
        slices=slices,
        gallery=gallery,
        certificate=found,
        costs=costs,
        calibration=calibration,
        automation=automation,
        prediction_sets=sets,
        today=today,
        class_certificates=(
            ClassCertificate(base.evaluation.labels[0], certified),
            ClassCertificate(base.evaluation.labels[1], NotAvailable("cannot be certified")),
        ),
    )
    heat = TemperatureReport(0.763, 0.9412, 0.9016, 10003, True)
    return replace(base, brief=brief, evaluation=known, temperature=heat)


CASES: dict[str, Callable[[], Reports]] = {
    "text-certified": text_certified,
    "text-refused": text_refused,
    "text-helps": text_helps,
    "image-harms": image_harms,
    "text-inconclusive": text_inconclusive,
}


@pytest.fixture(scope="session")
def cases() -> dict[str, Reports]:
    return {name: make() for name, make in CASES.items()}


@pytest.fixture(params=sorted(CASES))
def reports(request: pytest.FixtureRequest, cases: dict[str, Reports]) -> Reports:
    return cases[request.param]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b `c` [d](http://evil.example) ![e](x) \\ *f* _g_ ~h~ $i$ # j",
    "line one\nline two\r\n\n## not a heading\x00\x1b[31m",
    "\u202eevil\u202c \u2066x\u2069 שלום עולם مرحبا",
    "{{ 7*7 }} {% raw %} &amp; &lt;b&gt; ]]> --> </style></title></svg>",
    "x" * 5000,
)


def hostile() -> Reports:
    """Every text that a user can bring, at its worst."""
    base = text_inconclusive()
    a, b, c = HOSTILE[0], HOSTILE[2], HOSTILE[4]
    labels = (a, b, c)
    rename = dict(zip(base.data.classes, labels, strict=True))
    per_class = tuple(replace(row, label=rename[row.label]) for row in base.evaluation.per_class)
    errors = tuple(
        MemoError(f"{text}.csv, row 3", text, labels[i % 3], labels[(i + 1) % 3], 0.95)
        for i, text in enumerate(HOSTILE)
    )
    return replace(
        base,
        brief=replace(
            base.brief,
            name=HOSTILE[0] + HOSTILE[4],
            value=HOSTILE[3],
            carry_over=HOSTILE[5],
            mistake_costs=dict.fromkeys(labels, 2.0),
            data=replace(base.brief.data, definitions=dict.fromkeys(labels, HOSTILE[5])),
        ),
        data=replace(
            base.data,
            classes=labels,
            source=HOSTILE[1],
            input_column=HOSTILE[2],
            set_aside=tuple(SetAside(Place(t, 2, t), t, t) for t in HOSTILE),
            remarks=HOSTILE,
        ),
        audit=replace(
            base.audit,
            class_counts=dict(zip(labels, (4, 70, 46), strict=True)),
            small_classes=labels,
            findings=tuple(Finding(t, 0.9, t, t, advice=t, method=t) for t in HOSTILE),
        ),
        evaluation=replace(
            base.evaluation,
            per_class=per_class,
            labels=labels,
            errors=errors,
            unseen_labels=HOSTILE,
            majority={"accuracy": NotAvailable(HOSTILE[1])},
        ),
        thumbnails=('data:image/svg+xml,<svg onload="alert(1)">', "javascript:alert(1)"),
    )


@pytest.fixture(scope="session")
def hostile_reports() -> Reports:
    return hostile()
