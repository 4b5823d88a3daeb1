"""A side that is away, an answer that is lost, a process that is killed: nothing is doubled, nothing is lost, all is finished."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.errors import Denied, Garbled, InProgress, OutcomeUnknown, SideError, SlotTaken, Unavailable
from roombooker.store.db import Database
from roombooker.store.models import ClaimRow, IntentRow, LinkRow
from services.desk import Desk


class Killed(BaseException):
    """The process is gone: nothing after this line runs, not even an `except Exception`."""


AWAY = Unavailable("topdesk", "TOPdesk is away.")
LOST = OutcomeUnknown("topdesk", "The answer was lost.")


def _finish(desk: Desk) -> None:
    """The worker, as time goes by."""
    for _ in range(8):
        desk.clock.advance(timedelta(seconds=61))
        desk.another_service().finish_due()


def _left_over(desk: Desk) -> tuple[int, int]:
    with desk.database.read() as session:
        claims = len(session.scalars(select(ClaimRow)).all())
        return claims, len(session.scalars(select(IntentRow).where(IntentRow.finished_at.is_(None))).all())


@pytest.mark.parametrize(
    ("side", "method", "error"),
    [
        ("topdesk", "person_by_email", AWAY),
        ("exchange", "free_busy", Unavailable("exchange", "Exchange is away.")),
        ("exchange", "free_busy", Denied("exchange", "Out of scope.", status_code=403)),
        ("exchange", "free_busy", Garbled("exchange", "HTML instead of JSON.")),
        ("topdesk", "create", AWAY),
        ("topdesk", "create", Denied("topdesk", "No right.", status_code=403)),
    ],
)
def test_a_side_that_cannot_be_asked_leaves_nothing_and_the_same_key_may_try_again(
    desk: Desk, side: str, method: str, error: SideError
) -> None:
    getattr(desk, side).fail(method, error)
    with pytest.raises(type(error)):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert desk.live() == []
    assert desk.bookings.mine(caller(ALICE)) == []
    assert _left_over(desk) == (0, 0)
    status, _ = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert status == 201


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_lost_at_the_create_is_202_and_the_worker_finishes_it(desk: Desk, when: str) -> None:
    desk.topdesk.fail("create", LOST, when=when)
    status, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert (status, answer["state"]) == (202, "reserving")
    assert "intents" in desk.woken
    _finish(desk)
    assert desk.live() == [slot_at()]
    assert desk.bookings.one(caller(ALICE), answer["id"])["state"] == "awaiting_appointment"
    assert _left_over(desk) == (0, 0)


def test_garbled_after_the_create_is_looked_up_before_anything_is_repeated(desk: Desk) -> None:
    desk.topdesk.fail("create", Garbled("topdesk", "HTML instead of JSON."), when="after")
    assert desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))[0] == 202
    _finish(desk)
    assert len(desk.live()) == 1


def test_the_same_key_after_an_unknown_outcome_goes_on_where_it_stands(desk: Desk) -> None:
    desk.topdesk.fail("create", LOST, when="after")
    _, first = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    status, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert (status, answer["id"]) == (201, first["id"])
    assert len(desk.live()) == 1


def test_a_look_that_fails_after_the_create_is_finished_later(desk: Desk) -> None:
    desk.topdesk.fail("occupied", AWAY)
    status, _ = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert status == 202
    _finish(desk)
    assert _left_over(desk) == (0, 0)
    assert len(desk.live()) == 1


def test_a_lost_race_that_cannot_be_undone_at_once_is_undone_later(desk: Desk) -> None:
    desk.topdesk.conflict_mode = "silent"
    theirs = desk.topdesk.book(desk.amber, slot_at(), BOB)
    desk.topdesk.fail("remove", AWAY, times=3)
    status, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert status == 202
    _finish(desk)
    assert [b.ref for b in desk.topdesk.live()] == [theirs.ref]
    assert desk.bookings.one(caller(ALICE), answer["id"])["state"] == "refused"
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))


def test_topdesk_away_for_longer_than_the_hold_leaves_nothing_reserved(desk: Desk) -> None:
    desk.topdesk.fail("create", LOST, when="after")
    _, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    desk.topdesk.fail("find", AWAY, times=5)
    for _ in range(5):
        desk.clock.advance(timedelta(minutes=10))
        desk.bookings.finish_due()
    _finish(desk)
    assert desk.live() == []
    assert desk.bookings.one(caller(ALICE), answer["id"])["state"] == "refused"


def test_a_request_that_is_being_worked_on_is_in_progress(desk: Desk) -> None:
    def meanwhile(method: str) -> None:
        if method == "create":
            with pytest.raises(InProgress):
                desk.another_service().book(caller(ALICE), "key-0001", booking_request(desk.amber))

    desk.topdesk.on_call = meanwhile
    assert desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))[0] == 201
    assert len(desk.live()) == 1


BOOKING_CALLS = [("topdesk", "person_by_email"), ("exchange", "free_busy"), ("topdesk", "create"), ("topdesk", "occupied")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("side", "method"), BOOKING_CALLS)
def test_a_process_killed_at_any_call_is_finished_by_the_next(desk: Desk, side: str, method: str, when: str) -> None:
    getattr(desk, side).fail(method, Killed(), when=when)
    with pytest.raises(Killed):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    _finish(desk)
    assert desk.live() == [slot_at()]
    (booking,) = desk.bookings.mine(caller(ALICE))
    assert booking["state"] == "awaiting_appointment"
    assert booking["rooms"][0]["reservation"] is not None
    assert _left_over(desk) == (0, 0)


@pytest.mark.parametrize("nth", range(1, 9))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_killed_at_any_commit_is_finished_by_the_next(desk: Desk, nth: int, moment: str) -> None:
    dying = DyingDatabase(desk.database, nth, moment)
    service = desk.another_service(dying)
    try:
        service.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    except Killed:
        pass
    else:
        assert dying.left > 0  # there were fewer commits than that
    _finish(desk)
    bookings = desk.bookings.mine(caller(ALICE))
    assert len(desk.live()) == len(bookings) <= 1
    assert _left_over(desk) == (0, 0)
    status, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert status == 201
    assert desk.live() == [slot_at()]
    if bookings:
        assert answer["id"] == bookings[0]["id"]


class DyingDatabase(Database):
    """Dies at its nth write: before it takes effect, or right after."""

    def __init__(self, database: Database, nth: int, moment: str) -> None:
        vars(self).update(vars(database))
        self.left, self._moment = nth, moment

    @contextmanager
    def write(self) -> Iterator[Session]:
        self.left -= 1
        with super().write() as session:
            yield session
            if self.left == 0 and self._moment == "before":
                raise Killed
        if self.left == 0:
            raise Killed


def test_a_leftover_is_left_alone_while_its_driver_may_live(desk: Desk) -> None:
    desk.topdesk.fail("create", Killed())
    with pytest.raises(Killed):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    desk.clock.advance(timedelta(seconds=30))
    assert desk.bookings.finish_due() == 0


def test_finished_intents_are_reaped_after_72_hours(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    desk.clock.advance(timedelta(hours=71))
    assert desk.bookings.reap() == 0
    desk.clock.advance(timedelta(hours=2))
    assert desk.bookings.reap() == 1
    with desk.database.read() as session:
        assert len(session.scalars(select(LinkRow)).all()) == 1


def test_a_create_that_took_effect_twice_ends_as_one(desk: Desk) -> None:
    def twice(method: str) -> None:
        if method == "occupied":
            desk.topdesk.on_call = lambda _method: None
            (ours,) = desk.topdesk.live()
            desk.topdesk.book(desk.amber, slot_at(), ALICE, match_key=ours.match_key)

    desk.topdesk.on_call = twice
    assert desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))[0] == 201
    assert desk.live() == [slot_at()]
