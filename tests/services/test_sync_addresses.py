"""One person under two addresses: TOPdesk knows an older one, Exchange shows the first of them all."""

from datetime import timedelta
from typing import Any

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Person
from roombooker.errors import Denied, NotFound, Unavailable
from services.test_drift import drift
from services.twin import Twin, planned

SHOWN = Person("alice.jansen@contoso.example", "Alice Jansen")  # as an organizer is read from a calendar
OLD = Person("a.jansen@contoso.example", "Alice Jansen")


@pytest.fixture
def twin(twin: Twin) -> Twin:
    twin.topdesk.cards.clear()
    twin.topdesk.add_person(OLD)
    return twin


def asked(twin: Twin) -> int:
    return twin.exchange.calls.count("person")


def go_live(twin: Twin) -> list[str]:
    return planned(list(twin.sync.load(twin.sync.full(), cause="going live", room_ids=[twin.amber.id])))


def test_a_room_that_goes_live_adopts_what_is_reserved_under_another_address(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), OLD)
    twin.exchange.invite(twin.amber, slot_at(), SHOWN)
    assert planned([twin.sync.sync_room(twin.amber.id, windows=[twin.sync.full()], dry_run=True)]) == ["Adopt"]
    assert go_live(twin) == ["Adopt"]
    assert twin.slots() == ([slot_at()], [slot_at()])
    assert asked(twin) == 1
    assert twin.is_quiet()
    assert drift(twin).compare()["differences"] == []


def test_a_booking_of_the_pane_under_another_address_finds_its_appointment(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber, organizer=OLD))
    twin.exchange.invite(twin.amber, slot_at(2), SHOWN)  # shifted before it was sent, too
    twin.follow(twin.amber)
    assert twin.states() == ["confirmed"]
    assert twin.slots() == ([slot_at(2)], [slot_at(2)])
    assert twin.reservations()[0].organizer == OLD


def test_the_requester_stays_when_the_meeting_is_changed_under_another_address(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(72), OLD, attendees=2)
    meeting = twin.exchange.invite(twin.amber, slot_at(72), SHOWN, attendees=2)
    go_live(twin)
    twin.later(days=2)
    twin.exchange.edit(meeting.ref, attendees=7)
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    assert (reservation.attendees, reservation.organizer) == (7, OLD)


def test_an_invitation_that_was_taken_off_and_put_back_keeps_its_requester(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(72), OLD)
    meeting = twin.exchange.invite(twin.amber, slot_at(72), SHOWN, ical_uid="uid-1")
    go_live(twin)
    twin.later(days=2)
    twin.exchange.vanish(meeting.ref)
    twin.exchange.invite(twin.amber, slot_at(75), SHOWN, ical_uid="uid-1")
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    assert (reservation.slot, reservation.organizer) == (slot_at(75), OLD)


def test_nobody_is_asked_about_where_the_addresses_match_or_nothing_meets(twin: Twin) -> None:
    for day in range(5):
        twin.topdesk.book(twin.amber, slot_at(24 * day), OLD)
        twin.exchange.invite(twin.amber, slot_at(24 * day), OLD)
        twin.exchange.invite(twin.amber, slot_at(24 * day + 4), SHOWN)
    go_live(twin)
    assert len(twin.reservations()) == 10
    assert asked(twin) == 0


def test_one_person_is_asked_about_once_a_day(twin: Twin) -> None:
    for day in range(5):
        twin.topdesk.book(twin.amber, slot_at(24 * day), OLD)
        twin.exchange.invite(twin.amber, slot_at(24 * day), SHOWN)
    go_live(twin)
    twin.topdesk.book(twin.beryl, slot_at(), OLD)
    twin.exchange.invite(twin.beryl, slot_at(), SHOWN)
    twin.another_sync().sync_room(twin.beryl.id, windows=[twin.sync.full()])
    assert asked(twin) == 1
    assert twin.states() == ["confirmed"] * 6


def test_somebody_else_stays_somebody_else(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.exchange.invite(twin.amber, slot_at(), SHOWN)
    twin.sweep()
    assert asked(twin) == 1
    assert twin.meetings() == []


@pytest.mark.parametrize("error", [Denied("exchange", "No User.Read.All.", status_code=403), NotFound("Nobody.")])
def test_what_the_directory_does_not_say_stops_nothing(twin: Twin, error: Any) -> None:
    twin.exchange.fail("person", error, times=9)
    twin.topdesk.book(twin.amber, slot_at(), OLD)
    twin.exchange.invite(twin.amber, slot_at(), SHOWN)
    twin.exchange.invite(twin.amber, slot_at(3), BOB)
    twin.sweep()
    assert slot_at(3) in twin.slots()[0]
    assert asked(twin) == 1


def test_without_the_right_the_directory_is_asked_again_later_only(twin: Twin) -> None:
    twin.exchange.fail("person", Denied("exchange", "No User.Read.All.", status_code=403))
    for hour in (0, 3):
        twin.topdesk.book(twin.amber, slot_at(hour), OLD)
        twin.exchange.invite(twin.amber, slot_at(hour), SHOWN, ical_uid=f"uid-{hour}")
        planned([twin.sync.sync_room(twin.amber.id, windows=[twin.sync.full()], dry_run=True)])
    assert asked(twin) == 1
    twin.later(minutes=11)
    assert planned([twin.sync.sync_room(twin.amber.id, windows=[twin.sync.full()], dry_run=True)]) == ["Adopt", "Adopt"]


def test_while_the_directory_is_away_nothing_is_declined_for_it(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), OLD)
    twin.exchange.invite(twin.amber, slot_at(), SHOWN)
    twin.exchange.fail("person", Unavailable("exchange", "503"))
    (done,) = twin.sweep()
    assert done.failed
    assert twin.slots() == ([slot_at()], [slot_at()])
    twin.sweep()
    assert twin.states() == ["confirmed"]


def test_what_it_said_before_counts_while_the_directory_is_away(twin: Twin) -> None:
    for room in (twin.amber, twin.beryl):
        twin.topdesk.book(room, slot_at(72), OLD)
        twin.exchange.invite(room, slot_at(72), SHOWN)
    twin.sync.sync_room(twin.amber.id, windows=[twin.sync.full()])
    twin.clock.advance(timedelta(days=2))
    twin.exchange.fail("person", Unavailable("exchange", "503"))
    twin.sync.sync_room(twin.beryl.id, windows=[twin.sync.full()])
    assert twin.states() == ["confirmed", "confirmed"]
