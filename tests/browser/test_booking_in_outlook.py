"""A person in a real Chromium books a room from the appointment they are writing, against real processes."""

import re

import pytest
from playwright.sync_api import Page, expect

from outlook_pane import HOUR, book, calendar, choose, compose, look, office_day, open_event, pane_of, press_book, row_of, rows, state
from sandboxes import ALICE, BOB, ERIN
from stack import Stack, eventually, zulu

pytestmark = pytest.mark.browser


def test_alice_books_sends_and_finds_it_confirmed_wherever_she_looks(page: Page, stack: Stack) -> None:
    start = office_day(11, 13)
    alice = stack.person()
    room = alice.free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE, subject="Budget for next year")
    expect(rows(pane).first).to_be_visible()
    expect(pane.get_by_text(re.compile(r"^\d+ free$"))).to_be_visible()
    look(page, "search")
    book(pane, room)
    expect(pane.get_by_text("Send the invitation within")).to_be_visible()
    expect(page.get_by_test_id("chip").filter(has_text=room["name"])).to_be_visible()
    look(page, "reserved")

    page.get_by_test_id("send").click()
    event = page.get_by_test_id("event").filter(has_text="Budget for next year")
    expect(event).to_have_attribute("data-room-answer", "accepted")
    page.screenshot(path="var/screenshots/outlook-after-send.png")
    booking = next(b for b in alice.call("GET", "/bookings").json()["bookings"] if b["start"] == zulu(start))
    eventually(lambda: alice.booking(booking["id"])["state"] == "confirmed", 5.0)
    assert len(stack.meetings(room["mailbox"], start, start + HOUR)) == 1
    reservation = stack.reservation(booking["rooms"][0]["reservation"]["id"])
    assert reservation["optionalFields1"]["text1"].startswith("ORB-")

    event.click()
    page.get_by_test_id("book-a-room").click()
    pane = pane_of(page)
    expect(state(pane, "Confirmed")).to_be_visible()
    look(page, "confirmed")
    pane.get_by_role("tab", name="My bookings").click()
    mine = pane.get_by_role("button", name=re.compile("Budget for next year.*Confirmed"))
    expect(mine).to_be_visible()
    look(page, "my-bookings")
    mine.click()
    pane.get_by_text("What happened").click()
    expect(pane.locator(".timeline li").first).to_be_visible()
    look(page, "my-bookings-one")


def test_a_person_without_topdesk_card_books_too(page: Page, stack: Stack) -> None:
    start = office_day(12, 13)
    room = stack.person(ERIN).free_room(start, start + HOUR)
    book(compose(page, stack, start, mail=ERIN), room)
    assert stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)[0]["requester"]["name"] == "Outlook Room Booker"


def test_a_busy_room_says_so_and_its_way_out_is_taken_in_one_press(page: Page, stack: Stack) -> None:
    start = office_day(13, 10)
    bob = stack.person(BOB)
    room = bob.free_room(start - HOUR, start + 2 * HOUR)
    assert bob.book([room["id"]], start, start + HOUR / 2).status_code == 201
    pane = compose(page, stack, start, mail=ALICE)
    row = choose(pane, room)
    expect(row).to_contain_text("Busy until")
    expect(pane.locator("#book")).to_have_count(0)
    look(page, "busy")
    row.get_by_role("button", name=re.compile("^Start later")).first.click()
    expect(page.get_by_test_id("start-time")).not_to_have_value("10:00")
    expect(row_of(pane, room)).to_contain_text("Free")
    press_book(pane)
    expect(state(pane, "Reserved")).to_be_visible()


def test_a_series_shows_which_dates_are_free_and_is_booked(page: Page, stack: Stack) -> None:
    start = office_day(14, 15)
    alice = stack.person()
    room = alice.free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE, subject="Stand-up")
    page.get_by_test_id("repeat").select_option(label="Every week")
    page.get_by_test_id("repeat-end").select_option(index=2)
    page.get_by_test_id("repeat-count").fill("5")
    page.get_by_test_id("repeat-count").blur()
    expect(pane.get_by_text("Repeats")).to_be_visible()
    expect(rows(pane).first).to_contain_text(re.compile(r"\d+ of \d+ free"))
    row = choose(pane, room)
    look(page, "series")
    press_book(pane)
    expect(state(pane, "Reserved")).to_be_visible()
    expect(pane.locator(".dates li")).to_have_count(5)
    look(page, "series-reserved")
    expect(row).to_have_count(0)


def test_a_room_that_needs_approval_waits_for_it_and_follows_it(page: Page, stack: Stack) -> None:
    start = office_day(15, 9)
    alice = stack.person()
    room = alice.free_room(start, start + HOUR, approval=True)
    pane = compose(page, stack, start, mail=ALICE)
    expect(choose(pane, room)).to_contain_text("Needs approval")
    press_book(pane)
    expect(state(pane, "Waiting for approval")).to_be_visible()
    look(page, "awaiting-approval")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("event").filter(has_text="Budget").first).to_be_visible()
    (reservation,) = stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)
    assert stack.sandbox.topdesk.post(f"/reservations/{reservation['id']}/approve").status_code < 300
    calendar(page, stack, start, mail=ALICE)
    pane = open_event(page, "Budget")
    expect(state(pane, "Confirmed")).to_be_visible()


def test_an_attendee_sees_how_the_room_stands_and_can_change_nothing(page: Page, stack: Stack) -> None:
    start = office_day(16, 9)
    room = stack.person().free_room(start, start + HOUR)
    pane = compose(page, stack, start, mail=ALICE, subject="Interview with the candidate")
    page.get_by_role("combobox", name="Required attendees").fill("Bob")
    page.get_by_role("option", name=re.compile("Bob de Vries")).first.click()
    expect(pane.get_by_text("2 people")).to_be_visible()
    book(pane, room)
    page.get_by_test_id("send").click()
    event = page.get_by_test_id("event").filter(has_text="Interview with the candidate")
    expect(event).to_have_attribute("data-room-answer", "accepted")
    calendar(page, stack, start, mail=BOB)
    pane = open_event(page, "Interview with the candidate")
    expect(pane.get_by_text(room["name"], exact=True)).to_be_visible()
    expect(pane.get_by_text("The organizer looks after the room")).to_be_visible()
    expect(pane.locator(".standing")).to_contain_text("Confirmed")
    expect(pane.get_by_role("button")).to_have_count(0)
    look(page, "attendee")


def test_a_busy_room_without_a_way_out_of_its_own_offers_another_one(page: Page, stack: Stack) -> None:
    start = office_day(17, 14)
    bob = stack.person(BOB)
    room = bob.free_room(start - 2 * HOUR, start + 3 * HOUR)
    assert bob.book([room["id"]], start - HOUR, start + 2 * HOUR).status_code == 201
    pane = compose(page, stack, start, mail=ALICE)
    row = choose(pane, room)
    look(page, "busy-all-around")
    way = row.get_by_role("button", name=re.compile("^Take ")).first
    other = way.inner_text().strip().removeprefix("Take ")
    way.click()
    expect(pane.get_by_role("button", name=f"Book {other}")).to_be_visible()
