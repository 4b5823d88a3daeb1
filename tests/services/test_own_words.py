"""What TOPdesk's people write on a reservation stands when its meeting changes in something else."""

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Booking, Person
from services.twin import Twin


def told(reservation: Booking) -> tuple[Person | None, str | None, int | None]:
    return reservation.organizer, reservation.subject, reservation.attendees


def edited(twin: Twin) -> Booking:
    """Its meeting; the operator has noted what is to be laid out, for whom and for how many."""
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE, attendees=3, subject="Budget")
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    twin.noticed(twin.topdesk.edit(reservation.ref, subject="Coffee at ten", organizer=BOB, attendees=12))
    assert twin.is_quiet()
    return meeting


@pytest.mark.parametrize("keeps_subject", [True, False])
def test_a_move_in_outlook_moves_the_reservation_and_nothing_else(twin: Twin, keeps_subject: bool) -> None:
    twin.change_room(twin.amber, keeps_subject=keeps_subject)
    meeting = edited(twin)
    twin.exchange.edit(meeting.ref, slot=slot_at(3))
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    assert reservation.slot == slot_at(3)
    assert told(reservation) == (BOB, "Coffee at ten", 12)
    assert twin.is_quiet()


def test_a_move_in_the_pane_moves_the_reservation_and_nothing_else(twin: Twin) -> None:
    _, answer = twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    twin.noticed(twin.topdesk.edit(reservation.ref, subject="Coffee at ten", organizer=BOB, attendees=12))
    new = slot_at(0.5)
    twin.bookings.move(caller(ALICE), "key-0002", str(answer["id"]), {"start": new.start, "end": new.end})
    (reservation,) = twin.reservations()
    assert reservation.slot == new
    assert told(reservation) == (BOB, "Coffee at ten", 12)


def test_what_the_meeting_changes_is_carried_over_and_the_requester_still_stands(twin: Twin) -> None:
    meeting = edited(twin)
    twin.exchange.edit(meeting.ref, slot=slot_at(3), attendees=7)
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    assert reservation.slot == slot_at(3)
    assert told(reservation) == (BOB, "Coffee at ten", 7)
    assert twin.is_quiet()


def test_a_meeting_that_becomes_private_hides_what_was_written(twin: Twin) -> None:
    meeting = edited(twin)
    twin.exchange.edit(meeting.ref, slot=slot_at(3), private=True)
    twin.follow(twin.amber)
    assert [b.subject for b in twin.reservations()] == ["Private"]
    assert twin.is_quiet()


def test_a_requester_who_was_nobody_is_named_with_the_next_move(twin: Twin) -> None:
    """Nobody's word is overwritten by that."""
    newcomer = Person("new@contoso.example", "New Comer")
    meeting = twin.exchange.invite(twin.amber, slot_at(), newcomer)
    twin.follow(twin.amber)
    assert [b.organizer for b in twin.reservations()] == [None]
    twin.topdesk.add_person(newcomer)
    twin.later(hours=25)  # that there is no card is kept for a while
    twin.exchange.edit(meeting.ref, slot=slot_at(75))
    twin.follow(twin.amber)
    assert [(b.slot, b.organizer) for b in twin.reservations()] == [(slot_at(75), newcomer)]
