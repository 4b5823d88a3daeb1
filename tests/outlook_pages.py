"""What browser tests do with the stand-in Outlook: reach into its pane, call Office.js there, keep a picture."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

ROOT = Path(__file__).parents[1]
SCREENSHOTS = ROOT / "var/screenshots"
MSAL = ROOT / "addin/node_modules/@azure/msal-browser/lib/msal-browser.min.js"


def pane_of(page: Page) -> Frame:
    """The pane's frame, once Office.js is ready in it."""
    page.frame_locator("[data-testid=pane-frame]").locator("body[data-ready=yes]").wait_for()
    return next(frame for frame in page.frames if "taskpane.html" in frame.url)


def run(pane: Frame, path: str, *args: object) -> Any:
    """An asynchronous Office.js member's AsyncResult."""
    return pane.evaluate("([path, args]) => run(path, ...args)", [path, list(args)])


def value(pane: Frame, path: str, *args: object) -> Any:
    """The value of a call that succeeds."""
    result = run(pane, path, *args)
    assert result["status"] == "succeeded", result["error"]
    return result.get("value")


def shoot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"outlook-{name}.png")
