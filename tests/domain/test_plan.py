"""The plan's table, one test per cell, and what stands around it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from people import ALICE, BOB
from properties.worlds import GRACE, NOW, World, record, rules, slot
from roombooker.domain.actions import Action, Adopt, Arrive, Create, Delete, Forget, Hold, Update, Vanish
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.fingerprint import Field, fingerprint
from roombooker.domain.link import Link, Pending, Remembered
from roombooker.domain.plan import Ending, plan

AGREED = slot(9)
ABSENT, UNCHANGED, CHANGED, MOVED = "absent", "unchanged", "changed", "moved"


def linked(topdesk: str, exchange: str, *, own: bool = False, **facts: object) -> World:
    """One link, agreed at nine, with what became of its two sides."""
    world = World()
    remembered = {}
    for side, state in ((Side.TOPDESK, topdesk), (Side.EXCHANGE, exchange)):
        before = record(side, str(side), AGREED, attendees=3, room_organizes=own and side is Side.EXCHANGE)
        remembered[str(side)] = Remembered(before.ref, fingerprint(before, rules().of(side).keeps))
        world.records[side][before.ref] = _now(before, state)
    world.links["l"] = Link(id="l", match_key="k", room_id="room-amber", slot=AGREED, organizer=ALICE, **remembered, **facts)  # type: ignore[arg-type]
    return world


def _now(before: Booking, state: str) -> Booking:
    match state:
        case "absent":
            return replace(before, standing=Standing.CANCELLED)
        case "changed":
            return replace(before, attendees=8)
        case "moved":
            return replace(before, slot=slot(11 if before.side is Side.TOPDESK else 13))
        case _:
            return before


def the_action(world: World, **given: object) -> Action:
    (action,) = world.plan(rules(**given))
    return action


def test_absent_and_absent_is_forgotten() -> None:
    assert isinstance(the_action(linked(ABSENT, ABSENT)), Forget)


def test_absent_and_unchanged_is_deleted_on_exchange() -> None:
    action = the_action(linked(ABSENT, UNCHANGED))
    assert isinstance(action, Delete)
    assert (action.side, action.is_inferred) == (Side.EXCHANGE, False)


def test_absent_and_changed_the_deletion_wins() -> None:
    action = the_action(linked(ABSENT, CHANGED))
    assert isinstance(action, Delete)
    assert action.side is Side.EXCHANGE


def test_absent_and_moved_waits_for_a_person() -> None:
    action = the_action(linked(ABSENT, MOVED))
    assert isinstance(action, Hold)
    assert action.kind == "deleted_and_edited"


def test_unchanged_and_absent_is_deleted_on_topdesk() -> None:
    action = the_action(linked(UNCHANGED, ABSENT))
    assert isinstance(action, Delete)
    assert (action.side, action.is_inferred) == (Side.TOPDESK, False)


def test_unchanged_and_unchanged_is_nothing() -> None:
    assert linked(UNCHANGED, UNCHANGED).plan(rules()) == ()


def test_unchanged_and_changed_updates_topdesk() -> None:
    action = the_action(linked(UNCHANGED, CHANGED))
    assert isinstance(action, Update)
    assert (action.side, action.fields) == (Side.TOPDESK, {Field.ATTENDEES})


def test_changed_and_absent_the_deletion_wins() -> None:
    action = the_action(linked(CHANGED, ABSENT))
    assert isinstance(action, Delete)
    assert action.side is Side.TOPDESK


def test_moved_and_absent_waits_for_a_person() -> None:
    action = the_action(linked(MOVED, ABSENT))
    assert isinstance(action, Hold)
    assert action.kind == "deleted_and_edited"


def test_changed_and_unchanged_updates_exchange() -> None:
    action = the_action(linked(MOVED, UNCHANGED, own=True))
    assert isinstance(action, Update)
    assert (action.side, action.fields) == (Side.EXCHANGE, {Field.SLOT})


def test_what_exchange_does_not_follow_is_only_remembered() -> None:
    assert isinstance(the_action(linked(CHANGED, UNCHANGED, own=True)), Adopt)


def test_a_meeting_of_a_persons_own_is_not_moved_for_them() -> None:
    action = the_action(linked(MOVED, UNCHANGED))
    assert isinstance(action, Hold)
    assert action.kind == "moved_in_topdesk"


def test_changed_alike_on_both_sides_is_adopted() -> None:
    assert isinstance(the_action(linked(CHANGED, CHANGED)), Adopt)


@pytest.mark.parametrize("dominant", list(Side))
def test_changed_differently_the_dominant_side_wins(dominant: Side) -> None:
    action = the_action(linked(MOVED, MOVED, own=True), dominant=dominant)
    assert isinstance(action, Update)
    assert (action.side, action.overrules) == (dominant.other, True)


def test_changed_differently_without_a_dominant_side_waits_for_a_person() -> None:
    action = the_action(linked(MOVED, MOVED, own=True), dominant=None)
    assert isinstance(action, Hold)
    assert action.kind == "both_changed"


def test_what_the_weaker_side_changed_elsewhere_arrives_and_nobody_is_overruled() -> None:
    """TOPdesk was changed in what Exchange does not follow."""
    world = linked(UNCHANGED, UNCHANGED)
    for side, facts in ((Side.TOPDESK, {"attendees": 5}), (Side.EXCHANGE, {"attendees": 12, "organizer": BOB})):
        world.records[side] = {ref: replace(b, **facts) for ref, b in world.records[side].items()}  # type: ignore[arg-type]
    action = the_action(world, dominant=Side.TOPDESK)
    assert isinstance(action, Update)
    assert (action.side, action.fields, action.overrules) == (Side.TOPDESK, {Field.ATTENDEES, Field.ORGANIZER}, False)


def test_what_the_weaker_side_only_says_still_changes_nothing_of_the_winner() -> None:
    """Exchange's own answer changed, its people did not."""
    world = linked(CHANGED, UNCHANGED)
    world.records[Side.EXCHANGE] = {ref: replace(b, standing=Standing.REQUESTED) for ref, b in world.records[Side.EXCHANGE].items()}
    world.records[Side.TOPDESK] = {ref: replace(b, standing=Standing.REQUESTED) for ref, b in world.records[Side.TOPDESK].items()}
    assert isinstance(the_action(world, dominant=Side.TOPDESK), Adopt)


# absence without proof


def missing(side: Side, ending: Ending | None, **facts: object) -> World:
    world = linked(UNCHANGED, UNCHANGED, **facts)
    del world.records[side][str(side)]
    if ending is not None:
        world.endings[side][str(side)] = ending
    return world


def test_a_meeting_gone_without_a_word_gets_its_grace() -> None:
    assert isinstance(the_action(missing(Side.EXCHANGE, Ending.GONE)), Vanish)
    assert missing(Side.EXCHANGE, Ending.GONE, vanished_at=NOW - GRACE / 2).plan(rules()) == ()
    after = the_action(missing(Side.EXCHANGE, Ending.GONE, vanished_at=NOW - GRACE))
    assert isinstance(after, Delete)
    assert (after.side, after.is_inferred) == (Side.TOPDESK, True)


@pytest.mark.parametrize(
    ("side", "ending", "kind"),
    [
        (Side.TOPDESK, Ending.GONE, "unexplained"),
        (Side.TOPDESK, Ending.UNREADABLE, "unreadable"),
        (Side.EXCHANGE, Ending.UNREADABLE, "unreadable"),
    ],
)
def test_what_cannot_be_explained_waits_for_a_person(side: Side, ending: Ending, kind: str) -> None:
    action = the_action(missing(side, ending))
    assert isinstance(action, Hold)
    assert action.kind == kind


def test_what_was_not_looked_up_says_nothing() -> None:
    assert missing(Side.TOPDESK, None).plan(rules()) == ()


def test_the_same_invitation_under_a_new_id_is_the_same_booking() -> None:
    world = missing(Side.EXCHANGE, Ending.GONE, ical_uid="uid")
    back = record(Side.EXCHANGE, "new", slot(14), attendees=3, ical_uid="uid")
    world.records[Side.EXCHANGE]["new"] = back
    action = the_action(world)
    assert isinstance(action, Update)
    assert (action.side, action.source.ref, action.fields) == (Side.TOPDESK, "new", {Field.SLOT})


def test_one_date_of_a_series_does_not_stand_for_another() -> None:
    first, second = slot(9), slot(10)
    world = missing(Side.EXCHANGE, Ending.GONE, ical_uid="uid", original_start=first.start)
    world.records[Side.EXCHANGE]["second"] = record(
        Side.EXCHANGE, "second", second, ical_uid="uid", original_start=second.start, organizer=BOB
    )
    assert {type(a) for a in world.plan(rules())} == {Vanish, Create}


# around it


def test_a_room_that_is_not_ours_is_an_end() -> None:
    world = linked(UNCHANGED, UNCHANGED)
    world.records[Side.TOPDESK]["topdesk"] = replace(world.records[Side.TOPDESK]["topdesk"], room_id="", place="elsewhere")
    action = the_action(world)
    assert isinstance(action, Delete)
    assert action.side is Side.EXCHANGE


def test_history_is_not_rewritten() -> None:
    later = NOW + timedelta(days=7)
    assert linked(ABSENT, UNCHANGED).plan(rules(now=later)) == ()
    assert linked(UNCHANGED, CHANGED).plan(rules(now=later)) == ()


def test_a_busy_booking_is_left_to_its_intent() -> None:
    assert linked(MOVED, ABSENT, is_busy=True).plan(rules()) == ()


def test_a_move_that_waits_sees_its_appointment_arrive_or_go_elsewhere() -> None:
    arrived = the_action(linked(UNCHANGED, MOVED, is_busy=True, pending=Pending("room-amber", slot(13))))
    assert isinstance(arrived, Arrive)
    assert not arrived.elsewhere
    elsewhere = the_action(linked(UNCHANGED, MOVED, is_busy=True, pending=Pending("room-amber", slot(15))))
    assert isinstance(elsewhere, Arrive)
    assert elsewhere.elsewhere


def test_a_move_into_another_room_waits_though_the_old_rooms_meeting_is_cancelled() -> None:
    """It comes to the other room as a meeting of its own, which that calendar may tell later."""
    assert linked(UNCHANGED, ABSENT, is_busy=True, pending=Pending("room-beryl", AGREED)).plan(rules()) == ()
    ended = the_action(linked(UNCHANGED, ABSENT, is_busy=True, pending=Pending("room-amber", slot(15))))
    assert isinstance(ended, Arrive)
    assert ended.elsewhere


def test_a_record_of_a_saga_at_work_is_skipped() -> None:
    world = World()
    world.records[Side.TOPDESK]["t"] = record(Side.TOPDESK, "t", AGREED, match_key="ORB-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert world.plan(rules(live_keys=frozenset({"ORB-01ARZ3NDEKTSV4RRFFQ69G5FAV"}))) == ()
    assert isinstance(the_action(world), Create)


def test_our_own_unfinished_write_is_not_somebody_elses_change() -> None:
    action = the_action(linked(MOVED, MOVED, writing=Side.TOPDESK))
    assert isinstance(action, Update)
    assert (action.side, action.overrules) == (Side.TOPDESK, False)


def test_what_was_in_the_way_and_is_gone_again_is_agreed() -> None:
    world = linked(MOVED, UNCHANGED)
    world.carry_out(world.plan(rules()), rules())
    assert world.plan(rules()) == ()
    world.records[Side.TOPDESK]["topdesk"] = replace(world.records[Side.TOPDESK]["topdesk"], slot=AGREED)
    assert isinstance(the_action(world), Adopt)


def test_a_refused_move_is_planned_again_when_somebody_leaves_its_slot() -> None:
    world = linked(UNCHANGED, MOVED)
    rival = record(Side.TOPDESK, "rival", slot(13), organizer=BOB)
    world.records[Side.TOPDESK]["rival"] = rival
    refused = next(a for a in world.plan(rules()) if isinstance(a, Update))
    world.carry_out([refused], rules(), refuse=True)
    assert not any(isinstance(a, Update) for a in world.plan(rules()))
    del world.records[Side.TOPDESK]["rival"]
    assert isinstance(the_action(world), Update)


def test_a_reservation_moved_onto_another_one_takes_no_meeting_along_until_somebody_has_looked() -> None:
    """Found by chaos, seed 14: TOPdesk let an operator book double, and so did the room's calendar, without a word."""
    world = linked(MOVED, UNCHANGED, own=True)
    world.records[Side.EXCHANGE]["rival"] = record(Side.EXCHANGE, "rival", slot(11), organizer=BOB)
    world.records[Side.TOPDESK]["rival-t"] = record(Side.TOPDESK, "rival-t", slot(11), organizer=BOB)
    hold = next(a for a in world.plan(rules()) if isinstance(a, Hold))
    assert (hold.kind, [c.ref for c in hold.candidates]) == ("moved_in_topdesk", ["rival"])
    world.carry_out(world.plan(rules()), rules())
    assert world.plan(rules()) == ()
    del world.records[Side.EXCHANGE]["rival"], world.records[Side.TOPDESK]["rival-t"]
    assert any(isinstance(a, Update) for a in world.plan(rules()))


def test_two_that_change_places_in_topdesk_change_them_in_exchange() -> None:
    world = linked(MOVED, UNCHANGED, own=True)
    other = {side: record(side, f"{side}-2", slot(11), organizer=BOB, room_organizes=side is Side.EXCHANGE) for side in Side}
    remembered = {str(side): Remembered(b.ref, fingerprint(b, rules().of(side).keeps)) for side, b in other.items()}
    world.links["m"] = Link(id="m", match_key="k2", room_id="room-amber", slot=slot(11), organizer=BOB, **remembered)  # type: ignore[arg-type]
    world.records[Side.TOPDESK]["topdesk-2"] = replace(other[Side.TOPDESK], slot=AGREED)
    world.records[Side.EXCHANGE]["exchange-2"] = other[Side.EXCHANGE]
    assert [type(a) for a in world.plan(rules())] == [Update, Update]


def test_of_two_that_are_moved_onto_one_slot_the_larger_key_waits_whichever_is_read_first() -> None:
    world = linked(MOVED, UNCHANGED, own=True)
    other = {side: record(side, f"{side}-2", slot(15), organizer=BOB, room_organizes=side is Side.EXCHANGE) for side in Side}
    remembered = {str(side): Remembered(b.ref, fingerprint(b, rules().of(side).keeps)) for side, b in other.items()}
    world.links["m"] = Link(id="m", match_key="k2", room_id="room-amber", slot=slot(15), organizer=BOB, **remembered)  # type: ignore[arg-type]
    world.records[Side.TOPDESK]["topdesk-2"] = replace(other[Side.TOPDESK], slot=slot(11))
    world.records[Side.EXCHANGE]["exchange-2"] = other[Side.EXCHANGE]
    for links in (list(world.links.values()), list(reversed(world.links.values()))):
        found = {a.link.id: type(a) for a in plan(links, world.view(Side.TOPDESK), world.view(Side.EXCHANGE), rules()) if a.link}
        assert found == {"l": Update, "m": Hold}


def test_what_came_back_and_is_ended_is_only_ended() -> None:
    world = linked(ABSENT, UNCHANGED, vanished_at=NOW)
    assert isinstance(the_action(world), Delete)


def test_a_reservation_moved_onto_another_one_in_another_room_takes_no_meeting_along() -> None:
    """Found by chaos, seed 15."""
    world = linked(UNCHANGED, UNCHANGED, own=True)
    world.records[Side.TOPDESK]["topdesk"] = replace(world.records[Side.TOPDESK]["topdesk"], room_id="room-beryl", place="beryl")
    rival = record(Side.EXCHANGE, "rival", AGREED, organizer=BOB, room_id="room-beryl")
    exchange = world.view(Side.EXCHANGE)
    [hold] = plan(world.links.values(), world.view(Side.TOPDESK), replace(exchange, around=(rival,)), rules())
    assert isinstance(hold, Hold)
    assert (hold.kind, hold.candidates) == ("moved_in_topdesk", (rival,))
    [update] = plan(world.links.values(), world.view(Side.TOPDESK), exchange, rules())
    assert isinstance(update, Update)
