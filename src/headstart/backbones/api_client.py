"""Asking an OpenAI-compatible endpoint for embeddings: one request at a time, with patience."""

from __future__ import annotations

import http.client
import json
import math
import os
import random
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.types.errors import BackboneError
from headstart.types.version import VERSION

KEY = "HEADSTART_API_KEY"
RATE = "HEADSTART_API_RATE"
TRIES = 5
TIMEOUT_SECONDS = 60.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 120.0
"""A server that asks for a longer pause ends the work: what was paid for is kept."""
TICK_SECONDS = 0.25
LARGEST_ANSWER = 128 * 2**20
EXCERPT = 200

Tick = Callable[[], None]


@dataclass(frozen=True)
class Address:
    """Where an endpoint is, and which of its networks is asked. `base` ends without a slash."""

    base: str
    host: str
    local: bool
    model: str
    dimensions: int | None = None


@dataclass(frozen=True)
class Answer:
    """Embeddings (n, width) in the order of the texts; tokens: what the endpoint says it bills."""

    rows: NDArray[np.float32]
    tokens: int | None


class ApiClient:
    """Sends texts to one endpoint.

    The key is read from the environment for each request and kept nowhere. Only 429, 408, 5xx and
    broken connections are tried again; a redirect is never followed, since it would carry the
    texts and the key elsewhere.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._pause = _pause_between_requests()
        self._asked = -math.inf
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if address.local:
            # Plain http must not go through a proxy that would see the key.
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def embed(
        self,
        texts: Sequence[str],
        tick: Tick,
        billed: Callable[[int], object] = lambda tokens: None,
    ) -> Answer:
        """Embeddings of the texts, in one request.

        tick: called while waiting; what it raises stops the wait. billed: told the tokens before
        the answer is checked, since they were paid for even if it is no use.

        Raises:
            BackboneError: the endpoint refuses, cannot be reached, or gives what cannot be used.
        """
        body: dict[str, Any] = {
            "model": self.address.model,
            "input": list(texts),
            "encoding_format": "float",
        }
        if self.address.dimensions is not None:
            body["dimensions"] = self.address.dimensions
        content = self._patiently(json.dumps(body).encode("ascii"), tick)
        try:
            document = json.loads(content)
        except (ValueError, RecursionError):
            raise self._unusable("no JSON") from None
        if not isinstance(document, dict):
            raise self._unusable("JSON that is no object")
        tokens = _tokens(document)
        if tokens is not None:
            billed(tokens)
        return Answer(self._rows(document, len(texts)), tokens)

    def _patiently(self, body: bytes, tick: Tick) -> bytes:
        for attempt in range(1, TRIES + 1):
            self._wait(self._asked + self._pause - monotonic(), tick)
            self._asked = monotonic()
            try:
                return self._post(body)
            except _AgainError as again:
                if attempt == TRIES:
                    raise self._exhausted(again) from None
                wait = again.wait
                if wait is None:
                    # Jitter, so that clients that failed together do not return together.
                    wait = FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.0)
                if wait > LONGEST_WAIT_SECONDS:
                    raise BackboneError(
                        f"{self.address.host} answers {again.what} and asks to wait "
                        f"{math.ceil(wait)} s",
                        tip="run the same command again then: what was paid for is kept",
                    ) from None
            self._wait(wait, tick)
        raise AssertionError("unreachable")

    def _post(self, body: bytes) -> bytes:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"headstart/{VERSION}",
        }
        key = api_key()
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(f"{self.address.base}/embeddings", body, headers)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                content: bytes = response.read(LARGEST_ANSWER + 1)
                promised = response.headers.get("Content-Length", "")
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise BackboneError(
                    f"the certificate of {self.address.host} cannot be trusted: "
                    f"{reason.verify_message}",
                    tip="check the address and this machine's certificates",
                ) from None
            raise _AgainError(_connection(reason)) from None
        if promised.isdigit() and len(content) < min(int(promised), LARGEST_ANSWER):
            raise _AgainError("the answer broke off")
        if len(content) > LARGEST_ANSWER:
            raise self._unusable(f"more than {LARGEST_ANSWER // 2**20} MiB")
        return content

    def _refusal(self, error: urllib.error.HTTPError) -> Exception:
        host, model, status = self.address.host, self.address.model, error.code
        if status in (408, 429) or status >= 500:
            return _AgainError(f"status {status}", _retry_after(error.headers), status)
        if 300 <= status < 400:
            return BackboneError(
                f"{host} redirects to another address (status {status}), which is not followed",
                tip="name the address that answers itself, once you know whose it is",
            )
        if status == 401:
            what, tip = "does not accept the key", f"set {KEY} to a valid key of {host}"
        elif status == 403:
            what = f"does not allow this key to use the model '{model}'"
            tip = f"ask for access to the model at {host}, or name another ?model="
        elif status == 404:
            what = f"knows no embeddings of the model '{model}' at this address"
            tip = "check ?model= and the address, which often ends in /v1"
        else:
            what = "refuses the request"
            tip = "check ?model=, ?dimensions= and how many tokens the model takes in one text"
        said = "" if status in (401, 403) else _said(error)
        return BackboneError(f"{host} {what} (status {status}){said}", tip=tip)

    def _exhausted(self, again: _AgainError) -> BackboneError:
        if again.status == 429:
            tip = (
                f"check the quota at {self.address.host}, or set {RATE} to fewer requests a second"
            )
        elif again.status is not None:
            tip = "wait for the vendor to recover"
        else:
            tip = "check the address and the network"
        return BackboneError(
            f"{self.address.host} did not answer in {TRIES} tries: {again.what}",
            tip=f"{tip}; then run the same command again: what was paid for is kept",
        )

    def _rows(self, document: dict[str, Any], expected: int) -> NDArray[np.float32]:
        data = document.get("data")
        if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
            raise self._unusable("no list 'data' of embeddings")
        if len(data) != expected:
            raise self._unusable(f"{len(data)} embeddings for {expected} texts")
        rows = [self._row(entry.get("embedding")) for entry in _in_order(data, self._unusable)]
        widths = sorted({len(row) for row in rows})
        if len(widths) > 1:
            raise self._unusable(f"embeddings of different widths: {widths}")
        return np.stack(rows)

    def _row(self, values: object) -> NDArray[np.float32]:
        if (
            not isinstance(values, list)
            or not values
            or not all(type(value) in (int, float) for value in values)
        ):
            raise self._unusable("an embedding that is no list of numbers")
        try:
            with np.errstate(over="ignore"):
                row = np.array(values, dtype=np.float64).astype(np.float32)
        except OverflowError:
            row = np.array([np.inf], dtype=np.float32)
        if not np.isfinite(row).all():
            raise self._unusable("an embedding with numbers that are not finite")
        return row

    def _unusable(self, what: str) -> BackboneError:
        return BackboneError(
            f"{self.address.host} gave {what} (status 200)",
            tip="check that the address is of an OpenAI-compatible endpoint and ?model= of a "
            "model that embeds texts",
        )

    def _wait(self, seconds: float, tick: Tick) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            tick()
            sleep(min(left, TICK_SECONDS))


class _AgainError(Exception):
    """Worth another try; `wait`: seconds that the server asked for."""

    def __init__(self, what: str, wait: float | None = None, status: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Turns every redirect into an error."""

    def redirect_request(self, *_: object) -> None:
        return None


def api_key() -> str:
    """The key in the environment; empty without one.

    Raises:
        BackboneError: it holds characters that no header can carry. The key is not shown.
    """
    key = os.environ.get(KEY, "").strip()
    if not all("!" <= character <= "~" for character in key):
        raise BackboneError(
            f"{KEY} holds spaces or characters that no key has", tip=f"set {KEY} again"
        )
    return key


def _pause_between_requests() -> float:
    text = os.environ.get(RATE, "").strip()
    if not text:
        return 0.0
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        raise BackboneError(
            f"{RATE}={text} is not a number of requests a second", tip=f"set {RATE}=2, or unset it"
        )
    return 1.0 / rate


def _tokens(document: dict[str, Any]) -> int | None:
    usage = document.get("usage")
    if isinstance(usage, dict):
        for name in ("total_tokens", "prompt_tokens"):
            if type(usage.get(name)) is int and usage[name] >= 0:
                return int(usage[name])
    return None


def _in_order(
    data: list[dict[str, Any]], unusable: Callable[[str], BackboneError]
) -> list[dict[str, Any]]:
    places = [entry.get("index") for entry in data]
    if all(place is None for place in places):
        return data
    if not all(type(place) is int for place in places) or sorted(places) != list(range(len(data))):  # type: ignore[type-var]
        raise unusable("embeddings whose 'index' does not count the texts")
    return sorted(data, key=lambda entry: int(entry["index"]))


def _retry_after(headers: Message) -> float | None:
    said = (headers.get("Retry-After") or "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _connection(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    if isinstance(reason, OSError) and reason.strerror:
        return str(reason.strerror)
    return type(reason).__name__ if isinstance(reason, Exception) else "no connection"


def _said(error: urllib.error.HTTPError) -> str:
    """The endpoint's own words, unless they hold a part of the key."""
    try:
        document = json.loads(error.read(65536))
        inner = document.get("error", document)
        message = inner.get("message") if isinstance(inner, dict) else inner
    except (OSError, ValueError, AttributeError, RecursionError, http.client.HTTPException):
        return ""
    if not isinstance(message, str) or _shares(message, api_key()):
        return ""
    words = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return f": {words[:EXCERPT]}" if words else ""


def _shares(text: str, key: str, length: int = 4) -> bool:
    parts = {key[at : at + length] for at in range(max(1, len(key) - length + 1))} if key else set()
    return any(part in text for part in parts)
