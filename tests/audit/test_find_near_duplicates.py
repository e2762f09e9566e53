"""Near-duplicates of a data set and its hold-out, and what is said about them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from headstart.audit.near_duplicates import find_near_duplicates, near_duplicate_findings
from headstart.types.data import Dataset, Example, Place

WORDS = [
    "card", "transfer", "account", "payment", "rate", "fee", "machine", "code", "app", "limit",
    "refund", "salary", "cheque", "balance", "holiday", "address", "document", "merchant",
]  # fmt: skip


def _sentence(seed: int) -> str:
    rng = np.random.default_rng(seed)
    return "please tell me about " + " and ".join(rng.choice(WORDS, size=7, replace=False))


def _texts(texts: list[str], file: str = "a.csv") -> Dataset:
    examples = tuple(
        Example(hashlib.sha256(t.encode()).hexdigest(), t, "ab"[i % 2], Place(file, i + 1))
        for i, t in enumerate(texts)
    )
    return Dataset("text", examples, ("a", "b"), file, "0" * 64)


def test_groups_reach_across_to_the_holdout() -> None:
    train = [_sentence(i) for i in range(40)]
    held = [_sentence(i) for i in range(100, 120)]
    held[3] = train[5].upper() + "!"
    train[9] = train[2]
    near = find_near_duplicates(_texts(train), _texts(held, "b.csv"))
    assert near.holdout_groups[3] == near.groups[5]
    assert near.groups[9] == near.groups[2]
    assert np.flatnonzero(near.leaking).tolist() == [3]
    assert near.counts() == {"identical": 1, "normalised": 1}
    leak, copies = near_duplicate_findings(near, _texts(train), _texts(held, "b.csv"))
    assert leak.rows == (Place("b.csv", 4),)
    assert leak.numbers["leaking_rows"] == 1
    assert leak.exhibits[0].values == (train[5], held[3])
    assert copies.numbers["copies"] == 1
    assert copies.severity < 0.5


def test_a_tenth_of_the_holdout_leaking_is_severe_and_a_clean_one_is_silent() -> None:
    train = [_sentence(i) for i in range(100)]
    clean = [_sentence(i) for i in range(100, 150)]
    assert (
        near_duplicate_findings(
            find_near_duplicates(_texts(train), _texts(clean)), _texts(train), _texts(clean)
        )
        == ()
    )
    leaky = [*train[:5], *clean[5:]]
    near = find_near_duplicates(_texts(train), _texts(leaky))
    assert near_duplicate_findings(near, _texts(train), _texts(leaky))[0].severity > 0.5


def test_embeddings_link_what_the_words_do_not() -> None:
    train, held = [_sentence(1), "cash machine kept it"], ["the ATM swallowed mine"]
    features = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    near = find_near_duplicates(
        _texts(train),
        _texts(held),
        features=features,
        holdout_features=np.array([[0.01, 1, 0]], dtype=np.float32),
    )
    assert near.counts() == {"embedding": 1}
    assert near.leaking.tolist() == [True]


def test_features_must_match_the_rows() -> None:
    with pytest.raises(ValueError, match="features have 1 rows, the data set 2"):
        find_near_duplicates(_texts(["a", "b"]), features=np.ones((1, 2), dtype=np.float32))
    with pytest.raises(ValueError, match="hold-out features have 2 rows, the hold-out 1"):
        find_near_duplicates(
            _texts(["a"]),
            _texts(["b"]),
            features=np.ones((1, 2), dtype=np.float32),
            holdout_features=np.ones((2, 2), dtype=np.float32),
        )


def test_two_hundred_thousand_identical_rows_are_one_group() -> None:
    data = _texts(["one message"])
    same = Dataset("text", data.examples * 200_000, ("a",), "a.csv", "0" * 64)
    near = find_near_duplicates(same, data)
    assert (near.groups == 0).all()
    assert near.leaking.all()
    found = near_duplicate_findings(near, same, data)
    assert found[1].severity == 0.9
    assert all(len(finding.rows) <= 200 for finding in found)


def test_personal_data_is_masked_in_what_is_shown() -> None:
    text = "write to ann@example.org about my blocked card and the missing payment please"
    near = find_near_duplicates(_texts([text, text.upper()]))
    (finding,) = near_duplicate_findings(near, _texts([text, text.upper()]))
    assert "ann@" not in str(finding.exhibits).lower()
    assert "[e-mail address]" in finding.exhibits[0].values[0]


def test_banking77_has_known_copies_between_train_and_test() -> None:
    import csv

    folder = Path(__file__).parents[2].parent / "shared/data/banking77"
    if not folder.is_dir():
        pytest.skip("shared/data/banking77 is not beside the checkout")
    parts = []
    for name in ("train", "test"):
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
            parts.append([row["text"] for row in csv.DictReader(file)][:1500])
    near = find_near_duplicates(_texts(parts[0]), _texts(parts[1]))
    assert near.leaking.mean() < 0.2
