"""Work items about what one side says and the other does not: each action, what both sides look like afterwards, and that it is closed."""

import pytest

from factories import slot_at
from people import ALICE, BOB, CAROL, caller
from roombooker.domain.booking import Booking, Side
from roombooker.errors import InvalidInput
from roombooker.services.telling import told
from roombooker.store import work_items
from services.settled import A, B, both, is_settled, settle, the_item, work_list
from services.twin import Twin

# what cannot be had: a meeting on a slot that is taken, and the room may not decline


def taken(twin: Twin) -> Booking:
    """Bob's reservation and meeting stand; Alice's meeting is on the room's calendar too."""
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.sweep()
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.exchange.read_only = True
    twin.sweep()
    twin.exchange.read_only = False
    the_item(twin, "conflict")
    return meeting


def test_a_refused_meeting_tried_again_is_declined_now_that_the_room_may(twin: Twin) -> None:
    taken(twin)
    item = settle(twin, "conflict", "retry")
    assert both(twin) == ([(slot_at(), B)], [(slot_at(), B)])
    assert item["settled_at"]
    assert twin.work_items() == []
    assert twin.is_quiet()


def test_a_refused_meeting_tried_again_is_reserved_once_the_slot_is_free(twin: Twin) -> None:
    taken(twin)
    twin.topdesk.cancel(twin.reservations()[0].ref)
    item = settle(twin, "conflict", "retry")
    assert both(twin) == ([(slot_at(), A)], [(slot_at(), A)])
    assert item["settled_at"]
    assert twin.is_quiet()


def test_a_refused_meeting_that_is_declined_leaves_the_other_alone(twin: Twin) -> None:
    meeting = taken(twin)
    item = settle(twin, "conflict", "decline_meeting")
    assert both(twin) == ([(slot_at(), B)], [(slot_at(), B)])
    assert twin.exchange.reasons[meeting.ref]
    assert is_settled(twin, item)


def test_a_refused_meeting_that_is_given_up_stays_as_it_is(twin: Twin) -> None:
    taken(twin)
    before = both(twin)
    item = settle(twin, "conflict", "give_up")
    assert both(twin) == before
    assert is_settled(twin, item)


# a meeting moved onto a slot that is taken


def _move_refused(twin: Twin) -> None:
    mine = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.exchange.invite(twin.amber, slot_at(2), BOB)
    twin.follow()
    twin.exchange.edit(mine.ref, slot=slot_at(2))
    twin.follow()
    the_item(twin, "conflict")


def test_a_refused_move_tried_again_is_followed_once_the_slot_is_free(twin: Twin) -> None:
    _move_refused(twin)
    (bobs,) = [m for m in twin.meetings() if m.organizer == BOB]
    twin.exchange.cancel(bobs.ref)
    twin.follow()
    item = settle(twin, "conflict", "retry") if twin.work_items() else None
    assert both(twin) == ([(slot_at(2), A)], [(slot_at(2), A)])
    assert item is None or item["settled_at"]
    assert twin.is_quiet()


def test_a_refused_move_tried_again_too_early_stays_open(twin: Twin) -> None:
    _move_refused(twin)
    item = settle(twin, "conflict", "retry")
    assert item["settled_at"] is None
    assert both(twin)[0] == [(slot_at(), A), (slot_at(2), B)]


def test_declining_the_meeting_of_a_refused_move_keeps_the_reservation_with_a_meeting_of_the_rooms_own(twin: Twin) -> None:
    _move_refused(twin)
    item = settle(twin, "conflict", "decline_meeting")
    stands = [(slot_at(), A), (slot_at(2), B)]
    assert both(twin) == (stands, stands)
    assert [m.room_organizes for m in twin.meetings()] == [True, False]
    assert is_settled(twin, item)


def test_a_refused_move_that_is_given_up_stays_as_it_is(twin: Twin) -> None:
    _move_refused(twin)
    before = both(twin)
    item = settle(twin, "conflict", "give_up")
    assert both(twin) == before
    assert is_settled(twin, item)


# a reservation on top of a meeting


def on_top(twin: Twin) -> None:
    """TOPdesk let Bob reserve what Alice has."""
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.topdesk.book(twin.amber, slot_at(minutes=30), BOB)
    twin.sweep()
    the_item(twin, "conflict")


def test_declining_what_lies_under_a_reservation_gives_the_room_to_it(twin: Twin) -> None:
    on_top(twin)
    item = settle(twin, "conflict", "decline_meeting")
    assert both(twin) == ([(slot_at(minutes=30), B)], [(slot_at(minutes=30), B)])
    assert is_settled(twin, item)


def test_cancelling_a_reservation_on_top_leaves_what_was_there(twin: Twin) -> None:
    on_top(twin)
    item = settle(twin, "conflict", "cancel_reservation")
    assert both(twin) == ([(slot_at(), A)], [(slot_at(), A)])
    assert is_settled(twin, item)


def test_a_reservation_on_top_tried_again_waits_for_a_person_still(twin: Twin) -> None:
    on_top(twin)
    before = both(twin)
    settle(twin, "conflict", "retry")
    assert both(twin) == before
    assert [item.kind for item in twin.work_items()] == ["conflict"]


def test_a_reservation_on_top_that_is_given_up_stays_as_it_is(twin: Twin) -> None:
    on_top(twin)
    before = both(twin)
    item = settle(twin, "conflict", "give_up")
    assert both(twin) == before
    assert is_settled(twin, item)


# which is which


def ambiguous(twin: Twin) -> tuple[Booking, Booking]:
    one, other = (twin.topdesk.book(twin.amber, slot_at(), ALICE, match_key=None) for _ in range(2))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.sweep()
    the_item(twin, "ambiguous")
    return one, other


@pytest.mark.parametrize("number", [0, 1])
def test_a_match_by_hand_joins_the_meeting_to_the_reservation_that_was_chosen(twin: Twin, number: int) -> None:
    chosen = ambiguous(twin)[number]
    settle(twin, "ambiguous", "match", chosen.ref)
    links = [row for row in twin.links() if {s.side for s in row.sides} == {"topdesk", "exchange"}]
    assert [s.ref for row in links for s in row.sides if s.side == "topdesk"] == [chosen.ref]
    assert [row.state for row in links] == ["confirmed"]
    assert len(twin.reservations()) == 2
    assert len(twin.meetings()) == 1
    assert "ambiguous" not in [item.kind for item in twin.work_items()]


def test_a_match_needs_a_choice(twin: Twin) -> None:
    ambiguous(twin)
    item = the_item(twin, "ambiguous")
    for wrong in (None, "nonsense"):
        with pytest.raises(InvalidInput):
            work_list(twin).settle(caller(CAROL), item["id"], "match", wrong)
    assert work_list(twin).one(item["id"])["settled_at"] is None


def test_a_doubtful_meeting_that_is_given_up_stays_as_it_is(twin: Twin) -> None:
    ambiguous(twin)
    before = both(twin)
    item = settle(twin, "ambiguous", "give_up")
    assert both(twin) == before
    assert item["settled_by"] == CAROL.email
    assert twin.work_items() == []


def test_a_doubtful_meeting_may_become_a_booking_of_its_own(twin: Twin) -> None:
    one, other = ambiguous(twin)
    for reservation in (one, other):  # somebody made room for it by hand
        twin.topdesk.edit(reservation.ref, slot=slot_at(4 if reservation is one else 6))
    item = settle(twin, "ambiguous", "create_separate")
    assert (slot_at(), A) in both(twin)[0]
    assert (slot_at(), A) in both(twin)[1]
    assert item["settled_at"]


# ended here and changed there


def _deleted_and_edited(twin: Twin, gone: Side) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    if gone is Side.EXCHANGE:
        twin.exchange.cancel(meeting.ref)
        twin.topdesk.edit(reservation.ref, slot=slot_at(2))
    else:
        twin.topdesk.cancel(reservation.ref)
        twin.exchange.edit(meeting.ref, slot=slot_at(2))
    twin.sweep()
    the_item(twin, "deleted_and_edited")


@pytest.mark.parametrize("gone", list(Side))
def test_what_is_left_is_kept_with_a_counterpart_made_anew(twin: Twin, gone: Side) -> None:
    _deleted_and_edited(twin, gone)
    item = settle(twin, "deleted_and_edited", "keep")
    assert both(twin) == ([(slot_at(2), A)], [(slot_at(2), A)])
    assert is_settled(twin, item)


@pytest.mark.parametrize("gone", list(Side))
def test_what_is_left_is_ended_too(twin: Twin, gone: Side) -> None:
    _deleted_and_edited(twin, gone)
    item = settle(twin, "deleted_and_edited", "delete")
    assert both(twin) == ([], [])
    assert is_settled(twin, item)


# changed on both sides


def _both_changed(twin: Twin) -> None:
    """Rooms always have a side that wins by now; items of before may still be open."""
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    (link,) = twin.links()
    reservation = twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2))
    meeting = twin.exchange.edit(meeting.ref, slot=slot_at(4))
    with twin.database.write() as session:
        work_items.open_item(
            session, kind="both_changed", dedupe=f"both_changed:{link.id}", reason="Both.", at=twin.clock(), room_id=twin.amber.id,
            link_id=link.id, candidates=[told(reservation), told(meeting)], actions=["topdesk_wins", "exchange_wins", "status"],
        )  # fmt: skip


@pytest.mark.parametrize(("action", "hour"), [("topdesk_wins", 2), ("exchange_wins", 4)])
def test_the_side_that_was_chosen_wins(twin: Twin, action: str, hour: int) -> None:
    _both_changed(twin)
    item = settle(twin, "both_changed", action)
    assert both(twin) == ([(slot_at(hour), A)], [(slot_at(hour), A)])
    assert is_settled(twin, item)


# moved in TOPdesk, while the meeting is its organizer's


def moved_in_topdesk(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2)))
    the_item(twin, "moved_in_topdesk")


@pytest.mark.parametrize(("action", "hour", "is_rooms_own"), [("move_back", 0, False), ("decline_meeting", 2, True)])
def test_a_reservation_moved_under_a_meeting_is_moved_back_or_gets_a_meeting_of_the_rooms_own(
    twin: Twin, action: str, hour: int, is_rooms_own: bool
) -> None:
    moved_in_topdesk(twin)
    item = settle(twin, "moved_in_topdesk", action)
    assert both(twin) == ([(slot_at(hour), A)], [(slot_at(hour), A)])
    assert [m.room_organizes for m in twin.meetings()] == [is_rooms_own]
    assert is_settled(twin, item)


def test_a_reservation_moved_under_a_meeting_that_is_given_up_stays_as_it_is(twin: Twin) -> None:
    moved_in_topdesk(twin)
    item = settle(twin, "moved_in_topdesk", "give_up")
    assert both(twin) == ([(slot_at(2), A)], [(slot_at(), A)])
    assert is_settled(twin, item)


def test_moving_back_onto_a_slot_that_is_taken_by_now_moves_nothing(twin: Twin) -> None:
    moved_in_topdesk(twin)
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    item = the_item(twin, "moved_in_topdesk")
    work_list(twin).settle(caller(CAROL), item["id"], "move_back")
    twin.sweep()
    assert [(b.slot, b.organizer) for b in twin.reservations()] == [(slot_at(), BOB), (slot_at(2), ALICE)]
    assert twin.work_items(), "somebody must still decide"
