"""A room that was switched off stays as it is on both sides, whatever was still on its way."""

import pytest

from factories import booking_request, slot_at
from people import ALICE, caller
from roombooker.store import notices
from services.twin import Twin


@pytest.fixture
def off(twin: Twin) -> Twin:
    """One booking on both sides, then switched off."""
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.change_room(twin.amber, enabled=False)
    return twin


def notice(twin: Twin, side: str, ref: str) -> None:
    with twin.database.write() as session:
        notices.add(session, side=side, ref=ref, kind="changed", at=twin.clock())


def test_a_reservation_cancelled_in_topdesk_leaves_the_meeting(off: Twin) -> None:
    off.noticed(off.topdesk.cancel(off.reservations()[0].ref))
    assert len(off.meetings(off.amber)) == 1
    assert off.waiting_notices() == []


def test_a_meeting_cancelled_in_outlook_leaves_the_reservation(off: Twin) -> None:
    off.exchange.cancel(off.meetings()[0].ref)
    notice(off, "exchange", off.amber.id)
    off.sync.digest_notices()
    assert len(off.reservations(off.amber)) == 1
    assert off.waiting_notices() == []


def test_what_was_to_be_tried_again_is_not(off: Twin) -> None:
    off.exchange.invite(off.amber, slot_at(5), ALICE)
    notice(off, "retry", notices.retry_ref(off.amber.id, slot_at(5)))
    off.later(minutes=1)
    off.sync.digest_notices()
    assert len(off.reservations(off.amber)) == 1
    assert off.waiting_notices() == []


def test_a_hold_that_is_over_stands_until_the_room_is_on_again(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.change_room(twin.amber, enabled=False)
    twin.later(minutes=40)
    assert twin.bookings.release_due_holds() == 0
    assert len(twin.reservations(twin.amber)) == 1
    twin.change_room(twin.amber, enabled=True)
    assert twin.bookings.release_due_holds() == 1
    assert twin.reservations(twin.amber) == []


def test_on_again_it_follows_what_happened_meanwhile(off: Twin) -> None:
    off.noticed(off.topdesk.cancel(off.reservations()[0].ref))
    off.change_room(off.amber, enabled=True)
    off.sweep()
    assert off.slots(off.amber) == ([], [])
