"""The memo in a real browser: narrow screens, no request, no complaint on the console."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headstart.decide import audit_html, audit_json, audit_text, memo_html, picture_name
from headstart.types.data import CheckOutcome, Exhibit, Finding, Place
from headstart.types.ledger import LedgerRow, LedgerView, flatten
from headstart.types.result import NotAvailable

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")

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

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    yield found
    found.server.shutdown()
    found.server.server_close()


def browse(address: str, profile: Path) -> tuple[str, str]:
    """(the page after its scripts ran, what the browser logged)."""
    assert BROWSER is not None
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0",
            "--virtual-time-budget=5000", f"--user-data-dir={profile}", "--dump-dom", address,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    if "<html" not in done.stdout.lower():
        pytest.skip(f"chromium does not start here: {done.stderr[-300:]}")
    return done.stdout, done.stderr


@pytest.mark.parametrize("case", ["text-helps", "image-harms", "hostile"])
def test_it_fits_a_phone_asks_nobody_and_does_not_complain(
    case: str, cases: Any, hostile_reports: Any, site: Site, tmp_path: Path
) -> None:
    reports = hostile_reports if case == "hostile" else cases[case]
    site.pages["/memo.html"] = memo_html(reports.view)
    site.pages["/"] = WRAPPER.format(width=390)
    page, log = browse(site.address("/"), tmp_path)
    found = re.search(r"measured (\d+) wide: (.*?)</pre>", page, re.DOTALL)
    assert found, page[-500:]
    assert int(found[1]) <= 390, found[2]
    assert found[2].strip() == ""
    assert set(site.asked) <= {"/", "/memo.html", "/favicon.ico"}
    assert "CONSOLE" not in log, [line for line in log.splitlines() if "CONSOLE" in line]


def checked(reports: Any) -> LedgerView:
    """The ledger of a run whose checks found something, and skipped something."""
    image = bool(reports.thumbnails)
    values = ("/photos/a.png", "/photos/b.png") if image else ("x" * 300, "<b>bold</b> & co")
    exhibit = Exhibit(
        (Place("t.csv", 3), Place("t.csv", 9)), values, ("a", "<i>b</i>"), "edited", 0.93
    )
    finding = Finding(
        "shortcuts", 0.7, "The length of the text alone predicts the label", "Right for 91%.",
        (Place("t.csv", 3),), advice="Ask.", method="a table", exhibits=(exhibit,) * 3,
        numbers={"accuracy": 0.91},
    )  # fmt: skip
    outcomes = (
        CheckOutcome("shortcuts", (finding,)),
        CheckOutcome("shift", skipped=NotAvailable("there is no hold-out file")),
    )
    rows = reports.rows()
    leaves = list(flatten(outcomes, "/checks"))
    if image:
        leaves += [(f"/pictures/{picture_name(value)}", reports.thumbnails[0]) for value in values]
    first = rows[-1].id + 1
    return LedgerView(
        [*rows, *(LedgerRow(first + i, at, value, {"code": "c"}, "2026") for i, (at, value) in
                  enumerate(leaves))]
    )  # fmt: skip


@pytest.mark.parametrize("case", ["text-helps", "image-harms"])
@pytest.mark.parametrize("page", ["audit", "memo"])
def test_what_the_checks_found_is_shown_on_both_pages(
    page: str, case: str, cases: Any, site: Site, tmp_path: Path
) -> None:
    view = checked(cases[case])
    content = audit_html(view) if page == "audit" else memo_html(view)
    assert "alone predicts the label" in content
    assert "<i>b</i>" not in content
    assert "serious" in content
    if case == "image-harms":
        assert cases[case].thumbnails[0] in content
    if page == "audit":
        assert "Not checked: shift, because <bdi>there is no hold-out file</bdi>" in content
        assert content == audit_html(view)
    site.pages["/memo.html"] = content
    site.pages["/"] = WRAPPER.format(width=390)
    shown, log = browse(site.address("/"), tmp_path)
    found = re.search(r"measured (\d+) wide: (.*?)</pre>", shown, re.DOTALL)
    assert found, shown[-500:]
    assert int(found[1]) <= 390, found[2]
    assert found[2].strip() == ""
    assert set(site.asked) <= {"/", "/memo.html", "/favicon.ico"}
    assert "CONSOLE" not in log, [line for line in log.splitlines() if "CONSOLE" in line]


def test_the_findings_as_text_and_json(cases: Any) -> None:
    view = checked(cases["text-helps"])
    assert audit_text(view).splitlines()[0].startswith("0.70  The length of the text")
    document = audit_json(view)
    first = document["findings"][0]
    assert (first["check"], first["severity"], first["numbers"]) == (
        "shortcuts", 0.7, {"accuracy": 0.91},
    )  # fmt: skip
    assert first["rows"][0]["row"] == 3
    assert document["skipped"] == [{"check": "shift", "reason": "there is no hold-out file"}]


def test_a_page_that_asks_and_overflows_is_noticed(site: Site, tmp_path: Path) -> None:
    bad = "<body><img src='/pixel.png'><p style='width:800px'>wide</p><script>nope()</script>"
    site.pages["/memo.html"] = bad
    site.pages["/"] = WRAPPER.format(width=390)
    page, log = browse(site.address("/"), tmp_path)
    found = re.search(r"measured (\d+)", page)
    assert found
    assert int(found[1]) >= 800
    assert "/pixel.png" in site.asked
    assert "CONSOLE" in log
