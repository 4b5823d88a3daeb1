"""A place that is given up and taken in one go, and a meeting that was cancelled and sent again."""

import pytest

from factories import slot_at
from people import ALICE, BOB
from roombooker.domain.room import Cancellation
from services.twin import Twin


def test_a_meeting_is_made_longer_into_the_slot_of_one_that_was_cancelled(twin: Twin) -> None:
    first = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    second = twin.exchange.invite(twin.amber, slot_at(1), BOB)
    twin.follow(twin.amber)
    twin.exchange.cancel(second.ref)
    twin.exchange.edit(first.ref, slot=slot_at(0, 120))
    twin.follow(twin.amber)
    assert twin.slots() == ([slot_at(0, 120)], [slot_at(0, 120)])
    assert twin.work_items() == []
    assert not any("not available" in subject for _, subject, _ in twin.mails)


def test_who_cancels_and_invites_again_while_the_cancellation_waits_keeps_the_reservation(twin: Twin) -> None:
    twin.change_room(twin.amber, cancellation=Cancellation.MANUAL)
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    (reservation,) = twin.reservations()
    twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    again = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    assert [b.ref for b in twin.reservations()] == [reservation.ref]
    assert [b.ref for b in twin.meetings()] == [again.ref]
    assert twin.states() == ["confirmed"]
    assert twin.work_items() == []
    assert twin.is_quiet()


@pytest.mark.parametrize("series", [None, "another"])
def test_another_meeting_of_the_same_day_leaves_the_question_open(twin: Twin, series: str | None) -> None:
    twin.change_room(twin.amber, cancellation=Cancellation.MANUAL)
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE, series_ref="S", original_start=slot_at().start)
    twin.follow(twin.amber)
    twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    twin.exchange.invite(twin.amber, slot_at(4), ALICE, series_ref=series, original_start=slot_at(4).start if series else None)
    twin.follow(twin.amber)
    assert twin.slots()[0] == [slot_at(), slot_at(4)]
    assert [item.kind for item in twin.work_items()] == ["cancellation_request"]
