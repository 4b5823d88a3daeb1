"""Booking a room: what is reserved, what is answered, what is remembered."""


from factories import booking_request, slot_at
from people import ALICE, caller
from roombooker.domain.booking import MATCH_KEY
from services.desk import Desk


def test_a_booking_becomes_a_stamped_reservation_for_the_organizer(desk: Desk) -> None:
    status, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert status == 201
    (reservation,) = desk.topdesk.live(desk.amber)
    assert reservation.slot == slot_at()
    assert reservation.organizer == ALICE
    assert reservation.match_key is not None
    assert MATCH_KEY.fullmatch(reservation.match_key)
    assert answer["state"] == "awaiting_appointment"
    assert answer["rooms"][0]["match_key"] == reservation.match_key
    assert answer["rooms"][0]["reservation"] == {"id": reservation.ref, "number": reservation.number}
    assert answer["held_until"] == "2026-11-23T08:30:00Z"


def test_one_room_costs_four_calls(desk: Desk) -> None:
    desk.bookings._driver._calls._requesters.account_id()
    desk.topdesk.calls.clear()
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert desk.topdesk.calls == ["person_by_email", "create", "occupied"]
    assert desk.exchange.calls == ["free_busy"]
