"""/docs draws the API in a real browser, from our own files and under the policy that forbids all others."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from api.conftest import House
from roombooker.api.pages import PANE

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not (PANE / "docs.html").is_file(), reason="the pane has not been built: make build")]


@pytest.fixture
def address(house: House) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, house.product.web, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


def test_the_page_shows_the_api_and_breaks_no_rule_of_its_policy(address: str, chromium: Browser) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        said: list[str] = []
        elsewhere: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith((address, "data:")) else None)
        answer = page.goto(f"{address}/docs")
        page.get_by_text("/api/v1/availability").first.wait_for(timeout=20_000)
        assert "script-src 'self'" in (answer.headers["content-security-policy"] if answer else "")
        assert "<script>" not in page.content().split("<body>")[0]
    assert elsewhere == []
    assert said == []
