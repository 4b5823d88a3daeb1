"""Before anything is reserved: who is requester, and does Exchange agree?"""

import pytest

from domain.saga.builders import AWAY, READY, WHY, after, booking, moving
from roombooker.domain.saga import (
    Checked,
    CheckExchange,
    Create,
    FindPerson,
    Outcome,
    PersonFound,
    Refused,
    Unknown,
    give_up,
    resumed,
    wanted,
)


def test_a_booking_first_asks_for_the_person_then_for_exchange_then_reserves() -> None:
    saga = booking()
    assert wanted(saga) == FindPerson()
    saga = after(saga, PersonFound("person-1"))
    assert wanted(saga) == CheckExchange((0,))
    saga = after(saga, Checked())
    assert wanted(saga) == Create(0)
    assert saga.requester_id == "person-1"


@pytest.mark.parametrize("answer", [AWAY, Unknown()])
def test_a_side_that_does_not_answer_is_asked_again_and_nothing_has_begun(answer: object) -> None:
    saga = after(booking(), answer)  # type: ignore[arg-type]
    assert wanted(saga) == FindPerson()
    assert saga.tries == 1
    assert not saga.has_begun


def test_a_room_that_exchange_says_is_busy_is_taken_and_the_others_are_not_reserved() -> None:
    saga = after(booking(2), PersonFound("person-1"), Checked(frozenset({1})))
    assert saga.is_done
    assert saga.outcome is Outcome.TAKEN
    assert not saga.has_begun


def test_the_dates_of_a_series_stand_each_for_itself() -> None:
    saga = after(booking(2, all_or_nothing=False), PersonFound("person-1"), Checked(frozenset({0})))
    assert wanted(saga) == Create(1)


def test_without_any_requester_it_is_refused() -> None:
    saga = after(booking(), Refused(WHY))
    assert saga.is_done
    assert saga.outcome is Outcome.REFUSED


def test_a_crash_here_needs_no_look_up() -> None:
    assert resumed(booking()) == booking()
    assert wanted(resumed(after(booking(), *READY))) != Create(0)


def test_given_up_here_it_ends_with_nothing() -> None:
    assert give_up(booking()).outcome is Outcome.ABANDONED
    assert give_up(moving()).is_done
