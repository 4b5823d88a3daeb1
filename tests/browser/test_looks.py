"""The pane in each theme, width, language and client: readable, operable by keyboard, without axe violations."""

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Opener
from outlook_pane import HOUR, choose, compose, frame_of, look, office_day, rows, state
from sandboxes import ALICE, BOB
from stack import Stack

pytestmark = pytest.mark.browser
DAY = 17


@pytest.mark.parametrize(
    ("theme", "lang", "search"),
    [("dark", "en-US", "Find a room"), ("light", "nl-NL", "Ruimte zoeken"), ("dark", "de-DE", ""), ("light", "fr-FR", "")],
)
def test_the_pane_is_at_home_in_the_hosts_theme_and_language(page: Page, stack: Stack, theme: str, lang: str, search: str) -> None:
    start = office_day(DAY, 10)
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE, theme=theme, lang=lang)
    expect(rows(pane).first).to_be_visible()
    assert frame_of(page).evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == [lang[:2], theme]
    if search:
        expect(pane.get_by_role("tab", name=search)).to_be_visible()
    choose(pane, room)
    look(page, f"look-{theme}-{lang[:2]}")


def test_a_reservation_is_as_readable_in_the_dark(page: Page, stack: Stack) -> None:
    start = office_day(18, 10)
    room = stack.person(BOB).free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=BOB, theme="dark", lang="nl-NL")
    choose(pane, room)
    pane.locator("#book").click()
    expect(state(pane, "Gereserveerd")).to_be_visible()
    look(page, "look-dark-reserved")


def test_high_contrast_keeps_every_state_visible(opened: Opener, stack: Stack) -> None:
    with opened(forced_colors="active") as page:
        start = office_day(DAY, 10)
        room = stack.person().free_room(start, start + HOUR)
        pane = compose(page, stack, start, mail=ALICE)
        choose(pane, room)
        pane.get_by_role("button", name="Filters").click()
        look(page, "look-high-contrast")


def test_filters_narrow_the_list_and_say_how_many_are_on(page: Page, stack: Stack) -> None:
    pane = compose(page, stack, office_day(DAY, 10), mail=ALICE)
    expect(rows(pane).first).to_be_visible()
    pane.get_by_role("button", name="Filters").click()
    pane.get_by_label("Seats at least").fill("10")
    pane.get_by_label("Building").select_option(index=1)
    expect(pane.get_by_role("button", name="Filters, 2 active")).to_be_visible()
    expect(pane.locator(".room-place", has_text="4 seats")).to_have_count(0)
    look(page, "filters")
    names = pane.locator(".chip").all_inner_texts()
    assert len(names) == len({name.casefold() for name in names})
    pane.get_by_role("searchbox").fill("no such room anywhere")
    expect(pane.get_by_text("No room matches.")).to_be_visible()
    look(page, "nothing-found")


@pytest.mark.parametrize("profile", ["new", "classic", "mac"])
def test_the_pane_reads_and_books_in_every_client(page: Page, stack: Stack, profile: str) -> None:
    start = office_day(19, {"new": 9, "classic": 11, "mac": 13}[profile])
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE, profile=profile)
    choose(pane, room)
    pane.locator("#book").click()
    expect(state(pane, "Reserved")).to_be_visible()
    expect(page.get_by_test_id("chip").filter(has_text=room["name"])).to_be_visible()


def test_on_premises_the_person_signs_in_through_a_window_and_books(opened: Opener, stack: Stack) -> None:
    start = office_day(20, 9)
    room = stack.person().free_room(start, start + HOUR)
    with opened(ignore_https_errors=True) as page:
        pane = compose(page, stack, start, mail=ALICE, profile="onprem")
        sign_in = pane.get_by_role("button", name="Sign in")
        expect(sign_in).to_be_visible()
        look(page, "onprem-sign-in")
        with page.expect_popup() as popup:
            sign_in.click()
        window = popup.value
        window.locator("#username").fill(ALICE)
        window.locator("#password").fill("sandbox")
        window.locator("#sign-in").click()
        choose(pane, room)
        pane.locator("#book").click()
        expect(state(pane, "Reserved")).to_be_visible()
        expect(page.get_by_test_id("chip").filter(has_text=room["name"])).to_be_visible()
        look(page, "onprem-reserved")


def test_a_room_is_booked_by_keyboard_alone(page: Page, stack: Stack) -> None:
    pane = compose(page, stack, office_day(20, 15), mail=ALICE)
    expect(rows(pane).first).to_be_visible()
    pane.get_by_role("searchbox").focus()
    _tab_to(page, "document.activeElement?.type === 'radio'")
    page.keyboard.press("ArrowDown")
    expect(pane.locator("#book")).to_be_visible()
    look(page, "keyboard")
    _tab_to(page, "document.activeElement?.id === 'book'")
    page.keyboard.press("Enter")
    expect(state(pane, "Reserved")).to_be_focused()


def _tab_to(page: Page, there: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if frame_of(page).evaluate(there):
            return
    raise AssertionError(f"not reached in 20 steps: {there}")


def test_what_was_found_and_what_came_of_it_is_spoken(page: Page, stack: Stack) -> None:
    start = office_day(20, 11)
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    spoken = pane.locator("[role=status][aria-live=polite]")
    expect(spoken).to_contain_text("rooms free of")
    choose(pane, room)
    pane.locator("#book").click()
    expect(spoken).to_contain_text("Reserved. Send the invitation")


def test_the_pane_fits_320_pixels_and_twice_the_size_of_text(opened: Opener, stack: Stack) -> None:
    start = office_day(DAY, 10)
    room = stack.person().free_room(start, start + HOUR)
    with opened(viewport={"width": 640, "height": 480}, device_scale_factor=2) as page:
        pane = compose(page, stack, start, mail=ALICE)
        choose(pane, room)
        assert frame_of(page).evaluate("innerWidth") <= 330
        look(page, "zoom-200")
        frame_of(page).evaluate("document.documentElement.style.fontSize = '200%'")
        look(page, "text-200")
        expect(pane.locator("#book")).to_be_in_viewport()
