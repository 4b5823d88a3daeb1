"""Driving the stand-in Outlook with the real pane as a person would: compose, choose, book, send, open again."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from stack import ROOT, Stack

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HOUR = timedelta(hours=1)
AXE = ROOT / "addin/node_modules/axe-core/axe.min.js"
SCREENSHOTS = ROOT / "var/screenshots"


def office_day(ahead: int, hour: int) -> datetime:
    """The weekday so many working days ahead, at that hour in Amsterdam; tests take days of their own so that they do not meet."""
    day = datetime.now(AMSTERDAM).replace(hour=hour, minute=0, second=0, microsecond=0)
    while ahead or day.weekday() >= 5:
        day += timedelta(days=1)
        ahead -= day.weekday() < 5
    return day


def compose(
    page: Page, stack: Stack, start: datetime, *, mail: str, minutes: int = 60, subject: str = "Budget", profile: str = "web", **more: str
) -> FrameLocator:
    """A new appointment with the pane open beside it; the pane."""
    asked = {"as": mail, "compose": "1", "pane": "1", "start": f"{start:%Y-%m-%dT%H:%M}", "minutes": str(minutes), "subject": subject}
    page.goto(f"{stack.sandbox.url}/outlook/?{urlencode(asked | {'profile': profile} | more)}")
    return pane_of(page)


def calendar(page: Page, stack: Stack, day: datetime, *, mail: str, **more: str) -> None:
    page.goto(f"{stack.sandbox.url}/outlook/?{urlencode({'as': mail, 'date': f'{day:%Y-%m-%d}'} | more)}")
    expect(page.get_by_test_id("range")).to_contain_text(str(day.year))


def open_event(page: Page, subject: str) -> FrameLocator:
    """Opens a meeting from the calendar, and the pane beside it."""
    page.get_by_test_id("event").filter(has_text=subject).first.click()
    page.get_by_test_id("book-a-room").click()
    return pane_of(page)


def pane_of(page: Page) -> FrameLocator:
    pane = page.frame_locator("[data-testid=pane-frame]")
    expect(pane.locator(".summary h1, .empty h1").first).to_be_visible()
    return pane


def frame_of(page: Page) -> Frame:
    return next(frame for frame in page.frames if "taskpane.html" in frame.url)


def rows(pane: FrameLocator) -> Locator:
    return pane.locator(".roomlist .room")


def row_of(pane: FrameLocator, room: dict[str, Any]) -> Locator:
    """The list's row of a room: by its whole name, which may be the beginning of another's."""
    return rows(pane).filter(has=pane.get_by_text(room["name"], exact=True))


def choose(pane: FrameLocator, room: dict[str, Any]) -> Locator:
    """Finds the room by its number and chooses it; its row."""
    pane.get_by_role("searchbox").fill(room["number"])
    row = row_of(pane, room)
    row.locator("label").click()
    expect(row.locator(".room-about")).to_be_visible()
    return row


def press_book(pane: FrameLocator) -> None:
    pane.locator("#book").click()


def state(pane: FrameLocator, title: str) -> Locator:
    """The heading of a booking's card."""
    return pane.get_by_role("heading", name=title, exact=True)


def book(pane: FrameLocator, room: dict[str, Any], title: str = "Reserved") -> None:
    choose(pane, room)
    press_book(pane)
    expect(state(pane, title)).to_be_visible()


def look(page: Page, name: str) -> None:
    """Keeps a picture, and holds the pane to axe's rules and to its width."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"pane-{name}.png", animations="disabled")
    frame = frame_of(page)
    assert not violations(frame), name
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"


def violations(frame: Frame) -> list[str]:
    if not frame.evaluate("Boolean(window.axe)"):
        frame.evaluate(AXE.read_text(encoding="utf-8"))
    found = json.loads(frame.evaluate("axe.run({ resultTypes: ['violations'] }).then(result => JSON.stringify(result.violations))"))
    return [f"{v['id']}: {v['help']} {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found]


@contextmanager
def standing_still(stack: Stack) -> Iterator[None]:
    """The product's processes take connections and answer nothing."""
    frozen = [pid for process in stack.processes for pid in _family(process.pid)]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(one for child in children for one in _family(int(child)))]
