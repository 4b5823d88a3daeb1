"""A booking moved from the pane, whose appointment follows, goes somewhere else, or never moves."""

import pytest

from factories import booking_request, slot_at
from people import ALICE, caller
from roombooker.domain.booking import Booking
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Unavailable
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


def both_confirmed(twin: Twin) -> tuple[str, Booking, Booking]:
    """Two rooms booked, sent and matched: the booking's id, and its meetings in Amber and Beryl."""
    _, answer = twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber, twin.beryl))
    in_amber = twin.exchange.invite(twin.amber, slot_at(), ALICE, ical_uid="uid")
    in_beryl = twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid="uid")
    twin.follow()
    return str(answer["id"]), in_amber, in_beryl


def shift(twin: Twin, booking_id: str, room: Room) -> Slot:
    """To five hours later, in this room alone."""
    new = slot_at(5)
    twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"rooms": [room.id], "start": new.start, "end": new.end})
    return new


def test_a_room_that_is_dropped_by_a_move_is_kept_until_the_appointment_has_followed(twin: Twin) -> None:
    booking_id, in_amber, in_beryl = both_confirmed(twin)
    new = shift(twin, booking_id, twin.amber)
    assert twin.bookings.one(caller(ALICE), booking_id)["moving_to"]["start"] == "2026-11-24T14:00:00Z"
    twin.sweep()
    assert twin.slots(twin.amber) == ([slot_at(), new], [slot_at()])
    assert twin.slots(twin.beryl) == ([slot_at()], [slot_at()])
    twin.exchange.edit(in_amber.ref, slot=new)
    twin.exchange.cancel(in_beryl.ref)
    twin.follow()
    assert twin.slots(twin.amber) == ([new], [new])
    assert twin.slots(twin.beryl) == ([], [])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()


def test_a_move_that_drops_a_room_and_is_never_sent_leaves_both_rooms_as_they_were(twin: Twin) -> None:
    booking_id, *_ = both_confirmed(twin)
    shift(twin, booking_id, twin.beryl)
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    twin.sweep()
    assert twin.slots(twin.amber) == ([slot_at()], [slot_at()])
    assert twin.slots(twin.beryl) == ([slot_at()], [slot_at()])
    assert twin.states() == ["confirmed", "confirmed"]
    assert twin.is_quiet()


def test_the_hold_of_a_dropped_room_does_not_end_a_move_that_exchange_cannot_be_asked_about(twin: Twin) -> None:
    booking_id, *_ = both_confirmed(twin)
    new = shift(twin, booking_id, twin.beryl)
    twin.later(minutes=31)
    twin.exchange.fail("listing", Unavailable("exchange", "Exchange is away."), times=100)
    assert twin.bookings.release_due_holds() == 0
    assert twin.slots(twin.amber) == ([slot_at()], [slot_at()])
    assert twin.slots(twin.beryl) == ([slot_at(), new], [slot_at()])


def test_a_room_that_only_leaves_is_given_up_at_once_as_by_a_cancellation(twin: Twin) -> None:
    booking_id, _, in_beryl = both_confirmed(twin)
    twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"rooms": [twin.amber.id]})
    twin.sweep()
    assert twin.slots(twin.amber) == ([slot_at()], [slot_at()])
    assert twin.slots(twin.beryl) == ([], [])
    assert in_beryl.ref in twin.exchange.reasons
    assert twin.is_quiet()


def test_a_room_that_joins_a_booking_is_matched_as_soon_as_its_meeting_is_there(twin: Twin) -> None:
    booking_id, meeting = confirmed(twin)
    twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"rooms": [twin.amber.id, twin.beryl.id]})
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    twin.follow()
    assert twin.slots(twin.beryl) == ([slot_at()], [slot_at()])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()


def swapped(twin: Twin) -> tuple[str, Booking]:
    """Confirmed in Amber, with Beryl secured instead: the booking's id, and the meeting in Amber."""
    booking_id, meeting = confirmed(twin)
    twin.bookings.move(caller(ALICE), "key-0002", booking_id, {"rooms": [twin.beryl.id]})
    assert twin.slots(twin.beryl) == ([slot_at()], [])
    return booking_id, meeting


def test_another_room_stays_secured_when_the_old_rooms_cancellation_is_seen_first(twin: Twin) -> None:
    booking_id, meeting = swapped(twin)
    twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    twin.sweep()
    assert twin.slots(twin.beryl) == ([slot_at()], [])
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    twin.follow(twin.beryl)
    twin.sweep()
    assert twin.slots(twin.amber) == ([], [])
    assert twin.slots(twin.beryl) == ([slot_at()], [slot_at()])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert len(twin.states()) == 1
    assert twin.is_quiet()


@pytest.mark.parametrize("order", ["old room first", "new room first"])
def test_another_room_is_found_whichever_calendar_tells_first(twin: Twin, order: str) -> None:
    booking_id, meeting = swapped(twin)
    twin.exchange.cancel(meeting.ref)
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    both = (twin.amber, twin.beryl) if order == "old room first" else (twin.beryl, twin.amber)
    twin.follow(*both)
    twin.sweep()
    assert twin.slots(twin.amber) == ([], [])
    assert twin.slots(twin.beryl) == ([slot_at()], [slot_at()])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()


def test_another_room_that_was_never_sent_is_given_back_and_the_old_one_stands(twin: Twin) -> None:
    booking_id, _ = swapped(twin)
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    twin.sweep()
    assert twin.slots(twin.amber) == ([slot_at()], [slot_at()])
    assert twin.slots(twin.beryl) == ([], [])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()


def test_a_meeting_that_is_cancelled_while_another_room_waits_ends_both_with_the_hold(twin: Twin) -> None:
    booking_id, meeting = swapped(twin)
    twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    twin.sweep()
    assert twin.slots(twin.amber) == ([], [])
    assert twin.slots(twin.beryl) == ([], [])
    told = twin.bookings.one(caller(ALICE), booking_id)
    assert told["state"] == "cancelled"
    assert told["reason"] == {"code": "cancelled_in_outlook", "message": "The meeting was cancelled in Outlook."}
    assert not [line for line in told["timeline"] if "stays where it was" in line["message"]]
    assert twin.mails == [], "it was her own doing"
    assert twin.is_quiet()


def test_the_hold_of_another_room_finds_its_meeting_there(twin: Twin) -> None:
    """Though no notice of it ever came."""
    booking_id, meeting = swapped(twin)
    twin.exchange.cancel(meeting.ref)
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    twin.sweep()
    assert twin.slots(twin.beryl) == ([slot_at()], [slot_at()])
    assert twin.bookings.one(caller(ALICE), booking_id)["state"] == "confirmed"
    assert twin.is_quiet()
