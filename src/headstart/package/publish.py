"""A bundle from the staging folder into its place, its model card filled in."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.bundles import verify
from headstart.bundles.layout import LAYOUT
from headstart.bundles.manifest import manifest_bytes
from headstart.package.card import card_text
from headstart.package.place import swap, unwritable, write_file
from headstart.types.brief import Requirement
from headstart.types.result import (
    AutomationReport,
    NotAvailable,
    PredictionSetReport,
    SelectiveCertificate,
)


def review_rule(
    required: Requirement,
    found: SelectiveCertificate | NotAvailable,
    cheapest: AutomationReport | NotAvailable | None = None,
) -> dict[str, Any]:
    """What the manifest says of answers that a person should look at: the certified threshold,
    where no limit is named the cheapest one, and {} where no cost of a review is named either.

    >>> review_rule(Requirement(max_error=0.02), NotAvailable("too few"))["below"] is None
    True
    """
    if required.max_error is None:
        if not isinstance(cheapest, AutomationReport):
            return {}
        return {"below": cheapest.chosen, "max_error": None, "confidence": None}
    below = found.threshold if isinstance(found, SelectiveCertificate) else None
    return {"below": below, "max_error": required.max_error, "confidence": required.certainty}


def sets_rule(found: PredictionSetReport | NotAvailable) -> dict[str, Any]:
    """What the manifest says of prediction sets: nothing where their coverage was not measured."""
    if isinstance(found, NotAvailable):
        return {}
    return {"threshold": found.threshold, "level": found.level}


def publish(
    staging: Path,
    final: Path,
    card: Mapping[str, str],
    review: Mapping[str, Any] | None = None,
    further: Mapping[str, Mapping[str, Any]] | None = None,
    sets: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, str]:
    """Put the bundle in `staging` at `final` with its model card filled; sha256 of each file.

    card: sections of the model card, heading to Markdown text; see `headstart.package.card`.
    review: which answers a person should look at; None leaves what the manifest says. further: the
    same of further label columns. sets: which labels are in a prediction set, by the label column
    as the manifest names it; a column that is not named keeps what the manifest says. An old bundle
    at `final` is replaced in one step, and `staging` is left as it is, so that a process that was
    killed here can simply call this again.

    Raises:
        BundleError: the bundle in `staging` is not whole, or `final` cannot be written.
    """
    manifest = verify(staging)
    text = card_text(manifest, card).encode("utf-8")
    files = {**manifest.files, LAYOUT.card: hashlib.sha256(text).hexdigest()}
    rule = manifest.review if review is None else dict(review)
    others = tuple(
        replace(
            one,
            review=dict((further or {}).get(one.column, one.review)),
            sets=dict((sets or {}).get(one.column, one.sets)),
        )
        for one in manifest.further
    )
    new = final.parent / f".{final.name}.new"
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for path in manifest.files:
            if path != LAYOUT.card:
                _same_file(staging / path, new / path)
        write_file(new / LAYOUT.card, text)
        own = dict((sets or {}).get(manifest.column, manifest.sets))
        ruled = replace(manifest, files=files, review=rule, sets=own, further=others)
        write_file(new / LAYOUT.manifest, manifest_bytes(ruled))
        swap(new, final)
    except OSError as error:
        raise unwritable(final, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return files


def _same_file(source: Path, target: Path) -> None:
    """A second name for a file that will not change, or a copy where that cannot be had."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
