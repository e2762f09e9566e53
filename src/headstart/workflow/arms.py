"""The arms of a run: which, on what features, each a stage of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.adapt import (
    ArmFeatures,
    ArmInputs,
    label_texts,
    mix_of,
    plan_arms,
    refit,
    run_arm,
)
from headstart.metrics import WEIGHED
from headstart.ports import Encoder, Engine, Progress
from headstart.types.adapt import AdaptReport, ArmSpec
from headstart.types.brief import Brief, ModalityName
from headstart.types.data import AuditReport, Dataset
from headstart.types.errors import BackboneError
from headstart.types.model import ArmResult, EncoderFeatures, FittedModel, Unavailable
from headstart.types.result import NotAvailable
from headstart.workflow.candidates import Candidate
from headstart.workflow.journal import Journal, fingerprint


@dataclass(frozen=True, slots=True)
class Rows:
    """The development rows: all that training and choosing may see."""

    modality: ModalityName
    values: tuple[str, ...]
    keys: tuple[str, ...]
    codes: NDArray[np.int64]
    """One a row, or where a row may have several labels 1 where one applies (n, labels)."""
    labels: tuple[str, ...]
    groups: NDArray[np.int64]
    places: tuple[str, ...]
    separator: str | None = None

    @classmethod
    def of(cls, dataset: Dataset, split: AuditReport) -> Rows:
        """The rows of the dataset that are not held out."""
        examples = [dataset.examples[int(i)] for i in split.development]
        return cls(
            dataset.modality,
            tuple(example.value for example in examples),
            tuple(example.key for example in examples),
            dataset.targets()[split.development],
            dataset.single_labels,
            split.groups,
            tuple(str(example.place) for example in examples),
            dataset.separator,
        )


class Arms:
    """Runs the arms on identical folds; features are computed only for an arm that has to run."""

    def __init__(
        self,
        brief: Brief,
        rows: Rows,
        split: AuditReport,
        backbones: Sequence[Candidate],
        journal: Journal,
        progress: Progress,
        engine: Engine,
        costs: NDArray[np.float64] | None = None,
    ) -> None:
        self.costs = costs
        self.mix = mix_of(brief.data.prevalence, rows.labels, rows.codes)
        self.brief, self.rows, self.split = brief, rows, split
        self.journal, self.progress, self.engine = journal, progress, engine
        self.backbones = {backbone.card.ref: backbone for backbone in backbones}
        self.specs = plan_arms(
            rows.modality,
            [backbone.card for backbone in backbones],
            several=rows.separator is not None,
            by_cost=split.metric == "cost",
        )

    def run(
        self, families: Sequence[str] | None = None
    ) -> tuple[list[ArmResult], list[Unavailable]]:
        """(results, arms that could not be run and why), in the order of the plan.

        families: the kinds of arm to run (default: all).
        """
        specs = [spec for spec in self.specs if families is None or spec.family in families]
        answers = [self._one(spec) for spec in specs]
        results = [answer for answer in answers if isinstance(answer, ArmResult)]
        return results, [answer for answer in answers if isinstance(answer, Unavailable)]

    def refit(self, verdict: AdaptReport) -> FittedModel:
        """The chosen arm on all development rows."""
        spec = next(spec for spec in self.specs if spec.name == verdict.chosen)
        return self.journal.stage(
            "refit", self.hashes(spec), lambda: refit(spec, self._inputs(spec), self.brief.seed)
        )

    def features(self, name: str) -> ArmFeatures:
        """The frozen features of all rows, of an arm that has some."""
        spec = next(spec for spec in self.specs if spec.name == name)
        assert spec.backbone is not None
        return self._features(spec, self.backbones[spec.backbone])

    def encoder(self, model: FittedModel) -> Encoder | None:
        """The network that a model's features come from."""
        source = model.featurizer
        return self.backbones[source.ref].encoder if isinstance(source, EncoderFeatures) else None

    def _one(self, spec: ArmSpec) -> ArmResult | Unavailable:
        return self.journal.stage(
            f"adapt/{spec.name}",
            {
                **self.hashes(spec),
                "folds": fingerprint(self.split.folds),
                "answers": fingerprint((self._answers, self.brief.data.prevalence)),
            },
            lambda: self._run(spec),
        )

    def _run(self, spec: ArmSpec) -> ArmResult | Unavailable:
        if spec.family == "random" and spec.backbone is not None:
            try:
                self.backbones[spec.backbone].random  # noqa: B018 (loads it)
            except BackboneError as error:
                # A finished graph or a vendor's network: the other arms are run without it.
                return Unavailable(spec.name, spec.family, NotAvailable(error.message))
        return run_arm(
            spec,
            self._inputs(spec),
            self.split.folds,
            self.brief.seed,
            self.progress,
            self.engine,
            self.costs,
            self.split.metric,
            self.mix,
        )

    def hashes(self, spec: ArmSpec) -> dict[str, str]:
        """Of everything that an arm's answer depends on, but for the folds."""
        rows = (self.rows.keys, self.rows.codes, self.rows.groups, self.rows.labels)
        backbone = self.backbones[spec.backbone].fingerprint if spec.backbone else ""
        settings = (spec, self.brief.seed, self.brief.data.definitions, self.costs)
        return {"data": fingerprint(rows), "plan": fingerprint(settings), "backbone": backbone}

    @property
    def _answers(self) -> str:
        """The metric, where the answers depend on it."""
        metric = self.split.metric
        return metric if metric in WEIGHED or metric == "cost" else "the most probable"

    def _inputs(self, spec: ArmSpec) -> ArmInputs:
        features = {}
        if spec.backbone is not None and (spec.family != "zero-shot" or self._has_words):
            features[spec.name] = self._features(spec, self.backbones[spec.backbone])
        return ArmInputs(
            modality=self.rows.modality,
            values=self.rows.values,
            codes=self.rows.codes,
            labels=self.rows.labels,
            groups=self.rows.groups,
            definitions=self.brief.data.definitions,
            features=features,
            separator=self.rows.separator,
        )

    @property
    def _has_words(self) -> bool:
        return self.rows.modality == "text"

    def _features(self, spec: ArmSpec, backbone: Candidate) -> ArmFeatures:
        encoder = backbone.random if spec.family == "random" else backbone.encoder
        texts = label_texts(self.rows.labels, self.brief.data.definitions)
        named = spec.family != "random" and self._has_words and self.rows.separator is None
        return backbone.features(encoder, self.rows.values, self.rows.keys, texts if named else [])
