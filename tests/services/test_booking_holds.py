"""Holds: a reservation waits for its appointment, and is given back only after a fresh look that did not find it."""

from datetime import timedelta

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.errors import NotFound, Unavailable
from roombooker.store.models import RoomRow
from services.desk import Desk

ME = caller(ALICE)


def _booked(desk: Desk) -> str:
    return str(desk.bookings.book(ME, "key-book", booking_request(desk.amber))[1]["id"])


def test_a_released_hold_frees_the_room(desk: Desk) -> None:
    booking = _booked(desk)
    desk.clock.advance(timedelta(minutes=31))
    assert desk.bookings.release_due_holds() == 1
    assert desk.live() == []
    assert desk.bookings.one(ME, booking)["state"] == "released"
    assert "not sent in time" in str(desk.topdesk.reasons)
    assert desk.bookings.book(caller(BOB), "key-bob", booking_request(desk.amber, organizer=BOB))[0] == 201


def test_a_hold_stands_before_its_time(desk: Desk) -> None:
    _booked(desk)
    desk.clock.advance(timedelta(minutes=29))
    assert desk.bookings.release_due_holds() == 0
    assert desk.live() == [slot_at()]


def test_the_room_is_read_and_matched_before_a_hold_is_released(desk: Desk) -> None:
    _booked(desk)
    synced: list[str] = []
    desk.bookings.sync_room = synced.append
    desk.clock.advance(timedelta(minutes=31))
    desk.bookings.release_due_holds()
    assert synced == [desk.amber.id]


def test_a_hold_stands_while_exchange_is_away(desk: Desk) -> None:
    _booked(desk)
    desk.exchange.fail("listing", Unavailable("exchange", "Exchange is away."))
    desk.clock.advance(timedelta(minutes=31))
    assert desk.bookings.release_due_holds() == 0
    assert desk.live() == [slot_at()]
    desk.clock.advance(timedelta(minutes=2))
    assert desk.bookings.release_due_holds() == 1


def test_a_hold_stands_after_a_look_that_was_not_complete(desk: Desk) -> None:
    _booked(desk)
    desk.exchange.is_complete = False
    desk.clock.advance(timedelta(minutes=31))
    assert desk.bookings.release_due_holds() == 0
    assert desk.live() == [slot_at()]


@pytest.mark.parametrize("hours", [0, 5], ids=["as booked", "shifted, then sent"])
def test_an_appointment_that_is_there_is_handed_to_the_matcher(desk: Desk, hours: int) -> None:
    _booked(desk)
    desk.exchange.invite(desk.amber, slot_at(hours), ALICE)
    desk.clock.advance(timedelta(minutes=31))
    assert desk.bookings.release_due_holds() == 0
    assert desk.live() == [slot_at()]
    with desk.database.read() as session:
        row = session.get(RoomRow, desk.amber.id)
        assert row is not None
        assert row.due_at == desk.clock()


def test_somebody_elses_appointment_does_not_keep_a_hold(desk: Desk) -> None:
    _booked(desk)
    desk.exchange.invite(desk.amber, slot_at(5), BOB)
    desk.clock.advance(timedelta(minutes=31))
    assert desk.bookings.release_due_holds() == 1


def test_a_release_that_topdesk_cannot_take_is_finished_later(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.fail("remove", Unavailable("topdesk", "TOPdesk is away."))
    desk.clock.advance(timedelta(minutes=31))
    desk.bookings.release_due_holds()
    assert desk.bookings.one(ME, booking)["state"] == "releasing"
    desk.clock.advance(timedelta(minutes=2))
    desk.bookings.finish_due()
    assert desk.bookings.one(ME, booking)["state"] == "released"


def test_an_open_pane_extends_the_hold_up_to_its_limit(desk: Desk) -> None:
    booking = _booked(desk)
    desk.clock.advance(timedelta(minutes=20))
    assert desk.bookings.extend_hold(ME, booking) == "2026-11-23T08:50:00Z"
    for _ in range(20):
        desk.clock.advance(timedelta(minutes=20))
        desk.bookings.extend_hold(ME, booking)
    assert desk.bookings.extend_hold(ME, booking) == "2026-11-23T12:00:00Z"


def test_what_is_not_held_cannot_be_extended(desk: Desk) -> None:
    booking = _booked(desk)
    desk.bookings.cancel(ME, "key-cancel", booking)
    with pytest.raises(NotFound):
        desk.bookings.extend_hold(ME, booking)
