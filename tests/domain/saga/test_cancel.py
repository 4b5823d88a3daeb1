"""Cancelling: each room for itself, and what only a person may cancel is asked for."""

from domain.saga.builders import AWAY, KEYS, OLD, SLOT, WHY, after, record
from roombooker.domain.saga import Done, Look, Looked, Old, Outcome, Reason, Refused, Remove, Unknown, cancel, wanted

THERE = Looked(record("ref-old"))
ASK = Reason("cancellation_request", "It has services.")


def test_a_reservation_is_read_and_ended() -> None:
    saga = cancel([OLD])
    assert wanted(saga) == Look(0)
    saga = after(saga, THERE)
    assert wanted(saga) == Remove(0, "ref-old", is_old=True)
    assert after(saga, Done()).outcome is Outcome.DONE


def test_what_has_ended_already_is_done() -> None:
    assert after(cancel([OLD]), Looked(None)).outcome is Outcome.DONE


def test_what_only_a_person_may_cancel_is_asked_for() -> None:
    assert after(cancel([OLD]), Looked(record("ref-old"), must_ask=ASK)).outcome is Outcome.ASKED


def test_one_room_that_must_be_asked_for_does_not_keep_the_other() -> None:
    saga = cancel([OLD, Old("beryl", SLOT, KEYS[6], "ref-beryl")])
    saga = after(saga, Looked(record("ref-old"), must_ask=ASK), Looked(record("ref-beryl")))
    assert wanted(saga) == Remove(1, "ref-beryl", is_old=True)
    assert after(saga, Done()).outcome is Outcome.ASKED


def test_an_ending_is_repeated_until_it_is_known() -> None:
    saga = after(cancel([OLD]), THERE, AWAY, Unknown())
    assert wanted(saga) == Remove(0, "ref-old", is_old=True)
    assert saga.tries == 2


def test_an_ending_that_is_refused_is_handed_to_a_person() -> None:
    assert after(cancel([OLD]), THERE, Refused(WHY)).outcome is Outcome.STUCK
