"""api: a vendor's embeddings behind an OpenAI-compatible endpoint; frozen, and never packaged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote_plus, urlsplit

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.api_client import KEY, Address, ApiClient, Tick, api_key
from headstart.backbones.cache import digest, read_json, write_json
from headstart.backbones.reference import parse_reference
from headstart.backbones.store import FeatureStore
from headstart.modalities.preprocess import NoPreprocessor
from headstart.ports import Preprocessor, Progress
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard

FORM = "api:https://HOST/v1?model=NAME"
OPTIONS = ("model", "price", "dimensions")
SECRETS = ("key", "token", "secret", "password", "auth")
LIKE_A_KEY = re.compile(r"\bsk-[\w-]{16,}")
SHORTEST_KEY = 8
"""Shorter ones are placeholders for servers that ask for none, and may occur in any word."""
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
TEXTS = 64
"""Texts in a request."""
CHARACTERS = 250_000
"""Characters in a request of more than one text: vendors limit its tokens, too."""
PROBE = "How wide is an embedding?"


@dataclass(frozen=True)
class Endpoint:
    """A reference taken apart. price: for a million tokens, in the vendor's currency."""

    address: Address
    price: float | None


@dataclass(frozen=True)
class Usage:
    """What an endpoint has reported over all runs with this cache.

    rows: texts of the requests whose tokens were reported, the question for the width included.
    """

    tokens: int = 0
    rows: int = 0


@dataclass
class ApiSource:
    """`api:https://HOST/v1?model=NAME`, with `&price=0.02` (for a million tokens) and
    `&dimensions=256` where they are known. The key is in the environment: HEADSTART_API_KEY."""

    cache: Path
    scheme: str = "api"

    def card(self, ref: str) -> BackboneCard:
        """What the reference says; nothing is asked of the endpoint.

        Raises:
            BackboneError: the address, an option, or a key inside the reference.
        """
        endpoint = parse_endpoint(ref)
        address, price = endpoint.address, endpoint.price
        cost = f" Price: {price:g} for a million tokens." if price is not None else ""
        return BackboneCard(
            ref=ref,
            name=address.model,
            modality="text",
            licence="vendor terms",
            feature_width=address.dimensions,
            source=address.host,
            pooling="the vendor's",
            adaptation=("frozen",),
            notes=f"The texts leave the house: each is sent to {address.host}. The vendor may "
            f"change the network behind the name, and it cannot be packaged.{cost}",
        )

    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> ApiEncoder:
        """The encoder; nothing is asked of the endpoint before the first row.

        Raises:
            BackboneError: random weights are asked for, or the reference cannot be used.
        """
        if random_seed is not None:
            raise BackboneError(
                "a vendor's network cannot be given random weights",
                place=card.ref,
                tip="name a network as pkg:, hf:, timm: or file: to compare with random weights",
            )
        return ApiEncoder(card, parse_endpoint(card.ref), self.cache)


class ApiEncoder:
    """Features that a vendor computes; each text is paid for once, however often it is asked for.

    Rows are kept after every request. A vendor's numbers may differ in the last digits from one
    request to the next, so the first answer for a text is the one that stays.
    """

    def __init__(self, card: BackboneCard, endpoint: Endpoint, cache: Path) -> None:
        address = endpoint.address
        self._card = card
        self._endpoint = endpoint
        self._cache = cache
        self._client = ApiClient(address)
        self._identity = digest("api", address.base, address.model, address.dimensions)
        self._width = card.feature_width
        self.tokens_billed = 0
        """Tokens that the endpoint reported to this encoder."""
        self.computed = 0
        """Rows that were asked for, not found in the store."""

    @property
    def card(self) -> BackboneCard:
        return self._card

    @property
    def weights_sha256(self) -> str:
        """Stands for the address, model and dimensions: a vendor's weights cannot be seen."""
        return self._identity

    @property
    def preprocessor(self) -> Preprocessor:
        """None here: texts are sent as they are."""
        return NoPreprocessor()

    @property
    def width(self) -> int:
        """As the card says, or as the endpoint said when it was asked once."""
        return self._known_width(_nothing)

    @property
    def usage(self) -> Usage:
        """The tokens and rows of all runs with this cache."""
        kept = (read_json(self._kept) or {}).get("usage")
        numbers = kept if isinstance(kept, dict) else {}
        tokens, rows = numbers.get("tokens"), numbers.get("rows")
        return Usage(tokens, rows) if isinstance(tokens, int) and isinstance(rows, int) else Usage()

    @property
    def price_per_million_rows(self) -> float | None:
        """At the tokens a row that the endpoint has billed so far; None where that or the price
        is not known."""
        usage, price = self.usage, self._endpoint.price
        return price * usage.tokens / usage.rows if price is not None and usage.rows else None

    def onnx_path(self) -> Path:
        """Never there.

        Raises:
            BackboneError: always.
        """
        raise BackboneError(
            "a vendor's network cannot be packaged: it runs at "
            f"{self._endpoint.address.host}, and its weights are not given out",
            place=self._card.ref,
            tip="compare with it, and package a backbone of your own: headstart catalogue list",
        )

    def encode(
        self, values: Sequence[str], keys: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Features (n, width); rows whose key is in the feature store are not paid for again.

        `progress` is called between requests; when it interrupts, the finished ones are kept.

        Raises:
            BackboneError: the endpoint refuses or gives what cannot be used, or the feature store
                cannot be used.
        """
        if len(values) != len(keys):
            raise ValueError(f"{len(values)} values, but {len(keys)} keys")
        rows: dict[str, list[int]] = {}
        for index, key in enumerate(keys):
            rows.setdefault(key, []).append(index)
        done = 0

        def tick() -> None:
            if progress is not None:
                progress(f"features of {self._card.name}", done, len(rows))

        tick()
        width = self._known_width(tick)
        features = np.empty((len(values), width), dtype=np.float32)
        store = FeatureStore(
            self._cache / "features" / f"{digest(self._identity, width)}.sqlite", width
        )
        found = store.get(list(rows))
        for key, row in found.items():
            features[rows[key]] = row
        done = len(found)
        tick()
        missing = [key for key in rows if key not in found]
        for part in _requests(missing, [len(values[rows[key][0]]) for key in missing]):
            answer = self._embed([values[rows[key][0]] for key in part], tick)
            store.add(list(zip(part, answer, strict=True)))
            for key, row in zip(part, answer, strict=True):
                features[rows[key]] = row
            self.computed += len(part)
            done += len(part)
            tick()
        return features

    @property
    def _kept(self) -> Path:
        return self._cache / "api" / f"{self._identity}.json"

    def _known_width(self, tick: Tick) -> int:
        if self._width is None:
            kept = (read_json(self._kept) or {}).get("width")
            if type(kept) is not int or kept < 1:
                kept = int(self._embed([PROBE], tick).shape[1])
                self._keep(width=kept, usage=self.usage)
            self._width = kept
        return self._width

    def _embed(self, texts: list[str], tick: Tick) -> NDArray[np.float32]:
        def billed(tokens: int) -> None:
            self.tokens_billed += tokens
            before = self.usage
            usage = Usage(before.tokens + tokens, before.rows + len(texts))
            self._keep(width=(read_json(self._kept) or {}).get("width"), usage=usage)

        rows = self._client.embed(texts, tick, billed).rows
        if self._width is not None and rows.shape[1] != self._width:
            raise BackboneError(
                f"{self._endpoint.address.host} gave embeddings {rows.shape[1]} wide where "
                f"{self._width} was expected (status 200)",
                place=self._card.ref,
                tip="the model has changed, or takes no ?dimensions=: name the width that it has, "
                f"or delete {self._kept} to ask for it again",
            )
        return rows

    def _keep(self, *, width: object, usage: Usage) -> None:
        address = self._endpoint.address
        about = {"host": address.host, "model": address.model, "dimensions": address.dimensions}
        write_json(self._kept, {**about, "width": width, "usage": asdict(usage)})


def parse_endpoint(ref: str) -> Endpoint:
    """The address, model and price of an `api:` reference.

    Raises:
        BackboneError: it cannot be used. What might be a key is never repeated.
    """
    key = api_key()
    if (len(key) >= SHORTEST_KEY and key in unquote_plus(ref)) or LIKE_A_KEY.search(ref):
        raise _key_inside()
    reference = parse_reference(ref)
    assert reference is not None
    for name in reference.options:
        if name not in OPTIONS:
            if any(secret in name.lower() for secret in SECRETS):
                raise _key_inside()
            raise BackboneError(
                f"unknown option '{name}' in a reference api:", tip=did_you_mean(name, OPTIONS)
            )
    model = reference.options.get("model", "").strip()
    parts, host, local = _split(reference.name)
    if not model:
        raise BackboneError(f"the reference to {host} does not name a model", tip=f"write {FORM}")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != {"http": 80, "https": 443}[parts.scheme]:
        netloc += f":{parts.port}"
    path = parts.path.rstrip("/").removesuffix("/embeddings")
    dimensions = _number(reference.options, "dimensions", whole=True)
    address = Address(
        base=f"{parts.scheme}://{netloc}{path}",
        host=netloc,
        local=local,
        model=model,
        dimensions=int(dimensions) if dimensions is not None else None,
    )
    return Endpoint(address, _number(reference.options, "price"))


def _split(url: str) -> tuple[SplitResult, str, bool]:
    """(parts, host, whether it is this machine) of an address without secrets."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise BackboneError(
            "the address of an endpoint cannot be read", tip=f"write {FORM}"
        ) from None
    if "@" in parts.netloc:
        raise _key_inside()
    if parts.scheme not in ("http", "https") or not host or parts.fragment or " " in url:
        raise BackboneError("an endpoint is named by its web address", tip=f"write {FORM}")
    local = host in LOCAL_HOSTS
    if parts.scheme == "http" and not local:
        raise BackboneError(
            f"texts and a key are not sent to {host} unprotected (http)",
            tip=f"write api:https://{host}…; http is for {', '.join(LOCAL_HOSTS)} only",
        )
    return parts, host, local


def _number(options: dict[str, str], name: str, *, whole: bool = False) -> float | None:
    if name not in options:
        return None
    try:
        number = float(int(options[name])) if whole else float(options[name])
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= (1 if whole else 0)):
        example = "dimensions=256" if whole else "price=0.02 (for a million tokens)"
        raise BackboneError(f"the option '{name}' is not a number", tip=f"write {example}")
    return number


def _key_inside() -> BackboneError:
    return BackboneError(
        "the reference holds a key, which would be kept in reports and logs",
        tip=f"take it out, set {KEY} in the environment, and write {FORM}",
    )


def _requests(keys: list[str], lengths: list[int]) -> Iterator[list[str]]:
    part: list[str] = []
    characters = 0
    for key, length in zip(keys, lengths, strict=True):
        if part and (len(part) == TEXTS or characters + length > CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(key)
        characters += length
    if part:
        yield part


def _nothing() -> None:
    """Nobody listens."""
