"""The model card: README.md of a bundle."""

from __future__ import annotations

from collections.abc import Mapping

from headstart.bundles.manifest import outputs_of
from headstart.types.artifact import Manifest

SECTIONS = {
    "metrics": "Measured",
    "decision": "Decision",
    "data": "Data",
    "intended_use": "Intended use",
    "limits": "Limits",
}
"""Keys of the facts that a card always has, and their headings. Other keys are added below them
under their own name."""

EMPTY = "_Not filled in: this bundle was built, and not yet published by a finished run._"
SHOWN_LABELS = 50

APPROACHES = {
    "majority": "The most frequent label for every input, with the shares of the training rows.",
    "zero-shot": "The nearest label name in the embedding space of a pretrained backbone; nothing "
    "was trained.",
    "classical": "Logistic regression on classical features; no pretrained network.",
    "frozen": "A frozen pretrained backbone with a newly trained linear head.",
    "adapted": "A pretrained backbone, adapted, with a newly trained head.",
}


def card_text(manifest: Manifest, facts: Mapping[str, str]) -> str:
    """The model card of a bundle in Markdown; equal arguments give equal text.

    facts: `metrics`, `decision`, `data`, `intended_use`, `limits` (see `SECTIONS`), and any other
    heading, each with its text in Markdown.
    """
    given = {"intended_use": _intended_use(manifest), "limits": _limits(manifest), **facts}
    parts = [
        f"# {_line(manifest.name)}",
        _what(manifest),
        _usage(manifest),
        f"## Labels\n\n{_every_label(manifest)}",
        *(f"## {heading}\n\n{given.get(key) or EMPTY}" for key, heading in SECTIONS.items()),
        *(f"## {key}\n\n{text}" for key, text in given.items() if key not in SECTIONS and text),
        f"## Backbone and licence\n\n{_licence(manifest.provenance)}",
        f"## Provenance\n\n{_provenance(manifest)}",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _what(manifest: Manifest) -> str:
    reads = f"It reads {_READS[manifest.modality]} and gives a probability for each of"
    if not manifest.further:
        return f"{APPROACHES[manifest.approach]} {reads} {len(manifest.labels)} labels."
    columns = "\n".join(
        f"- `{_line(one.column)}` ({len(one.labels)} labels): {APPROACHES[one.approach]}"
        for one in outputs_of(manifest)
    )
    return f"{reads} the labels of several columns, in one pass:\n\n{columns}"


def _every_label(manifest: Manifest) -> str:
    if not manifest.further:
        return _labels(manifest.labels)
    return "\n\n".join(
        f"### {_line(one.column)}\n\n{_labels(one.labels)}" for one in outputs_of(manifest)
    )


_READS = {"text": "a text", "image": "an image file"}


def _usage(manifest: Manifest) -> str:
    value = "photo.jpg" if manifest.modality == "image" else "a text"
    return f"""## Use

```python
import headstart

model = headstart.load("path/of/this/folder")
model.predict(["{value}"])
```

or `headstart predict path/of/this/folder new.csv --out scored.csv`. The base install is enough: \
neither torch nor scikit-learn is needed. Every file is checked against `manifest.json` first; a \
changed or missing one is refused by name, so keep the folder as it is."""


def _labels(labels: tuple[str, ...]) -> str:
    shown = "\n".join(f"- `{_line(label)}`" for label in labels[:SHOWN_LABELS])
    left = len(labels) - SHOWN_LABELS
    return f"{shown}\n- … and {left} more, in `manifest.json`" if left > 0 else shown


def _intended_use(manifest: Manifest) -> str:
    return (
        f"Labelling inputs like those it was trained and measured on, with the labels above. "
        f"Whether it may answer alone or with review is said under “{SECTIONS['decision']}”."
    )


def _limits(manifest: Manifest) -> str:
    lines = [
        "- It always names one of its labels, also for an input that belongs to none of them.",
        "- Its probabilities are those of the trained head; they are as trustworthy as the "
        "measured log loss says, on data like the training data.",
        "- It was not tested on inputs from another source, time or language than the data below.",
    ]
    limit = manifest.preprocessing.get("max_tokens")
    if isinstance(limit, int):
        lines.append(f"- Of a text, only the first {limit} tokens are read.")
    return "\n".join(lines)


def _licence(provenance: Mapping[str, str]) -> str:
    if "backbone" not in provenance:
        return "No pretrained network is inside. The weights come from the training data alone."
    found = [key.removesuffix("_licence") for key in sorted(provenance) if key.endswith("_licence")]
    return "\n".join(
        f"- Backbone: {provenance[f'{key}_name']} (`{provenance[key]}`)\n"
        f"- Licence of the backbone: {provenance[f'{key}_licence']}. It goes with this bundle, "
        "which holds the backbone's weights.\n"
        f"- Source: {provenance[f'{key}_source']}"
        for key in found
    )


def _provenance(manifest: Manifest) -> str:
    rows = "\n".join(
        f"- {key}: `{_line(value)}`"
        for key, value in sorted(manifest.provenance.items())
        if not key.startswith("backbone") or key.endswith("_sha256")
    )
    return f"Written by {manifest.created_by}.\n\n{rows}"


def _line(text: str) -> str:
    """One line of text that Markdown takes as it is."""
    return " ".join(text.split()).replace("`", "'").replace("<", "&lt;")
