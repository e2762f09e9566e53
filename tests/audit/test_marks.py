"""What the checks find, asked of rows whose labels nobody looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from headstart.audit import doubts_nearby, input_findings


def test_texts_by_their_findings() -> None:
    training = [f"question {word} here. Sent from my phone" for word in "abcdefghij"]
    values = [
        "where is it. Sent from my phone",
        "write to ann@example.org",
        "one two three four five six seven",
        "plain words",
    ]

    def tokenize(texts):
        return [[c for w in t.split() for c in ([w] if "x" not in w else list(w))] for t in texts]

    found = input_findings(values, "text", training=training, tokenize=tokenize, max_tokens=6)
    assert {name: np.flatnonzero(rows).tolist() for name, rows in found.items()} == {
        "texts with personal data": [1],
        "texts with boilerplate": [0],
        "texts that the tokenizer shreds": [1],
        "texts that are cut at 6 tokens": [0, 1, 2],
    }
    plain = input_findings(values, "text", training=training)
    assert list(plain) == ["texts with personal data", "texts with boilerplate"]


def test_pictures_by_their_faults(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    paths = []
    for i in range(4):
        pixels = random.integers(0, 256 if i else 12, (64, 64, 3), dtype=np.uint8)
        paths.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(pixels).save(paths[-1])
    found = input_findings(paths, "image", training=())
    assert found["pictures that are too dark"].tolist() == [True, False, False, False]
    assert not found["pictures that are tiny"].any()


def test_doubts_are_those_of_the_nearest_training_rows() -> None:
    random = np.random.default_rng(1)
    training, rows = random.normal(size=(300, 6)), random.normal(size=(80, 6))
    codes, flagged = random.integers(0, 2, 300), np.arange(0, 300, 15)
    found = doubts_nearby(rows, training, codes, flagged)
    oracle = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(training)
    nearest = oracle.kneighbors(rows, return_distance=False)
    wrong = [bool(set(own) & set(flagged.tolist())) for own in nearest.tolist()]
    disagree = [1 < codes[own].sum() < 4 for own in nearest]
    assert found["a nearest training label is probably wrong"].tolist() == wrong
    assert found["the nearest training labels disagree"].tolist() == disagree
    assert 0 < sum(wrong) < 80
    assert 0 < sum(disagree) < 80
