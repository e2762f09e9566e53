"""Checks of the data: what was planted is found, and nothing where nothing is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from sklearn.metrics import roc_auc_score

from headstart.audit.checks import BUILT_IN, run_checks
from headstart.audit.checks.coverage import Coverage
from headstart.audit.checks.hardness import Hardness
from headstart.audit.checks.hidden_groups import HiddenGroups, find_bursts
from headstart.audit.checks.input_length import InputLength
from headstart.audit.checks.later_rows import LaterRows
from headstart.audit.checks.personal_data import PersonalData
from headstart.audit.checks.picture_quality import PictureQuality
from headstart.audit.checks.ranking_curve import area_under_curve
from headstart.audit.checks.shift import Shift
from headstart.audit.checks.shortcuts import Shortcuts
from headstart.audit.checks.slices import Slices
from headstart.ports import AuditInputs
from headstart.types.data import Dataset, Example, Finding, Place
from headstart.types.result import Estimate, NotAvailable

WORDS = [
    "card",
    "bank",
    "money",
    "transfer",
    "cash",
    "fee",
    "limit",
    "account",
    "pin",
    "app",
    "help",
    "please",
    "now",
    "today",
    "where",
    "why",
]


def texts(
    n: int,
    seed: int = 0,
    classes: int = 3,
    metadata: dict[str, list[str]] | None = None,
    values: list[str] | None = None,
) -> Dataset:
    random = np.random.default_rng(seed)
    codes = random.integers(classes, size=n)
    examples = tuple(
        Example(
            str(i),
            values[i] if values else " ".join(random.choice(WORDS, 6)) + f" {i}",
            f"class {codes[i]}",
            Place("t.csv", i + 1),
            tuple((name, column[i]) for name, column in (metadata or {}).items()),
        )
        for i in range(n)
    )
    return Dataset("text", examples, tuple(f"class {c}" for c in range(classes)), "t.csv", "0" * 64)


def found(answer: Iterable[Finding] | NotAvailable) -> list[Finding]:
    assert not isinstance(answer, NotAvailable), answer
    return list(answer)


def quiet(what: str, done: int, total: int) -> None:
    """Say nothing."""


def test_the_area_under_the_curve_is_scikit_learns_and_its_interval_covers() -> None:
    random = np.random.default_rng(0)
    truth, covered = 0.5 + 0.5 * 0.5204999, 0  # Φ(0.5·√2 ⁄ √2): means one apart, deviation 1·√2
    for _ in range(400):
        positive, negative = random.normal(1, 1, 60), random.normal(0, 1, 80)
        estimate = area_under_curve(positive, negative)
        wanted = roc_auc_score([1] * 60 + [0] * 80, [*positive, *negative])
        assert estimate.value == pytest.approx(wanted)
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= truth <= estimate.high
    assert 0.91 <= covered / 400 <= 0.99
    ties = area_under_curve(np.array([1.0, 1, 2]), np.array([1.0, 0]))
    assert ties.value == pytest.approx(roc_auc_score([1, 1, 1, 0, 0], [1, 1, 2, 1, 0]))


def test_a_holdout_from_elsewhere_is_told_apart_and_one_of_the_same_kind_is_not() -> None:
    random = np.random.default_rng(1)
    dataset, same = texts(300), texts(200, seed=5)
    other = texts(200, seed=6, values=[f"delivery parcel late {i}" for i in range(200)])
    features = random.normal(size=(300, 12)).astype(np.float32)
    near = random.normal(size=(200, 12)).astype(np.float32)
    clean = AuditInputs(dataset, same, features, near)
    assert found(Shift()(clean)) == []
    (one,) = found(Shift()(AuditInputs(dataset, other, features, near + 1.0)))
    assert one.severity > 0.5
    assert "delivery" in one.detail
    few = AuditInputs(dataset, texts(20), features, near[:20])
    assert isinstance(Shift()(few), NotAvailable)


def test_false_alarms_of_the_shift_are_rare() -> None:
    random, dataset, held = np.random.default_rng(2), texts(150), texts(100, seed=3)
    alarms = 0
    for _ in range(60):
        a = random.normal(size=(150, 8)).astype(np.float32)
        b = random.normal(size=(100, 8)).astype(np.float32)
        alarms += bool(found(Shift()(AuditInputs(dataset, held, a, b))))
    assert alarms <= 3  # 5% of 60


def test_a_column_that_gives_the_label_away_and_one_that_does_not() -> None:
    plain = texts(200)
    leaking = [example.label[-1] if i % 20 else "?" for i, example in enumerate(plain.examples)]
    innocent = [str(i % 7) for i in range(200)]
    amount = [str(10 * int(example.label[-1]) + i % 3) for i, example in enumerate(plain.examples)]
    dataset = texts(200, metadata={"queue": leaking, "day": innocent, "amount": amount})
    findings = found(Shortcuts()(AuditInputs(dataset)))
    assert {finding.title.split("'")[1] for finding in findings} == {"queue", "amount"}
    assert all(finding.severity <= 0.45 for finding in findings)
    score = findings[0].numbers["accuracy"]
    assert isinstance(score, Estimate)
    assert score.value > 0.9


def test_a_property_of_the_text_that_gives_the_label_away() -> None:
    plain = texts(200)
    values = [e.value + " more words" * (5 * int(e.label[-1])) for e in plain.examples]
    findings = found(Shortcuts()(AuditInputs(texts(200, values=values))))
    assert findings[0].title.startswith("The length of the text")
    assert findings[0].severity > 0.5


def test_false_alarms_of_the_shortcuts_are_rare() -> None:
    alarms = 0
    for seed in range(40):
        random = np.random.default_rng([seed, 1])
        columns = {
            f"c{i}": [str(v) for v in random.integers(2 + 5 * i, size=120)] for i in range(6)
        }
        alarms += bool(found(Shortcuts()(AuditInputs(texts(120, seed=seed, metadata=columns)))))
    assert alarms == 0


def grouped(effect: float, seed: int) -> AuditInputs:
    """40 customers of 5 rows, each of one class, with a mark of its own in the features."""
    random = np.random.default_rng(seed)
    customer = np.repeat(np.arange(40), 5)
    codes = random.integers(3, size=40)[customer]
    marks = effect * random.normal(size=(40, 16))
    features = marks[customer] + random.normal(size=(200, 16)) + 0.3 * np.eye(16)[codes]
    examples = tuple(
        Example(str(i), f"text {i}", f"class {codes[i]}", Place("t.csv", i + 1),
                (("customer", f"c{customer[i]}"), ("day", str(i % 9))))
        for i in range(200)
    )  # fmt: skip
    dataset = Dataset("text", examples, tuple(f"class {c}" for c in range(3)), "t.csv", "0" * 64)
    return AuditInputs(dataset, features=features.astype(np.float32))


def test_a_hidden_group_is_pointed_out_with_the_difference_it_makes() -> None:
    (one,) = found(HiddenGroups()(grouped(2.0, 0)))
    assert "'customer' behaves like a group" in one.title
    assert "--group customer" in one.advice
    assert one.severity > 0.5
    kept = replace(grouped(2.0, 0), groups=np.repeat(np.arange(40), 5))
    assert found(HiddenGroups()(kept)) == []


def test_false_alarms_of_the_hidden_groups_are_rare() -> None:
    alarms = sum(bool(found(HiddenGroups()(grouped(0.0, seed)))) for seed in range(40))
    assert alarms <= 4


def test_long_and_shredded_texts() -> None:
    values = [f"short text {i}" for i in range(58)] + ["word " * 300, "x1z9q7w3 k8j2h5g4 p0o9i8u7"]
    inputs = AuditInputs(
        texts(60, values=values),
        tokenize=lambda rows: [
            [c for word in row.split() for c in (word if word[-1] != "t" and any(
                map(str.isdigit, word)) and len(word) > 3 else [word])] for row in rows
        ],
        max_tokens=128,
    )  # fmt: skip
    cut, shredded = found(InputLength()(inputs))
    assert "1 text of 60" in cut.title
    assert cut.numbers["tokens_lost"] == pytest.approx(172 / sum(map(len, inputs.tokenize(values))))
    assert "1 text of 60" in shredded.title
    assert (
        found(InputLength()(AuditInputs(texts(30), tokenize=lambda r: [v.split() for v in r])))
        == []
    )


def test_personal_data_is_counted_and_masked() -> None:
    values = [f"hello {i}" for i in range(28)] + ["write to ann@example.org", "password: hunter22"]
    (one,) = found(PersonalData()(AuditInputs(texts(30, values=values))))
    assert one.numbers["texts"] == 2
    shown = " ".join(value for exhibit in one.exhibits for value in exhibit.values)
    assert "ann@example.org" not in shown + one.detail
    assert "hunter22" not in shown + one.detail
    assert found(PersonalData()(AuditInputs(texts(30)))) == []


def test_few_rows_and_hard_rows_are_named_and_kept() -> None:
    dataset = texts(90)
    assert found(Coverage()(AuditInputs(dataset))) == []
    (few,) = found(Coverage()(AuditInputs(texts(90, classes=30))))
    assert "fewer than 20 rows" in few.title
    proba = np.full((90, 3), 0.05, dtype=np.float32)
    proba[np.arange(90), dataset.codes()] = 0.9
    assert found(Hardness()(AuditInputs(dataset, probabilities=proba))) == []
    proba[[4, 9], dataset.codes()[[4, 9]]] = (0.2, 0.1)
    (hard,) = found(Hardness()(AuditInputs(dataset, probabilities=proba)))
    assert [place.row for place in hard.rows] == [10, 5]


def pictures(folder: Path) -> tuple[Dataset, dict[str, int]]:
    """40 photographs of noise and shapes, and one with each fault."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)

    def scene() -> Image.Image:
        blocks = random.integers(40, 216, (12, 12, 3)).astype(np.uint8)
        return Image.fromarray(blocks).resize((160, 120), Image.Resampling.NEAREST)

    made = [scene() for _ in range(40)]
    faulty = {
        "too dark": scene().point(lambda v: v // 16),
        "blown out": scene().point(lambda v: min(255, 225 + v // 4)),
        "next to nothing": Image.new("RGB", (160, 120), (120, 120, 120)),
        "blurred": scene().filter(ImageFilter.GaussianBlur(12)),
        "tiny": scene().resize((20, 16)),
        "odd shape": scene().resize((800, 60)),
    }
    where = {name: len(made) + i for i, name in enumerate(faulty)}
    examples = []
    for i, image in enumerate([*made, *faulty.values()]):
        image.save(folder / f"{i}.png")
        path = str(folder / f"{i}.png")
        examples.append(Example(str(i), path, f"class {i % 2}", Place(path)))
    return Dataset("image", tuple(examples), ("class 0", "class 1"), str(folder), "0" * 64), where


def test_every_fault_of_a_picture_is_found_and_no_other(tmp_path: Path) -> None:
    dataset, where = pictures(tmp_path / "p")
    findings = found(PictureQuality()(AuditInputs(dataset)))
    seen = {
        name: [place.file for place in finding.rows]
        for finding in findings
        for name in where
        if name in finding.title
    }
    assert set(seen) == set(where)
    assert any(finding.title.endswith(" is too dark") for finding in findings)
    for name, row in where.items():
        assert seen[name] == [dataset.examples[row].value], name


def test_brightness_that_goes_with_the_class_is_a_shortcut(tmp_path: Path) -> None:
    examples = []
    for i in range(80):
        noise = np.random.default_rng(i).integers(0, 60, (24, 24)) + 150 * (i % 2)
        Image.fromarray(noise.astype(np.uint8)).save(tmp_path / f"{i}.png")
        path = str(tmp_path / f"{i}.png")
        examples.append(Example(str(i), path, f"class {i % 2}", Place(path)))
    dataset = Dataset("image", tuple(examples), ("class 0", "class 1"), "p", "0" * 64)
    titles = [finding.title for finding in found(Shortcuts()(AuditInputs(dataset)))]
    assert any(title.startswith("The brightness alone") for title in titles)
    assert not any(title.startswith("The width") for title in titles)


def test_a_check_that_cannot_run_says_why_and_every_check_answers() -> None:
    outcomes = run_checks(AuditInputs(texts(120)), quiet)
    assert [outcome.check for outcome in outcomes] == [check.name for check in BUILT_IN]
    why = {outcome.check: outcome.skipped for outcome in outcomes if outcome.skipped}
    assert set(why) == {
        "labels", "further-labels", "hardness", "slices", "shift", "hidden-groups", "later-rows",
        "input-length",
    }  # fmt: skip
    assert "no arm has answered" in str(why["labels"])


def _sessions(random: np.random.Generator, bursts: int = 30, each: int = 10) -> np.ndarray:
    """Times of rows made a few seconds apart, in sessions hours apart."""
    starts = np.cumsum(random.exponential(8 * 3600, bursts)) + 1.7e9
    return (starts[:, None] + np.cumsum(random.exponential(5, (bursts, each)), axis=1)).ravel()


def test_bursts_of_time_are_told_apart() -> None:
    random = np.random.default_rng(0)
    when = _sessions(random)
    shuffled = random.permutation(300)
    bursts = find_bursts(when[shuffled])
    assert bursts is not None
    wanted = np.repeat(np.arange(30), 10)[shuffled]
    same = (bursts[:, None] == bursts) == (wanted[:, None] == wanted)
    assert same.mean() > 0.99


def test_a_steady_rate_has_no_bursts() -> None:
    for seed in range(200):
        random = np.random.default_rng(seed)
        steady = 1.7e9 + np.cumsum(random.exponential(600, int(random.integers(60, 600))))
        assert find_bursts(steady) is None
    assert find_bursts(1.7e9 + 86400.0 * np.arange(200)) is None
    assert find_bursts(np.full(100, 1.7e9)) is None


def test_a_burst_of_timestamps_that_flatters_the_score_is_named() -> None:
    random = np.random.default_rng(1)
    when = _sessions(random, 40, 8)
    session = np.repeat(np.arange(40), 8)
    codes = random.integers(3, size=40)[session]
    features = random.normal(size=(320, 24)).astype(np.float32)
    features += 3 * random.normal(size=(40, 24)).astype(np.float32)[session]
    stamps = [str(np.datetime64(int(t * 1000), "ms")) + "Z" for t in when]
    rows = tuple(
        Example(str(i), f"m {i}", f"class {codes[i]}", Place("t.csv", i + 1), (("at", stamps[i]),))
        for i in range(320)
    )
    data = Dataset("text", rows, tuple(f"class {c}" for c in range(3)), "t.csv", "0" * 64)
    (one,) = found(HiddenGroups()(AuditInputs(data, features=features)))
    assert one.title.startswith("The column 'at', in bursts of time, behaves like a group")
    assert "--time" in one.advice


def dated(drift: float, seed: int, *, form: str = "%Y-%m-%d") -> AuditInputs:
    """300 rows a day apart, in any order; the classes trade places as they go."""
    random = np.random.default_rng(seed)
    day, codes = random.permutation(300), random.integers(2, size=300)
    moved = np.where(day < 240, 1.0, 1.0 - drift)
    features = random.normal(size=(300, 8))
    features[:, 0] += 1.5 * np.where(codes == 1, 1, -1) * moved
    features[:, 1] += 1.5 * np.where(codes == 1, 1, -1) * (1.0 - moved)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = tuple(
        Example(str(i), f"m {i}", f"class {codes[i]}", Place("t.csv", i + 1),
                (("made", (start + timedelta(days=int(day[i]))).strftime(form)),
                 ("price", f"{1 + i / 7:.2f}"), ("number", str(1_700_000_000 + i))))
        for i in range(300)
    )  # fmt: skip
    data = Dataset("text", rows, ("class 0", "class 1"), "t.csv", "0" * 64)
    return AuditInputs(data, features=features.astype(np.float32))


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y"])
def test_times_that_the_hold_out_does_not_follow_are_pointed_out(form: str) -> None:
    inputs = dated(1.0, 0, form=form)
    (one,) = found(LaterRows()(inputs))
    assert re.fullmatch(
        r"The column 'made' holds times, and the hold-out is a random part of them: later rows "
        r"cost \d+\.\d points",
        one.title,
    )
    assert "From 2026-01-01 to 2026-10-27" in one.detail
    assert one.advice.endswith("--time made.")
    assert one.severity > 0.5
    later, mixed = one.numbers["later"], one.numbers["mixed"]
    # Of the earlier rows only the dimension is known that later ones do not have.
    assert isinstance(later, float)
    assert isinstance(mixed, float)
    assert later == pytest.approx(0.5, abs=0.15)
    assert mixed > later + 0.1


def test_times_are_named_without_a_cost_where_later_rows_are_like_the_others() -> None:
    titles = [one.title for seed in range(40) for one in found(LaterRows()(dated(0.0, seed)))]
    assert len(titles) == 40
    assert sum("cost" in title for title in titles) <= 3


def test_no_times_no_word() -> None:
    inputs = dated(1.0, 1)
    assert found(LaterRows()(replace(inputs, time_column="made"))) == []
    assert found(LaterRows()(replace(inputs, holdout=inputs.dataset))) == []
    bare = tuple(replace(one, metadata=one.metadata[1:]) for one in inputs.dataset.examples)
    timeless = replace(inputs, dataset=replace(inputs.dataset, examples=bare))
    assert found(LaterRows()(timeless)) == []
    # Too few groups for folds: no word, and no crash.
    apart = np.array(
        [int(dict(e.metadata)["made"] > "2026-08-28") for e in inputs.dataset.examples]
    )
    assert found(LaterRows()(replace(inputs, groups=apart))) == []
    # Five customers, all of them known early: nothing later is new.
    assert found(LaterRows()(replace(inputs, groups=np.arange(300) % 5))) == []


def _answered(data: Dataset, right: np.ndarray) -> np.ndarray:
    """Probabilities that give the label where `right`, else another class."""
    codes = data.codes()
    said = np.where(right, codes, (codes + 1) % 3)
    return np.eye(3, dtype=np.float32)[said] * 0.8 + 0.0667


def test_a_slice_that_is_worse_is_named_and_others_are_not() -> None:
    random = np.random.default_rng(0)
    channel = random.choice(["web", "phone", "fax"], 400).tolist()
    age = [f"{value:.1f}" for value in random.uniform(18, 90, 400)]
    data = texts(400, metadata={"channel": channel, "age": age})
    right = random.random(400) < np.where(np.array(channel) == "fax", 0.55, 0.9)
    (one,) = found(Slices()(AuditInputs(data, probabilities=_answered(data, right))))
    assert one.title.startswith("Rows where 'channel' is 'fax' are answered worse")
    inside = one.numbers["inside"]
    assert isinstance(inside, Estimate)
    assert inside.value == pytest.approx(right[np.array(channel) == "fax"].mean())
    assert one.severity < 0.5


def test_a_slice_by_a_number() -> None:
    random = np.random.default_rng(1)
    age = random.uniform(18, 90, 400)
    data = texts(400, metadata={"age": [f"{value:.1f}" for value in age]})
    right = random.random(400) < np.where(age > 66, 0.5, 0.9)
    (one,) = found(Slices()(AuditInputs(data, probabilities=_answered(data, right))))
    assert "'age' is 6" in one.title
    assert "or more" in one.title


def test_slices_that_do_not_differ_are_seldom_named() -> None:
    """Holm over 6 slices at 5%; Fisher's test is conservative. 200 worlds, fixed seeds."""
    alarms = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        columns = {
            "channel": random.choice(["web", "phone", "fax"], 200).tolist(),
            "day": random.choice(["mo", "tu", "we"], 200).tolist(),
        }
        data = texts(200, seed, metadata=columns)
        proba = _answered(data, random.random(200) < 0.8)
        alarms += bool(found(Slices()(AuditInputs(data, probabilities=proba))))
    assert alarms <= 17


def test_a_single_word_that_gives_the_label_away() -> None:
    random = np.random.default_rng(0)
    values = [" ".join(random.choice(WORDS, 6)) + f" {i}" for i in range(300)]
    data = texts(300, classes=2, values=values)
    told = texts(
        300,
        classes=2,
        values=[f"{v} escalated" if e.label == "class 1" and random.random() < 0.9 else v
                for v, e in zip(values, data.examples, strict=True)],
    )  # fmt: skip
    every = found(Shortcuts()(AuditInputs(told)))
    (one,) = [f for f in every if f.title.startswith("A single word alone predicts the label")]
    assert "'escalated'" in one.detail
    assert one.severity < 0.5
    assert found(Shortcuts()(AuditInputs(data))) == []


def test_the_folder_of_the_pictures_is_a_shortcut_where_a_table_names_them(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    examples = []
    for i in range(80):
        code = i % 2
        path = tmp_path / ("north", "south")[code if i % 10 else 1 - code] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, (20, 20, 3)).astype(np.uint8)).save(path)
        examples.append(Example(str(i), str(path), f"class {code}", Place("t.csv", i + 1)))
    table = Dataset(
        "image", tuple(examples), ("class 0", "class 1"), "t.csv", "0" * 64, input_column="path"
    )
    (one,) = found(Shortcuts()(AuditInputs(table)))
    assert one.title.startswith("The folder of the file alone predicts the label")
    assert found(Shortcuts()(AuditInputs(replace(table, input_column=None)))) == []
