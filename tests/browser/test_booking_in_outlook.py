"""A person in a real Chromium books a room from the appointment they are writing, against real processes."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from outlook import choose, compose, office_day
from playwright.sync_api import FrameLocator, Page, expect
from sandboxes import ALICE, BOB
from stack import Stack, eventually, zulu

HOUR = timedelta(hours=1)
Shoot = Callable[[Page, str], Path]


def free_room(stack: Stack, start: datetime, end: datetime, mail: str = ALICE) -> dict[str, Any]:
    return stack.person(mail).free_room(start, end)


def book(pane: FrameLocator, room: dict[str, Any]) -> None:
    pane.get_by_role("searchbox").fill(room["number"])
    choose(pane, room["name"])
    pane.locator("#book").click()
    expect(pane.get_by_role("heading", name="Reserved")).to_be_visible(timeout=10_000)


def test_alice_sees_rooms_books_one_sends_and_it_is_confirmed(page: Page, stack: Stack, shoot: Shoot) -> None:
    start = office_day(10, 13)
    room = free_room(stack, start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    expect(pane.get_by_text(re.compile(r"\d+ free"))).to_be_visible(timeout=10_000)
    shoot(page, "pane-search")
    book(pane, room)
    expect(pane.get_by_text(re.compile("Send the invitation within"))).to_be_visible()
    expect(page.get_by_test_id("chip").filter(has_text=room["name"])).to_be_visible()
    shoot(page, "pane-reserved")
    page.get_by_test_id("send").click()
    alice = stack.person()
    mine = alice.call("GET", "/bookings").json()["bookings"]
    booking = next(b for b in mine if b["start"] == zulu(start))
    eventually(lambda: alice.booking(booking["id"])["state"] == "confirmed", 5.0)
    assert len(stack.meetings(room["mailbox"], start, start + HOUR)) == 1
    pane = compose(page, stack, start, mail=ALICE)
    pane.get_by_role("tab", name="My bookings").click()
    expect(pane.get_by_text("Confirmed").first).to_be_visible(timeout=10_000)
    shoot(page, "pane-my-bookings")


def test_a_busy_room_says_so_and_offers_ways_out(page: Page, stack: Stack, shoot: Shoot) -> None:
    start = office_day(11, 10)
    bob = stack.person(BOB)
    room = bob.free_room(start, start + HOUR)
    assert bob.book([room["id"]], start, start + HOUR).status_code == 201
    pane = compose(page, stack, start, mail=ALICE)
    pane.get_by_role("searchbox").fill(room["number"])
    row = pane.locator("li.room", has_text=room["name"]).first
    expect(row.get_by_text(re.compile("Busy", re.IGNORECASE)).first).to_be_visible(timeout=10_000)
    row.click()
    shoot(page, "pane-busy")


def test_closing_the_browser_after_booking_leaves_a_hold_that_can_be_cancelled_from_my_bookings(page: Page, stack: Stack, shoot: Shoot) -> None:
    start = office_day(12, 9)
    room = free_room(stack, start, start + HOUR)
    book(compose(page, stack, start, mail=ALICE, subject="Never sent"), room)
    page.goto("about:blank")
    pane = compose(page, stack, office_day(13, 9), mail=ALICE)
    pane.get_by_role("tab", name="My bookings").click()
    pane.get_by_text(re.compile(re.escape(room["name"]))).first.click()
    pane.get_by_role("button", name="Cancel booking").first.click()
    shoot(page, "pane-cancel-question")
    pane.get_by_role("button", name=re.compile("^(Yes|Cancel the booking|Cancel it|Give up)", re.IGNORECASE)).first.click()
    eventually(lambda: not stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR))


def test_a_time_shifted_after_booking_is_followed(page: Page, stack: Stack, shoot: Shoot) -> None:
    start = office_day(14, 9)
    room = free_room(stack, start, start + 4 * HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    book(pane, room)
    page.get_by_test_id("start-time").fill("11:00")
    page.get_by_test_id("start-time").blur()
    expect(pane.get_by_role("button", name=re.compile("Move the booking|Move", re.IGNORECASE)).first).to_be_visible(timeout=10_000)
    shoot(page, "pane-time-shifted")
    page.get_by_test_id("send").click()
    alice = stack.person()
    booking = next(b for b in alice.call("GET", "/bookings").json()["bookings"] if b["rooms"][0]["room"]["id"] == room["id"] and b["state"] != "cancelled")
    eventually(lambda: (b := alice.booking(booking["id"]))["state"] == "confirmed" and b["start"] == zulu(start + 2 * HOUR), 8.0)


def test_with_topdesk_away_the_person_is_told_and_keeps_what_was_chosen(page: Page, stack: Stack, shoot: Shoot) -> None:
    start = office_day(15, 9)
    room = free_room(stack, start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE)
    pane.get_by_role("searchbox").fill(room["number"])
    choose(pane, room["name"])
    stack.sandbox.control.patch("", json={"maintenance": True})
    try:
        pane.locator("#book").click()
        expect(pane.get_by_role("alert").first).to_be_visible(timeout=30_000)
        shoot(page, "pane-topdesk-away")
    finally:
        stack.sandbox.control.post("/reset", json={})
    assert not stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)
