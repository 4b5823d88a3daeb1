"""Work items about what is gone, stuck, unreadable, asked for or stopped: each action, really carried out."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, CAROL, caller
from roombooker.domain.booking import Booking
from roombooker.domain.room import Cancellation
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, InvalidInput, RoomBookerError
from services.settled import A, B, both, is_settled, settle, the_item, work_list
from services.test_settling import ambiguous, moved_in_topdesk, on_top, taken
from services.twin import Twin

# gone without a sign


def _unexplained(twin: Twin) -> Booking:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    twin.topdesk.vanish(reservation.ref)
    twin.sweep()
    the_item(twin, "unexplained")
    return reservation


def test_what_is_gone_unexplained_is_ended_on_the_other_side_too(twin: Twin) -> None:
    _unexplained(twin)
    item = settle(twin, "unexplained", "delete")
    assert both(twin) == ([], [])
    assert is_settled(twin, item)


def test_what_is_gone_unexplained_is_found_again_when_it_is_back(twin: Twin) -> None:
    reservation = _unexplained(twin)
    twin.topdesk.records[reservation.ref] = reservation
    item = settle(twin, "unexplained", "retry") if twin.work_items() else None
    assert both(twin) == ([(slot_at(), A)], [(slot_at(), A)])
    assert item is None or item["settled_at"]
    assert twin.states() == ["confirmed"]
    assert twin.is_quiet()


def test_what_is_gone_unexplained_stays_open_while_it_is_gone(twin: Twin) -> None:
    _unexplained(twin)
    settle(twin, "unexplained", "retry")
    assert both(twin) == ([], [(slot_at(), A)])
    assert [item.kind for item in twin.work_items()] == ["unexplained"]


def test_what_is_gone_unexplained_may_be_left(twin: Twin) -> None:
    _unexplained(twin)
    item = settle(twin, "unexplained", "give_up")
    assert both(twin) == ([], [(slot_at(), A)])
    assert is_settled(twin, item)


# a step that failed


def _failed(twin: Twin) -> None:
    twin.exchange.read_only = True
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.sweep()
    the_item(twin, "failed_step")


def test_a_failed_step_is_done_once_the_right_is_there(twin: Twin) -> None:
    _failed(twin)
    twin.exchange.read_only = False
    item = settle(twin, "failed_step", "retry")
    assert both(twin) == ([(slot_at(), B)], [(slot_at(), B)])
    assert item["settled_at"]
    assert twin.work_items() == []
    assert twin.is_quiet()


def test_a_failed_step_stays_open_while_the_right_is_missing(twin: Twin) -> None:
    _failed(twin)
    item = settle(twin, "failed_step", "retry")
    assert item["settled_at"] is None
    assert both(twin) == ([(slot_at(), B)], [])


def test_a_failed_step_may_be_given_up(twin: Twin) -> None:
    _failed(twin)
    item = settle(twin, "failed_step", "give_up")
    assert both(twin) == ([(slot_at(), B)], [])
    assert is_settled(twin, item)


def _stuck(twin: Twin) -> None:
    """A move from the pane that lost its new slot, and its old one too while it was put back."""
    _, booking = twin.bookings.book(caller(ALICE), "key-1", booking_request(twin.amber))
    twin.topdesk.conflict_mode = "silent"
    twin.topdesk.book(twin.amber, slot_at(1, 30), BOB)

    def squatter(method: str) -> None:
        if method == "occupied":
            twin.topdesk.on_call = lambda _method: None
            twin.topdesk.book(twin.amber, slot_at(0, 30), BOB)

    twin.topdesk.on_call = squatter
    twin.bookings.move(caller(ALICE), "key-2", booking["id"], {"start": slot_at(0.5).start, "end": slot_at(0.5).end})
    the_item(twin, "failed_step")


def test_a_move_that_got_stuck_waits_for_its_appointment_again_once_there_is_room(twin: Twin) -> None:
    _stuck(twin)
    for reservation in [b for b in twin.reservations() if b.organizer == BOB]:
        twin.topdesk.cancel(reservation.ref)
    item = settle(twin, "failed_step", "retry")
    (reservation,) = twin.reservations()
    assert item["settled_at"]
    assert twin.work_items() == []
    (booking,) = twin.bookings.mine(caller(ALICE))
    assert booking["state"] == "awaiting_appointment"
    assert booking["held_until"]
    twin.exchange.invite(twin.amber, reservation.slot, ALICE)
    twin.follow()
    assert twin.states().count("confirmed") == 1
    assert twin.is_quiet()


def test_a_move_that_got_stuck_stays_so_while_somebody_is_in_its_slot(twin: Twin) -> None:
    _stuck(twin)
    item = settle(twin, "failed_step", "retry")
    assert item["settled_at"] is None
    assert "failed_step" in [item.kind for item in twin.work_items()]


def test_a_booking_that_was_stuck_is_released_when_no_appointment_comes(twin: Twin) -> None:
    _stuck(twin)
    for reservation in [b for b in twin.reservations() if b.organizer == BOB]:
        twin.topdesk.cancel(reservation.ref)
    settle(twin, "failed_step", "retry")
    twin.later(seconds=twin.settings.hold.total_seconds() + 1)
    twin.bookings.release_due_holds()
    assert twin.reservations() == []


def test_a_move_that_got_stuck_may_be_left_to_people(twin: Twin) -> None:
    _stuck(twin)
    before = both(twin)[0]
    item = the_item(twin, "failed_step")
    work_list(twin).settle(caller(CAROL), item["id"], "give_up")
    assert (both(twin)[0], work_list(twin).listed()) == (before, [])


# what cannot be read any more


def _unreadable(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    twin.topdesk.vanish(reservation.ref)
    twin.topdesk.fail("get", Denied("topdesk", "Not for this operator."), times=1000)
    twin.topdesk.fail("anywhere", Denied("topdesk", "Not for this operator."), times=1000)
    twin.sweep()
    the_item(twin, "unreadable")
    twin.topdesk.records[reservation.ref] = reservation


def test_what_could_not_be_read_is_one_again_when_it_can(twin: Twin) -> None:
    _unreadable(twin)
    twin.topdesk.faults.clear()
    item = settle(twin, "unreadable", "retry")
    assert both(twin) == ([(slot_at(), A)], [(slot_at(), A)])
    assert twin.states() == ["confirmed"]
    assert item["settled_at"]
    assert twin.is_quiet()


def test_what_cannot_be_read_may_be_left(twin: Twin) -> None:
    _unreadable(twin)
    item = settle(twin, "unreadable", "give_up")
    assert item["settled_by"] == CAROL.email
    assert both(twin) == ([(slot_at(), A)], [(slot_at(), A)])


# cancellations that need a word


def _asked(twin: Twin) -> None:
    amber = twin.change_room(twin.amber, cancellation=Cancellation.MANUAL)
    meeting = twin.exchange.invite(amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.cancel(meeting.ref)
    twin.follow()
    the_item(twin, "cancellation_request")


def _asked_from_the_pane(twin: Twin) -> None:
    twin.change_room(twin.amber, cancellation=Cancellation.MANUAL)
    _, booking = twin.bookings.book(caller(ALICE), "key-1", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    with suppress(RoomBookerError):
        twin.bookings.cancel(caller(ALICE), "key-2", booking["id"])
    the_item(twin, "cancellation_request")


@pytest.mark.parametrize(("action", "left"), [("approve", []), ("refuse", [(slot_at(), A)])])
def test_a_cancellation_from_the_pane_is_approved_or_all_stays(twin: Twin, action: str, left: list[tuple[Slot, str]]) -> None:
    _asked_from_the_pane(twin)
    item = settle(twin, "cancellation_request", action)
    assert both(twin) == (left, left)
    assert item["settled_by"] == CAROL.email
    assert twin.work_items() == []
    assert [row.state for row in twin.links()] == (["confirmed"] if left else [])


@pytest.mark.parametrize(("action", "left"), [("approve", []), ("refuse", [(slot_at(), A)])])
def test_a_cancellation_is_approved_or_its_reservation_stands_with_a_meeting_of_the_rooms_own(
    twin: Twin, action: str, left: list[tuple[Slot, str]]
) -> None:
    _asked(twin)
    item = settle(twin, "cancellation_request", action)
    assert both(twin) == (left, left)
    assert is_settled(twin, item)


# a room that was stopped


def test_a_stopped_room_is_let_pass(twin: Twin) -> None:
    for hour in range(7):
        twin.exchange.invite(twin.amber, slot_at(hour * 2), ALICE)
    twin.follow()
    for meeting in twin.meetings():
        twin.exchange.vanish(meeting.ref)
    twin.follow()
    item = settle(twin, "safety_stop", "let_pass")
    assert item["settled_at"]
    assert twin.room_row(twin.amber).held_reason is None
    twin.later(minutes=11)
    twin.sweep()
    assert both(twin) == ([], [])
    assert twin.is_quiet()


def test_a_refused_cancellation_of_what_was_never_sent_waits_for_its_appointment_again(twin: Twin) -> None:
    amber = twin.change_room(twin.amber, cancellation=Cancellation.MANUAL)
    _, booked = twin.bookings.book(caller(ALICE), "key-0001", booking_request(amber))
    twin.later(minutes=5)
    twin.bookings.cancel(caller(ALICE), "key-0002", booked["id"])
    settle(twin, "cancellation_request", "refuse")
    row = twin.the_link()
    assert (row.state, row.held_until) == ("awaiting_appointment", twin.clock() + twin.settings.hold)
    twin.later(minutes=40)
    assert twin.bookings.release_due_holds() == 1
    assert both(twin) == ([], [])


# looking


@pytest.mark.parametrize(("action", "room"), [("decline_meeting", "beryl"), ("move_back", "amber")])
def test_a_reservation_that_was_given_another_room_is_settled_where_its_meeting_lies(twin: Twin, action: str, room: str) -> None:
    """Found by chaos, seed 14: the meeting was looked for on the new room's calendar, and the choice was answered with "not found"."""
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, room=twin.beryl))
    item = settle(twin, "moved_in_topdesk", action)
    twin.sync.digest_notices()
    assert twin.slots(getattr(twin, room)) == ([slot_at()], [slot_at()])
    assert both(twin) == ([(slot_at(), A)], [(slot_at(), A)])
    assert is_settled(twin, item)


def test_deleting_ends_the_meeting_that_came_back_under_another_id(twin: Twin) -> None:
    """Found by chaos, seed 17: the meeting was looked for by its old id, and "what was left was ended" though it still stood."""
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.exchange.vanish(meeting.ref)
    twin.exchange.invite(twin.amber, slot_at(3), ALICE, ical_uid=meeting.ical_uid)
    twin.topdesk.cancel(twin.reservations()[0].ref)
    twin.sweep()
    item = settle(twin, "deleted_and_edited", "delete")
    assert both(twin) == ([], [])
    assert is_settled(twin, item)


@pytest.mark.parametrize("prepare", [taken, on_top, ambiguous, moved_in_topdesk, _unexplained, _failed, _asked])
def test_a_live_look_shows_both_originals_and_changes_nothing(twin: Twin, prepare: Callable[[Twin], object]) -> None:
    prepare(twin)
    before = both(twin)
    (item,) = work_list(twin).listed()
    seen = work_list(twin).settle(caller(CAROL), item["id"], "status")
    assert seen["settled_at"] is None
    assert seen["originals"]
    assert all(one["record"] or one["said"] for one in seen["originals"])
    assert both(twin) == before


def test_what_is_settled_or_not_offered_is_refused(twin: Twin) -> None:
    _unexplained(twin)
    item = the_item(twin, "unexplained")
    with pytest.raises(InvalidInput):
        work_list(twin).settle(caller(CAROL), item["id"], "let_pass")
    settle(twin, "unexplained", "give_up")
    with pytest.raises(InvalidInput):
        work_list(twin).settle(caller(CAROL), item["id"], "delete")
    assert both(twin) == ([], [(slot_at(), A)])
