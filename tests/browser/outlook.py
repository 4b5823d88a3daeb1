"""Driving the stand-in Outlook as a person would: compose, open the pane, choose, book, send."""

from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from playwright.sync_api import Frame, FrameLocator, Page, expect
from stack import Stack

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def office_day(ahead: int, hour: int) -> datetime:
    """A coming weekday at that hour in Amsterdam; tests take days of their own so that they do not meet."""
    day = datetime.now(AMSTERDAM).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while ahead or day.weekday() >= 5:
        ahead -= day.weekday() < 5 and ahead > 0
        day += timedelta(days=1)
    return day


def compose(page: Page, stack: Stack, start: datetime, *, mail: str, minutes: int = 60, subject: str = "Budget", profile: str = "web", **more: str) -> FrameLocator:
    """A new appointment with the pane open beside it; the pane."""
    asked = {"as": mail, "compose": "1", "pane": "1", "start": start.strftime("%Y-%m-%dT%H:%M"), "minutes": str(minutes), "subject": subject, "profile": profile}
    page.goto(f"{stack.sandbox.url}/outlook/?{urlencode(asked | more)}")
    pane = page.frame_locator("[data-testid=pane-frame]")
    expect(pane.get_by_role("tab").first).to_be_visible(timeout=15_000)
    return pane


def choose(pane: FrameLocator, name: str) -> None:
    room = pane.get_by_role("radio", name=name).or_(pane.get_by_role("option", name=name)).first
    room.click()


def frame_of(page: Page) -> Frame:
    return next(frame for frame in page.frames if "taskpane.html" in frame.url)
