"""Answers of a bundle: values, batches, order, bad rows."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headstart.bundles import BundlePredictor, batches, load
from headstart.types.errors import BundleError, DataError


@pytest.fixture(scope="module")
def predictor(built: Path) -> BundlePredictor:
    return load(built)


@pytest.fixture
def expected(stand_ins: ModuleType, tmp_path: Path) -> Any:
    """The stand-in model in NumPy alone."""
    encoder = stand_ins.TinyEncoder(tmp_path)
    model = stand_ins.frozen_model(encoder)

    def proba(values: Sequence[str]) -> NDArray[np.float64]:
        keys = [stand_ins.hashlib.sha256(v.encode()).hexdigest() for v in values]
        logits = encoder.encode(values, keys).astype(float) @ model.weights.T + model.bias
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))

    return proba


def test_it_gives_the_models_probabilities(
    predictor: BundlePredictor, expected: Any, stand_ins: ModuleType
) -> None:
    found = predictor.predict_proba(stand_ins.TEXTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(stand_ins.TEXTS), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_no_values_give_no_rows(predictor: BundlePredictor) -> None:
    assert predictor.predict_proba([]).shape == (0, 3)
    assert predictor.predict([]) == []
    assert predictor.score([]).errors == {}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.sampled_from(["refund", "card", "late", "xyz"]), min_size=1, max_size=12),
        max_size=90,
    )
)
def test_order_and_batches_do_not_matter(
    predictor: BundlePredictor, expected: Any, words: list[list[str]]
) -> None:
    values = [" ".join(row) for row in words]
    found = predictor.predict_proba(values)
    assert found.shape == (len(values), 3)
    if values:
        np.testing.assert_allclose(found, expected(values), atol=1e-6)


def test_the_same_values_give_the_same_bytes(
    predictor: BundlePredictor, built: Path, stand_ins: ModuleType
) -> None:
    values = stand_ins.TEXTS * 20
    first = predictor.predict_proba(values)
    assert first.tobytes() == predictor.predict_proba(values).tobytes()
    assert first.tobytes() == load(built).predict_proba(values).tobytes()


def test_rows_of_equal_length_meet_and_nothing_is_padded(predictor: BundlePredictor) -> None:
    texts = ["card"] * 300 + ["card late"] * 10 + ["card late lost"]
    given = list(enumerate(texts))
    seen: list[int] = []
    for batch in batches.text_batches(given, predictor.parts[0].preprocessor):
        assert batch.inputs["attention_mask"].all()
        assert batch.inputs["input_ids"].size <= batches.TOKENS
        seen += batch.rows
    assert sorted(seen) == list(range(len(texts)))


def test_predict_names_the_most_probable_label(
    predictor: BundlePredictor, stand_ins: ModuleType
) -> None:
    proba = predictor.predict_proba(stand_ins.TEXTS)
    for row, answer in zip(proba, predictor.predict(stand_ins.TEXTS), strict=True):
        assert answer.label == predictor.labels[int(row.argmax())]
        assert answer.probability == max(answer.probabilities.values())
        assert list(answer.probabilities) == list(predictor.labels)
        assert isinstance(answer.probability, float)
    assert predictor.prediction(np.array([0.4, 0.4, 0.2], dtype=np.float32)).label == "account"


BAD: list[tuple[Any, str]] = [
    (None, "the value is missing"),
    ("", "the value is empty"),
    (" \n\t ", "the value is empty"),
    (3, "expected a string, got int '3'"),
    (float("nan"), "expected a string, got float 'nan'"),
    (["a"], "expected a string, got list"),
    (b"refund", "expected a string, got bytes"),
]


@pytest.mark.parametrize(("value", "reason"), BAD)
def test_a_bad_row_is_named(predictor: BundlePredictor, value: Any, reason: str) -> None:
    with pytest.raises(BundleError) as error:
        predictor.predict_proba(["hello", value, "card"])
    assert error.value.place == "values[1]"
    assert error.value.message.startswith(reason)
    assert error.value.exit_status == 2


def test_half_a_surrogate_pair_is_a_bad_row(predictor: BundlePredictor) -> None:
    scored = predictor.score(["card", "broken \ud83d text"])
    assert list(scored.errors) == [1]


def test_score_keeps_going(predictor: BundlePredictor) -> None:
    values: list[Any] = ["refund", *[bad for bad, _ in BAD], "late"]
    scored = predictor.score(values)
    assert list(scored.errors) == list(range(1, len(BAD) + 1))
    good = predictor.predict_proba(["refund", "late"])
    assert np.allclose(scored.probabilities[[0, -1]], good, atol=1e-6)
    assert np.isnan(scored.probabilities[1:-1]).all()
    with pytest.raises(BundleError, match=rf"\({len(BAD)} of {len(values)} values cannot be used"):
        predictor.predict_proba(values)


@pytest.mark.parametrize("value", ["refund my card", b"refund", Path("a.jpg")])
def test_one_value_instead_of_a_list_says_so(predictor: BundlePredictor, value: Any) -> None:
    with pytest.raises(BundleError, match="expected a list of values, got one") as error:
        predictor.predict(value)
    assert error.value.tip == "put it in a list: .predict([value])"


def test_arrays_tuples_and_generators_are_lists_too(predictor: BundlePredictor) -> None:
    wanted = predictor.predict_proba(["refund", "late"])
    for values in (("refund", "late"), np.array(["refund", "late"]), iter(["refund", "late"])):
        assert np.array_equal(predictor.predict_proba(values), wanted)  # type: ignore[arg-type]


def test_progress_reaches_the_end_and_may_interrupt(predictor: BundlePredictor) -> None:
    said: list[tuple[int, int]] = []
    values: list[str | None] = [f"card {'late ' * (i % 7)}" for i in range(200)]
    predictor.score([*values, None], lambda what, done, total: said.append((done, total)))
    assert said[-1] == (201, 201)
    assert said == sorted(said)

    def stop(what: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predictor.score(values, stop)


def test_threads_share_it(predictor: BundlePredictor, stand_ins: ModuleType) -> None:
    values = stand_ins.TEXTS * 5
    wanted = predictor.predict_proba(values)
    found: list[bool] = []

    def ask() -> None:
        for _ in range(10):
            answers = predictor.predict_proba(values)
            found.append(bool(np.allclose(answers, wanted, atol=1e-6)))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 60


class Pictures:
    """A preprocessor for images that reads a number from each file."""

    spec: dict[str, Any] = {"kind": "stand-in"}  # noqa: RUF012
    files: dict[str, bytes] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.most, self.open, self.lock = 0, 0, threading.Lock()

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        with self.lock:
            self.open += 1
            self.most = max(self.most, self.open)
        if "bad" in values[0]:
            raise DataError("the image is cut off", place=values[0])
        number = float(Path(values[0]).read_text())
        return {"pixels": np.full((1, 2), number, dtype=np.float32)}


def test_images_stream_in_order_and_never_far_ahead(tmp_path: Path) -> None:
    rows = []
    for i in range(60):
        path = tmp_path / (f"bad{i}" if i % 20 == 3 else f"{i}")
        path.write_text(str(i))
        rows.append((i, str(path)))
    rows.append((60, str(tmp_path / "not-there")))
    pictures, read, errors = Pictures(), [], {}
    for batch in batches.image_batches(rows, pictures):
        assert len(batch.rows) + len(batch.errors) <= batches.IMAGES
        if batch.rows:
            assert batch.inputs["pixels"][:, 0].tolist() == batch.rows
        read += batch.rows
        errors.update(batch.errors)
        pictures.open -= len(batch.rows) + len(batch.errors)
    assert pictures.most <= batches.AHEAD + batches.IMAGES
    assert sorted([*read, *errors]) == list(range(61))
    assert read == sorted(read)
    assert errors[3] == "the image is cut off"
    assert "cannot be read" in errors[60]


def test_a_single_bad_image_is_an_error_not_a_crash(tmp_path: Path) -> None:
    (batch,) = batches.image_batches([(0, "bad")], Pictures())
    assert batch.rows == []
    assert batch.errors == {0: "the image is cut off"}
