"""Verifying: who else is there after our create, and who yields."""

import pytest

from domain.saga.builders import AWAY, KEYS, READY, WHY, after, booking, done
from roombooker.domain.saga import Done, ItemPhase, Listed, Outcome, Refused, Relist, Remove, Rival, Unknown, wanted

VERIFYING = after(booking(), *READY, done())


def test_alone_in_the_slot_the_booking_stands() -> None:
    saga = after(VERIFYING, Listed())
    assert saga.outcome is Outcome.DONE
    assert saga.items[0].phase is ItemPhase.STANDS


def test_ours_yields_always_to_a_live_reservation_that_is_not_ours() -> None:
    saga = after(VERIFYING, Listed((Rival(),)))
    assert wanted(saga) == Remove(0, "ref-new")


@pytest.mark.parametrize(("rival", "stands"), [(KEYS[1], True), ("ORB-00000000000000000000000000", False)])
def test_between_two_of_ours_the_larger_match_key_yields(rival: str, stands: bool) -> None:
    saga = after(VERIFYING, Listed((Rival(rival),)))
    assert saga.is_done is stands
    assert (wanted(saga) == Remove(0, "ref-new")) is not stands


def test_flagged_by_now_is_lost_even_where_nobody_else_shows() -> None:
    assert wanted(after(VERIFYING, Listed(is_conflicting=True))) == Remove(0, "ref-new")


@pytest.mark.parametrize("answer", [AWAY, Unknown()])
def test_a_list_that_cannot_be_had_is_asked_for_again(answer: object) -> None:
    saga = after(VERIFYING, answer)  # type: ignore[arg-type]
    assert wanted(saga) == Relist(0)
    assert saga.has_begun


def test_a_create_that_took_effect_twice_is_pruned_to_one() -> None:
    saga = after(VERIFYING, Listed(doubles=("ref-2", "ref-3")))
    assert wanted(saga) == Remove(0, "ref-2")
    saga = after(saga, Done(), AWAY)
    assert wanted(saga) == Remove(0, "ref-3")
    assert after(saga, Done()).outcome is Outcome.DONE


def test_a_lost_race_takes_the_doubles_along() -> None:
    saga = after(VERIFYING, Listed((Rival(),), doubles=("ref-2",)))
    assert wanted(saga) == Remove(0, "ref-2")
    saga = after(saga, Done())
    assert wanted(saga) == Remove(0, "ref-new")
    assert after(saga, Done()).outcome is Outcome.TAKEN


def test_an_undo_is_tried_again_and_then_handed_to_a_person() -> None:
    saga = after(VERIFYING, Listed((Rival(),)))
    for _ in range(20):
        saga = after(saga, AWAY)
        assert wanted(saga) == Remove(0, "ref-new")
    assert after(saga, AWAY).outcome is Outcome.STUCK
    assert after(saga, Done()).outcome is Outcome.TAKEN


def test_an_undo_that_is_refused_is_handed_to_a_person() -> None:
    assert after(VERIFYING, Listed((Rival(),)), Refused(WHY)).outcome is Outcome.STUCK
