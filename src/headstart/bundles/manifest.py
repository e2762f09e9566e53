"""manifest.json: to bytes and back, every problem named.

The file carries a sha256 of its own content (over the canonical JSON of every other field), so a
manifest that was edited by hand is found out like any other file. It guards against accidents and
against parts of two bundles mixed up, not against someone who recomputes it: for that, sign the
folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from headstart.bundles.layout import LAYOUT
from headstart.types.artifact import BundleOutput, Manifest
from headstart.types.errors import BundleError
from headstart.types.model import OutsideName

SCHEMA_FILE = Path(__file__).with_name("manifest.schema.json")
CHECKSUM = "sha256"
REVIEW = "review"
"""Which answers a person should look at; manifests of schema version 1 do not say."""
OUTSIDE = "outside"
"""Which rows lie out of scope; manifests before version 3 do not say."""
OUTSIDE_RULE = ("score", "above", "false_alarms")
COSTS = "costs"
"""What mistakes cost, where the answer follows that; manifests before version 3 do not say."""
COLUMN, FURTHER = "column", "further"
"""Several label columns; manifests before version 4 have one."""
SEPARATOR = "separator"
"""Several labels a row; manifests before version 5 have one."""
SETS = "sets"
"""Which labels are in a prediction set; manifests before version 6 do not say."""
SET_RULE = ("threshold", "level")
RULE = ("below", "max_error", "confidence")
HASH = re.compile(r"[0-9a-f]{64}")
OUTSIDE_NAMES = get_args(OutsideName)
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,7}")
"""Relative, inside the bundle, the same file on every system: no `..`, no drive, no backslash."""

REBUILD = "build the bundle again, or fetch a fresh copy of it"


def checksum(document: Mapping[str, Any]) -> str:
    """sha256 over the canonical JSON of a manifest's document, its own checksum left out."""
    body = {key: value for key, value in document.items() if key != CHECKSUM}
    canonical = json.dumps(body, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def manifest_bytes(manifest: Manifest) -> bytes:
    """The content of manifest.json; equal manifests give equal bytes."""
    document = asdict(manifest)
    document["labels"] = list(manifest.labels)
    document[FURTHER] = [{**one, "labels": list(one["labels"])} for one in document[FURTHER]]
    document["files"] = dict(sorted(manifest.files.items()))
    document["provenance"] = dict(sorted(manifest.provenance.items()))
    document[CHECKSUM] = checksum(document)
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def parse_manifest(content: bytes, *, place: str) -> Manifest:
    """The manifest in `content`.

    Raises:
        BundleError: it is not JSON, of a newer schema version, does not fit the schema (every
            problem is named), or was changed after it was written.
    """
    document = _json(content, place)
    version = document.get("schema_version")
    if isinstance(version, int) and version > LAYOUT.schema_version:
        raise BundleError(
            f"the bundle has schema version {version}; this headstart reads up to "
            f"{LAYOUT.schema_version}",
            place=place,
            tip="pip install --upgrade headstart",
        )
    problems = _problems(document)
    if problems:
        raise BundleError(
            "the manifest does not fit its schema: " + "; ".join(problems[:8]),
            place=place,
            tip=REBUILD,
        )
    if document.pop(CHECKSUM) != checksum(document):
        raise BundleError(
            "manifest.json was changed after it was written", place=place, tip=REBUILD
        )
    further = tuple(
        BundleOutput(**{**one, "labels": tuple(one["labels"])}) for one in document.get(FURTHER, [])
    )
    return Manifest(**{**document, "labels": tuple(document["labels"]), FURTHER: further})


def outputs_of(manifest: Manifest) -> tuple[BundleOutput, ...]:
    """Every label column of a bundle in one form, the first one first."""
    first = BundleOutput(
        column=manifest.column,
        labels=manifest.labels,
        approach=manifest.approach,
        model=manifest.model,
        output=LAYOUT.output,
        preprocessing=manifest.preprocessing,
        folder=LAYOUT.preprocessing,
        review=manifest.review,
        costs=manifest.costs,
        separator=manifest.separator,
        sets=manifest.sets,
    )
    return (first, *manifest.further)


def path_problem(path: str) -> str | None:
    """Why `path` may not stand in a manifest, or None.

    >>> path_problem("preprocessing/tokenizer.json")
    >>> path_problem("../outside")
    "'../outside' is not a plain path inside the bundle"
    """
    if not PATH.fullmatch(path):
        return f"{path[:120]!r} is not a plain path inside the bundle"
    return None


def _json(content: bytes, place: str) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"the manifest is not JSON ({error})", place=place, tip=REBUILD) from None
    if not isinstance(document, dict):
        raise BundleError("the manifest is not a JSON object", place=place, tip=REBUILD)
    return document


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _problems(document: dict[str, Any]) -> list[str]:
    expected: dict[str, type] = {
        "schema_version": int,
        "name": str,
        "modality": str,
        "approach": str,
        "labels": list,
        "preprocessing": dict,
        "inputs": dict,
        "model": str,
        "files": dict,
        "created_by": str,
        "provenance": dict,
        CHECKSUM: str,
    }
    if document.get("schema_version") != 1 or REVIEW in document:
        expected[REVIEW] = dict
    if document.get("schema_version") not in (1, 2) or COSTS in document:
        expected[COSTS] = list
    if document.get("schema_version") not in (1, 2) or OUTSIDE in document:
        expected[OUTSIDE] = dict
    if document.get("schema_version") not in (1, 2, 3) or COLUMN in document or FURTHER in document:
        expected |= {COLUMN: str, FURTHER: list}
    if document.get("schema_version") not in (1, 2, 3, 4) or SEPARATOR in document:
        expected[SEPARATOR] = str
    if document.get("schema_version") not in (1, 2, 3, 4, 5) or SETS in document:
        expected[SETS] = dict
    found = _type_problems(document, expected)
    return found or _value_problems(document)


def _type_problems(document: dict[str, Any], expected: dict[str, type]) -> list[str]:
    found = [f"'{key}' is missing" for key in expected if key not in document]
    found += [f"'{key}' is not known" for key in document if key not in expected]
    found += [
        f"'{key}' is not {_JSON_NAMES[kind]}"
        for key, kind in expected.items()
        if key in document
        and (not isinstance(document[key], kind) or isinstance(document[key], bool))
    ]
    return found


_JSON_NAMES: dict[type, str] = {
    int: "an integer",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def _value_problems(document: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if document["schema_version"] < 1:
        found.append("'schema_version' is below 1")
    if document["modality"] not in MODALITIES:
        valid = ", ".join(MODALITIES)
        found.append(f"'modality' is {document['modality']!r}, not one of {valid}")
    if not all(isinstance(text, str) for text in document["provenance"].values()):
        found.append("a value of 'provenance' is not a string")
    if not _tells_outside(document.get(OUTSIDE, {})):
        found.append(f"'{OUTSIDE}' is not empty and not {', '.join(OUTSIDE_RULE)}")
    if not HASH.fullmatch(document[CHECKSUM]):
        found.append(f"'{CHECKSUM}' is not a sha256")
    found += _output_problems(document)
    found += _file_problems(document["files"], document["model"])
    return found + _further_problems(document)


def _further_problems(document: dict[str, Any]) -> list[str]:
    """Of the further label columns, each named by its place in the list."""
    expected: dict[str, type] = {
        COLUMN: str,
        "labels": list,
        "approach": str,
        "model": str,
        "output": str,
        "preprocessing": dict,
        "folder": str,
        REVIEW: dict,
        COSTS: list,
    }
    found, columns = [], [document.get(COLUMN, "")]
    for place, one in enumerate(document.get(FURTHER, []), start=1):
        wrong = ["it is not an object"]
        if isinstance(one, dict):
            later: dict[str, type] = {SEPARATOR: str, SETS: dict}
            own = expected | {key: kind for key, kind in later.items() if key in one}
            wrong = _type_problems(one, own) or _output_problems(one)
        if not wrong:
            columns.append(one[COLUMN])
            wrong += [f"'{key}' is empty" for key in (COLUMN, "output") if not one[key]]
            if path_problem(one["folder"]) or path_problem(one["model"]):
                wrong.append("'folder' or 'model' is not a plain path")
            if one["model"] not in document["files"]:
                wrong.append(f"its model {one['model'][:120]!r} is not among the files")
        found += [f"'{FURTHER}' {place}: {problem}" for problem in wrong]
    if len(columns) > 1 and (not columns[0] or len(set(columns)) < len(columns)):
        found.append("of several label columns, one has no name or two have the same")
    return found


def _output_problems(document: dict[str, Any]) -> list[str]:
    """Of what is said about one label column."""
    found = []
    if document["approach"] not in APPROACHES:
        valid = ", ".join(APPROACHES)
        found.append(f"'approach' is {document['approach']!r}, not one of {valid}")
    labels = document["labels"]
    if not all(isinstance(label, str) for label in labels):
        found.append("a label is not a string")
    elif not 1 <= len(labels) <= LAYOUT.max_labels or len(set(labels)) != len(labels):
        found.append("'labels' is empty, too long, or names one twice")
    if not isinstance(document["preprocessing"].get("kind"), str):
        found.append("'preprocessing' names no kind")
    if not _is_rule(document.get(REVIEW, {})):
        found.append(f"'{REVIEW}' is not empty and not {', '.join(RULE)}, each from 0 to 1")
    if not _tells_sets(document.get(SETS, {})):
        found.append(f"'{SETS}' is not empty and not {', '.join(SET_RULE)}, each from 0 to 1")
    elif document.get(SETS) and document.get(SEPARATOR):
        found.append(f"'{SETS}' are for rows with one label each, and '{SEPARATOR}' is named")
    rows = 2 if document.get(SEPARATOR) else len(labels)
    if not _are_costs(document.get(COSTS, []), rows, len(labels)):
        each = "misses and false alarms" if document.get(SEPARATOR) else "each label"
        found.append(f"'{COSTS}' is not empty and not a row of costs, 0 or more, for {each}")
    return found


def _is_rule(rule: dict[str, Any]) -> bool:
    if not rule:
        return True
    if set(rule) != set(RULE):
        return False
    absent = [rule[key] is None for key in ("max_error", "confidence")]
    if any(absent) and (not all(absent) or rule["below"] is None):
        return False
    numbers = [number for number in rule.values() if number is not None]
    return all(_is_number(number) and number <= 1.0 for number in numbers)


def _is_number(value: Any) -> bool:
    """Whether it is a finite number of 0 or more."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return known and 0.0 <= value < float("inf")


def _tells_outside(rule: dict[str, Any]) -> bool:
    if not rule:
        return True
    if set(rule) != set(OUTSIDE_RULE) or rule["score"] not in OUTSIDE_NAMES:
        return False
    above, alarms = rule["above"], rule["false_alarms"]
    known = above is None or (isinstance(above, (int, float)) and not isinstance(above, bool))
    return known and _is_number(alarms) and alarms <= 1.0


def _tells_sets(rule: dict[str, Any]) -> bool:
    if not rule:
        return True
    known = set(rule) == set(SET_RULE) and all(_is_number(one) for one in rule.values())
    return known and all(one <= 1.0 for one in rule.values())


def _are_costs(costs: list[Any], height: int, labels: int) -> bool:
    if not costs:
        return True
    rows = [row for row in costs if isinstance(row, list) and len(row) == labels]
    return len(rows) == len(costs) == height and all(_is_number(one) for row in rows for one in row)


def _file_problems(files: dict[str, Any], model: str) -> list[str]:
    found = [problem for path in files if (problem := path_problem(path))]
    found += [
        f"'{path}' has no sha256"
        for path, digest in files.items()
        if not (isinstance(digest, str) and HASH.fullmatch(digest))
    ]
    if len(files) > LAYOUT.max_files:
        found.append(f"it lists {len(files)} files, more than {LAYOUT.max_files}")
    if len({path.casefold() for path in files}) != len(files):
        found.append("two files have the same name but for case")
    if LAYOUT.manifest in files:
        found.append(f"it lists {LAYOUT.manifest} itself")
    if model not in files:
        found.append(f"its model {model[:120]!r} is not among its files")
    return found


MODALITIES = ("text", "image")
APPROACHES = ("majority", "zero-shot", "classical", "frozen", "adapted")
