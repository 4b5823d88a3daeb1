"""A booking moved from the pane, whose appointment follows, goes somewhere else, or never moves."""

import pytest

from factories import booking_request, slot_at
from people import ALICE, caller
from roombooker.domain.booking import Booking
from services.twin import Twin


def confirmed(twin: Twin) -> tuple[str, Booking]:
    """Booked, sent and matched: the booking's id and its meeting."""
    _, answer = twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    return str(answer["id"]), meeting


@pytest.mark.parametrize("hours", [4, 0.5])
def test_the_appointment_follows_and_one_reservation_is_left(twin: Twin, hours: float) -> None:
    """Whether the new time overlaps the old one or not."""
    booking_id, meeting = confirmed(twin)
    new = slot_at(hours)
    _, answer = twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"start": new.start, "end": new.end})
    assert answer["state"] == "moving"
    twin.sweep()
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "moving", "a sweep in between leaves it alone"
    twin.exchange.edit(meeting.ref, slot=new)
    twin.follow(twin.amber)
    assert twin.slots() == ([new], [new])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()


def test_an_appointment_that_goes_somewhere_else_takes_the_reservation_there(twin: Twin) -> None:
    booking_id, meeting = confirmed(twin)
    new, other = slot_at(4), slot_at(6)
    twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"start": new.start, "end": new.end})
    twin.exchange.edit(meeting.ref, slot=other)
    twin.follow(twin.amber)
    assert twin.slots() == ([other], [other])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()


def test_an_appointment_that_is_cancelled_meanwhile_ends_everything(twin: Twin) -> None:
    booking_id, meeting = confirmed(twin)
    new = slot_at(4)
    twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"start": new.start, "end": new.end})
    twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    assert twin.slots() == ([], [])
    assert twin.is_quiet()


def test_a_cancellation_from_the_pane_lets_the_room_decline(twin: Twin) -> None:
    booking_id, meeting = confirmed(twin)
    twin.bookings.cancel(caller(ALICE), "key-0002", booking_id)
    twin.sweep()
    assert twin.slots() == ([], [])
    assert meeting.ref in twin.exchange.reasons
    assert twin.states() == ["cancelled"]
    assert twin.is_quiet()
