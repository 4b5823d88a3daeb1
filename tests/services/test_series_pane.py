"""Series that are booked from the pane and then sent, against the real sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from joint import Joint, start_joint, utc_of, wall, weekly
from roombooker.domain.room import Room, SeriesMode
from roombooker.errors import InvalidInput, RoomBookerError, SlotTaken
from sandboxes import ALICE
from services.test_series_outlook import AMSTERDAM, every, first_monday

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joint]:
    with start_joint(tmp_path_factory.mktemp("joint")) as running:
        yield running


def utc(at: datetime) -> datetime:
    return datetime.fromisoformat(utc_of([at], AMSTERDAM)[0]).replace(tzinfo=UTC)


def book(joint: Joint, first: datetime, recurrence: dict[str, Any], *rooms: Room, key: str = "") -> tuple[int, dict[str, Any]]:
    body = {
        "rooms": [room.id for room in rooms], "start": utc(first), "end": utc(first) + HOUR, "subject": "Budget", "organizer": ALICE,
        "attendees": 3, "recurrence": recurrence,
    }  # fmt: skip
    return joint.book(key or f"press-{rooms[0].id}", body)


def told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(room["start"][:16], room["state"]) for room in answer["rooms"]]


@pytest.mark.parametrize("mode", [SeriesMode.SINGLES, SeriesMode.SERIES])
def test_a_series_that_was_booked_and_sent_is_confirmed_date_by_date(joint: Joint, mode: SeriesMode) -> None:
    room, first = joint.room(series_mode=mode), first_monday()
    walls, pattern = every(first, 7, 18), weekly(first, ["monday"], count=18)
    before = joint.calls()
    status, answer = book(joint, first, pattern, room)
    cost = joint.calls(before)
    assert status == 201
    assert told(answer) == [(at, "awaiting_appointment") for at in utc_of(walls, AMSTERDAM)]
    assert sum(n for name, n in cost.items() if name.startswith(("topdesk GET", "topdesk P", "graph "))) <= 5 + 3 * 18, cost
    assert len({room["match_key"] for room in answer["rooms"]}) == 18
    refs = [b.ref for b in joint.reservations(room)]
    assert (None in {b.series_ref for b in joint.reservations(room)}) is (mode is SeriesMode.SINGLES)
    assert not joint.look(room).planned
    joint.invite(room, first, pattern)
    joint.look(room)
    one = joint.product.services.bookings.one(joint.caller(), answer["id"])
    assert told(one) == [(at, "confirmed") for at in utc_of(walls, AMSTERDAM)]
    assert one["state"] == "confirmed"
    assert [b.ref for b in joint.reservations(room)] == refs
    joint.assert_in_step(room)


def test_dates_that_clash_are_told_room_by_room_and_date_by_date(joint: Joint) -> None:
    one, two, first = joint.room(), joint.room(), first_monday()
    walls = every(first, 7, 4)
    joint.reserve(one, utc(walls[1]))
    joint.reserve(two, utc(walls[2]))
    status, answer = book(joint, first, weekly(first, ["monday"], count=4), one, two)
    assert status == 201
    refused = {(room["room"]["id"], room["start"][:16], room["reason"]["code"]) for room in answer["rooms"] if room["state"] == "refused"}
    assert refused == {(one.id, utc_of([walls[1]], AMSTERDAM)[0], "slot_taken"), (two.id, utc_of([walls[2]], AMSTERDAM)[0], "slot_taken")}
    assert sum(room["state"] == "awaiting_appointment" for room in answer["rooms"]) == 6


def test_a_series_that_finds_no_free_date_is_taken(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    for at in every(first, 7, 3):
        joint.reserve(room, utc(at))
    with pytest.raises(SlotTaken):
        book(joint, first, weekly(first, ["monday"], count=3), room)
    assert len(joint.reservations(room)) == 3


def test_booked_then_shifted_then_sent_takes_the_whole_series_along(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    _, answer = book(joint, first, weekly(first, ["monday"], count=5), room)
    refs = [b.ref for b in joint.reservations(room)]
    joint.invite(room, first + 2 * HOUR, weekly(first, ["monday"], count=5))
    joint.look(room)
    joint.settle(room)
    assert joint.starts(room) == utc_of([at + 2 * HOUR for at in every(first, 7, 5)], AMSTERDAM)
    assert [b.ref for b in joint.reservations(room)] == refs
    assert joint.product.services.bookings.one(joint.caller(), answer["id"])["state"] == "confirmed"
    joint.assert_in_step(room)


@pytest.mark.parametrize("mode", [SeriesMode.SINGLES, SeriesMode.SERIES])
@pytest.mark.parametrize("is_sent", [False, True])
def test_cancelling_from_the_pane_ends_every_date(joint: Joint, mode: SeriesMode, is_sent: bool) -> None:
    room, first = joint.room(series_mode=mode), first_monday()
    _, answer = book(joint, first, weekly(first, ["monday"], count=6), room)
    if is_sent:
        joint.invite(room, first, weekly(first, ["monday"], count=6))
        joint.look(room)
    status, ended = joint.product.services.bookings.cancel(joint.caller(), f"cancel-{room.id}", answer["id"])
    assert status == 200
    assert {room["state"] for room in ended["rooms"]} == {"cancelled"}
    assert joint.reservations(room) == []
    joint.sweep(room)
    assert joint.meetings(room) == []
    joint.assert_in_step(room)


def test_a_series_from_a_phone_is_one_booking_of_mine_and_can_be_cancelled_from_the_pane(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    joint.invite(room, first, weekly(first, ["monday"], count=4))
    joint.look(room)
    (mine,) = [b for b in joint.product.services.bookings.mine(joint.caller()) if b["rooms"][0]["room"]["id"] == room.id]
    assert told(mine) == [(at, "confirmed") for at in utc_of(every(first, 7, 4), AMSTERDAM)]
    joint.product.services.bookings.cancel(joint.caller(), f"cancel-{room.id}", mine["id"])
    joint.sweep(room)
    assert (joint.reservations(room), joint.meetings(room)) == ([], [])


def test_the_time_of_a_series_is_changed_in_outlook_and_the_pane_says_so(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    _, answer = book(joint, first, weekly(first, ["monday"], count=3), room)
    with pytest.raises(InvalidInput, match="Outlook"):
        joint.product.services.bookings.move(
            joint.caller(), f"move-{room.id}", answer["id"], {"start": utc(first) + HOUR, "end": utc(first) + 2 * HOUR}
        )
    event = joint.invite(room, first, weekly(first, ["monday"], count=3))
    joint.look(room)
    joint.edit(event, wall(first + HOUR, AMSTERDAM))
    joint.look(room)
    assert joint.starts(room) == utc_of([at + HOUR for at in every(first, 7, 3)], AMSTERDAM)
    assert joint.product.services.bookings.one(joint.caller(), answer["id"])["state"] == "confirmed"
    joint.assert_in_step(room)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", ["/reservations$", "makeRecurrent"])
def test_a_series_whose_making_fails_half_way_is_finished_with_the_same_key(joint: Joint, path: str, when: str) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES), first_monday()
    fault = {"side": "topdesk", "method": "POST", "path": path, "nth": 1, "when": when, "status": 0}
    joint.sandbox.control.post("/fail", json=fault).raise_for_status()
    for _ in range(3):
        joint.offset += timedelta(seconds=70)
        try:
            status, _ = book(joint, first, weekly(first, ["monday"], count=5), room)
        except RoomBookerError:  # the person presses again
            continue
        if status == 201:
            break
    joint.offset = timedelta()
    assert joint.starts(room) == utc_of(every(first, 7, 5), AMSTERDAM)
    keys = [b.match_key for b in joint.reservations(room)]
    assert len(set(keys)) == 5
    assert None not in keys
