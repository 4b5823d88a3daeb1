"""What a person changes after booking: the time, their mind, or nothing at all because the browser is gone."""

import re

import pytest
from playwright.sync_api import Page, expect

from outlook_pane import HOUR, book, choose, compose, look, office_day, press_book, state
from sandboxes import ALICE
from stack import Stack, eventually, zulu

pytestmark = pytest.mark.browser


def test_a_time_shifted_after_booking_is_followed(page: Page, stack: Stack) -> None:
    start = office_day(21, 9)
    alice = stack.person()
    room = alice.free_room(start, start + 4 * HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    book(pane, room)
    page.get_by_test_id("start-time").fill("11:00")
    page.get_by_test_id("start-time").blur()
    follow = pane.get_by_role("button", name="Move the room too")
    expect(follow).to_be_visible()
    look(page, "time-shifted")
    follow.click()
    expect(pane.locator(".card-time")).to_contain_text("11:00")
    expect(pane.get_by_role("button", name="Moving…")).to_have_count(0)
    look(page, "time-followed")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("event").filter(has_text="Budget").first).to_be_visible()

    def is_there() -> bool:
        mine = [b for b in alice.call("GET", "/bookings").json()["bookings"] if b["rooms"][0]["room"]["id"] == room["id"]]
        return any(b["state"] == "confirmed" and b["start"] == zulu(start + 2 * HOUR) for b in mine)

    eventually(is_there, 10.0)
    assert len(stack.reservations(stack.location_of(room["mailbox"]), start, start + 4 * HOUR)) == 1


def test_a_shifted_time_can_be_set_back(page: Page, stack: Stack) -> None:
    start = office_day(22, 9)
    room = stack.person().free_room(start, start + 4 * HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    book(pane, room)
    page.get_by_test_id("start-time").fill("11:00")
    page.get_by_test_id("start-time").blur()
    pane.get_by_role("button", name="Set the time back").click()
    expect(page.get_by_test_id("start-time")).to_have_value("09:00")
    expect(page.get_by_test_id("end-time")).to_have_value("10:00")
    expect(pane.get_by_role("button", name="Move the room too")).to_have_count(0)


def test_cancelling_asks_first_and_can_be_undone(page: Page, stack: Stack) -> None:
    start = office_day(23, 9)
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    book(pane, room)
    pane.get_by_role("button", name="Cancel booking").click()
    expect(pane.get_by_role("button", name="Keep it")).to_be_focused()
    look(page, "cancel-question")
    pane.get_by_role("button", name="Yes, give it back").click()
    expect(state(pane, "Cancelled")).to_be_visible()
    expect(page.get_by_test_id("chip").filter(has_text=room["name"])).to_have_count(0)
    assert not stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)
    look(page, "cancelled")
    pane.get_by_role("button", name="Book it again").click()
    expect(state(pane, "Reserved")).to_be_visible()
    expect(page.get_by_test_id("chip").filter(has_text=room["name"])).to_be_visible()


def test_the_room_is_changed_for_another_and_the_old_one_is_free_again(page: Page, stack: Stack) -> None:
    start = office_day(24, 9)
    alice = stack.person()
    free = [
        r["room"] for r in alice.availability(start, start + HOUR)["rooms"] if r["state"] == "free" and not r["room"]["requires_approval"]
    ]
    old, new = free[0], free[-1]
    pane = compose(page, stack, start, mail=ALICE)
    book(pane, old)
    pane.get_by_role("button", name="Change room").click()
    expect(pane.get_by_role("searchbox")).to_be_focused()
    choose(pane, new)
    look(page, "change-room")
    pane.get_by_role("button", name=re.compile(f"^Change to {re.escape(new['name'])}")).click()
    expect(page.get_by_test_id("chip")).to_have_text([re.compile(f"^{re.escape(new['name'])}")])
    expect(pane.locator(".card").get_by_text(new["name"], exact=True)).to_be_visible()


def test_closing_the_browser_leaves_a_hold_that_my_bookings_can_cancel(page: Page, stack: Stack) -> None:
    start = office_day(25, 9)
    room = stack.person().free_room(start, start + HOUR)
    book(compose(page, stack, start, mail=ALICE, subject="Never sent"), room)
    page.goto("about:blank")
    pane = compose(page, stack, office_day(26, 9), mail=ALICE)
    pane.get_by_role("tab", name="My bookings").click()
    pane.get_by_role("button", name=re.compile("Never sent")).click()
    pane.get_by_role("button", name="Cancel booking").click()
    pane.get_by_role("button", name="Yes, give it back").click()
    expect(state(pane, "Cancelled")).to_be_visible()
    eventually(lambda: not stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR))


def test_a_private_meeting_keeps_its_subject_in_outlook(page: Page, stack: Stack) -> None:
    start = office_day(27, 9)
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE, subject="Dismissal of a colleague")
    page.get_by_test_id("private").check()
    choose(pane, room)
    press_book(pane)
    expect(state(pane, "Reserved")).to_be_visible()
    (reservation,) = stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)
    assert "Dismissal" not in str(reservation)
    assert "Private" in str(reservation)
