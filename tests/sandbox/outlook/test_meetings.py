"""A person plans, sends, moves and cancels meetings in the stand-in Outlook, and sees the room's answer."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from outlook_pages import pane_of, run, shoot, value
from sandboxes import RunningSandbox

pytestmark = pytest.mark.browser
ALICE = "alice.jansen@contoso.example"


def invite(page: Page, field: str, typed: str) -> None:
    page.get_by_test_id(field).fill(typed)
    page.get_by_role("option", name=re.compile(typed, re.IGNORECASE)).first.click()


def event_named(page: Page, name: str):
    return page.get_by_test_id("event").filter(has_text=name)


def on_calendar(page: Page, view: str = "week", weeks: int = 0) -> None:
    page.get_by_test_id(f"view-{view}").click()
    for _ in range(weeks):
        page.get_by_test_id("later").click()


def next_monday(sandbox: RunningSandbox) -> str:
    today = sandbox.world.clock.now().date()
    return (today + timedelta(days=7 - today.weekday())).isoformat()


def test_a_sent_meeting_shows_the_rooms_answer_is_moved_and_cancelled(outlook, sandbox: RunningSandbox):
    room = sandbox.world.directory.rooms[1]
    day = next_monday(sandbox)
    page = outlook(compose=1, start=f"{day}T19:00", subject="Sprint review")
    invite(page, "required", "Bob")
    invite(page, "location", room.name)
    page.get_by_test_id("body").fill("Bring the numbers.")
    shoot(page, "compose")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("toast")).to_have_text("Invitation sent")
    on_calendar(page, "agenda", 0)
    expect(event_named(page, "Sprint review")).to_have_attribute("data-room-answer", "accepted")
    shoot(page, "agenda")
    held = [
        e for e in sandbox.graph.get(f"/users/{room.mailbox}/events").json()["value"] if e["organizer"]["emailAddress"]["address"] == ALICE
    ]
    assert [e["start"]["dateTime"][:16] for e in held] == [f"{day}T18:00"]

    event_named(page, "Sprint review").click()
    expect(page.locator(f"[data-key='{room.mailbox}']")).to_have_attribute("data-response", "accepted")
    page.get_by_test_id("start-time").fill("20:00")
    page.get_by_test_id("start-time").blur()
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("toast")).to_have_text("Update sent")
    on_calendar(page, "agenda")
    expect(event_named(page, "Sprint review")).to_contain_text("20:00 – 20:30")

    event_named(page, "Sprint review").click()
    page.get_by_test_id("cancel-meeting").click()
    page.get_by_test_id("cancel-reason").fill("Not needed any more")
    page.get_by_test_id("dialog-yes").click()
    expect(page.get_by_test_id("toast")).to_have_text("Meeting cancelled")
    on_calendar(page, "agenda")
    expect(event_named(page, "Sprint review")).to_have_count(0)


def test_a_saved_meeting_invites_nobody_and_keeps_its_attendees_and_the_panes_properties(outlook, sandbox: RunningSandbox):
    room = sandbox.world.directory.rooms[2]
    page = outlook(compose=1, pane=1, start=f"{next_monday(sandbox)}T19:00", subject="Quiet draft")
    invite(page, "required", "Carol")
    pane = pane_of(page)
    value(pane, "mailbox.item.enhancedLocation.addAsync", [{"id": room.mailbox, "type": "room"}])
    pane.evaluate(
        """() => new Promise((resolve) => Office.context.mailbox.item.loadCustomPropertiesAsync(({ value }) => {
          value.set("matchKey", "ORB-7");
          value.saveAsync(resolve);
        }))"""
    )
    ews_id = value(pane, "mailbox.item.saveAsync")
    assert value(pane, "mailbox.item.getItemIdAsync") == ews_id
    rest_id = pane.evaluate("id => Office.context.mailbox.convertToRestId(id, 'v2.0')", ews_id)
    kept = sandbox.graph_as(ALICE).get(f"/users/{ALICE}/events/{rest_id}").json()
    assert (kept["subject"], kept["attendees"]) == ("Quiet draft", [])
    shoot(page, "draft-with-pane")
    page.get_by_test_id("discard").click()
    on_calendar(page, "agenda")
    event_named(page, "Quiet draft").click()
    expect(page.get_by_test_id("form-note")).to_contain_text("haven't sent")
    expect(page.locator("[data-testid=chip]", has_text="Carol Smit")).to_have_count(1)
    page.get_by_test_id("book-a-room").click()
    again = pane_of(page).evaluate(
        "new Promise((resolve) => Office.context.mailbox.item.loadCustomPropertiesAsync((r) => resolve(r.value.get('matchKey'))))"
    )
    assert again == "ORB-7"


def test_an_attendee_reads_accepts_and_has_plain_values_in_the_pane(outlook, sandbox: RunningSandbox):
    day = next_monday(sandbox)
    stamp = [
        {"dateTime": f"{day}T20:00:00", "timeZone": "Europe/Amsterdam"},
        {"dateTime": f"{day}T21:00:00", "timeZone": "Europe/Amsterdam"},
    ]
    attendee = {"type": "required", "emailAddress": {"address": ALICE, "name": "Alice Jansen"}}
    bob = "bob.devries@contoso.example"
    made = sandbox.graph_as(bob).post(
        f"/users/{bob}/events", json={"subject": "Bob invites", "start": stamp[0], "end": stamp[1], "attendees": [attendee]}
    )
    assert made.status_code == 201, made.text
    page = outlook()
    on_calendar(page, "agenda")
    event_named(page, "Bob invites").click()
    expect(page.get_by_test_id("read-subject")).to_have_text("Bob invites")
    page.keyboard.press("Alt+b")
    pane = pane_of(page)
    item = pane.evaluate(
        "(({subject, start, organizer, itemId, itemType}) => [subject, start.toISOString(), organizer.emailAddress, Boolean(itemId), itemType])(Office.context.mailbox.item)"
    )
    assert item == ["Bob invites", f"{day}T19:00:00.000Z", bob, True, "appointment"]
    shoot(page, "read")
    page.get_by_test_id("accept").click()
    expect(page.get_by_test_id("toast")).to_have_text("Accepted")
    mine = sandbox.graph_as(ALICE).get(f"/users/{ALICE}/events").json()["value"]
    assert [e["responseStatus"]["response"] for e in mine if e["subject"] == "Bob invites"] == ["accepted"]


def test_one_date_of_a_series_opens_alone_or_the_whole_series(outlook, sandbox: RunningSandbox):
    page = outlook(compose=1, start=f"{next_monday(sandbox)}T07:00", subject="Stand-up")
    page.get_by_test_id("repeat").select_option("daily")
    page.get_by_test_id("repeat-end").select_option("numbered")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("toast")).to_have_text("Saved")
    on_calendar(page)  # already at the week of what was sent
    expect(event_named(page, "Stand-up")).to_have_count(5)
    shoot(page, "week")
    event_named(page, "Stand-up").nth(1).click()
    page.get_by_test_id("dialog-occurrence").click()
    expect(page.get_by_test_id("form-note")).to_have_text("One date of a series.")
    page.get_by_test_id("book-a-room").click()
    pane = pane_of(page)
    assert pane.evaluate("Boolean(Office.context.mailbox.item.seriesId)") is True
    assert run(pane, "mailbox.item.recurrence.setAsync", None)["error"]["name"] == "SetRecurrenceOnInstanceError"
    page.get_by_test_id("nav-calendar").click()
    event_named(page, "Stand-up").first.click()
    page.get_by_test_id("dialog-series").click()
    expect(page.get_by_test_id("repeat-words")).to_contain_text("Every day")


def test_anybody_signs_in_and_mail_is_shown(outlook, sandbox: RunningSandbox):
    stamp = {"dateTime": f"{next_monday(sandbox)}T21:00:00", "timeZone": "Europe/Amsterdam"}
    bob = {"type": "required", "emailAddress": {"address": "bob.devries@contoso.example", "name": "Bob de Vries"}}
    meeting = {
        "subject": "Coffee",
        "start": stamp,
        "end": stamp | {"dateTime": stamp["dateTime"].replace("T21", "T22")},
        "attendees": [bob],
    }
    assert sandbox.graph_as(ALICE).post(f"/users/{ALICE}/events", json=meeting).status_code == 201
    page = outlook(**{"as": ""})
    shoot(page, "sign-in")
    page.get_by_test_id("mail").fill("alice.jansen@contoso.example")
    page.get_by_test_id("password").fill("wrong")
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("problem")).to_have_text("That address and password do not belong together.")
    page.get_by_test_id("as-bob.devries").click()
    expect(page.get_by_test_id("me")).to_contain_text("Bob de Vries")
    page.get_by_test_id("nav-inbox").click()
    page.get_by_test_id("mail-item").filter(has_text="Coffee").click()
    expect(page.get_by_role("article")).to_contain_text("Alice Jansen")
    shoot(page, "inbox")


def test_the_pane_is_resized_by_keyboard_within_its_limits(outlook):
    page = outlook(compose=1, pane=1)
    pane_of(page)
    assert page.get_by_test_id("pane").bounding_box()["width"] == 320
    page.get_by_test_id("splitter").focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    assert page.get_by_test_id("pane").bounding_box()["width"] == 640
    page.get_by_test_id("close-pane").click()
    expect(page.get_by_test_id("pane")).to_be_hidden()
