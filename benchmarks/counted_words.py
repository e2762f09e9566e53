"""The classical arm on texts beside scikit-learn: the same n-grams, penalties and inner folds.

    python benchmarks/counted_words.py --shared ../shared/data [--only NAME] [--most ROWS]

Both count words, pairs of words and 2 to 5 characters (as many of them as Headstart keeps at that
number of rows), choose one of six penalties by the log loss of three inner folds, and fit all rows.
scikit-learn's is LogisticRegressionCV on sparse rows, with L-BFGS (its default) and warm starts
along the penalties. Seconds are of one thread, counting included.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from ladder_real import intents
from selection_regret import Rows, table, tweets
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from threadpoolctl import threadpool_limits

from headstart.heads import PRIOR_VARIANCES, fit_linear
from headstart.modalities import get_modality
from headstart.modalities.text.ngrams import WORD_SHARE, vocabulary_size

SIZES = (500, 2000, 6000, 11_000)


def own(rows: Rows, test: Rows) -> tuple[float, float]:
    """(seconds, accuracy)."""
    begin = time.perf_counter()
    modality = get_modality("text")
    names = sorted(set(rows[1]))
    codes = np.array([names.index(label) for label in rows[1]])
    features = modality.classical_fit(rows[0])
    X = modality.classical_transform(features, rows[0])
    head = fit_linear(X, codes, len(names), exact=False)
    seconds = time.perf_counter() - begin
    answers = head.predict_proba(modality.classical_transform(features, test[0])).argmax(axis=1)
    return seconds, float(np.mean([names[a] == b for a, b in zip(answers, test[1], strict=True)]))


def peer(rows: Rows, test: Rows) -> tuple[float, float]:
    """(seconds, accuracy) of scikit-learn."""
    begin = time.perf_counter()
    most = vocabulary_size(len(rows[0]))
    words = int(most * WORD_SHARE)
    usual = {"sublinear_tf": True}
    counts = FeatureUnion([
        ("words", TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+", max_features=words,
                                  **usual)),
        ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5),
                                       max_features=most - words, **usual)),
    ])  # fmt: skip
    # Of two classes one vector of weights is penalised where Headstart's form has two.
    factor = 2.0 if len(set(rows[1])) == 2 else 1.0
    grid = [factor * variance / 2.0 for variance in PRIOR_VARIANCES]
    model = make_pipeline(
        counts,
        LogisticRegressionCV(Cs=grid, cv=3, scoring="neg_log_loss", max_iter=1000,
                             l1_ratios=(0.0,), use_legacy_attributes=False),
    )  # fmt: skip
    model.fit(rows[0], rows[1])
    seconds = time.perf_counter() - begin
    return seconds, float(np.mean(model.predict(test[0]) == np.array(test[1])))


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--only", default="", help="part of a task's name")
    arguments.add_argument("--most", type=int, default=SIZES[-1], help="rows")
    said = arguments.parse_args()
    offensive, banking = said.shared / "tweets_offensive", said.shared / "banking77"
    sources = {
        "tweets, offensive": (tweets(offensive, "train"), tweets(offensive, "test")),
        "Banking77": (table(banking / "train.csv"), table(banking / "test.csv")),
        "CLINC150": intents(said.shared / "clinc150"),
    }
    print("| task | classes | rows | Headstart, seconds | scikit-learn, seconds | faster by "
          "| accuracy: Headstart | scikit-learn |")  # fmt: skip
    print("| --- " + "| ---: " * 7 + "|")
    for name, ((values, labels), test) in sources.items():
        for size in SIZES:
            if size > min(said.most, len(values)) or said.only not in name:
                continue
            drawn = np.random.default_rng(0).permutation(len(values))[:size]
            rows = [values[i] for i in drawn], [labels[i] for i in drawn]
            with threadpool_limits(1):
                (mine, right), (theirs, their_right) = own(rows, test), peer(rows, test)
            print(
                f"| {name} | {len(set(rows[1]))} | {size:,} | {mine:.1f} | {theirs:.1f} "
                f"| {theirs / mine:.1f} | {100 * right:.1f}% | {100 * their_right:.1f}% |",
                flush=True,
            )


if __name__ == "__main__":
    main()
