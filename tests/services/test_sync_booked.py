"""What was booked from the pane meets its appointment."""

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from services.twin import Twin


def test_a_sent_appointment_is_matched_and_confirms_the_booking(twin: Twin) -> None:
    _, answer = twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    row = twin.the_link()
    assert row.state == "confirmed"
    assert row.held_until is None
    assert row.ical_uid == meeting.ical_uid
    assert twin.bookings.one(caller(ALICE), answer["id"])["state"] == "confirmed"
    assert twin.slots() == ([slot_at()], [slot_at()])
    assert "matched" in twin.journal()
    assert twin.is_quiet()


def test_booked_then_shifted_then_sent_is_one_booking_at_the_shifted_time(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(5), ALICE)
    twin.follow(twin.amber)
    assert twin.slots() == ([slot_at(5)], [slot_at(5)])
    assert twin.states() == ["confirmed"]
    assert twin.is_quiet()


def test_an_appointment_of_somebody_else_does_not_take_the_booking(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(3), BOB)
    twin.follow(twin.amber)
    assert twin.states() == ["awaiting_appointment", "confirmed"]
    assert twin.slots() == ([slot_at(), slot_at(3)], [slot_at(3)])


def test_who_waits_to_send_is_told_when_the_reservation_is_cancelled_in_topdesk(twin: Twin) -> None:
    """Found by chaos, seed 1: the booking ended without a word to its owner."""
    _, answer = twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.noticed(twin.topdesk.cancel(twin.reservations()[0].ref))
    told = twin.bookings.one(caller(ALICE), answer["id"])
    assert told["state"] == "cancelled"
    assert told["reason"] == {"code": "cancelled_in_topdesk", "message": "The reservation was cancelled in TOPdesk."}
    assert [(to, subject) for to, subject, _ in twin.mails] == [(ALICE.email, "Amber is no longer booked")]


def test_what_waits_for_a_person_is_on_hold_no_longer_for_its_appointment(twin: Twin) -> None:
    """Found by chaos, seed 8: the hold's end stayed, in the pane as a countdown, and `settle` waited for it for ever."""
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.topdesk.vanish(twin.reservations()[0].ref)
    twin.sweep()
    assert [item.kind for item in twin.work_items()] == ["unexplained"]
    assert (twin.the_link().state, twin.the_link().held_until) == ("on_hold", None)
