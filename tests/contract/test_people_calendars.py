"""Person mode and real moves: with the optional scope on people's mailboxes, over the stand-in Exchange, and what happens without it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from contract.conftest import now
from contract.sides import MeetingsUnderTest, fresh_slot
from fakes.calendars import FakeMeetings
from roombooker.domain.booking import Person, new_match_key
from roombooker.domain.room import MeetingMode, Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, Refused
from roombooker.exchange.graph.calendar import GraphMeetings
from roombooker.exchange.graph.client import GraphClient
from sandboxes import ALICE, RunningSandbox

HOUR = timedelta(hours=1)


@pytest.fixture
def granted(calm: RunningSandbox) -> RunningSandbox:
    calm.control.post("/rights", json={"restore": ["people_calendars"]}).raise_for_status()
    calm.control.patch("", json={"room_answer_ms": 100}).raise_for_status()
    return calm


@pytest.fixture(params=["fake_meetings", "graph"])
def meetings(request: pytest.FixtureRequest) -> Iterator[MeetingsUnderTest]:
    """Both with the scope."""
    side: MeetingsUnderTest = request.getfixturevalue(request.param)
    if request.param == "graph":
        request.getfixturevalue("granted")
        side = replace(side, calendar=GraphMeetings(request.getfixturevalue("graph_client"), clock=now, people_calendars=True))
    elif isinstance(side.calendar, FakeMeetings):
        side.calendar.people_calendars = True
    return side


def person_mode(room: Room) -> Room:
    return replace(room, meeting_mode=MeetingMode.PERSON)


def in_calendar(sandbox: RunningSandbox, slot: Slot, mail: str = ALICE) -> list[dict[str, object]]:
    params = {"startDateTime": slot.start.isoformat(), "endDateTime": slot.end.isoformat()}
    found = sandbox.graph_as(mail).get("/me/calendarView", params=params).json()["value"]
    return [e for e in found if not e["isCancelled"]]


def test_person_mode_makes_a_meeting_of_the_persons_own(meetings: MeetingsUnderTest) -> None:
    room, draft = person_mode(meetings.room), meetings.draft(fresh_slot())
    made = meetings.calendar.create(room, draft)
    assert (made.room_organizes, made.slot, made.match_key) == (False, draft.slot, draft.match_key)
    assert made.organizer is not None
    assert made.organizer.is_same_as(meetings.organizer)
    again = meetings.calendar.create(room, draft)
    assert again.ref == made.ref
    assert [b.ref for b in meetings.listed(draft.slot)] == [made.ref]


def test_a_persons_meeting_moves_in_time_and_nothing_else_of_it_changes(meetings: MeetingsUnderTest) -> None:
    slot = fresh_slot(3)
    seen = meetings.calendar.get(meetings.room, meetings.book(meetings.room, Slot(slot.start, slot.start + HOUR)))
    later = Slot(slot.end - HOUR, slot.end)
    moved = meetings.calendar.change(meetings.room, seen, meetings.draft(later, subject="Not theirs", match_key=new_match_key()))
    assert (moved.ref, moved.slot, moved.room_organizes) == (seen.ref, later, False)
    assert moved.subject == seen.subject
    assert [b.slot for b in meetings.listed(slot)] == [later]


def test_a_persons_meeting_moves_to_another_room(meetings: MeetingsUnderTest) -> None:
    slot = fresh_slot()
    seen = meetings.calendar.get(meetings.room, meetings.book(meetings.room, slot))
    moved = meetings.calendar.change(meetings.other_room, seen, meetings.draft(slot, room_id=meetings.other_room.id))
    assert (moved.place, moved.ical_uid) == (meetings.other_room.mailbox, seen.ical_uid)
    assert meetings.listed(slot) == []
    assert [b.ref for b in meetings.listed(slot, meetings.other_room)] == [moved.ref]


def test_the_person_has_it_in_their_calendar_with_the_room_as_resource(
    granted: RunningSandbox, graph_client: GraphClient, graph: MeetingsUnderTest
) -> None:
    calendar = GraphMeetings(graph_client, clock=now, people_calendars=True)
    slot = fresh_slot()
    calendar.create(person_mode(graph.room), graph.draft(slot, subject="Budget review"))
    (mine,) = in_calendar(granted, slot)
    assert mine["subject"] == "Budget review"
    assert mine["isOrganizer"] is True
    assert [(a["type"], a["emailAddress"]["address"].lower()) for a in mine["attendees"]] == [("resource", graph.room.mailbox)]  # type: ignore[attr-defined]


def test_a_room_that_declines_leaves_the_meeting_where_it_was(
    granted: RunningSandbox, graph_client: GraphClient, graph: MeetingsUnderTest
) -> None:
    calendar = GraphMeetings(graph_client, clock=now, people_calendars=True)
    slot = fresh_slot(2)
    first, second = Slot(slot.start, slot.start + HOUR), Slot(slot.start + HOUR, slot.end)
    graph.book(graph.room, second)
    with pytest.raises(Refused):
        calendar.create(person_mode(graph.room), graph.draft(second))
    assert len(in_calendar(granted, second)) == 1  # ours was taken back
    seen = calendar.get(graph.room, graph.book(graph.room, first))
    with pytest.raises(Refused):
        calendar.change(graph.room, seen, graph.draft(second))
    granted.idle()
    assert len(in_calendar(granted, first)) == 1
    assert [b.slot for b in graph.listed(slot)] == [first, second]


def test_one_date_of_a_series_moves_alone(granted: RunningSandbox, graph_client: GraphClient, graph: MeetingsUnderTest) -> None:
    calendar = GraphMeetings(graph_client, clock=now, people_calendars=True)
    slot = fresh_slot(3)
    day = slot.start.date()
    body = {
        "subject": "Stand-up", "start": {"dateTime": slot.start.isoformat()[:19], "timeZone": "UTC"},
        "end": {"dateTime": (slot.start + HOUR).isoformat()[:19], "timeZone": "UTC"},
        "attendees": [{"type": "resource", "emailAddress": {"address": graph.other_room.mailbox}}],
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": day.isoformat(), "numberOfOccurrences": 2, "recurrenceTimeZone": "UTC"},
        },
    }  # fmt: skip
    granted.graph_as(ALICE).post("/me/events", json=body).raise_for_status()
    granted.idle()
    window = Slot(slot.start, slot.start + timedelta(days=3))
    first, second = sorted((b for b in calendar.listing(graph.other_room, window).bookings if b.series_ref), key=lambda b: b.slot)
    later = first.slot.shifted(HOUR)
    moved = calendar.change(graph.other_room, first, graph.draft(later))
    assert (moved.slot, moved.original_start) == (later, first.slot.start)
    granted.idle()
    assert {b.slot for b in calendar.listing(graph.other_room, window).bookings if b.series_ref} == {later, second.slot}


def test_somebody_without_a_mailbox_here_gets_a_meeting_on_the_rooms_own_calendar(
    granted: RunningSandbox, graph_client: GraphClient, graph: MeetingsUnderTest
) -> None:
    calendar = GraphMeetings(graph_client, clock=now, people_calendars=True)
    made = calendar.create(person_mode(graph.room), graph.draft(fresh_slot(), organizer=Person("guest@elsewhere.example", "Guest")))
    assert made.room_organizes


def test_without_the_scope_the_room_takes_the_meeting_and_nobodys_is_moved(
    calm: RunningSandbox, graph_client: GraphClient, graph: MeetingsUnderTest
) -> None:
    calendar = GraphMeetings(graph_client, clock=now, people_calendars=True)  # the setting says so, the tenant does not
    assert calendar.create(person_mode(graph.room), graph.draft(fresh_slot())).room_organizes
    slot = fresh_slot()
    seen = calendar.get(graph.room, graph.book(graph.room, slot))
    with pytest.raises(Denied) as denied:
        calendar.change(graph.room, seen, graph.draft(slot.shifted(HOUR)))
    assert denied.value.right == "people_calendars"
    calm.idle()
