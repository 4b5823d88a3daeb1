"""Moving: the new is secured before the old is given up, or the same reservation is changed and put back on a clash."""

import pytest

from domain.saga.builders import AWAY, LATER, NUDGED, OLD, READY, WHY, after, done, leaving_and_moving, moving, record
from roombooker.domain.booking import Standing
from roombooker.domain.saga import (
    ChangeBack,
    ChangeRecord,
    Checked,
    Create,
    Done,
    ItemPhase,
    Listed,
    Look,
    Looked,
    Outcome,
    PersonFound,
    Phase,
    Reason,
    Refused,
    Relist,
    Remove,
    Rival,
    Saga,
    Unknown,
    arrived,
    give_up,
    lapsed,
    wanted,
)

THERE = Looked(record("ref-old"))
CLASH = Listed((Rival(),))


def _looked(saga: Saga, looked: Looked = THERE) -> Saga:
    saga = after(saga, *(READY if saga.phase is Phase.PERSON else READY[1:]))
    assert wanted(saga) == Look(0)
    return after(saga, looked)


def test_another_slot_is_secured_then_the_old_is_given_up() -> None:
    saga = after(_looked(moving()), done(), Listed())
    assert wanted(saga) == Remove(0, "ref-old", is_old=True)
    assert after(saga, Done()).outcome is Outcome.DONE


def test_a_slot_that_is_taken_leaves_the_old_alone() -> None:
    saga = after(_looked(moving()), done(), CLASH, Done())
    assert saga.outcome is Outcome.TAKEN


def test_an_overlapping_slot_in_the_same_room_is_changed_in_place() -> None:
    saga = _looked(moving(NUDGED))
    assert wanted(saga) == ChangeRecord(0)
    assert saga.items[0].match_key == OLD.match_key
    assert after(saga, done("ref-old"), Listed()).outcome is Outcome.DONE


def test_another_room_at_an_overlapping_time_gets_a_reservation_of_its_own() -> None:
    assert wanted(_looked(moving(NUDGED, room="beryl"))) == Create(0)


def test_a_reservation_with_services_is_changed_as_a_whole() -> None:
    assert wanted(_looked(moving(LATER), Looked(record("ref-old"), has_services=True))) == ChangeRecord(0)


@pytest.mark.parametrize("sign", ["listed", "flagged"])
def test_a_change_that_clashes_is_put_back_and_checked(sign: str) -> None:
    saga = _looked(moving(NUDGED))
    saga = after(saga, done("ref-old"), CLASH) if sign == "listed" else after(saga, done("ref-old", Standing.CONFLICTING))
    assert wanted(saga) == ChangeBack(0)
    saga = after(saga, AWAY, Unknown(), done("ref-old"))
    assert wanted(saga) == Relist(0, back=True)
    assert after(saga, Listed()).outcome is Outcome.TAKEN
    assert after(saga, CLASH).outcome is Outcome.STUCK


def test_a_change_that_cannot_be_put_back_is_handed_to_a_person() -> None:
    saga = after(_looked(moving(NUDGED)), done("ref-old"), CLASH)
    assert after(saga, Refused(WHY)).outcome is Outcome.STUCK
    assert after(saga, done("ref-old", Standing.CONFLICTING)).outcome is Outcome.STUCK


def test_a_change_that_is_refused_leaves_the_old_standing() -> None:
    saga = after(_looked(moving(NUDGED)), Refused(WHY))
    assert after(saga, Listed()).outcome is Outcome.REFUSED
    assert after(saga, CLASH).outcome is Outcome.TAKEN


def test_a_change_whose_answer_is_lost_is_repeated_since_it_reads_first() -> None:
    assert wanted(after(_looked(moving(NUDGED)), Unknown())) == ChangeRecord(0)


def test_a_reservation_that_topdesk_has_ended_cannot_be_moved() -> None:
    saga = _looked(moving(), Looked(None))
    assert saga.outcome is Outcome.REFUSED


def test_with_an_appointment_the_old_waits_until_it_has_followed() -> None:
    saga = after(_looked(moving(awaits=True)), done(), Listed())
    assert saga.phase is Phase.AWAIT
    assert wanted(saga) is None
    assert wanted(arrived(saga)) == Remove(0, "ref-old", is_old=True)
    assert wanted(lapsed(saga)) == Remove(0, "ref-new")
    assert after(lapsed(saga), Done()).outcome is Outcome.ABANDONED
    assert wanted(give_up(saga)) == Remove(0, "ref-new")


def test_a_change_in_place_that_waits_is_put_back_when_the_appointment_does_not_follow() -> None:
    saga = after(_looked(moving(NUDGED, awaits=True)), done("ref-old"), Listed())
    assert arrived(saga).outcome is Outcome.DONE
    assert wanted(lapsed(saga)) == ChangeBack(0)


def test_past_the_point_of_no_return_nothing_gives_up() -> None:
    saga = after(_looked(moving()), done(), Listed())
    assert give_up(saga) == saga


def test_an_old_reservation_that_cannot_be_ended_is_handed_to_a_person() -> None:
    saga = after(_looked(moving()), done(), Listed(), Refused(WHY))
    assert saga.outcome is Outcome.STUCK
    assert saga.items[0].reason == Reason("not_given_up", "The old reservation could not be ended in TOPdesk.")


def test_a_room_that_leaves_is_given_up_only_after_the_others_are_secured() -> None:
    saga = after(leaving_and_moving(), PersonFound("person-1"), Checked(), THERE, done(), Listed())
    assert wanted(saga) == Look(1)
    saga = after(saga, Looked(record("ref-beryl")))
    assert wanted(saga) == Remove(0, "ref-old", is_old=True)
    saga = after(saga, Done())
    assert wanted(saga) == Remove(1, "ref-beryl", is_old=True)
    assert [item.phase for item in after(saga, Done()).items] == [ItemPhase.STANDS, ItemPhase.GONE]
