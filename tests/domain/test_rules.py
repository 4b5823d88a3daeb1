"""Each reason why a room cannot be booked, at its edge."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from roombooker.domain.room import Room, ServiceHours
from roombooker.domain.rules import hours_of, note, refusal_of_party, refusal_of_slot
from roombooker.domain.slot import Slot

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
ROOM = Room(
    id="amber", location_id="l", mailbox="amber@contoso.example", name="Amber", capacity=8, time_zone="America/New_York",
    service_hours=ServiceHours({1: (time(8), time(18)), 2: (time(20), time(0))}), max_duration=timedelta(hours=4), horizon=timedelta(days=30),
)  # fmt: skip


def slot(start: float, end: float) -> Slot:
    """Hours on the room's own clock, from Monday's midnight in New York."""
    begin = MONDAY + timedelta(hours=5)
    return Slot(begin + timedelta(hours=start), begin + timedelta(hours=end))


def code(*slots: Slot, room: Room = ROOM, now: datetime = MONDAY) -> str | None:
    reason = refusal_of_slot(hours_of(room, timedelta(days=180)), slots, now)
    return reason["code"] if reason else None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (slot(8, 12), None),
        (slot(14, 18), None),
        (slot(7.9, 9), "outside_service_hours"),
        (slot(17, 18.1), "outside_service_hours"),
        (slot(24 + 20, 24 + 24), None),
        (slot(24 + 19, 24 + 21), "outside_service_hours"),
        (slot(48 + 9, 48 + 10), "outside_service_hours"),
        (slot(8, 12.1), "too_long"),
        (slot(24 * 28 + 8, 24 * 28 + 9), None),
        (slot(24 * 35 + 8, 24 * 35 + 9), "beyond_horizon"),
        (slot(-24, -23), "in_the_past"),
    ],
)
def test_a_slot_is_refused_for_its_first_reason(asked: Slot, expected: str | None) -> None:
    assert code(asked) == expected


def test_a_running_meeting_may_still_get_a_room() -> None:
    assert code(slot(9, 10), now=slot(9, 10).end - timedelta(minutes=1)) is None
    assert code(slot(9, 10), now=slot(9, 10).end) == "in_the_past"


def test_one_closed_date_closes_the_series() -> None:
    assert code(slot(9, 10), slot(48 + 9, 48 + 10)) == "outside_service_hours"


def test_a_rooms_horizon_never_reaches_beyond_the_general_one() -> None:
    far = replace(ROOM, horizon=timedelta(days=999), service_hours=None)
    assert code(slot(24 * 200, 24 * 200 + 1), room=far) == "beyond_horizon"


@pytest.mark.parametrize(
    ("change", "attendees", "expected"),
    [
        ({}, 8, None),
        ({}, 9, "too_small"),
        ({"capacity": None}, 900, None),
        ({"alarm": "Exchange does not show this room mailbox"}, 1, "room_broken"),
        ({"person_group": "Board"}, 1, "not_in_group"),
    ],
)
def test_a_party_is_refused_for_its_first_reason(change: dict, attendees: int, expected: str | None) -> None:
    reason = refusal_of_party(replace(ROOM, **change), attendees)
    assert (reason["code"] if reason else None) == expected


def test_members_of_the_group_may_book() -> None:
    assert refusal_of_party(replace(ROOM, person_group="Board"), 1, frozenset({"Board"})) is None


def test_approval_is_a_note_and_no_refusal() -> None:
    room = replace(ROOM, requires_approval=True)
    assert refusal_of_party(room, 1) is None
    assert (note(room) or {})["code"] == "needs_approval"
    assert note(ROOM) is None
