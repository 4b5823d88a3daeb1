"""Reserving: each answer to a create, and what a crash makes of it."""

import pytest

from domain.saga.builders import AWAY, KEYS, READY, WHY, after, booking, done, record
from roombooker.domain.booking import Standing
from roombooker.domain.saga import (
    Absent,
    Create,
    Done,
    Find,
    ItemPhase,
    Listed,
    Outcome,
    Refused,
    Relist,
    Remove,
    Rival,
    Unknown,
    give_up,
    resumed,
    wanted,
)

RESERVING = after(booking(), *READY)


def test_a_create_is_verified_by_listing_the_slot() -> None:
    saga = after(RESERVING, done())
    assert wanted(saga) == Relist(0)
    assert saga.items[0].record == record()


def test_nothing_sent_is_sent_again() -> None:
    saga = after(RESERVING, AWAY)
    assert wanted(saga) == Create(0)
    assert not saga.has_begun


def test_an_unknown_outcome_is_looked_up_by_key_before_anything_is_repeated() -> None:
    saga = after(RESERVING, Unknown())
    assert wanted(saga) == Find(0)
    assert saga.has_begun
    assert wanted(after(saga, Unknown())) == Find(0)
    assert wanted(after(saga, AWAY)) == Find(0)
    assert wanted(after(saga, Absent())) == Create(0)
    assert wanted(after(saga, done())) == Relist(0)


def test_after_a_crash_the_create_may_have_been_sent() -> None:
    assert wanted(resumed(RESERVING)) == Find(0)


def test_found_but_ended_by_somebody_is_refused() -> None:
    saga = after(RESERVING, Unknown(), done(standing=Standing.CANCELLED))
    assert saga.outcome is Outcome.REFUSED


def test_a_conflicting_status_is_a_lost_race() -> None:
    saga = after(RESERVING, done(standing=Standing.CONFLICTING))
    assert wanted(saga) == Remove(0, "ref-new")
    assert after(saga, Done()).outcome is Outcome.TAKEN


def test_a_request_waits_for_approval_and_is_verified_alike() -> None:
    assert wanted(after(RESERVING, done(standing=Standing.REQUESTED))) == Relist(0)


@pytest.mark.parametrize(("rivals", "outcome"), [((Rival(),), Outcome.TAKEN), ((), Outcome.REFUSED)])
def test_a_refusal_is_explained_by_who_is_there(rivals: tuple[Rival, ...], outcome: Outcome) -> None:
    saga = after(RESERVING, Refused(WHY))
    assert wanted(saga) == Relist(0)
    assert after(saga, Listed(rivals)).outcome is outcome


def test_a_refusal_that_cannot_be_explained_stays_one_in_topdesks_words() -> None:
    saga = after(RESERVING, Refused(WHY), AWAY)
    assert saga.outcome is Outcome.REFUSED
    assert saga.items[0].reason == WHY


def test_given_up_with_an_unknown_outcome_it_is_looked_up_and_undone() -> None:
    saga = give_up(after(RESERVING, Unknown()))
    assert wanted(saga) == Find(0)
    assert after(saga, Absent()).outcome is Outcome.ABANDONED
    found = after(saga, done())
    assert wanted(found) == Remove(0, "ref-new")
    assert after(found, Done()).outcome is Outcome.ABANDONED


def test_the_second_room_is_reserved_after_the_first_is_verified_and_a_clash_gives_the_first_back() -> None:
    saga = after(booking(2), *READY, done("ref-1"), Listed())
    assert wanted(saga) == Create(1)
    saga = after(saga, Refused(WHY), Listed((Rival(),)))
    assert wanted(saga) == Remove(0, "ref-1")
    saga = after(saga, Done())
    assert saga.outcome is Outcome.TAKEN
    assert [item.phase for item in saga.items] == [ItemPhase.ABANDONED, ItemPhase.TAKEN]
    assert [item.match_key for item in saga.items] == KEYS[:2]
