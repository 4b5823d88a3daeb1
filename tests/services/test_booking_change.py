"""Moving and cancelling: the new is secured before the old is given up, and what cannot be done is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from factories import booking_request, make_room, save_rooms, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Side, Standing
from roombooker.domain.room import Cancellation, Room
from roombooker.domain.slot import Slot
from roombooker.errors import InProgress, InvalidInput, NotFound, OutcomeUnknown, Refused, SlotTaken, Unavailable
from roombooker.store import linking, links
from roombooker.store.models import ClaimRow, IntentRow, LinkRow, WorkItemRow
from services.desk import Desk

ME = caller(ALICE)
LATER = slot_at(3)
NUDGED = slot_at(0.5)


def _booked(desk: Desk, *rooms: Room) -> dict[str, Any]:
    return desk.bookings.book(ME, "key-book", booking_request(*(rooms or (desk.amber,))))[1]


def _confirmed(desk: Desk, *rooms: Room) -> dict[str, Any]:
    """Sent, accepted and matched, as the sync leaves it."""
    answer = _booked(desk, *rooms)
    for room in rooms or (desk.amber,):
        meeting = desk.exchange.invite(room, slot_at(), ALICE, ical_uid="uid-of-the-meeting")
        with desk.database.write() as session:
            row = next(r for r in links.of_booking(session, answer["id"]) if r.room_id == room.id)
            linking.remember(row, meeting, "fingerprint", desk.clock())
            row.state, row.held_until, row.ical_uid = "confirmed", None, meeting.ical_uid
    return answer


def _to(slot: Slot, *rooms: Room) -> dict[str, Any]:
    changes: dict[str, Any] = {"start": slot.start, "end": slot.end}
    return changes | ({"rooms": [room.id for room in rooms]} if rooms else {})


def _move(desk: Desk, booking: dict[str, Any], slot: Slot, *rooms: Room, key: str = "key-move") -> tuple[int, dict[str, Any]]:
    return desk.bookings.move(ME, key, booking["id"], _to(slot, *rooms))


def _nothing_is_left_over(desk: Desk) -> bool:
    with desk.database.read() as session:
        live = session.scalars(select(IntentRow).where(IntentRow.finished_at.is_(None))).all()
        return not live and not session.scalars(select(ClaimRow)).all()


def test_an_unsent_booking_moves_at_once(desk: Desk) -> None:
    status, answer = _move(desk, _booked(desk), LATER)
    assert (status, answer["state"], answer["start"]) == (200, "awaiting_appointment", "2026-11-24T12:00:00Z")
    assert desk.live() == [LATER]
    assert desk.topdesk.live()[0].match_key == answer["rooms"][0]["match_key"]
    assert _nothing_is_left_over(desk)


def test_the_new_slot_is_secured_before_the_old_is_given_up(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.calls.clear()
    _move(desk, booking, LATER)
    assert desk.topdesk.calls.index("create") < desk.topdesk.calls.index("occupied") < desk.topdesk.calls.index("remove")


def test_an_overlapping_slot_in_the_same_room_is_changed_in_place(desk: Desk) -> None:
    booking = _booked(desk)
    before = desk.topdesk.live()[0]
    _, answer = _move(desk, booking, NUDGED)
    assert desk.live() == [NUDGED]
    assert desk.topdesk.live()[0].ref == before.ref
    assert answer["rooms"][0]["match_key"] == before.match_key
    assert _nothing_is_left_over(desk)


def test_services_move_with_their_reservation(desk: Desk) -> None:
    booking = _booked(desk)
    ours = desk.topdesk.live()[0]
    desk.topdesk.records[ours.ref] = replace(ours, has_services=True)
    _move(desk, booking, LATER)
    assert [(b.ref, b.slot) for b in desk.topdesk.live()] == [(ours.ref, LATER)]


@pytest.mark.parametrize("slot", [LATER, NUDGED], ids=["elsewhere", "overlapping"])
@pytest.mark.parametrize("mode", ["reject", "flag", "silent"])
def test_a_slot_that_is_taken_leaves_the_old_reservation_standing(desk: Desk, mode: str, slot: Slot) -> None:
    booking = _booked(desk)
    desk.topdesk.conflict_mode = mode
    theirs = desk.topdesk.book(desk.amber, slot_at(slot.start.hour - 9 + 0.75, 30) if slot is LATER else slot_at(1, 30), BOB)
    with pytest.raises(SlotTaken) as taken:
        _move(desk, booking, slot)
    assert taken.value.alternatives
    assert {(b.ref == theirs.ref, b.slot) for b in desk.topdesk.live()} == {(True, theirs.slot), (False, slot_at())}
    assert desk.bookings.one(ME, booking["id"])["state"] == "awaiting_appointment"
    assert _nothing_is_left_over(desk)


def test_a_change_that_cannot_be_put_back_is_held_for_a_person(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.conflict_mode = "silent"
    desk.topdesk.book(desk.amber, slot_at(1, 30), BOB)

    def squatter(method: str) -> None:  # takes the slot that we had left, right after we changed ours
        if method == "occupied":
            desk.topdesk.on_call = lambda _method: None
            desk.topdesk.book(desk.amber, slot_at(0, 30), BOB)

    desk.topdesk.on_call = squatter
    _, answer = _move(desk, booking, NUDGED)
    assert answer["state"] == "on_hold"
    with desk.database.read() as session:
        assert [item.kind for item in session.scalars(select(WorkItemRow))] == ["failed_step"]


def test_a_confirmed_booking_keeps_its_old_slot_until_the_appointment_has_followed(desk: Desk) -> None:
    booking = _confirmed(desk)
    status, answer = _move(desk, booking, LATER)
    assert (status, answer["state"], answer["start"]) == (200, "moving", "2026-11-24T09:00:00Z")
    assert answer["moving_to"] == {"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T13:00:00Z"}
    assert answer["held_until"] is not None
    assert desk.live() == [slot_at(), LATER]
    assert desk.bookings.settle_move(booking["id"], has_followed=True)
    assert desk.live() == [LATER]
    after = desk.bookings.one(ME, booking["id"])
    assert (after["state"], after["start"]) == ("confirmed", "2026-11-24T12:00:00Z")
    assert _nothing_is_left_over(desk)


@pytest.mark.parametrize("slot", [LATER, NUDGED], ids=["elsewhere", "overlapping"])
def test_a_moved_appointment_that_is_not_sent_within_the_hold_stands_where_it_was(desk: Desk, slot: Slot) -> None:
    booking = _confirmed(desk)
    _move(desk, booking, slot)
    desk.clock.advance(timedelta(minutes=31))
    desk.bookings.release_due_holds()
    assert desk.live() == [slot_at()]
    after = desk.bookings.one(ME, booking["id"])
    assert (after["state"], after["start"]) == ("confirmed", "2026-11-24T09:00:00Z")
    assert _nothing_is_left_over(desk)


def test_a_hold_that_is_over_finds_the_appointment_that_followed(desk: Desk) -> None:
    booking = _confirmed(desk)
    _move(desk, booking, LATER)
    (meeting,) = desk.exchange.live()
    desk.exchange.edit(meeting.ref, slot=LATER)
    desk.clock.advance(timedelta(minutes=31))
    desk.bookings.release_due_holds()
    assert desk.live() == [LATER]
    assert desk.bookings.one(ME, booking["id"])["state"] == "confirmed"


def test_a_new_wish_replaces_a_move_that_waits(desk: Desk) -> None:
    booking = _confirmed(desk)
    _move(desk, booking, LATER)
    _move(desk, booking, slot_at(5), key="key-move-2")
    assert desk.live() == [slot_at(), slot_at(5)]


def test_another_room_is_reserved_before_the_old_one_is_given_up(desk: Desk) -> None:
    _, answer = desk.bookings.move(ME, "key-move", _booked(desk)["id"], {"rooms": [desk.beryl.id]})
    assert desk.live(desk.amber) == []
    assert desk.live(desk.beryl) == [slot_at()]
    assert [room["room"]["id"] for room in answer["rooms"]] == [desk.beryl.id]


def test_a_room_can_join_and_leave_a_booking(desk: Desk) -> None:
    booking = _booked(desk)
    _, both = desk.bookings.move(ME, "key-join", booking["id"], {"rooms": [desk.amber.id, desk.beryl.id]})
    assert len(both["rooms"]) == 2
    assert desk.live(desk.beryl) == [slot_at()]
    _, one = desk.bookings.move(ME, "key-leave", booking["id"], {"rooms": [desk.beryl.id]})
    assert [room["room"]["id"] for room in one["rooms"]] == [desk.beryl.id]
    assert desk.live(desk.amber) == []


def test_nothing_to_change_is_said(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        _move(desk, _booked(desk), slot_at())


def test_the_same_move_is_answered_the_same(desk: Desk) -> None:
    booking = _booked(desk)
    first = _move(desk, booking, LATER)
    assert _move(desk, booking, LATER) == first
    assert desk.live() == [LATER]


def test_a_move_while_topdesk_is_away_leaves_the_booking_as_it_was(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.fail("get", Unavailable("topdesk", "TOPdesk is away."))
    with pytest.raises(Unavailable):
        _move(desk, booking, LATER)
    assert desk.bookings.one(ME, booking["id"])["state"] == "awaiting_appointment"
    assert _move(desk, booking, LATER)[0] == 200


@pytest.mark.parametrize(("method", "slot"), [("create", LATER), ("remove", LATER), ("change", NUDGED)])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_move_whose_answer_is_lost_is_finished_by_the_worker(desk: Desk, method: str, slot: Slot, when: str) -> None:
    booking = _booked(desk)
    desk.topdesk.fail(method, OutcomeUnknown("topdesk", "Lost."), when=when)
    status, answer = _move(desk, booking, slot)
    assert (status, answer["state"]) == (202, "moving")
    desk.clock.advance(timedelta(minutes=2))
    desk.bookings.finish_due()
    assert desk.live() == [slot]
    assert _nothing_is_left_over(desk)


@pytest.mark.parametrize(
    ("method", "slot"), [("get", LATER), ("create", LATER), ("occupied", LATER), ("remove", LATER), ("change", NUDGED)]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_killed_in_a_move_is_finished_by_the_next(desk: Desk, method: str, slot: Slot, when: str) -> None:
    booking = _booked(desk)
    desk.topdesk.fail(method, KeyboardInterrupt(), when=when)  # type: ignore[arg-type]  # stands for kill -9
    with pytest.raises(KeyboardInterrupt):
        _move(desk, booking, slot)
    desk.clock.advance(timedelta(seconds=61))
    desk.another_service().finish_due()
    assert desk.live() == [slot]
    assert desk.bookings.one(ME, booking["id"])["state"] == "awaiting_appointment"
    assert _nothing_is_left_over(desk)


def test_a_cancelled_booking_is_ended_in_topdesk(desk: Desk) -> None:
    status, answer = desk.bookings.cancel(ME, "key-cancel", _booked(desk)["id"])
    assert (status, answer["state"]) == (200, "cancelled")
    assert desk.live() == []
    assert list(desk.topdesk.reasons.values()) == ["Room Booker: Cancelled by the organizer."]
    assert desk.bookings.book(ME, "key-again", booking_request(desk.amber))[0] == 201


def test_a_request_is_rejected_where_a_reservation_is_cancelled(desk: Desk) -> None:
    opal = make_room("Opal", requires_approval=True)
    save_rooms(desk.database, opal)
    booking = _booked(desk, opal)
    desk.bookings.cancel(ME, "key-cancel", booking["id"])
    assert [b.standing for b in desk.topdesk.records.values()] == [Standing.REJECTED]


def test_a_confirmed_booking_that_is_cancelled_still_knows_its_meeting(desk: Desk) -> None:
    booking = _confirmed(desk)
    desk.bookings.cancel(ME, "key-cancel", booking["id"])
    with desk.database.read() as session:
        (row,) = links.of_booking(session, booking["id"])
        assert {side.side for side in row.sides} == set(Side)


def test_what_topdesk_had_ended_already_is_cancelled(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.cancel(desk.topdesk.live()[0].ref)
    assert desk.bookings.cancel(ME, "key-cancel", booking["id"])[1]["state"] == "cancelled"


def test_a_cancellation_while_topdesk_is_away_is_finished_later(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.fail("get", Unavailable("topdesk", "TOPdesk is away."))
    status, answer = desk.bookings.cancel(ME, "key-cancel", booking["id"])
    assert (status, answer["state"]) == (202, "releasing")
    desk.clock.advance(timedelta(minutes=1))
    desk.bookings.finish_due()
    assert desk.live() == []
    assert desk.bookings.cancel(ME, "key-cancel", booking["id"])[0] == 200


@pytest.mark.parametrize("why", ["services", "manual", "begun"])
def test_some_cancellations_are_a_request_to_facilities(desk: Desk, why: str) -> None:
    room = make_room("Opal", cancellation=Cancellation.MANUAL if why == "manual" else Cancellation.AUTOMATIC)
    save_rooms(desk.database, room)
    booking = _booked(desk, room)
    ours = desk.topdesk.live()[0]
    if why == "services":
        desk.topdesk.records[ours.ref] = replace(ours, has_services=True)
    if why == "begun":
        desk.clock.set(slot_at().start + timedelta(minutes=5))
    _, answer = desk.bookings.cancel(ME, "key-cancel", booking["id"])
    assert (answer["state"], answer["reason"]["code"]) == ("on_hold", "cancellation_request")
    assert desk.live() == [slot_at()]
    with desk.database.read() as session:
        assert [item.kind for item in session.scalars(select(WorkItemRow))] == ["cancellation_request"]


def test_somebody_elses_booking_is_not_found(desk: Desk) -> None:
    booking = _booked(desk)
    for attempt in (
        lambda: desk.bookings.one(caller(BOB), booking["id"]),
        lambda: desk.bookings.cancel(caller(BOB), "key-cancel", booking["id"]),
        lambda: desk.bookings.move(caller(BOB), "key-move", booking["id"], _to(LATER)),
        lambda: desk.bookings.extend_hold(caller(BOB), booking["id"]),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert desk.bookings.mine(caller(BOB)) == []
    assert desk.live() == [slot_at()]


def test_a_cancelled_booking_cannot_be_moved(desk: Desk) -> None:
    booking = _booked(desk)
    desk.bookings.cancel(ME, "key-cancel", booking["id"])
    with pytest.raises(NotFound):
        _move(desk, booking, LATER)


def test_two_changes_of_one_booking_at_once_are_told_apart(desk: Desk) -> None:
    booking = _booked(desk)

    def meanwhile(method: str) -> None:
        if method == "create":
            with pytest.raises(InProgress):
                desk.another_service().cancel(ME, "key-cancel", booking["id"])

    desk.topdesk.on_call = meanwhile
    assert _move(desk, booking, LATER)[0] == 200


def test_a_reservation_that_topdesk_will_not_end_is_held_for_a_person(desk: Desk) -> None:
    booking = _booked(desk)
    desk.topdesk.fail("remove", Refused("topdesk", "A facility is issued.", status_code=400))
    _, answer = desk.bookings.cancel(ME, "key-cancel", booking["id"])
    assert answer["state"] == "on_hold"
    assert desk.live() == [slot_at()]


def test_the_index_follows_a_move_so_that_the_old_slot_is_free_again(desk: Desk) -> None:
    _move(desk, _booked(desk), LATER)
    assert desk.bookings.book(caller(BOB), "key-bob", booking_request(desk.amber, organizer=BOB))[0] == 201
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(BOB), "key-bob-2", booking_request(desk.amber, slot=LATER, organizer=BOB))


def test_the_timeline_tells_the_story(desk: Desk) -> None:
    booking = _booked(desk)
    _move(desk, booking, LATER)
    desk.bookings.cancel(ME, "key-cancel", booking["id"])
    kinds = [entry["kind"] for entry in desk.bookings.one(ME, booking["id"])["timeline"]]
    assert kinds == ["asked", "reserved", "booked", "asked", "reserved", "moved", "cancelled"]
    with desk.database.read() as session:
        assert len(session.scalars(select(LinkRow)).all()) == 1
