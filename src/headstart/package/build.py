"""A bundle in a folder, compared with the trained model before anyone can use it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.bundles import BundlePredictor, load
from headstart.bundles.latency import cost_per_million, measure_latency, measure_throughput
from headstart.bundles.layout import LAYOUT
from headstart.bundles.manifest import manifest_bytes, path_problem
from headstart.modalities.preprocess import ClassicalPreprocessor, load_preprocessor
from headstart.modalities.text import LONGEST
from headstart.package.card import card_text
from headstart.package.graph import model_graph, output_name
from headstart.package.parity import check_parity
from headstart.package.place import swap, unwritable, write_file
from headstart.package.trained import trained_probabilities
from headstart.ports import Encoder, Preprocessor
from headstart.types.artifact import BundleOutput, Manifest, PackageReport, Parity
from headstart.types.errors import BundleError, ParityError
from headstart.types.model import (
    ClassicalFeatures,
    EncoderFeatures,
    Featurizer,
    FittedModel,
    OutsideScore,
)
from headstart.types.version import VERSION

Trained = Callable[[Sequence[str]], NDArray[Any]] | NDArray[Any] | None
Answering = tuple[FittedModel, Encoder | None]
"""A model, and the encoder of its features where they come from one."""


def build(
    model: FittedModel,
    encoder: Encoder | None,
    sample: Sequence[str],
    destination: Path,
    *,
    name: str,
    provenance: Mapping[str, str] | None = None,
    trained_proba: Trained = None,
    price_per_core_hour: float | None = None,
    input_column: str | None = None,
    timed: bool = True,
    at_once: int = 1,
    column: str = "",
    further: Mapping[str, Answering] | None = None,
) -> PackageReport:
    """Write `model` as a bundle into `destination`, after the parity gate; measure what it costs.

    sample: real rows for the gate and the measurements. trained_proba: the trained model's
    probabilities (n, classes) of them, or a function that gives them; None: computed here from the
    encoder's (or the classical) features. input_column: where the training table had the values; a
    table to be labelled is read there first. timed: measure latency (with `at_once` requests under
    way) and throughput here. further: the models of further label columns by name, and `column` the
    name of the first one; models with the same features share a graph, which runs once. On any
    error `destination` is left as it was.

    Raises:
        ParityError: the bundle, read back from disk, differs from the trained model.
        BackboneError: the encoder cannot be exported, with the reason.
        BundleError: the folder cannot be written.
        MissingExtraError: onnx is not installed.
    """
    if further and (not column or column in further):
        raise ValueError("of several label columns, each needs a name of its own")
    partial = destination.parent / f".{destination.name}.building"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        others = further or {}
        answering: dict[str, Answering] = {column: (model, encoder), **others}
        about = {**_facts(answering.values()), **(provenance or {})}
        manifest = _write(partial, answering, name, input_column, about)
        predictor = _read_back(partial)
        scored = predictor.whole(sample)
        parity = check_parity(_trained(model, encoder, sample, trained_proba), scored.probabilities)
        for other, (fitted, eyes) in others.items():
            said = check_parity(trained_probabilities(fitted, eyes, sample), scored.further[other])
            parity = _worse(parity, said)
        latency = measure_latency(predictor, sample, at_once=at_once) if timed else {}
        rate = measure_throughput(predictor, sample) if timed else None
        size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
        swap(partial, destination)
    except OSError as error:
        raise unwritable(destination, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return PackageReport(
        path=str(destination),
        files=dict(manifest.files),
        size_bytes=size,
        parity=parity,
        latency_ms=latency,
        at_once=at_once,
        rows_per_second=rate,
        cost_per_million=cost_per_million(rate, price_per_core_hour),
    )


def _trained(
    model: FittedModel, encoder: Encoder | None, sample: Sequence[str], given: Trained
) -> NDArray[Any]:
    if given is None:
        return trained_probabilities(model, encoder, sample)
    return np.asarray(given(sample) if callable(given) else given)


def _worse(one: Parity, other: Parity) -> Parity:
    return replace(
        one,
        labels_equal=min(one.labels_equal, other.labels_equal),
        largest_difference=max(one.largest_difference, other.largest_difference),
    )


def _read_back(folder: Path) -> BundlePredictor:
    """The bundle as a user would load it; what was just written must be readable."""
    try:
        return load(folder)
    except BundleError as error:
        raise ParityError(
            f"the bundle that was just written cannot be read back: {error.message}; "
            "no bundle was written"
        ) from error


def _write(
    folder: Path,
    answering: Mapping[str, Answering],
    name: str,
    input_column: str | None,
    provenance: dict[str, str],
) -> Manifest:
    """Every file of a bundle, the manifest last. answering: by label column, the first first."""
    modality = next(iter(answering.values()))[0].modality
    schema = input_schema(modality, input_column)
    outputs: dict[str, BundleOutput] = {}
    contents: dict[str, bytes] = {}
    for number, columns in enumerate(_by_features(answering)):
        mark = f"_{number + 1}" if number else ""
        models = [answering[column][0] for column in columns]
        model, encoder = answering[columns[0]]
        preprocessor = _preprocessor(model, encoder)
        graph = encoder.onnx_path() if encoder is not None and _encodes(model) else None
        path, place = LAYOUT.model.replace(".", f"{mark}."), f"{LAYOUT.preprocessing}{mark}"
        contents[path] = model_graph(models, graph)
        for inner, content in sorted(preprocessor.files.items()):
            contents[f"{place}/{inner}"] = bytes(content)
        for turn, column in enumerate(columns):
            model = answering[column][0]
            outputs[column] = BundleOutput(
                column=column,
                labels=tuple(model.labels),
                approach=model.approach,
                model=path,
                output=output_name(turn),
                preprocessing=dict(preprocessor.spec),
                folder=place,
                costs=[] if model.costs is None else model.costs.tolist(),
                separator=model.separator or "",
            )
    first, *others = (outputs[column] for column in answering)
    contents[LAYOUT.input_schema] = (json.dumps(schema, indent=2) + "\n").encode("utf-8")
    manifest = Manifest(
        schema_version=LAYOUT.schema_version,
        name=name,
        modality=modality,
        approach=first.approach,
        labels=first.labels,
        preprocessing=first.preprocessing,
        inputs=schema,
        model=first.model,
        files={},
        created_by=f"headstart {VERSION}",
        provenance=provenance,
        outside=_outside_rule(next(iter(answering.values()))[0].outside),
        costs=first.costs,
        column=first.column,
        further=tuple(others),
        separator=first.separator,
    )
    contents[LAYOUT.card] = card_text(manifest, {}).encode("utf-8")
    for path, content in contents.items():
        if problem := path_problem(path):
            raise ValueError(f"a bundle cannot hold this file: {problem}")
        write_file(folder / path, content)
        manifest.files[path] = hashlib.sha256(content).hexdigest()
    write_file(folder / LAYOUT.manifest, manifest_bytes(manifest))
    return manifest


def _by_features(answering: Mapping[str, Answering]) -> list[list[str]]:
    """The columns, those together whose models read the same features."""
    found: list[list[str]] = []
    for column, (model, _) in answering.items():
        same = (one for one in found if _same(answering[one[0]][0].featurizer, model.featurizer))
        group = next(same, None)
        if group is None:
            found.append([column])
        else:
            group.append(column)
    return found


def _same(one: Featurizer, other: Featurizer) -> bool:
    if not isinstance(one, ClassicalFeatures) or not isinstance(other, ClassicalFeatures):
        return one == other
    plain = (one.kind, one.settings, one.width) == (other.kind, other.settings, other.width)
    return (
        plain
        and one.arrays.keys() == other.arrays.keys()
        and all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)
    )


def _outside_rule(score: OutsideScore | None) -> dict[str, Any]:
    if score is None:
        return {}
    above = score.threshold if np.isfinite(score.threshold) else None
    return {"score": score.name, "above": above, "false_alarms": score.false_alarms}


def _encodes(model: FittedModel) -> bool:
    return isinstance(model.featurizer, EncoderFeatures)


def _preprocessor(model: FittedModel, encoder: Encoder | None) -> Preprocessor:
    if isinstance(model.featurizer, EncoderFeatures):
        if encoder is None:
            raise ValueError(f"the arm '{model.arm}' needs its encoder to be packaged")
        if encoder.weights_sha256 != model.featurizer.weights_sha256:
            raise ValueError("the encoder's weights are not those that the model was fitted on")
        return encoder.preprocessor
    if isinstance(model.featurizer, ClassicalFeatures):
        return ClassicalPreprocessor(model.featurizer)
    return load_preprocessor({"kind": "none"}, {})


def _facts(answering: Iterable[Answering]) -> dict[str, str]:
    """What the manifest says of where the models come from; each backbone once."""
    every = list(answering)
    facts = {"arm": every[0][0].arm, "head": every[0][0].head}
    used = {
        encoder.weights_sha256: encoder
        for model, encoder in every
        if encoder is not None and _encodes(model)
    }
    for number, (sha256, encoder) in enumerate(used.items()):
        card, backbone = encoder.card, f"backbone{f'_{number + 1}' if number else ''}"
        facts |= {
            backbone: card.ref,
            f"{backbone}_name": card.name,
            f"{backbone}_licence": card.licence,
            f"{backbone}_source": card.source,
            f"{backbone}_sha256": sha256,
        }
    return facts


def input_schema(modality: str, column: str | None = None) -> dict[str, Any]:
    """JSON Schema of one raw value; `column` is where tables hold it, if that is known.

    >>> input_schema("text")["maxLength"]
    100000
    """
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": modality,
        "type": "string",
        "minLength": 1,
    }
    if modality == "image":
        schema["description"] = "Path of an image file, readable where the bundle runs."
    else:
        schema["description"] = "One text. What is longer than the token limit is not read."
        schema["maxLength"] = LONGEST
    return schema if column is None else {**schema, "column": column}
