"""timm image networks without their classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.networks.base import require, require_framework, seeded
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import Layer

if TYPE_CHECKING:
    import torch

CALIBRATION_IMAGES = 16
TIP = "name the architecture that these weights belong to"


@dataclass(frozen=True)
class ImageNetwork:
    """A timm architecture; features are its pooled output before the classifier, or that of an
    earlier `stage`, or of all stages side by side.

    weights: gives a safetensors file with timm's names. size: image side in pixels.
    """

    weights: Callable[[], Path]
    weights_sha256: str
    name: str
    size: int
    stage: Layer | None = None
    pooling: str = "average"

    @property
    def architecture(self) -> dict[str, Any]:
        view = {} if self.stage is None else {"stage": self.stage}
        return {"timm": self.name, "pooling": self.pooling, **view}

    @property
    def stages(self) -> tuple[str, ...]:
        with seeded(0):
            known = getattr(create(self.name, num_classes=0), "feature_info", None) or ()
        return tuple(f"stage {i}: {one['module']}" for i, one in enumerate(known))

    @property
    def blocks(self) -> tuple[int, ...]:
        with seeded(0):
            module: Any = create(self.name, num_classes=0)
        last = int(module.num_features)
        if self.stage != "all":
            stage = self.stage
            return (last if stage is None else int(module.feature_info[stage]["num_chs"]),)
        below = [int(one["num_chs"]) for one in reversed(module.feature_info)]
        return (last, *below, last)

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("pixel_values",)

    @property
    def dynamic_axes(self) -> dict[str, dict[int, str]]:
        return {"pixel_values": {0: "batch"}}

    def build(self) -> torch.nn.Module:
        load_file = require("safetensors.torch", what="an image backbone", extra="image").load_file
        with seeded(0):
            # Initial values are about to be replaced; the caller's random numbers stay as they are.
            module = create(self.name, num_classes=0)
        wanted = module.state_dict()
        path = self.weights()
        found = load_file(path)
        missing = [n for n in wanted if n not in found and not n.endswith("num_batches_tracked")]
        if missing:
            raise BackboneError(
                f"{len(missing)} of {len(wanted)} weights of {self.name} are missing, "
                f"'{missing[0]}' the first",
                place=str(path),
                tip=TIP,
            )
        try:
            module.load_state_dict({n: t for n, t in found.items() if n in wanted}, strict=False)
        except RuntimeError as error:
            raise BackboneError(
                f"the weights do not fit {self.name}: {str(error).splitlines()[-1].strip()}",
                place=str(path),
                tip=TIP,
            ) from error
        if self.stage is None and self.pooling == "average":
            return module
        if self.stage == "all":
            return _every(module, self.name, self.pooling)
        return _view(module, self.name, self.stage, self.pooling)

    def example(self) -> tuple[torch.Tensor, ...]:
        import torch

        return (torch.zeros(2, 3, self.size, self.size),)

    def random_state(self, seed: int) -> dict[str, torch.Tensor]:
        require("torch", what="an image backbone", extra="image")
        with seeded(seed):
            module = create(self.name, num_classes=0)
            _calibrate(module, self.size)
            return dict(module.state_dict())

    def with_weights(self, weights: Callable[[], Path], sha256: str) -> ImageNetwork:
        return replace(self, weights=weights, weights_sha256=sha256)


def _every(module: torch.nn.Module, name: str, pooling: str) -> torch.nn.Module:
    """The features of the last stage, the means of all stages from the top downwards, the features
    of the last stage in the other pooling."""
    import torch

    if not (hasattr(module, "forward_intermediates") and hasattr(module, "forward_head")):
        raise BackboneError(f"{name} cannot be looked into", tip="leave the stage out")

    class Every(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = module

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            last, maps = self.model.forward_intermediates(pixels)  # type: ignore[operator]
            if last.ndim != 4:
                raise BackboneError(
                    f"{name} gives no map of features to pool", tip="leave the stage out"
                )
            ends = [self.model.forward_head(last), last.amax((2, 3))]  # type: ignore[operator]
            first, other = ends if pooling == "average" else reversed(ends)
            below = [one.mean((2, 3)) for one in reversed(maps)]
            return torch.cat([first, *below, other], dim=1)

    return Every().eval()


def _view(module: torch.nn.Module, name: str, stage: int | None, pooling: str) -> torch.nn.Module:
    """The network up to a stage (None: all of it), its map of features pooled."""
    import torch

    stages = len(getattr(module, "feature_info", ()) or ())
    if stage is not None and not (hasattr(module, "forward_intermediates") and stage < stages):
        raise BackboneError(
            f"{name} has no stage {stage}: it has {stages}",
            tip=f"name one from 0 to {stages - 1}" if stages else "leave the stage out",
        )

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = module

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            if stage is None:
                maps = self.model.forward_features(pixels)  # type: ignore[operator]
            else:
                maps = self.model.forward_intermediates(  # type: ignore[operator]
                    pixels, indices=[stage], stop_early=True, intermediates_only=True
                )[0]
            return self.pool(maps)

        def pool(self, maps: torch.Tensor) -> torch.Tensor:
            if maps.ndim != 4:
                raise BackboneError(
                    f"{name} gives no map of features to pool",
                    tip="leave stage and pooling out",
                )
            return maps.amax((2, 3)) if pooling == "max" else maps.mean((2, 3))

    return Pooled().eval()


def create(name: str, **settings: Any) -> torch.nn.Module:
    """A timm network without pretrained weights, in eval mode.

    Raises:
        BackboneError: timm knows no such architecture.
    """
    timm = require_framework("timm", what="an image backbone", extra="image")
    if name.split(".")[0] not in timm.list_models():
        tip = did_you_mean(name.split(".")[0], timm.list_models())
        raise BackboneError(f"timm knows no architecture '{name}'", tip=tip)
    module: torch.nn.Module = timm.create_model(name, pretrained=False, **settings).eval()
    return module


def under_timm_names(architecture: str, state: dict[str, Any], place: str) -> dict[str, Any]:
    """Published tensors under timm's names: as they are, or by their order, each shape checked.

    The published EfficientNet-Lite files hold timm's tensors in timm's order under other names.

    Raises:
        BackboneError: they fit the architecture neither way.
    """
    with seeded(0):
        wanted = {n: tuple(t.shape) for n, t in create(architecture).state_dict().items()}
    if all(name in state for name in wanted if not name.endswith("num_batches_tracked")):
        return state
    if len(state) != len(wanted):
        raise BackboneError(
            f"the file holds {len(state)} tensors, {architecture} has {len(wanted)}",
            place=place,
            tip=TIP,
        )
    renamed = {}
    for (old, tensor), (name, shape) in zip(state.items(), wanted.items(), strict=True):
        if tuple(tensor.shape) != shape:
            raise BackboneError(
                f"'{old}' has shape {tuple(tensor.shape)}, '{name}' of {architecture} has {shape}",
                place=place,
                tip=TIP,
            )
        renamed[name] = tensor
    return renamed


def _calibrate(module: torch.nn.Module, size: int) -> None:
    """Set the BatchNorm statistics of random weights from one batch of smooth noise.

    At their initial values (mean 0, variance 1) they scale nothing, and the activations of a deep
    random network shrink or grow layer by layer until every image has the same features.
    """
    import torch

    norms = [m for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    coarse = torch.randn(CALIBRATION_IMAGES, 3, 8, 8)
    noise = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    with torch.no_grad():
        module(noise)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
