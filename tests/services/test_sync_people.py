"""With the optional scope on people's calendars: reservations become meetings of the requester's, and move them."""

from datetime import timedelta

import pytest

from conftest import ManualClock
from people import ALICE
from roombooker.domain.room import MeetingMode
from roombooker.domain.slot import Slot
from roombooker.store.db import Database
from services.twin import Twin


@pytest.fixture
def twin(database: Database, clock: ManualClock) -> Twin:
    made = Twin(database, clock, people_calendars=True)
    made.exchange.people_calendars = True
    return made


def slot_of(twin: Twin, hours: int) -> Slot:
    start = twin.clock() + timedelta(hours=hours)
    return Slot(start, start + timedelta(hours=1))


def test_a_reservation_becomes_a_meeting_of_the_requesters_own(twin: Twin) -> None:
    room = twin.change_room(twin.amber, meeting_mode=MeetingMode.PERSON)
    reservation = twin.topdesk.book(room, slot_of(twin, 3), ALICE, subject="Interview")
    twin.noticed(reservation)
    (meeting,) = twin.meetings(room)
    assert not meeting.room_organizes
    assert meeting.organizer is not None
    assert meeting.organizer.is_same_as(ALICE)
    assert twin.states() == ["confirmed"]
    assert all(done.planned == () for done in twin.sweep())


def test_a_reservation_that_moves_takes_the_persons_meeting_with_it(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_of(twin, 3), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    later = slot_of(twin, 6)
    twin.noticed(twin.topdesk.edit(reservation.ref, slot=later))
    assert [(b.ref, b.slot) for b in twin.meetings()] == [(meeting.ref, later)]
    assert twin.states() == ["confirmed"]
    assert [subject for _, subject, _ in twin.mails] == ["Amber: your booking was changed in TOPdesk"]
    assert all(done.planned == () for done in twin.sweep())


def test_a_reservation_that_changes_rooms_takes_the_persons_meeting_with_it(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_of(twin, 3), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    twin.noticed(twin.topdesk.edit(reservation.ref, room=twin.beryl))
    twin.sweep()
    assert twin.slots(twin.amber) == ([], [])
    assert twin.slots(twin.beryl) == ([reservation.slot], [reservation.slot])
    assert all(done.planned == () for done in twin.sweep())
