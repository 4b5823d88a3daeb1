"""Book, send, confirmed: what issue 1 promises, over the product's own API and the two sides' own APIs only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roombooker_sandbox.world import HOOK_SECRET
from sandboxes import ALICE, BOB, ERIN
from stack import Stack, dumped, eventually

HOUR = timedelta(hours=1)


def a_day(ahead: int, hour: int = 10) -> datetime:
    """Far enough ahead that the seeded fortnight leaves the rooms free."""
    return datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=20 + ahead)


def state_becomes(who: Any, booking_id: str, state: str, within_s: float = 8.0) -> dict[str, Any]:
    try:
        eventually(lambda: who.booking(booking_id)["state"] == state, within_s)
    except AssertionError as error:
        raise AssertionError(f"never became {state}: {dumped(who.booking(booking_id))}") from error
    return who.booking(booking_id)


def test_a_booked_and_sent_appointment_is_confirmed_within_five_seconds(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(0)
    room = alice.free_room(start, start + HOUR)
    booked = alice.book([room["id"]], start, start + HOUR)
    assert booked.status_code == 201, booked.text
    booking = booked.json()
    assert booking["state"] == "awaiting_appointment"
    reservation = stack.reservation(booking["rooms"][0]["reservation"]["id"])
    assert reservation["requester"]["email"] == ALICE
    assert reservation["optionalFields1"]["text1"] == booking["rooms"][0]["match_key"]
    assert reservation["reservedFacilities"][0]["location"]["id"] == stack.location_of(room["mailbox"])
    alice.invite(room["mailbox"], start, start + HOUR)
    state_becomes(alice, booking["id"], "confirmed", 5.0)
    assert [m["organizer"]["emailAddress"]["address"] for m in stack.meetings(room["mailbox"], start, start + HOUR)] == [ALICE]
    assert len(stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)) == 1


def test_somebody_without_a_card_books_through_the_person_account(stack: Stack) -> None:
    erin, start = stack.person(ERIN), a_day(1)
    room = erin.free_room(start, start + HOUR)
    booking = erin.book([room["id"]], start, start + HOUR).json()
    assert stack.reservation(booking["rooms"][0]["reservation"]["id"])["requester"]["email"] == "room.booker@contoso.example"
    erin.invite(room["mailbox"], start, start + HOUR)
    state_becomes(erin, booking["id"], "confirmed")


def test_what_is_not_sent_is_released_after_the_hold(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(2)
    room = alice.free_room(start, start + HOUR)
    booking = alice.book([room["id"]], start, start + HOUR).json()
    state_becomes(alice, booking["id"], "released", 20)
    assert stack.reservation(booking["rooms"][0]["reservation"]["id"])["status"] == "cancelled"
    assert alice.availability(start, start + HOUR, filters={"text": room["name"]})["counts"]["free"] >= 1


def test_booked_then_shifted_then_sent_is_one_booking_at_the_shifted_time(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(3)
    room = alice.free_room(start, start + 3 * HOUR)
    booking = alice.book([room["id"]], start, start + HOUR).json()
    alice.invite(room["mailbox"], start + 2 * HOUR, start + 3 * HOUR)
    seen = state_becomes(alice, booking["id"], "confirmed")
    assert seen["start"].startswith((start + 2 * HOUR).strftime("%Y-%m-%dT%H:%M"))
    held = stack.reservations(stack.location_of(room["mailbox"]), start - HOUR, start + 4 * HOUR)
    assert [r["plannedStartDate"][:16] for r in held] == [(start + 2 * HOUR).strftime("%Y-%m-%dT%H:%M")]


def test_a_room_that_needs_approval_follows_the_approval(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(4)
    room = alice.free_room(start, start + HOUR, approval=True)
    booking = alice.book([room["id"]], start, start + HOUR).json()
    assert booking["state"] == "awaiting_approval"
    ref = booking["rooms"][0]["reservation"]["id"]
    assert stack.reservation(ref)["status"] == "request"
    alice.invite(room["mailbox"], start, start + HOUR)
    eventually(lambda: stack.meetings(room["mailbox"], start, start + HOUR))
    assert stack.sandbox.topdesk.post(f"/reservations/{ref}/approve").status_code < 300
    state_becomes(alice, booking["id"], "confirmed")


def test_a_rejected_request_is_refused_and_the_room_declines(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(5)
    room = alice.free_room(start, start + HOUR, approval=True)
    booking = alice.book([room["id"]], start, start + HOUR).json()
    ref = booking["rooms"][0]["reservation"]["id"]
    alice.invite(room["mailbox"], start, start + HOUR)
    eventually(lambda: any(e["kind"] == "matched" for e in alice.booking(booking["id"])["timeline"]))
    reasons = stack.sandbox.topdesk.get("/reservationRejectionReasons").json()["results"]
    assert stack.sandbox.topdesk.post(f"/reservations/{ref}/reject", json={"id": reasons[0]["id"]}).status_code < 300
    state_becomes(alice, booking["id"], "refused")
    eventually(lambda: not stack.meetings(room["mailbox"], start, start + HOUR))


@pytest.mark.parametrize("mode", ["reject", "flag", "silent"])
def test_of_two_people_at_the_same_moment_one_wins_and_the_other_gets_alternatives(stack: Stack, mode: str) -> None:
    stack.sandbox.control.patch("", json={"conflict_mode": mode})
    start = a_day(6 + ["reject", "flag", "silent"].index(mode))
    two = [stack.person(ALICE), stack.person(BOB)]
    room = two[0].free_room(start, start + HOUR)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda who: who.book([room["id"]], start, start + HOUR), two))
    assert sorted(a.status_code for a in answers) == [201, 409], [a.text for a in answers]
    loser = next(a for a in answers if a.status_code == 409).json()
    assert loser["code"] == "slot_taken"
    assert loser["alternatives"]
    assert len(stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)) == 1


@pytest.mark.parametrize("mode", ["reject", "flag", "silent"])
def test_a_race_with_somebody_in_topdesk_ends_without_a_double_booking(stack: Stack, mode: str) -> None:
    """The facilities desk reserves the room behind our back, before its notice can reach us."""
    stack.sandbox.control.patch("", json={"conflict_mode": mode, "notices": {"drop": 1.0}})
    alice, start = stack.person(ALICE), a_day(9 + ["reject", "flag", "silent"].index(mode))
    room = alice.free_room(start, start + HOUR)
    requester = stack.sandbox.topdesk.get(
        "/persons", params={"pageSize": 1}, headers={"Accept": "application/x.topdesk-collection-person-v2+json"}
    ).json()["item"][0]["id"]
    body = {
        "requester": {"id": requester},
        "plannedStartDate": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "plannedEndDate": (start + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reservedFacilities": [{"location": {"id": stack.location_of(room["mailbox"])}}],
    }
    assert stack.sandbox.topdesk.post("/reservations", json=body).status_code == 201
    answer = alice.book([room["id"]], start, start + HOUR)
    assert answer.status_code == 409, answer.text
    assert len(stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)) == 1


def test_an_answer_lost_after_the_create_is_neither_doubled_nor_lost(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(12)
    room = alice.free_room(start, start + HOUR)
    stack.sandbox.control.post("/fail", json={"side": "topdesk", "method": "POST", "path": "/reservations$", "when": "after", "status": 0})
    answer = alice.book([room["id"]], start, start + HOUR)
    assert answer.status_code in (201, 202), answer.text
    booking = answer.json()
    state_becomes(alice, booking["id"], "awaiting_appointment", 20)
    assert len(stack.reservations(stack.location_of(room["mailbox"]), start, start + HOUR)) == 1


def test_the_same_press_twice_is_one_booking(stack: Stack) -> None:
    alice, start = stack.person(ALICE), a_day(13)
    room = alice.free_room(start, start + HOUR)
    first, second = (alice.book([room["id"]], start, start + HOUR, key="the-same-press") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]


def test_a_phone_invitation_without_the_pane_is_reserved_in_topdesk(stack: Stack) -> None:
    bob, start = stack.person(BOB), a_day(14)
    room = bob.free_room(start, start + HOUR)
    bob.invite(room["mailbox"], start, start + HOUR)
    location = stack.location_of(room["mailbox"])
    held = eventually(lambda: stack.reservations(location, start, start + HOUR))
    assert held[0]["requester"]["email"] == BOB
    assert held[0]["optionalFields1"]["text1"].startswith("ORB-")


def test_a_hook_without_the_secret_is_refused(stack: Stack) -> None:
    hook = f"{stack.url}/hooks/topdesk"
    body = {"reservationId": "6f1b1e0e-7c0b-4f2e-9d53-2d1b5f6a7c8d"}
    call = stack.sandbox.control.post
    assert call(hook, json=body).status_code == 401
    assert call(hook, json=body, headers={"X-Room-Booker-Secret": "wrong"}).status_code == 401
    assert call(hook, json=body, headers={"X-Room-Booker-Secret": HOOK_SECRET}).status_code == 202
