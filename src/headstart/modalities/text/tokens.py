"""Texts to the token ids that a network takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOKENIZER = "tokenizer.json"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class TokenPreprocessor:
    """Texts to token ids, cut at `max_tokens`, padded to the longest of the batch.

    tokenizer: the content of a tokenizer.json. inputs: which of `input_ids`, `attention_mask` and
    `token_type_ids` the network takes. pad_multiple: the padded length is a multiple of it (but
    not over `max_tokens`).
    """

    def __init__(
        self,
        tokenizer: bytes,
        *,
        max_tokens: int,
        inputs: Sequence[str] = INPUTS[:2],
        pad_multiple: int = 1,
    ) -> None:
        if max_tokens < 1 or pad_multiple < 1:
            raise ValueError(f"max_tokens {max_tokens} and pad_multiple {pad_multiple}; at least 1")
        unknown = [name for name in inputs if name not in INPUTS]
        if unknown or not inputs:
            named = f"input '{unknown[0]}'" if unknown else "no input is named"
            raise ValueError(f"{named}; there are {', '.join(INPUTS)}")
        self._content = tokenizer
        self._inputs = tuple(inputs)
        self._max_tokens, self._multiple = index(max_tokens), index(pad_multiple)
        self._tokenizer = _tokenizer(tokenizer)
        special = self._tokenizer.num_special_tokens_to_add(False)
        if max_tokens <= special:
            raise ValueError(
                f"max_tokens {max_tokens}; the tokenizer adds {special} of its own to each text"
            )
        self._pad, self._pad_kind = _padding(self._tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)

    @property
    def spec(self) -> dict[str, Any]:
        """Kind, token limit and names of the inputs."""
        spec = {"kind": "tokens", "max_tokens": self._max_tokens, "inputs": list(self._inputs)}
        return spec | ({"pad_multiple": self._multiple} if self._multiple > 1 else {})

    @property
    def files(self) -> Mapping[str, bytes]:
        """The tokenizer."""
        return {TOKENIZER: self._content}

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """int64 arrays (n, length)."""
        found = self._tokenizer.encode_batch_fast(list(values))
        longest = max((len(one.ids) for one in found), default=0)
        length = min(-(-longest // self._multiple) * self._multiple, self._max_tokens)
        shape = (len(found), max(length, longest))
        ids = np.full(shape, self._pad, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        kinds = np.full(shape, self._pad_kind, dtype=np.int64)
        for row, one in enumerate(found):
            length = len(one.ids)
            ids[row, :length] = one.ids
            mask[row, :length] = 1
            kinds[row, :length] = one.type_ids
        every = dict(zip(INPUTS, (ids, mask, kinds), strict=True))
        return {name: every[name] for name in self._inputs}

    def lengths(self, values: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before it is cut, special tokens included.

        Where it is over `max_tokens`, the end of the text is not seen by the network.
        """
        found = self._whole.encode_batch_fast(list(values))
        return np.array([len(one.ids) for one in found], dtype=np.int64)

    @cached_property
    def _whole(self) -> Any:
        whole = _tokenizer(self._content)
        whole.no_padding()
        whole.no_truncation()
        return whole


def _tokenizer(content: bytes) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(content.decode("utf-8"))
    except Exception as error:  # The library raises bare Exception.
        raise ValueError(f"{TOKENIZER} cannot be read: {error}") from error


def _padding(tokenizer: Any) -> tuple[int, int]:
    """(padding id, padding type id)."""
    padding = tokenizer.padding
    if padding is not None:
        return int(padding["pad_id"]), int(padding["pad_type_id"])
    for token in ("[PAD]", "<pad>"):
        found = tokenizer.token_to_id(token)
        if found is not None:
            return int(found), 0
    return 0, 0
