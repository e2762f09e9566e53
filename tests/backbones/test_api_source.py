"""A vendor's endpoint, played by a real server on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.backbones import api_client, find_card, load_encoder
from headstart.backbones.sources.api import ApiEncoder, parse_endpoint
from headstart.cli import main
from headstart.testing.encoder import check_encoder
from headstart.types.errors import BackboneError, InterruptedRunError

Keys = Callable[[Sequence[str]], list[str]]
KEY = "sekret-4711-QQ-no-log-may-hold-me"
WIDTH = 6


def vector(text: str, width: int = WIDTH) -> list[float]:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return [byte / 255 for byte in digest[:width]]


class Vendor:
    """What the endpoint was asked, and answers that replace the usual one, in order."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answers: list[Callable[[dict[str, Any]], tuple[int, dict[str, str], Any]]] = []
        self.base = ""

    @property
    def texts(self) -> list[str]:
        return [text for body in self.asked for text in body["input"]]

    def ref(self, options: str = "model=small&price=0.02") -> str:
        return f"api:{self.base}?{options}"

    def then(self, status: int, content: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(lambda body: (status, named, content))

    def gives(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """The next answer is the usual one, changed."""
        self.answers.append(lambda body: (200, {}, change(usual(body))))


def usual(body: dict[str, Any]) -> dict[str, Any]:
    width = body.get("dimensions", WIDTH)
    rows = [
        {"object": "embedding", "index": i, "embedding": vector(text, width)}
        for i, text in enumerate(body["input"])
    ]
    # Vendors may answer out of order: `index` says what belongs to what.
    tokens = sum(len(text.split()) for text in body["input"])
    return {"data": rows[::-1], "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    state = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append(body)
            state.headers.append(dict(self.headers))
            state.paths.append(self.path)
            status, headers, content = (
                state.answers.pop(0)(body) if state.answers else (200, {}, usual(body))
            )
            if status == 0:
                self.close_connection = True
                return
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.base = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_API_KEY", KEY)
    monkeypatch.delenv("HEADSTART_API_RATE", raising=False)
    monkeypatch.setattr(api_client, "FIRST_WAIT_SECONDS", 0.01)


def encoder(vendor: Vendor, cache: Path, options: str = "model=small&price=0.02") -> ApiEncoder:
    made = load_encoder(vendor.ref(options), cache=cache)
    assert isinstance(made, ApiEncoder)
    return made


def test_features_come_from_the_endpoint(vendor: Vendor, tmp_path: Path, keys: Keys) -> None:
    network = encoder(vendor, tmp_path)
    texts = [f"text number {i % 100}" for i in range(150)]
    features = network.encode(texts, keys(texts))
    assert np.array_equal(features, np.array([vector(t) for t in texts], dtype=np.float32))
    assert features.dtype == np.float32
    assert (network.width, network.computed) == (WIDTH, 100)
    # One question for the width, then the 100 distinct texts, 64 at most in a request.
    assert [len(body["input"]) for body in vendor.asked] == [1, 64, 36]
    assert set(vendor.paths) == {"/v1/embeddings"}
    assert {h["Authorization"] for h in vendor.headers} == {f"Bearer {KEY}"}
    assert vendor.asked[1]["model"] == "small"
    assert vendor.asked[1]["encoding_format"] == "float"
    assert "dimensions" not in vendor.asked[1]


def test_an_encoder_keeps_what_the_port_promises(
    vendor: Vendor, tmp_path: Path, texts: list[str]
) -> None:
    check_encoder(encoder(vendor, tmp_path), texts)


def test_no_text_is_paid_for_twice(vendor: Vendor, tmp_path: Path, keys: Keys) -> None:
    texts = [f"text {i}" for i in range(10)]
    first = encoder(vendor, tmp_path).encode(texts, keys(texts))
    asked = len(vendor.asked)
    # Another encoder, another price and another spelling of the address: the same network.
    for options in ("model=small", "model=small&price=0.5"):
        again = encoder(vendor, tmp_path, options)
        assert np.array_equal(again.encode(texts[::-1], keys(texts[::-1])), first[::-1])
        assert again.tokens_billed == 0
    load_encoder(f"api:{vendor.base}/embeddings/?model=small", cache=tmp_path).encode(
        texts, keys(texts)
    )
    assert len(vendor.asked) == asked
    encoder(vendor, tmp_path, "model=large").encode(texts, keys(texts))
    assert len(vendor.asked) == asked + 2


def test_after_an_interrupt_only_the_rest_is_paid_for(
    vendor: Vendor, tmp_path: Path, keys: Keys
) -> None:
    texts = [f"text {i}" for i in range(200)]

    def stop(what: str, done: int, total: int) -> None:
        if done >= 128:
            raise InterruptedRunError("stopped by the user")

    with pytest.raises(InterruptedRunError):
        encoder(vendor, tmp_path).encode(texts, keys(texts), stop)
    assert vendor.texts[1:] == texts[:128]
    calls: list[tuple[str, int, int]] = []
    encoder(vendor, tmp_path).encode(texts, keys(texts), lambda *call: calls.append(call))
    assert vendor.texts[1:] == texts
    assert calls[-1] == ("features of small", 200, 200)


def test_waiting_can_be_interrupted(vendor: Vendor, tmp_path: Path, keys: Keys) -> None:
    vendor.then(429, {}, Retry_After="60")
    calls = 0

    def stop(what: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise InterruptedRunError("stopped by the user")

    with pytest.raises(InterruptedRunError):
        encoder(vendor, tmp_path).encode(["a"], keys(["a"]), stop)
    assert len(vendor.asked) == 1


def test_what_was_billed_is_kept(vendor: Vendor, tmp_path: Path, keys: Keys) -> None:
    network = encoder(vendor, tmp_path)
    texts = ["one two three", "one two three four five"]
    network.encode(texts, keys(texts))
    assert network.tokens_billed == 5 + 3 + 5
    assert (network.usage.tokens, network.usage.rows) == (13, 3)
    another = encoder(vendor, tmp_path)
    another.encode(["six more words for the vendor"], ["k"])
    assert another.tokens_billed == 6
    assert (another.usage.tokens, another.usage.rows) == (19, 4)
    assert another.price_per_million_rows == pytest.approx(0.02 * 19 / 4)
    assert encoder(vendor, tmp_path, "model=small").price_per_million_rows is None
    assert encoder(vendor, tmp_path, "model=new&price=1").price_per_million_rows is None


def test_an_answer_that_is_no_use_was_still_billed(vendor: Vendor, tmp_path: Path) -> None:
    vendor.gives(lambda usual: {**usual, "data": []})
    network = encoder(vendor, tmp_path)
    with pytest.raises(BackboneError, match="0 embeddings for 1 texts"):
        network.encode(["a"], ["k"])
    assert network.tokens_billed == 5


@pytest.mark.parametrize("usage", [None, {"total_tokens": "many"}, {"total_tokens": -1}, []])
def test_usage_may_be_missing(usage: object, vendor: Vendor, tmp_path: Path) -> None:
    for _ in range(2):
        vendor.gives(lambda usual: {**usual, "usage": usage})
    network = encoder(vendor, tmp_path)
    network.encode(["a"], ["k"])
    assert network.tokens_billed == 0
    assert network.price_per_million_rows is None


def test_a_busy_server_is_waited_for(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(api_client, "sleep", slept.append)
    clock = iter(range(1000))
    monkeypatch.setattr(api_client, "monotonic", lambda: next(clock) / 100)
    vendor.then(429, {"error": {"message": "slow down"}}, Retry_After="3")
    assert encoder(vendor, tmp_path).width == WIDTH
    assert len(vendor.asked) == 2
    assert max(slept) == api_client.TICK_SECONDS
    assert len(slept) > 100  # Three seconds of the clock, which moves by 0.01 a look.


def test_a_date_to_return_at_is_understood(vendor: Vendor, tmp_path: Path) -> None:
    vendor.then(503, {}, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")
    vendor.then(503, {}, Retry_After="soon")
    assert encoder(vendor, tmp_path).width == WIDTH
    assert len(vendor.asked) == 3


def test_a_long_wait_is_left_to_the_user(vendor: Vendor, tmp_path: Path) -> None:
    vendor.then(429, {}, Retry_After="3600")
    with pytest.raises(BackboneError, match=r"status 429 and asks to wait 3600 s\n.*run the same"):
        encoder(vendor, tmp_path).encode(["a"], ["k"])
    assert len(vendor.asked) == 1


def test_failures_that_pass_are_tried_again(vendor: Vendor, tmp_path: Path) -> None:
    vendor.then(500, b"oh no")
    vendor.then(0)
    vendor.then(529, {})
    vendor.then(200, b'{"data"', Content_Length="4000")
    assert encoder(vendor, tmp_path).width == WIDTH
    assert len(vendor.asked) == 5


def test_after_five_tries_it_is_an_error(vendor: Vendor, tmp_path: Path) -> None:
    for _ in range(9):
        vendor.then(500)
    with pytest.raises(BackboneError, match="did not answer in 5 tries: status 500"):
        encoder(vendor, tmp_path).encode(["a"], ["k"])
    assert len(vendor.asked) == 5


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    network = load_encoder("api:http://127.0.0.1:9/v1?model=m", cache=tmp_path)
    with pytest.raises(
        BackboneError, match=r"127\.0\.0\.1:9 did not answer in 5 tries: Connection"
    ):
        network.encode(["a"], ["k"])


@pytest.mark.parametrize(
    ("status", "said", "tip"),
    [
        (401, "does not accept the key (status 401)", "set HEADSTART_API_KEY"),
        (403, "does not allow this key to use the model 'small' (status 403)", "ask for access"),
        (404, "knows no embeddings of the model 'small'", "check ?model="),
        (400, "refuses the request (status 400): too many tokens", "how many tokens"),
        (422, "refuses the request (status 422): too many tokens", "how many tokens"),
    ],
)
def test_refusals_say_what_to_do(
    status: int, said: str, tip: str, vendor: Vendor, tmp_path: Path
) -> None:
    vendor.then(status, {"error": {"message": "too many\ntokens\x1b[2J"}})
    with pytest.raises(BackboneError) as caught:
        encoder(vendor, tmp_path).encode(["a"], ["k"])
    assert said in caught.value.message
    assert "127.0.0.1" in caught.value.message
    assert "\x1b" not in caught.value.message
    assert tip in (caught.value.tip or "")
    assert len(vendor.asked) == 1


def data(change: Callable[[list[Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda usual: {**usual, "data": change(usual["data"])}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda usual: b"<html>hello</html>", "no JSON"),
        (lambda usual: b'\xff\xfe{"data": [', "no JSON"),
        (lambda usual: [1, 2], "JSON that is no object"),
        (lambda usual: {"error": "?"}, "no list 'data'"),
        (data(lambda rows: [1, 2]), "no list 'data'"),
        (data(lambda rows: rows[:1]), "1 embeddings for 2 texts"),
        (data(lambda rows: rows * 2), "4 embeddings for 2 texts"),
        (data(lambda rows: [{**row, "index": 0} for row in rows]), "'index'"),
        (data(lambda rows: [rows[0], {**rows[1], "index": None}]), "'index'"),
        (data(lambda rows: [{**row, "embedding": "c2Vr"} for row in rows]), "no list of numbers"),
        (data(lambda rows: [{**row, "embedding": []} for row in rows]), "no list of numbers"),
        (data(lambda rows: [{**row, "embedding": ["1"] * 6} for row in rows]), "no list of numb"),
        (data(lambda rows: [{**row, "embedding": [True] * 6} for row in rows]), "no list of numb"),
        (data(lambda rows: [{**r, "embedding": [float("nan")] * 6} for r in rows]), "not finite"),
        (data(lambda rows: [{**row, "embedding": [1e300] * 6} for row in rows]), "not finite"),
        (data(lambda rows: [{**row, "embedding": [10**400] * 6} for row in rows]), "not finite"),
        (data(lambda rows: [rows[0], {**rows[1], "embedding": [1.0]}]), "different widths: [1, 6]"),
        (data(lambda rows: [{**row, "embedding": [1, 2]} for row in rows]), "2 wide where 6"),
    ],
)
def test_answers_that_cannot_be_used(
    change: Callable[[dict[str, Any]], Any], said: str, vendor: Vendor, tmp_path: Path, keys: Keys
) -> None:
    network = encoder(vendor, tmp_path)
    assert network.width == WIDTH
    vendor.gives(change)
    with pytest.raises(BackboneError) as caught:
        network.encode(["a", "b"], keys(["a", "b"]))
    assert said in caught.value.message
    assert "127.0.0.1" in caught.value.message
    assert "status 200" in caught.value.message
    assert caught.value.tip
    # Nothing of it was kept: the next run asks again.
    again = encoder(vendor, tmp_path).encode(["a", "b"], keys(["a", "b"]))
    assert np.array_equal(again, np.array([vector("a"), vector("b")], dtype=np.float32))


def test_a_redirect_carries_nothing_elsewhere(vendor: Vendor, tmp_path: Path) -> None:
    for status in (301, 302, 303, 307, 308):
        vendor.then(status, {}, Location=vendor.base.replace("127.0.0.1", "localhost"))
        with pytest.raises(BackboneError, match=f"redirects to another address .status {status}"):
            encoder(vendor, tmp_path).encode(["a"], ["k"])
    assert len(vendor.asked) == 5


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("api:http://vendor.example/v1?model=m", "not sent to vendor.example unprotected"),
        ("api:http://127.0.0.1.vendor.example/v1?model=m", "unprotected"),
        ("api:ftp://vendor.example/v1?model=m", "named by its web address"),
        ("api:vendor.example/v1?model=m", "named by its web address"),
        ("api:https://?model=m", "named by its web address"),
        ("api:https://vendor.example:port/v1?model=m", "cannot be read"),
        ("api:https://[::1/v1?model=m", "cannot be read"),
        ("api:https://vendor.example/v1", "vendor.example does not name a model"),
        ("api:https://vendor.example/v1?model=m&dimension=3", "unknown option 'dimension'"),
        ("api:https://vendor.example/v1?model=m&dimensions=0", "'dimensions' is not a number"),
        ("api:https://vendor.example/v1?model=m&dimensions=2.5", "'dimensions' is not a number"),
        ("api:https://vendor.example/v1?model=m&price=cheap", "'price' is not a number"),
        ("api:https://vendor.example/v1?model=m&price=-1", "'price' is not a number"),
        (f"api:https://vendor.example/v1?model=m&api_key={KEY[:9]}", "holds a key"),
        (f"api:https://vendor.example/v1/{KEY}?model=m", "holds a key"),
        ("api:https://me:1234@vendor.example/v1?model=m", "holds a key"),
        ("api:https://vendor.example/v1?model=sk-0123456789abcdef0", "holds a key"),
        (f"api:https://vendor.example/v1?{KEY[:12]}", "cannot be read"),
    ],
)
def test_references_that_cannot_be_used(ref: str, said: str) -> None:
    with pytest.raises(BackboneError) as caught:
        find_card(ref)
    assert said in caught.value.message
    assert caught.value.tip
    shown = "".join(traceback.format_exception(caught.value)[-1:])
    assert not any(part in shown for part in (KEY[:9], "1234", "0123456789abcdef"))


def test_the_card_says_that_texts_leave() -> None:
    card = find_card("api:https://api.vendor.example/v1?model=small&price=0.02&dimensions=256")
    assert (card.name, card.modality, card.feature_width) == ("small", "text", 256)
    assert (card.licence, card.source) == ("vendor terms", "api.vendor.example")
    assert card.adaptation == ("frozen",)
    assert "texts leave the house" in card.notes
    assert "0.02 for a million tokens" in card.notes


def test_addresses_are_read_one_way() -> None:
    def base(url: str) -> str:
        return parse_endpoint(f"api:{url}?model=m").address.base

    assert base("https://Vendor.example:443/v1/") == "https://vendor.example/v1"
    assert base("https://vendor.example:8443/v1/embeddings") == "https://vendor.example:8443/v1"
    assert base("http://[::1]:8080/v1") == "http://[::1]:8080/v1"
    assert base("http://localhost/v1") == "http://localhost/v1"


def test_dimensions_are_asked_for_and_checked(vendor: Vendor, tmp_path: Path, keys: Keys) -> None:
    network = encoder(vendor, tmp_path, "model=small&dimensions=4")
    assert network.encode(["a", "b"], keys(["a", "b"])).shape == (2, 4)
    assert [body["dimensions"] for body in vendor.asked] == [4]
    vendor.gives(data(lambda rows: [{**row, "embedding": [1.0] * 6} for row in rows]))
    with pytest.raises(BackboneError, match="6 wide where 4 was expected"):
        network.encode(["c"], keys(["c"]))


def test_long_texts_travel_in_smaller_requests(vendor: Vendor, tmp_path: Path, keys: Keys) -> None:
    texts = ["a" * 200_000, "b" * 60_000, "c" * 60_000, "d" * 300_000, "e"]
    encoder(vendor, tmp_path, "model=m&dimensions=2").encode(texts, keys(texts))
    assert [len(body["input"]) for body in vendor.asked] == [1, 2, 1, 1]


def test_it_can_be_neither_packaged_nor_given_random_weights(
    vendor: Vendor, tmp_path: Path
) -> None:
    network = encoder(vendor, tmp_path)
    with pytest.raises(BackboneError, match=r"a vendor's network cannot be packaged: .*127"):
        network.onnx_path()
    with pytest.raises(BackboneError, match="cannot be given random weights"):
        load_encoder(vendor.ref(), cache=tmp_path, random_seed=0)
    assert network.preprocessor.files == {}
    assert not vendor.asked


def test_requests_a_second_can_be_limited(
    vendor: Vendor, tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_API_RATE", "20")
    texts = [f"text {i}" for i in range(64 * 5)]
    began = api_client.monotonic()
    encoder(vendor, tmp_path).encode(texts, keys(texts))
    assert api_client.monotonic() - began >= 5 / 20
    for rate in ("many", "0", "-1", "inf"):
        monkeypatch.setenv("HEADSTART_API_RATE", rate)
        with pytest.raises(BackboneError, match="requests a second"):
            encoder(vendor, tmp_path)


def test_the_key_stays_where_it_is(
    vendor: Vendor, tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = encoder(vendor, tmp_path)
    network.encode(["a", "b"], keys(["a", "b"]))
    said = [repr(network), repr(network.card), repr(vars(network)), repr(vars(network._client))]
    # A vendor that repeats the key, or a part of it, in its answer.
    for status in (400, 401, 403, 404, 429, 500):
        for message in (f"bad key {KEY}", f"bad key {KEY[:8]}***", {"key": KEY}):
            for _ in range(5):
                vendor.then(status, {"error": {"message": message}})
            with pytest.raises(BackboneError) as caught:
                network.encode(["c"], keys(["c"]))
            said += ["".join(traceback.format_exception(caught.value)), repr(caught.value)]
            vendor.answers.clear()
    monkeypatch.setenv("HEADSTART_API_KEY", f"{KEY} {KEY}\n{KEY}")
    with pytest.raises(BackboneError) as caught:
        network.encode(["c"], keys(["c"]))
    said.append("".join(traceback.format_exception(caught.value)))
    parts = [KEY, KEY[:8], KEY[-8:]]
    assert not any(part in text for part in parts for text in said)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        content = path.read_bytes() + str(path).encode()
        assert not any(part.encode() in content for part in parts)


def test_a_server_of_ones_own_needs_no_key(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADSTART_API_KEY")
    assert encoder(vendor, tmp_path).width == WIDTH
    assert "Authorization" not in vendor.headers[0]


def test_a_proxy_is_not_told_of_a_local_server(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert encoder(vendor, tmp_path).width == WIDTH


def test_a_run_compares_with_a_vendor_and_packages_something_else(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADSTART_CONFIG", str(tmp_path / "config"))
    words = {"card": ("visa", "plastic", "debit"), "cash": ("notes", "coins", "atm")}
    rows = [
        f"{verb} my {noun} since {day},{label}"
        for label, nouns in words.items()
        for noun in nouns
        for verb in ("where is", "i lost", "who took")
        for day in ("monday", "tuesday", "friday", "sunday", "noon", "night", "easter")
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", *rows]))
    pilot = tmp_path / "pilot"
    arguments = ["run", str(tmp_path / "rows.csv"), "--backbone", vendor.ref(), "--minutes", "1"]
    assert main([*arguments, "--out", str(pilot)]) == 0
    memo = (pilot / "memo.md").read_text()
    assert "| frozen (not packaged) |" in memo
    assert "Not run: random, because a vendor's network cannot be given random weights." in memo
    # Each row once, the label names for zero-shot, and the question for the width.
    assert len(vendor.texts) == len(set(vendor.texts)) == len(rows) + 2 + 1
    for path in pilot.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()
