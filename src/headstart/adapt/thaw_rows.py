"""The rows that a plan trains on, at the boundary that it needs."""

from __future__ import annotations

from collections.abc import Sequence

from headstart.backbones.activations import ActivationStore, BoundaryRows, boundary_key
from headstart.backbones.augment import augmented
from headstart.backbones.boundary import cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.ports import Progress
from headstart.types.errors import BackboneError
from headstart.types.thaw import AdaptationPlan


def boundary_rows(
    encoder: FrozenEncoder,
    plan: AdaptationPlan,
    values: Sequence[str],
    keys: Sequence[str],
    *,
    kept: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> BoundaryRows:
    """Activations under the lowest block that the plan opens, for all rows (and their copies).

    Nothing in the prefix is fitted, so that all folds, seeds and learning rates share them. What is
    not in the store yet is computed now. kept: False computes each row anew whenever it is used.

    Raises:
        BackboneError: the network cannot be cut, or the store cannot be written.
    """
    if encoder.network is None:
        raise BackboneError(
            "a backbone that was published as ONNX cannot be thawed", place=encoder.card.ref
        )
    network = cut(encoder.network, top=plan.top)
    # Sixteen bits would round token ids, which are what a network without a prefix takes.
    half = plan.half_precision and not (network.tokens and network.below == 0)
    store = None
    if kept:
        folder = encoder.cache / "activations"
        key = boundary_key(network, encoder.preprocessing)
        store = ActivationStore(folder, key, half_precision=half)
    return BoundaryRows(
        network,
        encoder.preprocessor,
        values,
        keys,
        store=store,
        augment=None if network.tokens else augmented,
        copies=0 if network.tokens else plan.copies,
        seed=seed,
        progress=progress,
    )
