"""A sandbox, a pane that is no more than Office.js, and a Chromium to look at both."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from outlook_pages import MSAL
from roombooker_sandbox.world import Options
from sandboxes import RunningSandbox

HERE = Path(__file__).parent

Open = Callable[..., Page]


class PaneHandler(BaseHTTPRequestHandler):
    """Serves the test pane where the product would serve its own: another origin than Outlook's."""

    def __init__(self, where: dict[str, str], *args: Any) -> None:
        self._where = where
        super().__init__(*args)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/taskpane.html":
            self._answer((HERE / "pane.html").read_text().replace("OFFICE_JS_URL", self._where["office_js"]).encode(), "text/html")
        elif path == "/msal.js" and MSAL.exists():
            self._answer(MSAL.read_bytes(), "text/javascript")
        else:
            self.send_error(404)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet: the test says what went wrong."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A sandbox with a TLS listener too, whose product is the test pane."""
    where: dict[str, str] = {}
    pane = ThreadingHTTPServer(("127.0.0.1", 0), partial(PaneHandler, where))
    threading.Thread(target=pane.serve_forever, name="pane", daemon=True).start()
    options = Options(
        port=0, tls_port=0, rooms=6, people=20, days=3, product_url=f"http://localhost:{pane.server_address[1]}",
        certificates=tmp_path_factory.mktemp("tls"),
    )  # fmt: skip
    with RunningSandbox(options) as running:
        where["office_js"] = f"{running.url}/outlook/office.js"
        yield running
    pane.shutdown()
    pane.server_close()


@pytest.fixture
def outlook(sandbox: RunningSandbox, chromium: Browser) -> Iterator[Open]:
    """`outlook(compose=1, pane=1, …)` opens the page as Alice; other addresses than this machine's are refused, errors on the page fail the test."""
    errors: list[str] = []
    contexts = []

    def open_page(base: str = "", **asked: object) -> Page:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, ignore_https_errors=True, timezone_id="America/New_York")
        context.set_default_timeout(15_000)
        context.route(lambda url: urlsplit(url).hostname != "localhost", lambda route: route.abort())
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        query = {"as": "alice.jansen@contoso.example", "theme": "light", "profile": "web"} | asked
        page.goto(f"{base or sandbox.url}/outlook/?{urlencode({k: v for k, v in query.items() if v})}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
