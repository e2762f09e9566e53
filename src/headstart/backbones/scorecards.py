"""What is measured of a candidate backbone before any head is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from headstart.backbones.encoder import Runtime
from headstart.ports import Encoder, Progress
from headstart.types.errors import BackboneError
from headstart.types.model import Scorecard

CHUNK = 1024


@runtime_checkable
class _Measured(Protocol):
    def runtime(self, values: Sequence[str], progress: Progress | None = None) -> Runtime: ...


def scorecard(
    encoder: Encoder,
    values: Sequence[str],
    keys: Sequence[str],
    progress: Progress | None = None,
) -> Scorecard:
    """How the encoder runs on this machine, how well its export agrees, and what it cuts off.

    values: the rows it will embed; keys: their content hashes, one for each.

    Raises:
        BackboneError: the network cannot be loaded.
        MissingExtraError: it must be exported first, and torch is not installed.
    """
    if len(values) != len(keys):
        raise ValueError(f"{len(values)} values, but {len(keys)} keys")
    name, reason, largest = _how(encoder, values, progress)
    return Scorecard(
        card=encoder.card,
        runtime=name,  # type: ignore[arg-type]
        runtime_reason=reason,
        parity=largest,
        weights_sha256=encoder.weights_sha256,
        truncated_share=truncated_share(encoder, values),
    )


def _how(
    encoder: Encoder, values: Sequence[str], progress: Progress | None
) -> tuple[str, str, float | None]:
    if isinstance(encoder, _Measured):
        runtime = encoder.runtime(values, progress)
        return runtime.name, runtime.reason, runtime.parity
    try:
        encoder.onnx_path()
    except BackboneError as error:
        return "torch", error.message, None
    return "onnxruntime", "an extension's encoder, with an ONNX graph of its own", None


def truncated_share(encoder: Encoder, values: Sequence[str]) -> float | None:
    """Share of texts with more tokens than the limit; None where there is no limit or no text."""
    limit = encoder.card.max_tokens
    content = encoder.preprocessor.files.get("tokenizer.json")
    if encoder.card.modality != "text" or limit is None or content is None or not values:
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    longer = 0
    for start in range(0, len(values), CHUNK):
        encodings = tokenizer.encode_batch_fast(list(values[start : start + CHUNK]))
        longer += sum(len(encoding) > limit for encoding in encodings)
    return longer / len(values)
