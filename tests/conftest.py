"""What tests of whole runs share, and pages in a real browser."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in the background has it ignored, and so would the processes that
    # are interrupted here.
    signal.signal(signal.SIGINT, signal.default_int_handler)

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

WRAPPER = """<!doctype html><body style="margin:0">
<iframe id="memo" src="/memo.html" style="width:{width}px;height:900px;border:0"></iframe>
<pre id="out"></pre><script>
document.getElementById("memo").onload = function () {{
  var page = this.contentDocument, root = page.documentElement;
  page.querySelectorAll("details").forEach(function (part) {{ part.open = true; }});
  var wide = [];
  page.querySelectorAll("body *").forEach(function (node) {{
    var box = node.getBoundingClientRect();
    var over = box.width && box.right > {width} + 1;
    if (over && !node.closest(".scroll, svg")) wide.push(node.outerHTML.slice(0, 200));
  }});
  document.getElementById("out").textContent =
    "measured " + root.scrollWidth + " wide: " + wide.slice(0, 3).join(" ");
}};
</script>"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for the session: weights are converted once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def leaders_words() -> Callable[[str], int]:
    """How many words of a memo a leader has read aloud: recommendation, risks, money; not the
    tiles, whose numbers stand in the sentences too."""

    def count(html: str) -> int:
        html = re.sub(r'<div class="tiles">.*?</section>', "</section>", html, flags=re.DOTALL)
        section = r'<section class="(verdict|wrong|costs)".*?>(.*?)</section>'
        found = dict(re.findall(section, html, re.DOTALL))
        assert set(found) == {"verdict", "wrong", "costs"}
        text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", " ".join(found.values()), flags=re.DOTALL)
        return len(re.findall(r"\S*\w\S*", text))

    return count


class Site:
    """Serves the memo and the page around it on this machine, and remembers every request."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                body = site.pages.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def around(width: int) -> str:
        """A page with the memo in a frame of this width; it says what is wider."""
        return WRAPPER.format(width=width)

    def browse(self, profile: Path) -> tuple[str, str]:
        """(the first page after its scripts ran, what the browser logged)."""
        assert BROWSER is not None
        done = subprocess.run(
            [
                BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-extensions", "--disable-dev-shm-usage", "--enable-logging=stderr",
                "--v=0", "--virtual-time-budget=5000", f"--user-data-dir={profile}", "--dump-dom",
                f"http://127.0.0.1:{self.server.server_address[1]}/",
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )  # fmt: skip
        if "<html" not in done.stdout.lower():
            pytest.skip(f"chromium does not start here: {done.stderr[-300:]}")
        return done.stdout, done.stderr


@pytest.fixture
def site() -> Iterator[Site]:
    if BROWSER is None:
        pytest.skip("chromium is not installed")
    found = Site()
    yield found
    found.server.shutdown()
    found.server.server_close()
