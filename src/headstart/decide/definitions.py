"""The words of the memo, for a reader who was not there."""

from __future__ import annotations

DEFINITIONS: tuple[tuple[str, str], ...] = (
    (
        "Transfer",
        "The best pretrained arm against the best arm without pretrained weights, on the primary "
        "metric. It helps when the whole interval of the difference lies on the better side of "
        "zero, harms when on the worse side; else there is not enough evidence.",
    ),
    (
        "Approach",
        "The simplest arm over which no other arm gains credibly, and at least the margin.",
    ),
    (
        "Ship",
        "Yes: even the pessimistic end of the interval meets the level that the brief requires, "
        "and what the brief allows to be wrong is certified. With review: credibly better than "
        "always answering the largest class, but one of these is not named or not certain, or a "
        "failure is costly and nothing is certified. No: not credibly better, or the level is "
        "credibly missed.",
    ),
    (
        "Arm",
        "One way to build the feature. Controls (from scratch, random weights) are there to "
        "compare with and are never shipped.",
    ),
    (
        "Hold-out",
        "Rows that no arm saw. Only the chosen, finally fitted model answers them. Rows that "
        "repeat a training row do not decide.",
    ),
    (
        "Certificate",
        "A probability from which on at most the stated share of the answers is wrong, with the "
        "stated confidence, for cases like those of the hold-out. The thresholds that were tested "
        "were fixed on the training rows; a person takes the other cases.",
    ),
    (
        "Folds",
        "Repeated, stratified parts of the training rows, the same for every arm; rows of one "
        "group never stand on both sides.",
    ),
    (
        "Interval",
        "The range of values that the evidence is compatible with, at the brief's confidence, or "
        "above it where a hold-out was opened more than once. Over folds it is widened because "
        "folds share training rows (Nadeau and Bengio).",
    ),
    (
        "Answers that follow the metric",
        "Under macro-F1 and balanced accuracy a rare label counts as much as a common one, so that "
        "it is answered from a lower probability on: the rarer, the more a miss counts. Under "
        "accuracy the most probable label is answered, under cost the one that costs least.",
    ),
    ("Recall", "Of the rows that are of a class, the share that was answered as that class."),
    ("Precision", "Of the rows answered as a class, the share that is of that class."),
)

SEVERAL = (
    (
        "Several labels a row",
        "A row's answer is right where all of its labels are: accuracy is the share of such rows, "
        "and a probability, a certificate and a review are about the whole answer. Hamming loss is "
        "the share of single labels that are wrong. A label is given from its own probability on: "
        "one half, or what the brief's costs of its miss and its false alarm make cheapest; under "
        "F1 lower than one half, the lower the rarer the label is.",
    ),
)
"""For rows that may have several labels."""
