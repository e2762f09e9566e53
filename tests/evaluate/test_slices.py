"""Parts of the hold-out and patterns of errors, in worlds where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact
from sklearn.cluster import KMeans
from statsmodels.stats.proportion import confint_proportions_2indep

from headstart.evaluate import Known, Mark, Neighbours, answers, find_parts, time_marks
from headstart.evaluate.gallery import gallery_report
from headstart.evaluate.slices import Part, k_means, slice_report
from headstart.evaluate.words_of import distinctive_words
from headstart.stats import newcombe
from headstart.types.result import GalleryReport, NotAvailable, SliceReport

CHANNELS = ("app", "fax", "mail", "web")


def world(n: int, seed: int, extra: float = 0.0):
    """Rows with a channel, an age and a length; a fifth is wrong, more of it in faxes."""
    random = np.random.default_rng(seed)
    channel = random.choice(CHANNELS, n, p=[0.4, 0.1, 0.2, 0.3])
    age = random.integers(18, 90, n)
    values = ["x" * int(one) for one in random.integers(5, 200, n)]
    metadata = [{"channel": c, "age": str(a)} for c, a in zip(channel, age, strict=True)]
    y = random.integers(0, 3, n)
    wrong = random.random(n) < 0.2 + extra * (channel == "fax")
    return y, np.where(wrong, (y + 1) % 3, y), Known("text", values, metadata)


def parts_of(seed: int = 1000):
    y, given, rows = world(800, seed)
    return find_parts(rows, given != y, ("a", "b", "c"), y, 0)


def test_parts_are_columns_and_sizes():
    names = [part.name for part in parts_of()]
    assert "channel is 'fax'" in names
    assert sum(name.startswith("age ") for name in names) == 3
    assert sum(name.startswith("characters ") for name in names) == 3
    _, _, rows = world(500, 3)
    ages = [part.of(rows) for part in parts_of() if part.column == "age"]
    assert (np.sum(ages, axis=0) == 1).all()


def test_numbers_are_those_of_scipy_and_statsmodels():
    y, given, rows = world(1500, 4, extra=0.25)
    found = slice_report(parts_of(), y, given, rows, 0.95)
    assert isinstance(found, SliceReport)
    worst = found.rows[0]
    assert worst.name == "channel is 'fax'"
    assert worst.worse
    own = np.array([row["channel"] == "fax" for row in rows.metadata])
    wrong = given != y
    a, n, b, m = wrong[own].sum(), own.sum(), wrong[~own].sum(), (~own).sum()
    p = fisher_exact([[a, n - a], [b, m - b]], alternative="greater").pvalue
    assert worst.p_value == pytest.approx(min(1.0, p * found.tested))
    low, high = confint_proportions_2indep(a, n, b, m, method="newcomb")
    assert (worst.low, worst.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


def test_newcombes_interval_of_his_own_example():
    low, high = newcombe(9, 10, 3, 10)
    assert (round(low, 4), round(high, 4)) == (0.1705, 0.809)


def test_where_nothing_is_worse_it_is_seldom_said_so():
    """400 hold-outs of 400 rows on which all parts are equal: at most 5% name one (Holm), with
    the 99.9% point of the binomial as tolerance."""
    parts = parts_of()
    named = 0
    for seed in range(400):
        y, given, rows = world(400, seed)
        found = slice_report(parts, y, given, rows, 0.95)
        assert isinstance(found, SliceReport)
        named += any(row.worse for row in found.rows)
    assert named <= 35


def test_a_part_that_is_worse_is_found():
    parts = parts_of()
    hits = 0
    for seed in range(60):
        y, given, rows = world(1000, seed, extra=0.3)
        found = slice_report(parts, y, given, rows, 0.95)
        assert isinstance(found, SliceReport)
        hits += found.rows[0].worse and found.rows[0].name == "channel is 'fax'"
    assert hits >= 57


def test_small_hold_outs_cannot_say():
    y, given, rows = world(30, 5)
    assert isinstance(slice_report(parts_of(), y, given, rows, 0.95), NotAvailable)


def blobs(n: int, seed: int):
    random = np.random.default_rng(seed)
    place = random.integers(0, 4, n)
    return place, (np.eye(4)[place] * 6 + random.normal(size=(n, 4))).astype(np.float32)


def test_centres_are_those_of_scikit_learn():
    _, features = blobs(400, 0)
    own = k_means(features.astype(np.float64), 4, 0)
    theirs = KMeans(4, n_init=10, random_state=0).fit(features).cluster_centers_
    gaps = np.linalg.norm(own[:, None] - theirs[None], axis=2).min(axis=1)
    assert gaps.max() < 0.05


def test_weak_clusters_are_named_by_their_words():
    place, features = blobs(600, 1)
    words = ("refund money", "card lost", "hello there", "fax machine")
    values = [f"please {words[i]} thanks" for i in place]
    wrong = place == 3
    rows = Known("text", values, [{}] * 600, features)
    parts = find_parts(rows, wrong, ("a",), np.zeros(600, np.int64), 0)
    weak = [part for part in parts if part.kind == "cluster"]
    assert weak
    assert "fax" in weak[0].name
    new_place, new = blobs(200, 2)
    of = weak[0].of(Known("text", [""] * 200, [{}] * 200, new))
    assert (new_place[of] == 3).all()
    assert distinctive_words(["a the", "b the"], np.array([True, False])) == ()


def test_every_error_stands_in_one_group():
    random = np.random.default_rng(0)
    near_codes, near = random.integers(0, 3, 300), random.normal(size=(300, 3)) * 0.1
    near[np.arange(300), near_codes] += 3.0
    y = random.integers(0, 3, 200)
    features = random.normal(size=(200, 3)) * 0.1
    features[np.arange(200), y] += 3.0
    given = y.copy()
    # Ten rows lie among another class and have a label that nobody near has; the model follows.
    doubt = np.arange(10)
    y[doubt] = (given[doubt] + 1) % 3
    pair = np.flatnonzero(given[20:] == 0)[:6] + 20
    given[pair] = 1
    y[-4:] = 3
    proba = np.full((200, 4), 0.01)
    proba[np.arange(200), given] = 0.97
    proba[pair] = [0.1, 0.6, 0.3, 0.0]
    said = answers(proba, known=3)
    known = Known("text", [f"text {i}" for i in range(200)], [{}] * 200, features)
    found = gallery_report(
        y, said, ("a", "b", "c", "new"), known, [f"row {i}" for i in range(200)],
        trained=3, near=Neighbours(near, near_codes), parts=(), slices=NotAvailable("none"),
    )  # fmt: skip
    assert isinstance(found, GalleryReport)
    assert found.errors == (given != y).sum() == sum(group.n for group in found.groups)
    groups = {(group.pattern, group.name): group for group in found.groups}
    assert groups["label never trained on", ""].n == 4
    assert groups["label in doubt", ""].n == found.doubts == 10
    assert groups["confused pair", "a and b"].n == 6
    shown = groups["label in doubt", ""].examples
    assert len(shown) == 6
    assert all(one.probability == pytest.approx(0.97) for one in shown)


@pytest.mark.parametrize("kind", ["time", "finding", "doubt"])
def test_a_marked_part_that_is_worse_is_found_among_all(kind):
    """And with one Holm over all parts, marked or not."""
    hits = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        y, given, rows = world(900, seed)
        moments = random.permutation(900).astype(float) * 86400.0
        late = moments >= np.sort(moments)[600]
        texts = [str(np.datetime64(int(one), "s"))[:10] for one in moments]
        own = {
            "time": late,
            "finding": random.random(900) < 0.2,
            "doubt": random.random(900) < 0.15,
        }
        worse = own[kind] & (random.random(900) < 0.3)
        given = np.where(worse, (y + 1) % 3, given)
        marks = [
            *time_marks("day", texts, moments),
            Mark("texts with personal data", "finding", own["finding"]),
            Mark("the nearest training labels disagree", "doubt", own["doubt"]),
        ]
        known = Known("text", rows.values, rows.metadata, None, marks)
        parts = [*parts_of(), *(Part(mark.name, mark.kind) for mark in marks)]
        found = slice_report(parts, y, given, known, 0.95)
        assert isinstance(found, SliceReport)
        assert found.tested == len(parts)
        first = found.rows[0]
        hits += first.worse and first.kind == kind
        if kind == "time":
            assert first.name == "day after 1971-08-23" or not first.worse
    assert hits >= 36


def test_thirds_of_a_time_hold_every_row_once():
    moments = np.array([np.nan, *np.random.default_rng(0).integers(0, 50, 200)], dtype=float)
    texts = [f"t{one:g}" for one in moments]
    marks = time_marks("made", texts, moments)
    assert [mark.kind for mark in marks] == ["time"] * 3
    held = np.sum([mark.rows for mark in marks], axis=0)
    assert held[0] == 0
    assert (held[1:] == 1).all()
    low, high = np.quantile(moments[1:], [1 / 3, 2 / 3], method="inverted_cdf")
    assert [mark.name for mark in marks] == [
        f"made up to t{low:g}",
        f"made after t{low:g}, up to t{high:g}",
        f"made after t{high:g}",
    ]
    assert marks[0].rows.tolist() == [bool(one <= low) for one in moments]
    assert time_marks("made", texts[:40], moments[:40]) == ()
    assert time_marks("made", ["x"] * 200, np.full(200, np.nan)) == ()
    assert time_marks("made", ["x"] * 200, np.ones(200)) == ()
