"""Low-rank adapters: what peft computes, merged into weights like any others."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from headstart.adapt.low_rank import LowRankAdapters, require_peft
from headstart.adapt.plans import plans
from headstart.adapt.rung import plan_of
from headstart.adapt.thaw import Keeping, ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones import load_encoder
from headstart.backbones.boundary import cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.tuned import tuned_encoder
from headstart.data import text_key
from headstart.heads import LinearHead
from headstart.types.codec import decode, encode
from headstart.types.errors import InterruptedRunError, MissingExtraError
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, LowRank, TrainingRun, TunedNetwork

pytestmark = pytest.mark.usefixtures("one_thread")

TEXTS = [
    f"{('a lovely warm', 'a grim cold')[i % 2]} {('day', 'room', 'meal', 'song')[i % 4]} {i}"
    for i in range(20)
]
CODES = np.arange(20, dtype=np.int64) % 2
EVERY = np.arange(20)


def short(top: int = 1, epochs: int = 1, **settings: object) -> AdaptationPlan:
    """The built-in plan on few blocks, for few epochs; the tuned network alone."""
    plan = plans().get("lora")
    stage = replace(plan.stages[0], top=top, epochs=epochs, patience=epochs, learning_rate=3e-3)
    plan = replace(plan, stages=(stage,), batch_size=4, averaging=(1.0,))
    return replace(plan, **settings)  # type: ignore[arg-type]


def trained(encoder: FrozenEncoder, plan: AdaptationPlan, **settings: object) -> TrainingRun:
    rows = boundary_rows(encoder, plan, TEXTS, [text_key(text) for text in TEXTS])
    return thaw(plan, ThawRows(rows, CODES, EVERY, EVERY, 2), **settings)  # type: ignore[arg-type]


def tuned(run: TrainingRun) -> TunedNetwork:
    assert isinstance(run.result, TunedNetwork), run.result
    return run.result


def same(a: TrainingRun, b: TrainingRun) -> bool:
    one, other = tuned(a), tuned(b)
    return (
        one.tensors.keys() == other.tensors.keys()
        and all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)
        and np.array_equal(one.weights, other.weights)
        and np.array_equal(one.bias, other.bias)
        and a.history == b.history
    )


def changes(encoder: FrozenEncoder, run: TrainingRun) -> dict[str, np.ndarray]:
    assert encoder.network is not None
    before = cut(encoder.network, top=None).parameters()
    return {
        name: tensor - before[name].detach().numpy() for name, tensor in tuned(run).tensors.items()
    }


def descend(parameters: list[torch.nn.Parameter], loss: torch.Tensor) -> None:
    loss.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in parameters:
            assert parameter.grad is not None
            parameter -= 0.3 * parameter.grad
            parameter.grad = None


# Of a name that transformers has given up and peft still asks for.
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
def test_steps_and_merge_are_those_of_peft(encoder: FrozenEncoder) -> None:
    """From the same start, on the same batch: peft's whole model against our tail with adapters."""
    require_peft()
    import peft

    plan, network = short(top=2, low_rank=LowRank(4, 12.0)), encoder.network
    assert network is not None
    codes = torch.from_numpy(CODES)
    head = torch.randn((2, 384), generator=torch.Generator().manual_seed(1))

    def loss(features: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(3 * features @ head.T, codes)

    theirs: Any = network.build()
    layers = [
        f"encoder.layer.{i}.attention.{part}"
        for i in (4, 5)
        for part in ("self.query", "self.key", "self.value", "output.dense")
    ]
    config = peft.LoraConfig(r=4, lora_alpha=12, lora_dropout=0.0, target_modules=layers)
    wrapped = peft.get_peft_model(theirs.model, config)
    inputs = encoder.preprocessor(TEXTS)
    tensors = [torch.from_numpy(inputs[name]) for name in network.inputs]

    rows = boundary_rows(encoder, plan, TEXTS, [text_key(text) for text in TEXTS])
    activations, mask = (torch.from_numpy(one) for one in rows.batch(EVERY, 0 * EVERY))
    adapters = LowRankAdapters(rows.network, plan, seed=3)
    try:
        own = {
            name.removeprefix("model.").replace(".base_layer", ""): value.detach().clone()
            for name, value in rows.network.module.named_parameters()
            if "lora_" not in name
        }
        moving = {n: p for n, p in wrapped.named_parameters() if p.requires_grad}
        assert len(moving) == len(adapters.parameters) == 2 * len(layers)
        with torch.no_grad():
            for name, parameter in moving.items():
                short_name = name.removeprefix("base_model.model.").replace(".default.weight", "")
                parameter.copy_(adapters.parameters[short_name])
        for _ in range(3):
            descend(list(moving.values()), loss(theirs(*tensors)))
            descend(list(adapters.parameters.values()), loss(rows.network.tail(activations, mask)))
        merged = adapters.merged({**own, **adapters.parameters})
        logits = rows.network.tail(activations, mask) @ head.T
    finally:
        adapters.remove()
    whole = wrapped.merge_and_unload()
    after = dict(whole.named_parameters())
    moved = [f"{layer}.weight" for layer in layers]
    for name in moved:
        step = float((after[name] - own[name]).abs().max())
        assert step > 1e-4
        # Products are summed in another order, and not alike on every processor.
        torch.testing.assert_close(merged[name], after[name], atol=1e-6 + 1e-5 * step, rtol=0)
    for name in set(own) - set(moved):
        assert torch.equal(merged[name], own[name])
    with torch.no_grad():
        torch.testing.assert_close(logits, theirs(*tensors) @ head.T, atol=1e-4, rtol=0)


def test_only_projections_move_and_by_no_more_than_the_rank(encoder: FrozenEncoder) -> None:
    run = trained(encoder, short(top=2, low_rank=LowRank(3, 6.0)))
    found = changes(encoder, run)
    assert len(found) == 8
    for name, change in found.items():
        assert name.split(".")[2] in ("4", "5")
        assert ".attention." in name
        sizes = np.linalg.svd(change, compute_uv=False)
        assert sizes[0] > 1e-3
        assert sizes[3] < 1e-3 * sizes[0]


def test_half_the_weight_is_half_the_product(encoder: FrozenEncoder) -> None:
    whole = changes(encoder, trained(encoder, short()))
    half = changes(encoder, trained(encoder, short(averaging=(0.5,))))
    assert whole.keys() == half.keys()
    for name, change in whole.items():
        np.testing.assert_allclose(half[name], change / 2, atol=1e-7)
    assert tuned(trained(encoder, short(averaging=(0.0,)))).tensors == {}


def test_the_network_is_left_as_it_was(encoder: FrozenEncoder) -> None:
    plan = short()
    rows = boundary_rows(encoder, plan, TEXTS, [text_key(text) for text in TEXTS])
    module = rows.network.module

    def everything() -> object:
        inner: Any = module
        return (
            [(name, id(part)) for name, part in module.named_modules()],
            [(name, id(one), one.requires_grad) for name, one in module.named_parameters()],
            [sorted(vars(part)) for part in inner.modules()],
        )

    def stop(what: str, done: int, total: int) -> None:
        if done == 2:
            raise InterruptedRunError("stopped")

    before = everything()
    values = {name: one.detach().clone() for name, one in module.named_parameters()}
    given = ThawRows(rows, CODES, EVERY, EVERY, 2)
    first = thaw(plan, given)
    assert everything() == before
    with pytest.raises(InterruptedRunError):
        thaw(plan, given, progress=stop)
    assert everything() == before
    for name, one in module.named_parameters():
        assert torch.equal(one, values[name])
        assert one.grad is None
    assert same(first, thaw(plan, given))


@pytest.mark.parametrize("calls", [5, 11])
def test_an_interrupted_training_goes_on_to_the_same_bits(
    encoder: FrozenEncoder, tmp_path: Path, calls: int
) -> None:
    plan, keeping = short(epochs=2), Keeping(tmp_path / "training.safetensors", every=1)
    left = [calls]

    def stop(what: str, done: int, total: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise InterruptedRunError("stopped")

    with pytest.raises(InterruptedRunError):
        trained(encoder, plan, keeping=keeping, progress=stop)
    assert keeping.path.exists()
    assert same(trained(encoder, plan), trained(encoder, plan, keeping=keeping))


def test_folds_beside_each_other_are_the_same_bits(encoder: FrozenEncoder) -> None:
    def work(seed: int) -> TrainingRun:
        torch.set_num_threads(1)
        return trained(encoder, short(), seed=seed)

    with ThreadPoolExecutor(2) as pool:
        beside = list(pool.map(work, (0, 1, 2)))
    for seed, run in enumerate(beside):
        assert same(run, work(seed))


def test_the_tuned_network_is_exported_and_answers_as_trained(encoder: FrozenEncoder) -> None:
    run = trained(encoder, short(epochs=2))
    grown = tuned_encoder(encoder, tuned(run))
    keys = [text_key(text) for text in TEXTS]
    found = grown.encode(TEXTS, keys)
    assert grown.runtime(TEXTS).name == "onnxruntime"
    assert np.abs(found - encoder.encode(TEXTS, keys)).max() > 1e-4
    head = LinearHead(tuned(run).weights, tuned(run).bias)
    assert (head.predict_proba(found).argmax(axis=1) == CODES).mean() > 0.9


def test_adapters_are_data() -> None:
    plan = plans().get("lora")
    assert decode(encode(plan)) == plan
    with pytest.raises(ValueError, match="adapters: rank 0 is no good"):
        LowRank(rank=0)


def test_a_network_without_attention_says_so(cache: Path) -> None:
    pictures = load_encoder("efficientnet-lite0", cache=cache)
    assert isinstance(pictures, FrozenEncoder)
    why = plan_of("lora", pictures)
    assert isinstance(why, NotAvailable)
    assert "attention" in why.reason


def test_without_peft_the_error_names_the_line_that_installs_it(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "peft.tuners.lora", None)
    with pytest.raises(MissingExtraError, match="the package 'peft'") as caught:
        plan_of("lora", encoder)
    assert caught.value.tip == "pip install 'headstart[lora]'"
    monkeypatch.undo()
    assert plan_of("lora", encoder) == plans().get("lora")
