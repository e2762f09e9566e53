"""The model of a rung that was adopted, fitted on all development rows, and its network."""

from __future__ import annotations

from typing import Any

from headstart.adapt.probe import ProbeRung
from headstart.adapt.run import derived_seed
from headstart.adapt.rung import Rung
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.tuned import tuned_encoder
from headstart.heads import LinearHead
from headstart.ports import Encoder
from headstart.types.model import ArmResult, EncoderFeatures, FittedModel
from headstart.types.thaw import TunedNetwork
from headstart.workflow.arms import Arms
from headstart.workflow.rung_folds import Step, checkpoint


class Grown:
    """Fits adopted rungs; knows the networks, tuned or with all their layers, that came of it."""

    def __init__(self, arms: Arms) -> None:
        self.arms = arms
        self._networks: dict[tuple[str, str], FrozenEncoder] = {}

    def refit(self, rung: Step, adopted: ArmResult, inputs: dict[str, str]) -> FittedModel:
        """The adopted rung on all development rows; `inputs`: what it follows from."""
        if isinstance(rung, ProbeRung):
            return self._probe(rung, adopted, inputs)
        return self._tuned(rung, adopted, inputs)

    def encoder(self, model: FittedModel) -> Encoder | None:
        """The network that a model's features come from, one that was grown here where it is."""
        source = model.featurizer
        if isinstance(source, EncoderFeatures):
            grown = self._networks.get((source.ref, source.weights_sha256))
            if grown is not None:
                return grown
        return self.arms.encoder(model)

    def _tuned(self, rung: Rung, adopted: ArmResult, inputs: dict[str, str]) -> FittedModel:
        kept = checkpoint(rung, inputs, "whole")

        def work() -> TunedNetwork:
            rows = rung.activations(self.arms.progress)
            return rung.whole(rows, self._seed, kept, self.arms.progress)

        tuned = self.arms.journal.stage(f"refit/{rung.name}", inputs, work)
        kept.unlink(missing_ok=True)
        encoder = tuned_encoder(rung.encoder, tuned)
        on_features = "logistic regression on the tuned features"
        head = on_features if rung.plan.pairs else "linear, trained with the network"
        return self._known(
            encoder,
            self._model(
                adopted, encoder, LinearHead(tuned.weights, tuned.bias), head, {"plan": rung.name}
            ),
        )

    def _probe(self, rung: ProbeRung, adopted: ArmResult, inputs: dict[str, str]) -> FittedModel:
        def work() -> FittedModel:
            rows = rung.activations(self.arms.progress)
            found = rung.whole(rows, self._seed)
            return self._model(
                adopted, rung.encoder, found.head,
                "logistic regression on all layers, each with a penalty of its own",
                {"plan": rung.name, "l2": float(found.head.l2), "shares": list(found.shares)},
            )  # fmt: skip

        model = self.arms.journal.stage(f"refit/{rung.name}", inputs, work)
        return self._known(rung.encoder, model)

    @property
    def _seed(self) -> int:
        return derived_seed(self.arms.brief.seed)

    def _known(self, encoder: FrozenEncoder, model: FittedModel) -> FittedModel:
        """The model, whose features are known from now on to come from this network."""
        self._networks[encoder.card.ref, encoder.weights_sha256] = encoder
        return model

    def _model(
        self,
        adopted: ArmResult,
        encoder: FrozenEncoder,
        head: LinearHead,
        describe: str,
        settings: dict[str, Any],
    ) -> FittedModel:
        return FittedModel(
            approach="adapted",
            arm=adopted.name,
            modality=self.arms.rows.modality,
            labels=self.arms.rows.labels,
            featurizer=EncoderFeatures(encoder.card.ref, encoder.weights_sha256, encoder.width),
            weights=head.weights,
            bias=head.bias,
            head=describe,
            settings=settings,
            separator=self.arms.rows.separator,
        )
