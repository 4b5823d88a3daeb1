"""The pane in each theme, width, language and client: readable, operable by keyboard, without axe violations."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from outlook import compose, frame_of, office_day
from playwright.sync_api import Browser, Page, expect
from sandboxes import ALICE
from stack import ROOT, Stack

AXE = ROOT / "addin/node_modules/axe-core/axe.min.js"
Shoot = Callable[[Page, str], Path]


def violations(page: Page) -> list[str]:
    frame = frame_of(page)
    frame.evaluate(AXE.read_text())
    found = json.loads(frame.evaluate("axe.run().then(result => JSON.stringify(result.violations))"))
    return [f"{v['id']}: {v['help']} {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en-US", "nl-NL"])
def test_the_pane_has_no_axe_violations(page: Page, stack: Stack, shoot: Shoot, theme: str, lang: str) -> None:
    pane = compose(page, stack, office_day(16, 10), mail=ALICE, theme=theme, lang=lang)
    expect(pane.locator("li.room").first).to_be_visible(timeout=10_000)
    shoot(page, f"look-{theme}-{lang[:2]}")
    assert not violations(page)


def test_high_contrast_keeps_every_state_visible(chromium: Browser, stack: Stack, shoot: Shoot) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, forced_colors="active")
    page = context.new_page()
    pane = compose(page, stack, office_day(16, 10), mail=ALICE)
    expect(pane.locator("li.room").first).to_be_visible(timeout=10_000)
    shoot(page, "look-high-contrast")
    assert not violations(page)
    context.close()


@pytest.mark.parametrize("profile", ["web", "new", "classic", "mac", "onprem"])
def test_the_pane_reads_the_form_in_every_client(page: Page, stack: Stack, profile: str) -> None:
    pane = compose(page, stack, office_day(17, 10), mail=ALICE, profile=profile)
    expect(pane.get_by_role("searchbox").or_(pane.get_by_role("alert")).first).to_be_visible(timeout=15_000)


def test_a_room_is_booked_by_keyboard_alone(page: Page, stack: Stack) -> None:
    start = office_day(18, 10)
    pane = compose(page, stack, start, mail=ALICE)
    expect(pane.locator("li.room.free").first).to_be_visible(timeout=10_000)
    pane.get_by_role("searchbox").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if frame_of(page).evaluate("document.activeElement?.type") == "radio":
            break
    page.keyboard.press("Space")
    expect(pane.locator("#book")).to_be_visible()
    for _ in range(12):
        if frame_of(page).evaluate("document.activeElement?.id") == "book":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(pane.get_by_role("heading", name="Reserved")).to_be_visible(timeout=10_000)


def test_the_pane_fits_320_pixels_without_scrolling_sideways(page: Page, stack: Stack, shoot: Shoot) -> None:
    pane = compose(page, stack, office_day(16, 10), mail=ALICE)
    expect(pane.locator("li.room").first).to_be_visible(timeout=10_000)
    frame = frame_of(page)
    assert frame.evaluate("innerWidth") <= 330
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
