"""A scikit-learn classifier on frozen features of a pretrained backbone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.backbones import find_card, load_encoder
from headstart.data import file_key, text_key
from headstart.heads import LinearHead, fit_linear
from headstart.modalities import validate_text
from headstart.ports import Encoder
from headstart.types.errors import DataError, MissingExtraError, did_you_mean

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError("TransferClassifier", extra="text", package="scikit-learn") from error

HEADS = ("linear",)
PRECOMPUTED = "precomputed"


class TransferClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A frozen backbone with a new linear head, as a scikit-learn classifier.

    The head is multinomial logistic regression; its L2 penalty is chosen inside the training rows.

    Args:
        backbone: a reference (`headstart catalogue`), an `Encoder`, or `"precomputed"`: then X
            holds features (n, width) already, and scikit-learn's whole contract applies.
        head: `"linear"`.
        l2_grid: penalties to choose from; one of them fixes it. None: the default grid.
        cache: folder of weights, exports and features (default: Headstart's own).
        random_state: of the inner folds on which the penalty is chosen.

    X is a sequence of texts, or of paths of images, as the backbone reads them.

    Scikit-learn's estimator checks all run with `backbone="precomputed"`. With a backbone, those
    that feed numbers, sparse matrices, complex values or NaN do not apply: a text or a path has
    no number of features, no dtype and no order of columns. `n_features_in_` is then absent.

    Attributes:
        classes_: the labels, sorted.
        head_: weights and bias.

    >>> X = [[0.0], [0.1], [0.2], [0.3], [1.0], [1.1], [1.2], [1.3]]
    >>> model = TransferClassifier("precomputed").fit(X, ["a"] * 4 + ["b"] * 4)
    >>> model.predict([[0.05], [1.25]]).tolist()
    ['a', 'b']
    """

    def __init__(
        self,
        backbone: str | Encoder = "pkg:all-MiniLM-L6-v2",
        head: Literal["linear"] = "linear",
        *,
        l2_grid: Sequence[float] | None = None,
        cache: str | Path | None = None,
        random_state: int = 0,
    ) -> None:
        self.backbone = backbone
        self.head = head
        self.l2_grid = l2_grid
        self.cache = cache
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> TransferClassifier:
        """Train the head on labelled rows.

        Raises:
            ValueError: fewer than two classes, or X and y do not fit together.
            DataError: a row is no text, or no image that can be read.
        """
        if self.head not in HEADS:
            raise ValueError(f"head={self.head!r}: {did_you_mean(str(self.head), HEADS)}")
        features, targets = self._training(X, y)
        check_classification_targets(targets)
        self.classes_, codes = np.unique(targets, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"there is one class, {self.classes_[0]!r}; a classifier needs at least two classes"
            )
        self.head_: LinearHead = fit_linear(
            features,
            codes.astype(np.int64),
            len(self.classes_),
            l2_grid=self.l2_grid,
            seed=self.random_state,
        )
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities (n, classes), columns in the order of `classes_`."""
        scores = self._scores(X)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        proba: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return proba

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Logits (n, classes); with two classes (n,), those of the second over the first."""
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Labels (n,)."""
        scores = self._scores(X)
        found: NDArray[Any] = self.classes_[scores.argmax(axis=1)]
        return found

    def embed(self, X: Any) -> NDArray[np.float32]:
        """Frozen features (n, width) of the rows; with `"precomputed"`, X itself."""
        if self._is_precomputed:
            fitted = hasattr(self, "head_")
            found: NDArray[np.float32] = validate_data(
                self, X, dtype=[np.float64, np.float32], reset=not fitted
            )
            return found
        return self._embed(_values(X))

    @property
    def _is_precomputed(self) -> bool:
        return isinstance(self.backbone, str) and self.backbone == PRECOMPUTED

    def _training(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        if y is None:
            raise ValueError("TransferClassifier requires y to be passed, but the target y is None")
        if self._is_precomputed:
            features, targets = validate_data(self, X, y, dtype=[np.float64, np.float32])
            return features, targets
        values = _values(X)
        targets = np.asarray(y)
        if targets.ndim != 1 or len(targets) != len(values):
            raise ValueError(
                f"{len(values)} rows and labels of shape {targets.shape} do not fit together"
            )
        return self._embed(values), targets

    def _scores(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self, "head_")
        features = np.asarray(self.embed(X), dtype=np.float64)
        scores: NDArray[np.float64] = features @ self.head_.weights.T + self.head_.bias
        return scores

    def _embed(self, values: Sequence[str]) -> NDArray[np.float32]:
        encoder = self._encoder()
        if encoder.card.modality == "image":
            keys = [file_key(Path(value)) for value in values]
        else:
            for number, value in enumerate(values):
                reason = validate_text(value)
                if reason is not None:
                    raise DataError(reason, place=f"row {number}", tip="leave the row out")
            keys = [text_key(value) for value in values]
        return encoder.encode(values, keys)

    def _encoder(self) -> Encoder:
        if not isinstance(self.backbone, str):
            return self.backbone
        known = self.__dict__.get("_loaded")
        if known is None or known[0] != (self.backbone, self.cache):
            cache = None if self.cache is None else Path(self.cache)
            known = (self.backbone, self.cache), load_encoder(find_card(self.backbone), cache=cache)
            self._loaded = known
        encoder: Encoder = known[1]
        return encoder

    def __getstate__(self) -> dict[str, Any]:
        """The loaded network stays behind; it is loaded again when it is needed."""
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_loaded"}

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may feed: numbers where the features are precomputed, else texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = self._is_precomputed
        tags.input_tags.one_d_array = not self._is_precomputed
        tags.input_tags.string = not self._is_precomputed
        return tags


def _values(X: Any) -> list[str]:
    """Texts or paths as a list.

    Raises:
        DataError: X is one text, has two dimensions, is empty, or holds something else.
    """
    if isinstance(X, (str, bytes, Path)) or not isinstance(X, Iterable):
        raise DataError(
            f"X is {type(X).__name__}, not a sequence of texts or paths",
            tip="put a single text into a list: [text]",
        )
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) != 1:
        raise DataError(
            f"X has shape {tuple(shape)}; texts and paths stand in one dimension",
            tip='give one column, for example frame["text"]; for features use '
            'backbone="precomputed"',
        )
    values = list(X)
    if not values:
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    for number, value in enumerate(values):
        if not isinstance(value, (str, Path)):
            raise DataError(
                f"the value is not a text or a path but {type(value).__name__}",
                place=f"row {number}",
                tip="leave the row out, or give texts",
            )
    return [str(value) for value in values]
