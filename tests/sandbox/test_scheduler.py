"""Things that happen a little later, and how anybody can tell that all of them have."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from roombooker_sandbox.scheduler import Scheduler


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    made = Scheduler()
    yield made
    made.close()


def _rest(scheduler: Scheduler) -> None:
    end = time.monotonic() + 5
    while scheduler.pending:
        assert time.monotonic() < end
        time.sleep(0.005)


def test_calls_run_in_the_order_of_their_time(scheduler: Scheduler) -> None:
    order: list[str] = []
    scheduler.later(0.1, lambda: order.append("second"))
    scheduler.later(0.02, lambda: order.append("first"))
    _rest(scheduler)
    assert order == ["first", "second"]


def test_a_call_that_fails_does_not_stop_the_next(scheduler: Scheduler, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    scheduler.later(0, lambda: 1 / 0)
    scheduler.later(0.01, done.set)
    assert done.wait(5)
    assert "a scheduled call failed" in caplog.text


def test_a_call_on_a_pool_is_pending_until_it_has_ended_and_holds_nobody_up(scheduler: Scheduler) -> None:
    release, meanwhile = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        scheduler.later(0, lambda: release.wait(5), on=pool)
        scheduler.later(0.01, meanwhile.set)
        assert meanwhile.wait(5)
        assert scheduler.pending == 1
        release.set()
        _rest(scheduler)


def test_a_pool_that_is_shut_down_leaves_nothing_pending(scheduler: Scheduler) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    scheduler.later(0, lambda: None, on=pool)
    _rest(scheduler)


def test_what_was_cleared_never_runs(scheduler: Scheduler) -> None:
    ran: list[int] = []
    scheduler.later(0.05, lambda: ran.append(1))
    scheduler.clear()
    time.sleep(0.1)
    assert ran == []
