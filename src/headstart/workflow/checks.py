"""What the checks of the data are given: the development rows, seen by the first backbone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from headstart.audit import run_checks
from headstart.decide import picture_name
from headstart.ports import AuditInputs, Encoder, Progress
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, CheckOutcome, Exhibit, Finding
from headstart.types.model import ArmResult
from headstart.workflow.candidates import Candidate
from headstart.workflow.sources import Sources
from headstart.workflow.thumbnails import thumbnail

TOKENIZER = "tokenizer.json"
PICTURED = 10
"""Exhibits of a finding of which pictures are kept."""


def look(
    sources: Sources,
    split: AuditReport,
    results: Sequence[ArmResult],
    backbone: Candidate,
    brief: Brief,
    progress: Progress,
    only: Sequence[str] = (),
) -> tuple[CheckOutcome, ...]:
    """Every check (or only these) on the development rows. Of the hold-out only the inputs are
    compared. Without `results`, the checks that ask what arms answered say that they could not."""
    whole = sources.dataset
    dataset = replace(whole, examples=tuple(whole.examples[int(i)] for i in split.development))
    held = sources.holdout
    seen = backbone.features(backbone.encoder, dataset.values, dataset.keys, [])
    there = backbone.features(backbone.encoder, held.values, held.keys, []) if held else None
    return run_checks(
        AuditInputs(
            dataset=dataset,
            holdout=held,
            features=seen.matrix,
            holdout_features=there.matrix if there else None,
            probabilities=witness(results).out_of_fold if results else None,
            groups=split.groups,
            copies=split.copies,
            definitions=brief.data.definitions,
            tokenize=tokenizer_of(backbone.encoder),
            max_tokens=backbone.card.max_tokens,
            also=brief.data.also,
            time_column=brief.data.time_column,
            seed=brief.seed,
        ),
        progress,
        only,
    )


def witness(results: Sequence[ArmResult]) -> ArmResult:
    """The arm whose out-of-fold answers are held against the labels: the one of least log loss."""
    return min(results, key=lambda result: float(result.scores["log_loss"].mean()))


def tokenizer_of(encoder: Encoder) -> Callable[[Sequence[str]], list[list[str]]] | None:
    """Texts to their tokens, not truncated; None where the network reads no texts."""
    content = encoder.preprocessor.files.get(TOKENIZER)
    if content is None:
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda values: [one.tokens for one in tokenizer.encode_batch(list(values))]


def pictures(findings: Sequence[Finding]) -> list[tuple[str, Any]]:
    """Ledger rows with a thumbnail of every picture that the findings show."""
    paths = dict.fromkeys(path for finding in findings for path in _shown(finding.exhibits))
    return [(f"/pictures/{picture_name(path)}", thumbnail(path)) for path in paths]


def _shown(exhibits: Sequence[Exhibit]) -> list[str]:
    return [value for exhibit in exhibits[:PICTURED] for value in exhibit.values[:4]]
