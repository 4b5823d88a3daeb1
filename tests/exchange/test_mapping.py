"""Events as Graph might send them, odd ones included."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roombooker.domain.booking import Draft, Person, Standing, new_match_key
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Garbled
from roombooker.exchange.graph.mapping import MATCH_KEY_PROPERTY, read_booking, read_bookings, write_changes, write_event

ROOM = Room(id="room-1", location_id="loc-1", mailbox="amber@contoso.example", name="Amber")
KEEPER = Room(id="room-2", location_id="loc-2", mailbox="amber@contoso.example", name="Amber", keeps_subject=True)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = new_match_key()


def address(mail: str, **more: Any) -> dict[str, Any]:
    return {"emailAddress": {"address": mail, "name": mail.split("@")[0]}, **more}


def event(**more: Any) -> dict[str, Any]:
    return {
        "id": "AAMk=", "changeKey": "ck", "iCalUId": "uid", "type": "singleInstance", "subject": "Alice Jansen", "isCancelled": False,
        "isOrganizer": False, "sensitivity": "normal", "showAs": "busy", "start": {"dateTime": "2026-03-02T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-02T10:00:00.0000000", "timeZone": "UTC"}, "organizer": address("Alice@contoso.example"),
        "attendees": [address("amber@contoso.example", type="resource"), address("bob@contoso.example", type="required")],
        "responseStatus": {"response": "accepted", "time": "2026-02-20T08:00:00Z"}, "lastModifiedDateTime": "2026-02-20T08:00:00.1234567Z",
    } | more  # fmt: skip


def test_a_whole_event_is_read() -> None:
    booking = read_booking(event(), ROOM)
    assert booking.slot == Slot(START, START + timedelta(hours=1))
    assert (booking.ref, booking.place, booking.room_id, booking.version, booking.ical_uid) == (
        "AAMk=",
        ROOM.mailbox,
        "room-1",
        "ck",
        "uid",
    )
    assert (booking.organizer, booking.attendees) == (Person("alice@contoso.example", "Alice"), 2)
    assert booking.modified_at == datetime(2026, 2, 20, 8, tzinfo=UTC)
    assert not booking.room_organizes


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({}, Standing.PLANNED),
        ({"responseStatus": {"response": "tentativelyAccepted"}}, Standing.REQUESTED),
        ({"responseStatus": {"response": "notResponded"}}, Standing.REQUESTED),
        ({"responseStatus": {"response": "none"}}, Standing.REQUESTED),
        ({"responseStatus": None}, Standing.REQUESTED),
        ({"responseStatus": {"response": "declined"}}, Standing.REJECTED),
        ({"isCancelled": True, "showAs": "free"}, Standing.CANCELLED),
        ({"organizer": address("AMBER@contoso.example"), "isOrganizer": True}, Standing.PLANNED),
        ({"organizer": address("amber@contoso.example"), "isOrganizer": True, "showAs": "tentative"}, Standing.REQUESTED),
        ({"organizer": None, "isOrganizer": True, "attendees": []}, Standing.PLANNED),
    ],
)
def test_the_rooms_answer_is_the_standing(change: dict[str, Any], standing: Standing) -> None:
    assert read_booking(event(**change), ROOM).standing is standing


def test_a_room_that_keeps_no_subjects_tells_none() -> None:
    assert read_booking(event(), ROOM).subject is None
    assert read_booking(event(subject="Budget"), KEEPER).subject == "Budget"


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_a_private_subject_never_leaves_exchange(sensitivity: str) -> None:
    for room in (ROOM, KEEPER):
        booking = read_booking(event(subject="Layoffs", sensitivity=sensitivity), room)
        assert (booking.subject, booking.private) == ("Private", True)


def test_a_meeting_of_the_rooms_own_is_for_its_first_guest() -> None:
    own = event(organizer=address("amber@contoso.example"), isOrganizer=True, transactionId=KEY, subject="Budget")
    booking = read_booking(own, ROOM)
    assert (booking.room_organizes, booking.organizer, booking.attendees) == (True, Person("bob@contoso.example", "bob"), None)
    assert (booking.match_key, booking.subject) == (KEY, "Budget")


def test_our_property_beats_the_transaction_and_strange_ones_are_passed_over() -> None:
    properties = [{"id": "String {0} Name Other", "value": new_match_key()}, {"id": MATCH_KEY_PROPERTY.upper(), "value": KEY}]
    assert read_booking(event(singleValueExtendedProperties=properties, transactionId=new_match_key()), ROOM).match_key == KEY
    assert read_booking(event(transactionId="somebody's own"), ROOM).match_key is None


@pytest.mark.parametrize("hidden", [True, False])
def test_hidden_attendees_are_not_counted(hidden: bool) -> None:
    assert (read_booking(event(hideAttendees=hidden), ROOM).attendees is None) is hidden


def test_an_occurrence_knows_where_it_came_from() -> None:
    plain = read_booking(event(type="occurrence", seriesMasterId="M"), ROOM)
    moved = read_booking(event(type="exception", seriesMasterId="M", originalStart="2026-03-01T09:00:00Z"), ROOM)
    assert (plain.series_ref, plain.original_start) == ("M", START)
    assert moved.original_start == START - timedelta(days=1)
    assert read_booking(event(), ROOM).original_start is None


def test_masters_are_no_bookings() -> None:
    assert read_bookings([event(type="seriesMaster"), event()], ROOM) == [read_booking(event(), ROOM)]


@pytest.mark.parametrize(
    ("time", "zone"),
    [("2026-03-02T10:00:00", "W. Europe Standard Time"), ("2026-03-02T10:00:00.0000000", "Europe/Amsterdam"), ("2026-03-02T04:00:00", "Eastern Standard Time"),
     ("2026-03-02T09:00:00", "tzone://Microsoft/Utc"), ("2026-03-02T09:00:00", None), ("2026-03-02T09:00:00Z", "UTC")],
)  # fmt: skip
def test_any_zone_is_understood(time: str, zone: str | None) -> None:
    assert read_booking(event(start={"dateTime": time, "timeZone": zone}), ROOM).slot.start == START


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("W. Europe Standard Time", datetime(2026, 12, 6, 23, tzinfo=UTC)),
        ("Tokyo Standard Time", datetime(2026, 12, 6, 15, tzinfo=UTC)),
        ("UTC", datetime(2026, 12, 7, tzinfo=UTC)),
        ("tzone://Microsoft/Custom", datetime(2026, 12, 6, 23, tzinfo=UTC)),
        (None, datetime(2026, 12, 6, 23, tzinfo=UTC)),
    ],
)
def test_a_whole_day_is_one_where_the_event_was_made(zone: str | None, begins: datetime) -> None:
    """Graph gives midnight whatever zone was asked for."""
    midnight = {"start": {"dateTime": "2026-12-07T00:00:00.0000000", "timeZone": "UTC"},
                "end": {"dateTime": "2026-12-08T00:00:00.0000000", "timeZone": "UTC"}}  # fmt: skip
    room = replace(ROOM, time_zone="Europe/Amsterdam")
    seen = read_booking(event(isAllDay=True, originalStartTimeZone=zone, type="occurrence", **midnight), room)
    assert seen.slot == Slot(begins, begins + timedelta(days=1))
    assert seen.original_start == begins


def test_a_meeting_of_no_length_takes_a_minute() -> None:
    assert read_booking(event(end=event()["start"]), ROOM).slot.duration == timedelta(minutes=1)


@pytest.mark.parametrize(
    "wrong",
    [{"id": None}, {"start": None}, {"start": {"dateTime": "soon"}}, {"start": {"dateTime": "2026-03-02T09:00:00", "timeZone": "Mars"}}],
)
def test_what_makes_no_sense_is_garbled(wrong: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        read_booking(event(**wrong), ROOM)


@pytest.mark.parametrize(
    ("people", "count"), [([], 1), (None, 1), ([address("ALICE@contoso.example", type="required")], 1), ([{"type": "required"}], 1)]
)
def test_people_are_counted_once_and_rooms_never(people: Any, count: int) -> None:
    assert read_booking(event(attendees=people), ROOM).attendees == count


def draft(**more: Any) -> Draft:
    return Draft(**({"room_id": "room-1", "slot": Slot(START, START + timedelta(hours=1)), "match_key": KEY, "subject": "Budget",
                     "organizer": Person("alice@contoso.example", "Alice")} | more))  # fmt: skip


@given(st.text(max_size=600), st.booleans())
def test_what_is_written_and_read_back_needs_no_change(subject: str, private: bool) -> None:
    written = draft(subject=subject, private=private)
    stored = write_event(ROOM, written) | {"id": "x", "organizer": address(ROOM.mailbox), "isOrganizer": True, "changeKey": "1"}
    assert len(stored["subject"]) <= 255
    assert write_changes(ROOM, read_booking(stored, ROOM), written) == {}


def test_a_change_carries_only_what_differs() -> None:
    stored = write_event(ROOM, draft()) | {"id": "x", "organizer": address(ROOM.mailbox), "isOrganizer": True}
    seen = read_booking(stored, ROOM)
    later = Slot(START + timedelta(hours=1), START + timedelta(hours=2))
    assert set(write_changes(ROOM, seen, draft(slot=later))) == {"start", "end"}
    assert set(write_changes(ROOM, seen, draft(subject="Other"))) == {"subject", "sensitivity"}
    assert set(write_changes(ROOM, seen, draft(organizer=Person("bob@contoso.example")))) == {"attendees"}
    assert set(write_changes(ROOM, seen, draft(standing=Standing.REQUESTED))) == {"showAs"}
    assert set(write_changes(ROOM, seen, draft(match_key=new_match_key()))) == {"singleValueExtendedProperties"}


def test_the_room_is_not_among_its_own_guests() -> None:
    body = write_event(ROOM, draft(guests=(Person(ROOM.mailbox), Person("bob@contoso.example"), Person("alice@contoso.example"))))
    assert [a["emailAddress"]["address"] for a in body["attendees"]] == ["alice@contoso.example", "bob@contoso.example"]
