"""What an administrator chooses on the work list leaves both sides one."""

from datetime import timedelta

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, CAROL, caller
from roombooker.errors import SlotTaken
from roombooker.services.retention import Retention
from roombooker.services.worklist import WorkList
from roombooker.store import work_items
from roombooker.store.models import RoomRow
from services.twin import Twin


def test_declining_the_meeting_of_a_booking_from_the_pane_gives_its_moved_reservation_a_meeting_of_the_rooms_own(twin: Twin) -> None:
    """Found by chaos, seed 22: the link was taken for a booking whose appointment has yet to come, and waited for it for ever."""
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2)))
    work_list = WorkList(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock,
                    hold=twin.settings.hold)  # fmt: skip
    [item] = work_list.listed(kind="moved_in_topdesk")
    work_list.settle(caller(CAROL), item["id"], "decline_meeting")
    twin.sweep()
    assert twin.slots() == ([slot_at(2)], [slot_at(2)])
    assert twin.is_quiet()


def test_a_move_that_is_refused_leaves_the_question_open_that_a_person_must_answer(twin: Twin) -> None:
    """Found by chaos, seed 1: the booking counted as confirmed, its work item closed by itself, and nobody ever looked again."""
    _, booking = twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.exchange.invite(twin.amber, slot_at(8), BOB)
    twin.follow(twin.amber)
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2)))
    with pytest.raises(SlotTaken):
        twin.bookings.move(caller(ALICE), "key-0002", booking["id"], {"start": slot_at(8).start, "end": slot_at(8).end})
    told = twin.bookings.one(caller(ALICE), booking["id"])
    assert (told["state"], told["reason"]["code"]) == ("on_hold", "moved_in_topdesk")
    work_list = WorkList(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock,
                    hold=twin.settings.hold)  # fmt: skip
    assert work_list.tidy() == 0
    assert [item["kind"] for item in work_list.listed()] == ["moved_in_topdesk"]


def _moved_in_topdesk(twin: Twin, hour: int) -> WorkList:
    """Alice's meeting waits for a person, since its reservation was moved to that hour."""
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(hour)))
    return WorkList(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock,
                    hold=twin.settings.hold)  # fmt: skip


def test_what_waited_for_a_person_until_the_meeting_was_long_over_closes_and_leaves(twin: Twin) -> None:
    """Found by an audit: such an item stayed open for ever, and its booking with the organizer's address beside it."""
    work_list = _moved_in_topdesk(twin, 2)
    [item] = work_list.listed()
    twin.clock.set(slot_at(2).end + timedelta(days=1))
    assert work_list.tidy() == 0
    twin.later(seconds=1)
    assert work_list.tidy() == 1
    closed = work_list.one(item["id"])
    assert (closed["outcome"], closed["settled_by"]) == ("The meeting is over.", "room booker")
    twin.follow()
    twin.sweep()
    assert work_list.listed() == []
    twin.later(days=twin.settings.log_days + 1)
    left = Retention(database=twin.database, settings=twin.settings, clock=twin.clock).trim()
    assert (left["bookings"], left["work_items"]) == (1, 1)


def test_what_is_over_on_one_side_only_goes_on_waiting(twin: Twin) -> None:
    work_list = _moved_in_topdesk(twin, 24 * 5)
    twin.clock.set(slot_at().end + timedelta(days=3))
    assert work_list.tidy() == 0
    assert [item["kind"] for item in work_list.listed()] == ["moved_in_topdesk"]


def test_a_held_room_waits_for_a_person_however_long(twin: Twin) -> None:
    with twin.database.write() as session:
        session.get_one(RoomRow, twin.amber.id).held_reason = "Much is missing."
        work_items.open_item(session, kind="safety_stop", dedupe="1", reason="Much is missing.", at=twin.clock(), room_id=twin.amber.id)
        work_items.open_item(session, kind="failed_step", dedupe="2", reason="Why", at=twin.clock(), room_id=twin.amber.id)
    work_list = WorkList(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock,
                    hold=twin.settings.hold)  # fmt: skip
    twin.later(days=200)
    assert work_list.tidy() == 0
    assert len(work_list.listed()) == 2
