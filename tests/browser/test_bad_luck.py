"""Systems that are away, slow, busy or lose their answer: the person is told, keeps what they chose, and nothing is doubled."""

import pytest
from playwright.sync_api import Page, expect

from outlook_pane import HOUR, choose, compose, look, office_day, press_book, row_of, rows, standing_still, state
from sandboxes import ALICE
from stack import Stack, eventually

pytestmark = pytest.mark.browser


def test_with_topdesk_away_the_choice_is_kept_and_pressed_again_it_is_booked_once(page: Page, calm: Stack) -> None:
    start = office_day(31, 9)
    room = calm.person().free_room(start, start + HOUR)
    location = calm.location_of(room["mailbox"])
    pane = compose(page, calm, start, mail=ALICE)
    choose(pane, room)
    calm.sandbox.control.patch("", json={"maintenance": True}).raise_for_status()
    press_book(pane)
    expect(pane.get_by_role("alert").or_(state(pane, "Reserving the room")).first).to_be_visible()
    look(page, "topdesk-away")
    calm.sandbox.control.post("/reset", json={}).raise_for_status()
    assert not calm.reservations(location, start, start + HOUR)

    def is_reserved() -> bool:
        again = pane.locator("#book")
        if again.is_visible() and not again.get_attribute("aria-disabled"):
            again.click()
        return state(pane, "Reserved").is_visible()

    eventually(is_reserved, 60.0, 0.5)
    assert len(calm.reservations(location, start, start + HOUR)) == 1


def test_a_slow_topdesk_is_waited_for_and_the_button_says_so(page: Page, calm: Stack) -> None:
    start = office_day(32, 9)
    room = calm.person().free_room(start, start + HOUR)
    pane = compose(page, calm, start, mail=ALICE)
    choose(pane, room)
    calm.sandbox.control.patch("", json={"latency_ms": 700}).raise_for_status()
    press_book(pane)
    expect(pane.get_by_role("button", name="Reserving…")).to_have_attribute("aria-disabled", "true")
    look(page, "topdesk-slow")
    expect(state(pane, "Reserved")).to_be_visible()
    assert len(calm.reservations(calm.location_of(room["mailbox"]), start, start + HOUR)) == 1


@pytest.mark.parametrize("fault", [{"when": "before", "status": 429}, {"when": "after", "status": 0}], ids=["429", "the answer lost"])
def test_a_create_that_goes_wrong_on_the_way_is_one_reservation_in_the_end(page: Page, calm: Stack, fault: dict[str, object]) -> None:
    start = office_day(33 if fault["status"] else 34, 9)
    room = calm.person().free_room(start, start + HOUR)
    pane = compose(page, calm, start, mail=ALICE)
    choose(pane, room)
    calm.sandbox.control.post("/fail", json={"side": "topdesk", "method": "POST", "path": "/reservations$"} | fault).raise_for_status()
    press_book(pane)

    def is_reserved() -> bool:
        again = pane.locator("#book")
        if pane.get_by_role("alert").first.is_visible() and again.is_visible() and not again.get_attribute("aria-disabled"):
            again.click()
        return state(pane, "Reserved").is_visible()

    eventually(is_reserved, 60.0, 0.5)
    assert len(calm.reservations(calm.location_of(room["mailbox"]), start, start + HOUR)) == 1


def test_with_our_own_server_standing_still_the_pane_says_so_keeps_what_was_typed_and_tries_again(page: Page, stack: Stack) -> None:
    start = office_day(35, 9)
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    expect(rows(pane).first).to_be_visible()
    with standing_still(stack):
        pane.get_by_role("searchbox").fill(room["number"])
        expect(pane.get_by_role("alert")).to_contain_text("This takes too long")
        look(page, "server-away")
    pane.get_by_role("button", name="Try again").click()
    expect(pane.get_by_role("alert")).to_have_count(0)
    expect(pane.get_by_role("searchbox")).to_have_value(room["number"])
    expect(row_of(pane, room)).to_be_visible()


def test_without_a_connection_the_pane_comes_back_by_itself(page: Page, stack: Stack) -> None:
    pane = compose(page, stack, office_day(36, 9), mail=ALICE)
    expect(rows(pane).first).to_be_visible()
    page.context.set_offline(offline=True)
    pane.get_by_role("searchbox").fill("a")
    expect(pane.get_by_role("alert")).to_contain_text("No connection")
    look(page, "offline")
    page.context.set_offline(offline=False)
    expect(pane.get_by_role("alert")).to_have_count(0)
    expect(pane.get_by_role("searchbox")).to_have_value("a")
