"""Thawing: kept activations train to the same bits, and a training survives what befalls it."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.adapt import tail
from headstart.adapt.answers import features
from headstart.adapt.checkpoint import read_checkpoint
from headstart.adapt.inner import drifts
from headstart.adapt.plans import early_blocks, find_plan, plans, top_blocks
from headstart.adapt.thaw import Keeping, ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones import load_encoder
from headstart.backbones.activations import BoundaryRows
from headstart.backbones.boundary import cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.tuned import apply_tuned, tuned_encoder
from headstart.heads import LinearHead, fit_linear
from headstart.types.codec import decode, encode
from headstart.types.errors import BackboneError, InterruptedRunError
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingRun, TrainingStage, TunedNetwork

pytestmark = pytest.mark.usefixtures("one_thread")

WORDS = (("bright", "warm", "happy", "sunny"), ("rain", "cold", "grim", "sad"))


def keys_of(values: Sequence[str]) -> list[str]:
    return [hashlib.sha256(value.encode()).hexdigest() for value in values]


def sentences(n: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    chance = np.random.default_rng(seed)
    codes = np.arange(n) % 2
    texts = [
        " ".join(chance.choice(WORDS[code], chance.integers(1, 9))) + f" {i}"
        for i, code in enumerate(codes)
    ]
    return texts, codes.astype(np.int64)


def plan_of(top: int, epochs: int = 2, **settings: object) -> AdaptationPlan:
    stage = TrainingStage("top", top, epochs=epochs, learning_rate=1e-4, patience=epochs)
    return replace(AdaptationPlan("test", (stage,), batch_size=4), **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def image_encoder(cache: Path) -> FrozenEncoder:
    encoder = load_encoder("efficientnet-lite0", cache=cache)
    assert isinstance(encoder, FrozenEncoder)
    return encoder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], np.ndarray]:
    folder, chance = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    paths = []
    for i in range(8):
        coarse = chance.integers(0, 255, (4 + 5 * (i % 2), 5, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((80, 80)).save(folder / f"{i}.png")
        paths.append(str(folder / f"{i}.png"))
    return paths, np.arange(8, dtype=np.int64) % 2


def trained(
    encoder: FrozenEncoder,
    plan: AdaptationPlan,
    data: tuple[list[str], np.ndarray],
    *,
    kept: bool = True,
    **settings: object,
) -> TrainingRun:
    values, codes = data
    rows = boundary_rows(encoder, plan, values, keys_of(values), kept=kept)
    every = np.arange(len(values))
    given = ThawRows(rows, codes, every, every, 2)
    return thaw(plan, given, **settings)  # type: ignore[arg-type]


def same(a: TrainingRun, b: TrainingRun) -> bool:
    assert isinstance(a.result, TunedNetwork)
    assert isinstance(b.result, TunedNetwork)
    assert a.result.tensors.keys() == b.result.tensors.keys()
    return (
        all(np.array_equal(a.result.tensors[n], b.result.tensors[n]) for n in a.result.tensors)
        and np.array_equal(a.result.weights, b.result.weights)
        and np.array_equal(a.result.bias, b.result.bias)
        and a.history == b.history
        and a.averaging_weight == b.averaging_weight
    )


@pytest.mark.parametrize("top", [0, 4, None])
def test_prefix_and_tail_are_the_network(encoder: FrozenEncoder, top: int | None) -> None:
    network = encoder.network
    assert network is not None
    parts = cut(network, top=top)
    inputs = encoder.preprocessor(["a short text", "one that is rather longer than it"])
    with torch.inference_mode():
        whole = network.build()(*(torch.from_numpy(inputs[name]) for name in network.inputs))
        for row in range(2):
            one = {name: array[row : row + 1] for name, array in inputs.items()}
            activation = torch.from_numpy(parts.activation(one))[None]
            padded = torch.nn.functional.pad(activation, (0, 3) if top is None else (0, 0, 0, 3))
            mask = torch.ones(padded.shape[:2], dtype=torch.int64)
            mask[:, activation.shape[1] :] = 0
            assert torch.allclose(parts.tail(padded, mask)[0], whole[row], atol=2e-6)


@pytest.mark.parametrize(
    ("view", "top"), [("", 1), ("", 3), ("", None), ("?pooling=max", 1), ("?pooling=max", None)]
)
def test_image_prefix_and_tail_are_the_network(
    cache: Path, pictures: tuple[list[str], np.ndarray], view: str, top: int | None
) -> None:
    image_encoder = load_encoder(f"efficientnet-lite0{view}", cache=cache)
    assert isinstance(image_encoder, FrozenEncoder)
    network = image_encoder.network
    assert network is not None
    assert "top-blocks" in image_encoder.card.adaptation
    parts, inputs = cut(network, top=top), image_encoder.preprocessor(pictures[0][:1])
    with torch.inference_mode():
        whole = network.build()(torch.from_numpy(inputs["pixel_values"]))
        activation = torch.from_numpy(parts.activation(inputs))[None]
        assert torch.allclose(parts.tail(activation, torch.ones(1, 1)), whole, atol=1e-5)


def test_the_tail_of_one_block_is_one_block(encoder: FrozenEncoder) -> None:
    assert encoder.network is not None
    parts = cut(encoder.network, top=1)
    assert parts.blocks[0] == "embeddings"
    assert parts.below == 6
    assert {name.split(".")[2] for name in parts.parameters()} == {"5"}


def test_more_blocks_than_there_are(encoder: FrozenEncoder) -> None:
    assert encoder.network is not None
    with pytest.raises(BackboneError, match="9 blocks cannot be thawed: the network has 7"):
        cut(encoder.network, top=9)


@pytest.mark.parametrize("top", [1, 2])
def test_texts_train_to_the_same_bits_without_the_store(
    encoder: FrozenEncoder, top: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sentences(24)
    cached = trained(encoder, plan_of(top, averaging=(1.0,)), data)
    ran: list[int] = []
    real = BoundaryRows._computed

    def counted(self: object, row: int, copy: int) -> object:
        ran.append(row)
        return real(self, row, copy)  # type: ignore[arg-type]

    monkeypatch.setattr(BoundaryRows, "_computed", counted)
    uncached = trained(encoder, plan_of(top, averaging=(1.0,)), data, kept=False)
    assert len(ran) > 2 * 20
    assert same(cached, uncached)
    assert isinstance(cached.result, TunedNetwork)
    assert cached.result.tensors


def test_images_train_to_the_same_bits_without_the_store(
    image_encoder: FrozenEncoder, pictures: tuple[list[str], np.ndarray]
) -> None:
    plan = plan_of(1, averaging=(1.0,), copies=1, inner_share=0.25)
    cached = trained(image_encoder, plan, pictures)
    uncached = trained(image_encoder, plan, pictures, kept=False)
    # The best epoch may be the start; the losses of both epochs follow from the weights in them.
    assert same(cached, uncached)
    assert len(cached.history) == 3


def test_the_network_is_left_as_it_was(encoder: FrozenEncoder) -> None:
    values, codes = sentences(16)
    plan = plan_of(1, epochs=1, averaging=(1.0,))
    rows = boundary_rows(encoder, plan, values, keys_of(values))
    before = {name: value.clone() for name, value in rows.network.parameters().items()}
    every = np.arange(16)
    first = thaw(plan, ThawRows(rows, codes, every, every, 2))
    for name, value in rows.network.parameters().items():
        assert torch.equal(value, before[name])
    # So that a second fold on the same rows starts where the first did.
    assert same(first, thaw(plan, ThawRows(rows, codes, every, every, 2)))


def test_another_seed_gives_another_network(encoder: FrozenEncoder) -> None:
    data, plan = sentences(16), plan_of(1, epochs=1, averaging=(1.0,))
    assert not same(trained(encoder, plan, data, seed=0), trained(encoder, plan, data, seed=1))


def test_only_norms_and_biases_move(encoder: FrozenEncoder) -> None:
    plan = replace(plans().get("norms"), averaging=(1.0,), batch_size=8)
    plan = replace(plan, stages=tuple(replace(one, epochs=1) for one in plan.stages))
    run = trained(encoder, plan, sentences(16))
    assert isinstance(run.result, TunedNetwork)
    assert run.result.tensors
    for name in run.result.tensors:
        assert "LayerNorm" in name or name.endswith(".bias")


def test_a_stronger_pull_stays_nearer(encoder: FrozenEncoder) -> None:
    def moved(pull: float) -> float:
        stage = TrainingStage("top", 1, 2, 1e-3, l2_to_start=pull, patience=2)
        plan = AdaptationPlan("test", (stage,), batch_size=4, averaging=(1.0,))
        run = trained(encoder, plan, sentences(16))
        assert isinstance(run.result, TunedNetwork)
        network = encoder.network
        assert network is not None
        start = cut(network, top=1).parameters()
        return sum(
            float(np.square(tensor - start[name].detach().numpy()).sum())
            for name, tensor in run.result.tensors.items()
        )

    assert moved(300.0) < 0.7 * moved(0.0)


def test_averaging_at_zero_is_the_frozen_network(encoder: FrozenEncoder) -> None:
    run = trained(encoder, plan_of(1, epochs=1, averaging=(0.0,)), sentences(16))
    assert isinstance(run.result, TunedNetwork)
    assert run.averaging_weight == 0.0
    assert run.result.tensors == {}
    values, codes = sentences(16)
    rows = boundary_rows(encoder, plan_of(1), values, keys_of(values))
    matrix = features(rows, np.arange(16))
    head = fit_linear(matrix, codes, 2, groups=np.arange(16), seed=0)
    np.testing.assert_allclose(run.result.weights, head.weights, rtol=1e-4, atol=1e-5)


def test_the_head_may_be_pulled_towards_given_weights(encoder: FrozenEncoder) -> None:
    """Those of the frozen head itself, which the inner folds cannot but like."""
    values, codes = sentences(16)
    rows = boundary_rows(encoder, plan_of(1), values, keys_of(values))
    every = np.arange(16)
    matrix = features(rows, every)
    known = 20.0 * fit_linear(matrix, codes, 2, groups=every, seed=0).weights
    given = ThawRows(rows, codes, every, every, 2, known)
    run = thaw(plan_of(1, epochs=1, averaging=(0.0,)), given)
    assert isinstance(run.result, TunedNetwork)
    head = fit_linear(matrix, codes, 2, groups=every, seed=0, towards=known)
    assert head.towards == 0.5
    np.testing.assert_allclose(run.result.weights, head.weights, rtol=1e-4, atol=1e-5)


class _StopAt:
    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self, what: str, done: int, total: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise InterruptedRunError("stopped")


@pytest.mark.parametrize("calls", [7, 12])
def test_an_interrupted_training_goes_on_to_the_same_bits(
    encoder: FrozenEncoder, tmp_path: Path, calls: int
) -> None:
    first = TrainingStage("first", 1, 1, 1e-4)
    plan = replace(plan_of(2), stages=(first, *plan_of(2).stages), averaging=(1.0,))
    data, keeping = sentences(20), Keeping(tmp_path / "training.safetensors", every=2)
    whole = trained(encoder, plan, data)
    with pytest.raises(InterruptedRunError):
        trained(encoder, plan, data, keeping=keeping, progress=_StopAt(calls))
    assert same(whole, trained(encoder, plan, data, keeping=keeping))


KILLED = (
    "top-1", "pairs", "top-1?mixup=0.4&copies=1 of pictures",
    *(pytest.param(one, marks=pytest.mark.slow)
      for one in ("early-1", "lora", "top-1 of pictures", "early-1 of pictures")),
)  # fmt: skip


@pytest.mark.parametrize("what", KILLED)
def test_a_killed_training_goes_on_to_the_same_bits(
    encoder: FrozenEncoder,
    image_encoder: FrozenEncoder,
    pictures: tuple[list[str], np.ndarray],
    tmp_path: Path,
    what: str,
) -> None:
    name, _, of = what.partition(" of ")
    if name == "lora":
        pytest.importorskip("peft")
    long = find_plan(f"{name}{'&' if '?' in name else '?'}batch_size=3&inner_share=0.3")
    stages = tuple(replace(stage, epochs=2) for stage in long.stages)
    plan = replace(long, stages=stages, averaging=(1.0,))
    network, data = (image_encoder, pictures) if of else (encoder, sentences(20))
    keeping = Keeping(tmp_path / "training.safetensors", every=1)
    whole = trained(network, plan, data)
    child = os.fork() if hasattr(os, "fork") else None
    if child is None:
        pytest.skip("this platform cannot fork a process to kill")
    if child == 0:

        def progress(what: str, done: int, total: int) -> None:
            # In the middle of an epoch, after checkpoints of this one and of the one before.
            if "when to stop" not in what and done == 1 + total // 2:
                os.kill(os.getpid(), signal.SIGKILL)

        trained(network, plan, data, keeping=keeping, progress=progress)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert keeping.path.exists()
    assert same(whole, trained(network, plan, data, keeping=keeping))


def test_the_lowest_block_of_pictures_moves_and_those_above_stay(
    image_encoder: FrozenEncoder, pictures: tuple[list[str], np.ndarray]
) -> None:
    long = find_plan("early-1?batch_size=4&inner_share=0.3")
    plan = replace(long, stages=(replace(long.stages[0], epochs=1),), averaging=(1.0,))
    run = trained(image_encoder, plan, pictures)
    assert isinstance(run.result, TunedNetwork)
    assert image_encoder.network is not None
    block_of = cut(image_encoder.network, top=None).block_of
    assert {block_of[name] for name in run.result.tensors} == {0, 1}


def test_a_checkpoint_of_another_plan_is_not_used(encoder: FrozenEncoder, tmp_path: Path) -> None:
    data, keeping = sentences(16), Keeping(tmp_path / "training.safetensors")
    trained(encoder, plan_of(1, epochs=1), data, keeping=keeping)
    other = plan_of(1, epochs=1, label_smoothing=0.1, averaging=(1.0,))
    assert same(trained(encoder, other, data, keeping=keeping), trained(encoder, other, data))
    keeping.path.write_bytes(b"not a checkpoint")
    assert read_checkpoint(keeping.path, "any") is None


def test_a_full_disk_is_one_clear_message(
    encoder: FrozenEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    keeping = Keeping(tmp_path / "kept" / "training.safetensors")
    with pytest.raises(BackboneError, match="the checkpoint cannot be written: No space left"):
        trained(encoder, plan_of(1, epochs=1), sentences(16), keeping=keeping)
    assert list((tmp_path / "kept").iterdir()) == []


def test_out_of_memory_halves_the_batch_and_says_so(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, plan = sentences(24), plan_of(1, epochs=1, averaging=(1.0,), batch_size=8)
    whole = trained(encoder, plan, data)
    real = tail.Tail.features

    def small(self: tail.Tail, rows: np.ndarray, copies: np.ndarray) -> torch.Tensor:
        if len(rows) > 4 and torch.is_grad_enabled():
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to …")
        return real(self, rows, copies)

    monkeypatch.setattr(tail.Tail, "features", small)
    run = trained(encoder, plan, data)
    assert run.micro_batch == 4
    assert run.remarks == ("out of memory: 4 rows at once from here on, their gradients added up",)
    assert isinstance(run.result, TunedNetwork)
    assert isinstance(whole.result, TunedNetwork)
    # The same steps, summed in another order.
    assert np.allclose(run.result.weights, whole.result.weights, atol=1e-3)


def test_memory_for_not_even_one_row_fails_with_the_reason(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> torch.Tensor:
        raise MemoryError

    monkeypatch.setattr(tail.Tail, "_backward", never)
    run = trained(encoder, plan_of(1, epochs=1), sentences(16))
    assert run.result == NotAvailable("failed, because one row alone does not fit into memory")


def test_a_loss_that_is_no_number_fails_with_the_reason(encoder: FrozenEncoder) -> None:
    stage = TrainingStage("wild", 1, epochs=3, learning_rate=0.9, warmup=0.0, patience=3)
    plan = AdaptationPlan("wild", (stage,), batch_size=4, clip=1e9)
    run = trained(encoder, plan, sentences(24))
    assert isinstance(run.result, NotAvailable)
    assert run.result.reason.startswith("failed, because ")


def test_an_error_of_the_code_is_not_taken_for_memory(
    encoder: FrozenEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> torch.Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(tail.Tail, "_backward", broken)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        trained(encoder, plan_of(1, epochs=1), sentences(16))


def test_too_few_rows_is_an_outcome(encoder: FrozenEncoder) -> None:
    run = trained(encoder, plan_of(1), sentences(2))
    assert isinstance(run.result, NotAvailable)
    assert "2 rows are too few" in run.result.reason


def test_drift_is_named() -> None:
    from headstart.types.thaw import EpochRecord

    worse = [
        EpochRecord("top", 1, 0.9, 0.50, 0.80),
        EpochRecord("top", 2, 0.5, 0.60, 0.79),
        EpochRecord("top", 3, 0.2, 0.80, 0.75),
    ]
    assert drifts(worse)
    assert not drifts(worse[:2])
    surer = replace(worse[2], inner_accuracy=0.82)
    assert not drifts([*worse[:2], surer])


def test_a_tuned_network_is_exported_and_answers_as_trained(
    encoder: FrozenEncoder, tmp_path: Path
) -> None:
    data, plan = sentences(16), plan_of(1, epochs=1, averaging=(1.0,))
    run = trained(encoder, plan, data)
    assert isinstance(run.result, TunedNetwork)
    assert decode(encode(run)).result.tensors.keys() == run.result.tensors.keys()
    tuned = tuned_encoder(encoder, run.result)
    features = tuned.encode(data[0], keys_of(data[0]))
    frozen = encoder.encode(data[0], keys_of(data[0]))
    assert tuned.runtime(data[0]).name == "onnxruntime"
    assert np.abs(features - frozen).max() > 1e-4
    network = apply_tuned(encoder.network, run.result, tmp_path)  # type: ignore[arg-type]
    parts = cut(network, top=1)
    inputs = encoder.preprocessor(data[0][:1])
    with torch.inference_mode():
        expected = network.build()(*(torch.from_numpy(inputs[n]) for n in network.inputs))
    assert np.abs(features[0] - expected.numpy()[0]).max() < 1e-5
    for name, tensor in run.result.tensors.items():
        assert np.array_equal(parts.parameters()[name].detach().numpy(), tensor)
    head = LinearHead(run.result.weights, run.result.bias)
    assert (head.predict_proba(features).argmax(1) == data[1]).mean() > 0.8


def test_a_tuned_network_of_another_pooling_is_exported(
    cache: Path, pictures: tuple[list[str], np.ndarray]
) -> None:
    encoder = load_encoder("efficientnet-lite0?pooling=max", cache=cache)
    assert isinstance(encoder, FrozenEncoder)
    run = trained(encoder, plan_of(1, averaging=(1.0,), inner_share=0.25), pictures)
    assert isinstance(run.result, TunedNetwork)
    tuned = tuned_encoder(encoder, run.result)
    assert tuned.network is not None
    values = pictures[0]
    features = tuned.encode(values, keys_of(values))
    with torch.inference_mode():
        pixels = torch.from_numpy(encoder.preprocessor(values)["pixel_values"])
        expected = tuned.network.build()(pixels).numpy()
    assert np.abs(features - expected).max() < 1e-3 * np.abs(expected).max()
    assert np.abs(features - encoder.encode(values, keys_of(values))).max() > 1e-4


def test_weights_tuned_from_another_backbone_are_refused(
    encoder: FrozenEncoder, tmp_path: Path
) -> None:
    nothing = np.zeros((2, 384), dtype=np.float32)
    tuned = TunedNetwork("0" * 64, {}, nothing, nothing[:, 0])
    with pytest.raises(BackboneError, match="were tuned from 000000000000"):
        apply_tuned(encoder.network, tuned, tmp_path)  # type: ignore[arg-type]


def test_plans_are_data() -> None:
    plan = top_blocks(4)
    assert hash(plan) == hash(top_blocks(4))
    assert decode(encode(plan)) == plan
    assert plan.top == 4
    assert plans().get("full").top is None
    with pytest.raises(ValueError, match="stage 'x': epochs 0"):
        TrainingStage("x", 1, 0, 1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_a_gpu_trains_to_much_the_same(encoder: FrozenEncoder) -> None:
    data, plan = sentences(24), plan_of(1, epochs=2, averaging=(1.0,))
    here = trained(encoder, plan, data)
    there = trained(encoder, plan, data, device="cuda")
    assert isinstance(here.result, TunedNetwork)
    assert isinstance(there.result, TunedNetwork)
    assert np.allclose(here.result.weights, there.result.weights, atol=0.05)


def test_the_lowest_blocks_move_alone_and_go_on_to_the_same_bits(
    encoder: FrozenEncoder, tmp_path: Path
) -> None:
    stages = tuple(replace(stage, epochs=1) for stage in early_blocks(1).stages)
    plan = replace(early_blocks(1), stages=stages, averaging=(1.0,), batch_size=8)
    data, keeping = sentences(16), Keeping(tmp_path / "training.safetensors", every=1)
    whole = trained(encoder, plan, data)
    assert isinstance(whole.result, TunedNetwork)
    moved = {name.split(".")[0] + name.split("layer.")[-1][:1] for name in whole.result.tensors}
    assert moved == {"embeddingse", "encoder0"}
    with pytest.raises(InterruptedRunError):
        trained(encoder, plan, data, keeping=keeping, progress=_StopAt(6))
    assert same(whole, trained(encoder, plan, data, keeping=keeping))
    assert same(whole, trained(encoder, plan, data, kept=False))
