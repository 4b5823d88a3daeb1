"""What a side refuses, or does not let us do: tried again or not, a person learns it, and nothing else waits for it."""

from collections.abc import Callable

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Booking
from roombooker.errors import Denied, NotFound, Refused, Unavailable
from services.twin import Twin


def booked(twin: Twin) -> tuple[Booking, Booking]:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    return twin.reservations()[0], meeting


def meanwhile(twin: Twin, method: str, act: Callable[[], object]) -> None:
    """Somebody else, right before our next call of that kind."""

    def once(called: str) -> None:
        if called == method:
            twin.topdesk.on_call = lambda _method: None
            act()

    twin.topdesk.on_call = once


def again(twin: Twin) -> None:
    twin.later(minutes=1)
    twin.sync.digest_notices()
    twin.sweep()


def test_a_reservation_that_topdesk_does_not_let_us_end_is_asked_for_once_and_waits_for_a_person(twin: Twin) -> None:
    _, meeting = booked(twin)
    twin.topdesk.fail("remove", Refused("topdesk", "This reservation is closed."), times=9)
    twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    again(twin)
    (item,) = twin.work_items()
    assert item.kind == "failed_step"
    assert "does not let its reservation be ended: This reservation is closed." in item.reason
    assert twin.topdesk.calls.count("remove") == 1
    assert twin.waiting_notices() == []


def test_a_meeting_that_exchange_does_not_let_the_room_decline_waits_for_a_person(twin: Twin) -> None:
    reservation, _ = booked(twin)
    twin.exchange.fail("decline", Refused("exchange", "The organizer wants no answers."), times=9)
    twin.noticed(twin.topdesk.cancel(reservation.ref))
    again(twin)
    (item,) = twin.work_items()
    assert (item.kind, twin.states()) == ("failed_step", ["on_hold"])
    assert "The organizer wants no answers." in item.reason
    assert twin.exchange.calls.count("decline") == 1


@pytest.mark.parametrize("error", [Denied("topdesk", "TOPdesk does not let us in."), NotFound("TOPdesk has no such location.")])
def test_a_right_that_is_missing_is_on_the_work_list_until_it_is_there(twin: Twin, error: Exception) -> None:
    twin.topdesk.fail("create", error, times=2)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    assert [item.kind for item in twin.work_items()] == ["failed_step"]
    assert error.args[0] in twin.work_items()[0].reason
    for _ in range(3):
        again(twin)
    assert twin.work_items() == []
    assert twin.slots() == ([slot_at()], [slot_at()])


def test_one_booking_that_cannot_be_carried_on_keeps_no_hold_of_another(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(5), BOB)
    twin.topdesk.fail("create", Denied("topdesk", "TOPdesk does not let us in."), times=99)
    twin.later(minutes=40)
    assert twin.bookings.release_due_holds() == 1


@pytest.mark.parametrize("method", ["get", "remove"])
def test_an_operators_move_while_we_end_it_is_no_doing_of_ours(twin: Twin, method: str) -> None:
    reservation, meeting = booked(twin)
    twin.exchange.cancel(meeting.ref)
    if method == "get":
        meanwhile(twin, "get", lambda: twin.topdesk.edit(reservation.ref, slot=slot_at(6)))
        twin.follow(twin.amber)
    else:
        twin.topdesk.fail("remove", Unavailable("topdesk", "Not now."))
        twin.follow(twin.amber)
        twin.topdesk.edit(reservation.ref, slot=slot_at(6))
    again(twin)
    assert [item.kind for item in twin.work_items()] == ["deleted_and_edited"]
    assert twin.slots() == ([slot_at(6)], [])


@pytest.mark.parametrize("method", ["get", "change"])
def test_an_operators_move_while_we_move_it_is_no_doing_of_ours(twin: Twin, method: str) -> None:
    reservation, meeting = booked(twin)
    twin.exchange.edit(meeting.ref, slot=slot_at(3))
    if method == "get":
        meanwhile(twin, "get", lambda: twin.topdesk.edit(reservation.ref, slot=slot_at(6)))
        twin.follow(twin.amber)
    else:
        twin.topdesk.fail("change", Unavailable("topdesk", "Not now."))
        twin.follow(twin.amber)
        twin.topdesk.edit(reservation.ref, slot=slot_at(6))
    again(twin)
    assert twin.reservations()[0].slot == slot_at(6)
    assert [item.kind for item in twin.work_items()] == ["moved_in_topdesk"]


def test_a_move_that_clashes_and_cannot_be_put_back_stays_on_the_work_list(twin: Twin) -> None:
    reservation, meeting = booked(twin)
    link = twin.the_link()
    twin.topdesk.conflict_mode = "flag"
    twin.topdesk.book(twin.amber, slot_at(3), BOB)
    twin.exchange.edit(meeting.ref, slot=slot_at(3))
    twin.topdesk.fail("change", Refused("topdesk", "That time is over."), nth=2, times=9)
    twin.sync.sync_room(twin.amber.id, cause="notice")
    for _ in range(2):
        again(twin)
    assert twin.reservations()[0].ref == reservation.ref
    (item,) = [one for one in twin.work_items() if one.link_id == link.id]
    assert "TOPdesk does not let it be put back: That time is over." in item.reason
    assert "stands as it was" not in item.reason
    assert "on_hold" in twin.states()
