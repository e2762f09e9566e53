"""Near-duplicate texts: each kind, what is not one, MinHash against datasketch, bad input."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.audit.near_duplicates.align import edit_distance
from headstart.audit.near_duplicates.minhash import candidates, jaccard, shingle, signatures
from headstart.audit.near_duplicates.normalise import normalise
from headstart.audit.near_duplicates.pairs import KINDS
from headstart.audit.near_duplicates.text import text_pairs

TALK = [
    "I would like to know when my new card will arrive at my home",
    "Why was I charged a fee when I paid with my card abroad",
    "How long does a transfer to another country usually take",
    "My account was blocked after I entered the wrong code",
    "Can I open a second account for my daughter in the app",
    "Where do I find the exchange rate that was used for my payment",
    "The machine kept my card and I need cash this evening",
    "Please tell me which documents you need to verify me",
]


def _kinds(texts: list[str]) -> dict[tuple[int, int], str]:
    found = text_pairs(texts)
    kinds = [KINDS[k] for k in found.kind]
    return dict(
        zip(zip(found.first.tolist(), found.second.tolist(), strict=True), kinds, strict=True)
    )


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ("I would like to know when my new card will arrive at my home", "identical"),
        ("i would like to know, WHEN my new card will arrive at my home?!", "normalised"),
        ("when my new card will arrive at my home I would like to know", "reordered"),
        ("I wuold like to know when my new crad will arrive at my home", "typos"),
        ("I would like to know when my new card will arrive at home now", "edited"),
    ],
)
def test_each_kind_is_found_and_nothing_else(changed: str, kind: str) -> None:
    assert _kinds([*TALK, changed]) == {(0, len(TALK)): kind}


def test_numbers_and_templates() -> None:
    texts = [
        "Order 4711 of 3 May will be with you in 2 days, thank you",
        "Order A-99 of 30 May will be with you in 14 days, thank you",
        "Dear Anna, your parcel with the blue lamp left our house in Leeds on 3 May, goodbye",
        "Dear Boris, your parcel with the garden chair left our house in York on 12 May, goodbye",
    ]
    assert _kinds([*TALK, *texts]) == {(8, 9): "numbers", (10, 11): "template"}


def test_numbers_alone_are_not_duplicates() -> None:
    assert _kinds(["error 404", "error 500", "12 30", "77 41", "7", "8"]) == {}


def test_other_words_are_not_typing_errors() -> None:
    """'now' and 'not' are both everyday words here, so they are a change of content."""
    many = [
        f"i can {word} pay by {way}"
        for word in ("now", "not")
        for way in ("card", "cash", "phone", "watch", "cheque", "transfer")
    ]
    assert all(kind != "typos" for kind in _kinds(many).values())


def test_scripts_without_spaces_and_punctuation_alone() -> None:
    texts = ["我想知道我的新卡什么时候到家里", "我想知道我的新卡什么时候到家里。", "!!!", "???"]
    assert _kinds(texts) == {(0, 1): "normalised"}


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_edit_distance_against_plain_recursion() -> None:
    from functools import cache

    @cache
    def plain(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        best = min(plain(a[1:], b) + 1, plain(a, b[1:]) + 1, plain(a[1:], b[1:]) + (a[0] != b[0]))
        if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
            best = min(best, plain(a[2:], b[2:]) + 1)
        return best

    rng = np.random.default_rng(0)
    for _ in range(300):
        a, b = ("".join(rng.choice(list("abc"), size=rng.integers(0, 7))) for _ in range(2))
        assert edit_distance(a, b, 2) == min(plain(a, b), 3)


def test_signatures_estimate_jaccard_as_datasketch_does() -> None:
    from datasketch import MinHash

    rng = np.random.default_rng(3)
    letters = list("abcdefghij ")
    base = "".join(rng.choice(letters, size=300))
    texts = [base] + [
        base[: 300 - cut] + "".join(rng.choice(letters, size=cut)) for cut in (10, 40, 90, 160)
    ]
    shingles = shingle(texts)
    ours = signatures(shingles, hashes=1024)
    padded = [f" {text} " for text in texts]
    sets = [{text[i : i + 3] for i in range(len(text) - 2)} for text in padded]
    theirs = []
    for values in sets:
        one = MinHash(num_perm=1024)
        one.update_batch([value.encode() for value in values])
        theirs.append(one)
    for j in range(1, len(texts)):
        exact = len(sets[0] & sets[j]) / len(sets[0] | sets[j])
        assert jaccard(shingles, 0, j) == pytest.approx(exact, abs=1e-9)
        tolerance = 4 * np.sqrt(exact * (1 - exact) / 1024) + 1e-9
        assert abs((ours[0] == ours[j]).mean() - exact) <= tolerance
        assert abs(theirs[0].jaccard(theirs[j]) - exact) <= tolerance


def test_candidates_meet_what_the_curve_promises() -> None:
    """Pairs of Jaccard index 0.6 and more: at least 99% are met (0.9999 expected)."""
    rng = np.random.default_rng(5)
    letters = list("abcdefghijklmnop ")
    texts = []
    for _ in range(300):
        base = rng.choice(letters, size=80)
        other = base.copy()
        other[rng.integers(80, size=6)] = rng.choice(letters, size=6)
        texts += ["".join(base), "".join(other)]
    shingles = shingle(texts)
    near = {(i, i + 1) for i in range(0, 600, 2) if jaccard(shingles, i, i + 1) >= 0.6}
    met = set(zip(*(x.tolist() for x in candidates(signatures(shingles))), strict=True))
    assert len(near) > 150
    assert len(near & met) >= 0.99 * len(near)


def test_two_hundred_thousand_identical_rows() -> None:
    started = time.monotonic()
    found = text_pairs(["the same words again and again"] * 200_000)
    assert len(found) == 199_999
    assert (found.first == 0).all()
    assert time.monotonic() - started < 30


def test_nothing_to_compare() -> None:
    assert len(text_pairs([])) == 0
    assert len(text_pairs(["alone"])) == 0
    assert len(text_pairs(["", ""])) == 1
