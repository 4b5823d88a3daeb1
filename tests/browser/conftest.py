"""One running product and one Chromium for the browser tests; screenshots stay in var/screenshots."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from stack import ROOT, Stack, start_stack

# A machine that is busy with other tests is slow, not broken.
PATIENCE_MS = 30_000
Opener = Callable[..., Any]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if not (ROOT / "backend/roombooker/pane/taskpane.html").is_file():
        pytest.skip("the pane has not been built: make build")
    with start_stack(tmp_path_factory.mktemp("stack"), options={"rooms": 40, "people": 60}) as running:
        yield running


@pytest.fixture(autouse=True)
def _patient() -> None:
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opener]:
    """A fresh person's browser, with options of its own; an error in the page's own code fails the test."""
    faults: list[str] = []

    @contextmanager
    def fresh(**options: Any) -> Iterator[Page]:
        usual: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", "timezone_id": "Europe/Amsterdam"}
        context = chromium.new_context(**(usual | options))
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
        try:
            yield page
        finally:
            context.close()

    yield fresh
    assert not faults, faults


@pytest.fixture
def page(opened: Opener) -> Iterator[Page]:
    with opened() as page:
        yield page


@pytest.fixture
def calm(stack: Stack) -> Iterator[Stack]:
    """For tests that turn the sandbox's switches: it is as by default again afterwards."""
    yield stack
    stack.sandbox.control.post("/reset", json={}).raise_for_status()
