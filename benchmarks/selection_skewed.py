"""What the pick of `headstart select` loses where one label is common and every label counts.

    python benchmarks/selection_skewed.py --shared ../shared/data [--draws 2] [--seeds 3]

Offensive tweets of which 6, 12 and 25% are offensive (1,500 training rows, 800 test rows of the
validation part, 400 at 25%), and the emotion tweets as they come (2,000 rows). The candidates are
the eight of `selection_regret.py`; the truth of each is macro-F1, or balanced accuracy, on the test
rows of a logistic head on all training rows, whose answers suit the metric as those of a run do.
The race sees the training rows alone, and answers by a probe's largest output, or by the output
beside a power of the label's share: 1/2, 2/3 or 1. Regret is the best candidate's truth less the
pick's, in points, a mean over the race's seeds.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from unittest.mock import patch

import numpy as np
from selection_regret import TEXTS, Rows, Task, contender, limited, tweets

from headstart.heads import fit_linear
from headstart.metrics import balanced_accuracy, given_answers, macro_f1, miss_costs, miss_weights
from headstart.select import scoring
from headstart.select.race import race

METRICS = {"macro_f1": macro_f1, "balanced_accuracy": balanced_accuracy}
TRIED = (0.0, 1 / 2, 2 / 3, 1.0)


def drawn(rows: Rows, share: float, n: int, seed: int) -> Rows:
    """Rows of which a share has the label '1'."""
    chance = random.Random(seed)
    by_label = ([i for i, label in enumerate(rows[1]) if (label == "1") == rare] for rare in (1, 0))
    rare, common = by_label
    some = round(n * share)
    kept = chance.sample(rare, some) + chance.sample(common, n - some)
    chance.shuffle(kept)
    return [rows[0][i] for i in kept], [rows[1][i] for i in kept]


def tasks(shared: Path, draws: int) -> list[Task]:
    offensive, emotion = shared / "tweets_offensive", shared / "tweets_emotion"
    train, test = tweets(offensive, "train"), tweets(offensive, "val")
    found = [
        Task(
            f"tweets, {share:.0%} offensive",
            "text",
            drawn(train, share, 1500, 1 + draw),
            drawn(test, share, 800 if share < 0.25 else 400, 101 + draw),
        )
        for share in (0.06, 0.12, 0.25)
        for draw in range(draws)
    ]
    some = limited(tweets(emotion, "train"), 2000)
    return [*found, Task("tweets, emotion", "text", some, tweets(emotion, "test"))]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--draws", type=int, default=2)
    arguments.add_argument("--seeds", type=int, default=3)
    said = arguments.parse_args()
    print("| metric | task | best (truth) | largest output | power 1/2 | 2/3 | 1 |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: |")
    lost: dict[tuple[str, float], list[float]] = {}
    for task in tasks(said.shared, said.draws):
        made = {name: contender(task, name, ref) for name, ref in TEXTS.items()}
        classes, n = int(task.codes.max()) + 1, len(task.codes)
        shares = np.bincount(task.codes, minlength=classes) / n
        proba = {
            name: fit_linear(one.matrix, task.codes, classes, exact=False).predict_proba(test)
            for name, (one, test) in made.items()
        }
        runners = [one for one, _ in made.values()]
        for metric, measure in METRICS.items():
            truth = {}
            for name, sure in proba.items():
                by = miss_costs(miss_weights(metric, shares, sure))
                truth[name] = measure(task.test_codes, given_answers(sure, by), classes)
            best = max(truth, key=lambda name: truth[name])
            cells = []
            for power in TRIED:
                with patch.dict(scoring.POWERS, {metric: power}):
                    suited = scoring.Scoring.of(metric, task.codes)
                    picks = [
                        race(runners, task.codes, np.arange(n), scoring=suited, seed=seed).pick
                        for seed in range(said.seeds)
                    ]
                gaps = [100 * (truth[best] - truth[pick]) for pick in picks]
                lost.setdefault((metric, power), []).extend(gaps)
                cells.append(f"{np.mean(gaps):.1f}")
            name = metric.replace("_", "-")
            print(f"| {name} | {task.name} | {best} ({truth[best]:.1%}) | {' | '.join(cells)} |",
                  flush=True)  # fmt: skip
    for metric in METRICS:
        means = " | ".join(f"{np.mean(lost[metric, power]):.2f}" for power in TRIED)
        print(f"| {metric.replace('_', '-')} | mean | | {means} |")


if __name__ == "__main__":
    main()
