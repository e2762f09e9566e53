"""Whether a network reads what it is given as it was meant to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.backbones.scorecards import truncated_share
from headstart.modalities import open_image
from headstart.ports import Encoder
from headstart.select.relatedness import token_statistics
from headstart.stats import wilson
from headstart.types.result import Estimate, NotAvailable

MOST = 300
OUTSIDE = 1.0
"""A picture whose mean colour lies further from the source's mean, in its standard deviations of
pixels, is unlike most of what the network was trained on."""
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's pixels, as torchvision's documentation gives them: for
networks whose card says only how pixels are scaled (a mean and a spread of one half)."""
GREY = 3
"""Largest difference between the channels of a grey picture, after its compression."""


def input_fit(values: Sequence[str], encoder: Encoder | None) -> dict[str, Estimate | NotAvailable]:
    """Texts: share cut off, tokens a word, unknown tokens. Images: shares that are smaller than the
    network's input, have no colour, or a mean colour unusual for it. On at most 300 values."""
    if encoder is None:
        return {"input": NotAvailable("classical features read every input whole")}
    some = [values[i] for i in np.linspace(0, len(values) - 1, min(MOST, len(values))).astype(int)]
    return _texts(some, encoder) if encoder.card.modality == "text" else _images(some, encoder)


def _share(part: float, n: int) -> Estimate:
    return wilson(round(part * n), n)


def _texts(values: list[str], encoder: Encoder) -> dict[str, Estimate | NotAvailable]:
    n = len(values)
    cut = truncated_share(encoder, values)
    content = encoder.preprocessor.files.get("tokenizer.json")
    none = NotAvailable("it has no tokenizer of its own here")
    if content is None:
        return {"texts cut off": none, "tokens a word": none, "unknown tokens": none}
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encoded = tokenizer.encode_batch(values, add_special_tokens=False)
    found = token_statistics([one.tokens for one in encoded], values)
    each = np.array([len(one.tokens) / max(1, len(v.split())) for one, v in zip(encoded, values, strict=True)])  # fmt: skip  # noqa: E501
    half = 1.96 * float(each.std(ddof=1)) / np.sqrt(n) if n > 1 else 0.0
    rate = found.tokens_per_word
    tokens = sum(len(one.tokens) for one in encoded)
    return {
        "texts cut off": NotAvailable("it has no limit") if cut is None else _share(cut, n),
        "tokens a word": Estimate(rate, rate - half, rate + half, n, "normal, over texts"),
        "unknown tokens": _share(found.unknown_share, max(1, tokens)),
    }


def _images(paths: list[str], encoder: Encoder) -> dict[str, Estimate | NotAvailable]:
    n, side = len(paths), encoder.card.input_size
    small = grey = strange = 0
    mean, spread = encoder.card.mean, encoder.card.std
    if mean is not None and len(set(mean)) == 1:
        mean, spread = IMAGENET
    for path in paths:
        image = open_image(path)
        small += side is not None and min(image.size) < side
        image.thumbnail((64, 64))
        pixels = np.asarray(image, dtype=np.int16)
        grey += bool(np.abs(pixels - pixels[..., :1]).max() <= GREY)
        if mean is not None and spread is not None:
            offset = (pixels.mean(axis=(0, 1)) / 255 - np.array(mean)) / np.array(spread)
            strange += bool(np.abs(offset).max() > OUTSIDE)
    enlarged = NotAvailable("its card names no input size") if side is None else wilson(small, n)
    outside: Estimate | NotAvailable = wilson(strange, n)
    if mean is None or spread is None:
        outside = NotAvailable("its card names no mean and spread of its pixels")
    return {
        "pictures enlarged": enlarged,
        "pictures without colour": wilson(grey, n),
        "pictures far from its usual colours": outside,
    }
