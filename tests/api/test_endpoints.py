"""Every address of the design, asked by somebody who may: status, and a body that its schema describes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.conftest import House, Person, zulu
from api.shapes import assert_shape
from roombooker.api import schemas
from sandboxes import ALICE, BOB


def test_rooms_are_those_that_are_switched_on(alice: Person, house: House) -> None:
    answer = alice.get("/api/v1/rooms")
    assert answer.status_code == 200
    assert_shape(schemas.RoomsOut(), answer.get_json())
    listed = {r["mailbox"] for r in answer.get_json()["rooms"]}
    assert listed == {r["mailbox"] for r in house.product.services.rooms.listed() if r["enabled"]}
    assert listed


def test_availability_says_of_each_room_how_it_is(alice: Person, house: House) -> None:
    start = house.a_moment()
    answer = alice.call(
        "POST", "/api/v1/availability", json={"start": zulu(start), "end": zulu(start + timedelta(hours=1)), "attendees": 2}
    )
    assert answer.status_code == 200
    body = answer.get_json()
    assert_shape(schemas.AvailabilityOut(), body)
    assert body["total"] == len(house.rooms) == sum(body["counts"].values())
    assert body["as_of"] is not None


@pytest.mark.parametrize(
    "more",
    [
        {"attendees": ["a@b.example", "c@d.example"]},
        {"attendees": 10_000},
        {"filters": {"capacity": 500}},
        {"filters": {"text": "==;,\"'(%_*)<script>"}},
        {"filters": {"organizer": "o'brien@contoso.example"}},
        {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "startDate": "2027-03-01", "numberOfOccurrences": 5, "recurrenceTimeZone": "Europe/Amsterdam"}}},
    ],
)  # fmt: skip
def test_availability_takes_all_the_design_promises(alice: Person, house: House, more: dict[str, Any]) -> None:
    start = datetime(2027, 3, 1, 9, tzinfo=UTC)
    answer = alice.call("POST", "/api/v1/availability", json={"start": zulu(start), "end": zulu(start + timedelta(hours=1))} | more)
    assert answer.status_code == 200, answer.text
    assert_shape(schemas.AvailabilityOut(), answer.get_json())


def test_availability_of_several_slots_tells_the_clashes_of_each_room(alice: Person, house: House) -> None:
    start = house.a_moment()
    assert alice.book(house.plain_room["id"], start).status_code == 201
    slots = [{"start": zulu(start + d), "end": zulu(start + d + timedelta(minutes=30))} for d in (timedelta(), timedelta(days=1))]
    answer = alice.call("POST", "/api/v1/availability", json={"slots": slots, "limit": 500})
    assert answer.status_code == 200
    assert_shape(schemas.AvailabilityOut(), answer.get_json())
    room = next(r for r in answer.get_json()["rooms"] if r["room"]["id"] == house.plain_room["id"])
    assert room["state"] == "busy"
    assert [c["start"] for c in room["conflicts"]] == [zulu(start)]


def test_a_booking_from_its_making_to_its_end(alice: Person, house: House) -> None:
    start = house.a_moment()
    made = alice.book(house.plain_room["id"], start)
    assert made.status_code == 201, made.text
    booking = made.get_json()
    assert_shape(schemas.BookingOut(), booking)
    assert booking["state"] == "awaiting_appointment"
    assert booking["rooms"][0]["match_key"].startswith("ORB-")

    listed = alice.get("/api/v1/bookings").get_json()
    assert_shape(schemas.BookingsOut(), listed)
    assert booking["id"] in [b["id"] for b in listed["bookings"]]

    one = alice.get(f"/api/v1/bookings/{booking['id']}").get_json()
    assert_shape(schemas.BookingOut(), one)
    assert one["timeline"]

    held = alice.call("POST", f"/api/v1/bookings/{booking['id']}/hold")
    assert held.status_code == 200
    assert_shape(schemas.HoldOut(), held.get_json())
    assert held.get_json()["held_until"] >= booking["held_until"]

    later = start + timedelta(minutes=30)
    moved = alice.call("PATCH", f"/api/v1/bookings/{booking['id']}", json={"start": zulu(later), "end": zulu(later + timedelta(hours=1))})
    assert moved.status_code == 200, moved.text
    assert_shape(schemas.BookingOut(), moved.get_json())

    ended = alice.call("DELETE", f"/api/v1/bookings/{booking['id']}")
    assert ended.status_code == 200, ended.text
    assert_shape(schemas.BookingOut(), ended.get_json())
    assert ended.get_json()["state"] == "cancelled"


def test_a_taken_slot_is_answered_with_ways_out(alice: Person, bob: Person, house: House) -> None:
    start = house.a_moment()
    assert alice.book(house.plain_room["id"], start).status_code == 201
    refused = bob.book(house.plain_room["id"], start)
    assert refused.status_code == 409
    body = refused.get_json()
    assert_shape(schemas.ErrorOut(), body)
    assert body["code"] == "slot_taken"
    assert body["rooms"] == [house.plain_room["id"]]
    assert body["alternatives"]
    for offer in body["alternatives"]:
        assert_shape(schemas.AlternativeOut(), offer)


def test_a_repeated_key_is_answered_the_same_and_never_books_twice(alice: Person, house: House) -> None:
    start = house.a_moment()
    first = alice.book(house.plain_room["id"], start, key="the-same-press-of-the-button")
    again = alice.book(house.plain_room["id"], start, key="the-same-press-of-the-button")
    assert (first.status_code, first.get_json()) == (again.status_code, again.get_json())
    other = alice.book(house.plain_room["id"], start + timedelta(hours=1), key="the-same-press-of-the-button")
    assert (other.status_code, other.get_json()["code"]) == (409, "key_reused")


def test_nobody_sees_or_changes_the_booking_of_somebody_else(alice: Person, bob: Person, house: House) -> None:
    booking = alice.book(house.plain_room["id"], house.a_moment()).get_json()
    path = f"/api/v1/bookings/{booking['id']}"
    start = house.a_moment()
    tries = [
        bob.get(path),
        bob.call("PATCH", path, json={"start": zulu(start), "end": zulu(start + timedelta(hours=1))}),
        bob.call("DELETE", path),
        bob.call("POST", f"{path}/hold"),
    ]
    for answer in tries:
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "not_found"
        assert booking["id"] not in answer.text
    assert booking["id"] not in bob.get("/api/v1/bookings").text
    assert alice.get(path).get_json()["state"] == "awaiting_appointment"


def test_nobody_books_in_the_name_of_somebody_else(alice: Person, house: House) -> None:
    answer = alice.book(house.plain_room["id"], house.a_moment(), organizer=BOB)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")


def test_somebody_books_by_any_of_their_own_addresses(house: House) -> None:
    alice = next(p for p in house.sandbox.world.directory.people if p.mail == ALICE)
    assert alice.proxy != ALICE
    answer = house.person(ALICE).book(house.plain_room["id"], house.a_moment(), organizer=alice.proxy)
    assert answer.status_code == 201, answer.text


def test_alive_ready_and_measured(house: House) -> None:
    nobody = house.nobody()
    alive, ready, metrics = nobody.get("/healthz"), nobody.get("/readyz"), nobody.get("/metrics")
    assert (alive.status_code, alive.get_json()) == (200, {"ok": True})
    assert ready.status_code == 200
    body = ready.get_json()
    assert_shape(schemas.ReadyOut(), body)
    assert set(body["sides"]) == {"topdesk", "exchange", "entra"}
    assert body["sides"]["topdesk"]["seconds_ago"] < 600
    assert body["sync"]["fresh"]["horizon"]["exchange"] is not None
    assert metrics.status_code == 200
    assert metrics.content_type.startswith("text/plain")
    assert "roombooker_side_call_seconds_count{" in metrics.text
    assert (
        'roombooker_stalest_seconds{side="topdesk",window="horizon"}' in metrics.text
        or 'roombooker_stalest_seconds{window="horizon",side="topdesk"}' in metrics.text
    )


def test_the_canary_says_that_no_worker_has_been_seen(house: House) -> None:
    """Nothing ticks in this test's process, and that must not look healthy."""
    sync = house.nobody().get("/readyz").get_json()["sync"]
    assert sync["stalled"] is True
    assert "worker" in sync["stalled_because"]


def test_a_stranger_cannot_fill_the_metrics_with_words(house: House) -> None:
    client = house.product.web.test_client()
    client.open("/nowhere", method="GRABBED")
    measured = client.get("/metrics").text
    assert 'method="other"' in measured
    assert "GRABBED" not in measured
