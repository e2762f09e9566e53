"""Two cases in which a pretrained backbone must not win, on real rows and a real backbone.

Tickets: real messages with a ticket number in them, whose last digit decides the queue. Characters
tell it; a sentence embedding has no reason to keep it. Digits: 8 × 8 pixels, which gradients
describe about as well as a network made for photographs does.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.adapt import ArmFeatures, ArmInputs, judge, label_texts, plan_arms, run_arm
from headstart.audit import audit
from headstart.backbones import find_card, load_encoder
from headstart.engines.local import LocalEngine
from headstart.ports import Encoder
from headstart.types.adapt import AdaptReport
from headstart.types.brief import Brief, DataSource
from headstart.types.data import Dataset, Example, Place
from headstart.types.model import ArmResult, EncoderFeatures, Unavailable

QUICK, ALL = range(1), range(10)
TICKETS, DIGITS = 700, 300
Load = Callable[..., Encoder]


@pytest.fixture(scope="module")
def load(tmp_path_factory) -> Load:
    """Encoders, each made once."""
    cache, made = tmp_path_factory.mktemp("cache"), {}

    def encoder(ref: str, random_seed: int | None = None) -> Encoder:
        if (ref, random_seed) not in made:
            made[ref, random_seed] = load_encoder(ref, cache=cache, random_seed=random_seed)
        return made[ref, random_seed]

    return encoder


def messages() -> list[str]:
    corpus = pytest.importorskip("chatterbot_corpus")
    yaml = pytest.importorskip("yaml")
    found = set()
    for file in sorted((Path(corpus.__file__).parent / "data/english").glob("*.yml")):
        for conversation in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]:
            found.add(str(conversation[0]))
    return sorted(found)


def tickets(seed: int, messages: list[str]) -> Dataset:
    """Messages with a ticket number; its last digit, 0 to 4 or 5 to 9, decides the queue."""
    random = np.random.default_rng(seed)
    rows = []
    for chosen in random.choice(len(messages), TICKETS, replace=False):
        words = messages[chosen].split()
        number = int(random.integers(1_000, 10_000))
        words.insert(int(random.integers(len(words) + 1)), f"TK-{number}")
        rows.append((" ".join(words), "first queue" if number % 10 < 5 else "second queue"))
    return dataset("text", rows)


def digits(seed: int, folder: Path) -> Dataset:
    from sklearn.datasets import load_digits

    images, codes = load_digits(return_X_y=True)
    chosen = np.random.default_rng(seed).choice(len(images), DIGITS, replace=False)
    rows = []
    for i in chosen:
        path = folder / f"{i}.png"
        pixels = (images[i].reshape(8, 8) * 255 / 16).astype(np.uint8)
        Image.fromarray(pixels).save(path)
        rows.append((str(path), f"digit {codes[i]}"))
    return dataset("image", rows)


def dataset(modality, rows: list[tuple[str, str]]) -> Dataset:
    def key(value: str) -> str:
        content = Path(value).read_bytes() if modality == "image" else value.encode()
        return sha256(content).hexdigest()

    examples = tuple(
        Example(key(value), value, label, Place("rows.csv", i + 1))
        for i, (value, label) in enumerate(rows)
    )
    labels = tuple(sorted({label for _, label in rows}))
    return Dataset(modality, examples, labels, "rows.csv", "0" * 64)


def verdict(data: Dataset, ref: str, load: Load, seed: int, *, controls: bool) -> AdaptReport:
    """What the arms say of the development rows."""
    brief = Brief("pilot", DataSource("rows.csv"), seed=seed, repeats=2)
    split = audit(data, None, brief)
    rows = [data.examples[i] for i in split.development]
    values, keys = [row.value for row in rows], [row.key for row in rows]
    features = {}
    for name, random_seed in (("frozen", None), ("zero-shot", None), ("random", 0)):
        if (name == "random" and not controls) or (name == "zero-shot" and data.modality != "text"):
            continue
        encoder = load(ref, random_seed)
        words = label_texts(data.labels, {})
        features[name] = ArmFeatures(
            encoder.encode(values, keys),
            EncoderFeatures(ref, encoder.weights_sha256, encoder.width),
            encoder.encode(words, [sha256(word.encode()).hexdigest() for word in words])
            if name == "zero-shot"
            else None,
        )
    inputs = ArmInputs(
        data.modality,
        values,
        data.codes()[split.development],
        data.labels,
        split.groups,
        features=features,
    )
    found = [
        run_arm(spec, inputs, split.folds, seed, lambda what, done, total: None, LocalEngine())
        for spec in plan_arms(data.modality, [find_card(ref)])
        if controls or spec.family not in ("scratch", "random")
    ]
    results = [arm for arm in found if isinstance(arm, ArmResult)]
    absent = [arm for arm in found if isinstance(arm, Unavailable)]
    return judge(results, absent, brief, split)


def assert_transfer_does_not_win(report: AdaptReport) -> None:
    assert report.transfer in ("harms", "inconclusive"), report.choice_reason
    assert report.approach == "classical", report.choice_reason


@pytest.mark.parametrize("seed", QUICK)
def test_a_rule_on_the_ticket_number_is_not_transferred(seed, load):
    data = tickets(seed, messages())
    report = verdict(data, "pkg:all-MiniLM-L6-v2", load, seed, controls=False)
    assert_transfer_does_not_win(report)


@pytest.mark.slow
@pytest.mark.parametrize("seed", ALL)
def test_a_rule_on_the_ticket_number_is_not_transferred_over_ten_seeds(seed, load):
    data = tickets(seed, messages())
    report = verdict(data, "pkg:all-MiniLM-L6-v2", load, seed, controls=True)
    assert_transfer_does_not_win(report)


@pytest.mark.parametrize("seed", [0])
def test_digits_of_few_pixels_are_not_transferred(seed, load, tmp_path):
    data = digits(seed, tmp_path)
    report = verdict(data, "pkg:efficientnet-lite0", load, seed, controls=False)
    assert_transfer_does_not_win(report)


@pytest.mark.slow
@pytest.mark.parametrize("seed", ALL)
def test_digits_of_few_pixels_are_not_transferred_over_ten_seeds(seed, load, tmp_path):
    data = digits(seed, tmp_path)
    report = verdict(data, "pkg:efficientnet-lite0", load, seed, controls=True)
    assert_transfer_does_not_win(report)
