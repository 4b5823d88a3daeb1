"""Whoever holds an intent's lease may send, nobody else: a driver that was slow sends nothing when another may have taken over."""

import time
from datetime import timedelta

import pytest

from conftest import ManualClock
from factories import booking_request, slot_at
from people import ALICE, caller
from roombooker import deadline
from roombooker.errors import InProgress, Unavailable
from roombooker.store.db import Database
from services.desk import Desk

ME = caller(ALICE)


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    """Its lease is real time, since nobody sets the clock that a process counts it by."""
    return Desk(database, clock, lease_seconds=2.0)


def _obeying(desk: Desk, slow: str, seconds: float, nth: int = 1) -> list[float]:
    """Both sides are as the transport is: too late is too late. The nth call of that name is slow. What time each call was given."""
    given: list[float] = []
    seen: list[str] = []

    def on_call(method: str) -> None:
        left = deadline.left()
        assert left is not None
        given.append(left)
        seen.append(method)
        if deadline.is_over():
            raise Unavailable("topdesk", "No time left.")
        if method == slow and seen.count(method) == nth:
            time.sleep(seconds)

    desk.topdesk.on_call = desk.exchange.on_call = on_call
    return given


def test_every_call_of_a_booking_has_to_end_within_the_lease(desk: Desk) -> None:
    given = _obeying(desk, "", 0)
    desk.bookings.book(ME, "key-0001", booking_request(desk.amber))
    assert len(given) == 4
    assert all(1.0 <= left < 2.0 for left in given)


def test_a_lease_that_runs_short_is_renewed_before_the_next_step(desk: Desk) -> None:
    _obeying(desk, "person_by_email", 1.1)
    assert desk.bookings.book(ME, "key-0001", booking_request(desk.amber))[0] == 201


def test_a_write_whose_look_took_all_the_time_is_not_sent_but_done_by_the_next(desk: Desk) -> None:
    _, booking = desk.bookings.book(ME, "key-0001", booking_request(desk.amber))
    _obeying(desk, "get", 1.5, nth=2)  # the first is a step of its own
    assert desk.bookings.cancel(ME, "key-0002", booking["id"])[0] == 202
    assert "remove" not in desk.topdesk.calls
    assert desk.live() == [slot_at()]
    desk.clock.advance(timedelta(minutes=1))
    desk.another_service().finish_due()
    assert desk.live() == []


@pytest.mark.parametrize("during", ["person_by_email", "free_busy"])
def test_a_driver_that_was_overtaken_sends_nothing_more(desk: Desk, during: str) -> None:
    def overtake(method: str) -> None:
        if method == during:
            desk.topdesk.on_call = desk.exchange.on_call = lambda _method: None
            desk.clock.advance(timedelta(seconds=3))
            assert desk.another_service().finish_due() == 1

    desk.topdesk.on_call = desk.exchange.on_call = overtake
    with pytest.raises(InProgress):
        desk.bookings.book(ME, "key-0001", booking_request(desk.amber))
    assert desk.topdesk.calls.count("create") == 1
    assert desk.live() == [slot_at()]
