"""What is due, without any engine: rows say what is to be done, wake-ups only hasten it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import ManualClock
from factories import make_settings
from people import ALICE
from roombooker.jobs.engine import Engine
from roombooker.jobs.work import Helpers, Work
from roombooker.services.posting import Posting
from roombooker.store import leases, notices, outbox
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, NoticeRow, ScheduleSlotRow


class Counted:
    """Stands for every service that a schedule calls: counts, and does what the test says."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls: list[str] = []
        self.ill: set[str] = set()
        self.digest: Callable[[], int] = lambda: 0

    def near(self) -> str:
        return "near"

    def full(self) -> str:
        return "full"

    def sweep(self, window: Any, *, cause: str) -> None:
        self._count(f"sweep {window} ({cause})")

    def digest_notices(self) -> int:
        return self.digest()

    def __getattr__(self, name: str) -> Callable[[], int]:
        return lambda *_a, **_k: self._count(name)

    def _count(self, name: str) -> int:
        self.calls.append(name)
        if name in self.ill:
            raise RuntimeError("ill")
        return 0


@pytest.fixture
def counted(database: Database) -> Counted:
    return Counted(database)


def _work(counted: Counted, clock: Callable[[], datetime], posting: Any = None) -> Work:
    some: Any = counted
    helpers = Helpers(bookings=some, sync=some, subscriptions=some, worklist=some, retention=some, rooms=some, posting=posting or some)
    return Work(database=counted.database, helpers=helpers, settings=make_settings(), clock=clock)


def test_a_schedule_s_tick_is_taken_once_by_many_machines(database: Database) -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    taken: list[bool] = []
    gate = threading.Barrier(6)

    def machine() -> None:
        gate.wait()
        taken.append(leases.take_slot(database, "near", "17", now))

    threads = [threading.Thread(target=machine) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]
    assert leases.take_slot(database, "near", "18", now)


def test_two_workers_together_keep_each_schedule_once(counted: Counted, clock: ManualClock) -> None:
    one, other = _work(counted, clock), _work(counted, clock)
    for work in (one, other, one, other):
        work.tick()
    assert counted.calls.count("sweep near (near sweep)") == 1
    assert counted.calls.count("sweep full (nightly comparison)") == 1
    clock.advance(timedelta(seconds=300))
    other.tick()
    assert counted.calls.count("sweep near (near sweep)") == 2
    assert counted.calls.count("trim") == 1


def test_the_nightly_jobs_run_once_a_night(counted: Counted, clock: ManualClock) -> None:
    work = _work(counted, clock)
    work.tick()
    clock.advance(timedelta(hours=24))
    work.tick()
    assert [counted.calls.count(name) for name in ("trim", "refresh", "sweep full (nightly comparison)")] == [2, 2, 2]


def _tick_for(minutes: int, clock: ManualClock, *works: Work, step: int = 1) -> None:
    for _ in range(0, minutes, step):
        clock.advance(timedelta(minutes=step))
        for work in works:
            work.tick()


def test_a_nightly_job_that_failed_is_tried_again_soon_by_one_machine(counted: Counted, clock: ManualClock) -> None:
    one, other = _work(counted, clock), _work(counted, clock)
    counted.ill = {"refresh"}
    for work in (one, other):
        work.tick()
    first = counted.calls.count("refresh")
    _tick_for(4, clock, one, other)
    assert counted.calls.count("refresh") == first <= 2, "not at once, or TOPdesk is asked each second"
    counted.ill = set()
    _tick_for(20, clock, one, other)
    assert counted.calls.count("refresh") == first + 1
    assert [counted.calls.count(name) for name in ("trim", "sweep full (nightly comparison)")] == [1, 1]


def test_a_nightly_job_that_fails_on_is_tried_ever_more_seldom(counted: Counted, clock: ManualClock) -> None:
    work = _work(counted, clock)
    counted.ill = {"refresh"}
    _tick_for(12 * 60, clock, work, step=5)
    assert 12 <= counted.calls.count("refresh") <= 18


def test_what_comes_by_itself_in_a_minute_needs_no_second_try(counted: Counted, clock: ManualClock) -> None:
    work = _work(counted, clock)
    counted.ill = {"keep_up"}
    for _ in range(3):
        _tick_for(1, clock, work)
        work.tick()
    assert counted.calls.count("keep_up") == 3


def test_a_job_that_failed_before_a_restart_is_tried_by_the_next_worker(counted: Counted, clock: ManualClock) -> None:
    counted.ill = {"refresh"}
    _work(counted, clock).tick()
    counted.ill = set()
    work = _work(counted, clock)
    for _ in range(2):
        work.tick()
    assert counted.calls.count("refresh") == 2


def test_a_job_that_fails_stops_no_other(counted: Counted, clock: ManualClock) -> None:
    counted.ill = {"sweep near (near sweep)", "finish_due", "roll"}
    _work(counted, clock).tick()
    assert {"keep_up", "tidy", "reap", "trim", "release_due_holds"} <= set(counted.calls)


def test_every_tick_is_a_sign_of_life(counted: Counted, clock: ManualClock, database: Database) -> None:
    _work(counted, clock).tick()
    with database.read() as session:
        assert session.get_one(CursorRow, "canary").read_at == clock()


def test_old_ticks_are_forgotten(counted: Counted, clock: ManualClock, database: Database) -> None:
    work = _work(counted, clock)
    work.tick()
    clock.advance(timedelta(days=3))
    work.tick()
    with database.read() as session:
        assert session.query(ScheduleSlotRow).filter(ScheduleSlotRow.taken_at < clock() - timedelta(days=2)).count() == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_settle_works_until_nothing_is_due(counted: Counted, database: Database, clock: ManualClock) -> None:
    for _ in range(3):
        with database.write() as session:
            notices.add(session, side="topdesk", ref="r", kind="changed", at=clock())

    def digest() -> int:
        with database.write() as session:
            first = session.query(NoticeRow).first()
            session.delete(first) if first is not None else None
            return 1

    counted.digest = digest
    assert _work(counted, clock).settle(timedelta(seconds=10)) is True
    with database.read() as session:
        assert session.query(NoticeRow).count() == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_settle_says_when_time_ran_out(counted: Counted, database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        notices.add(session, side="topdesk", ref="r", kind="changed", at=clock())
    assert _work(counted, clock).settle(timedelta(seconds=0.3)) is False


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_settle_waits_until_the_mails_are_out(counted: Counted, database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        outbox.put(session, ALICE, "Amber is no longer booked", "Why.", at=clock())
    assert _work(counted, clock).settle(timedelta(seconds=0.3)) is False
    work = _work(counted, clock, Posting(database=database, mail=lambda *_mail: None, clock=clock, lease=timedelta(minutes=3)))
    assert work.settle(timedelta(seconds=10)) is True


def test_a_slow_mail_server_keeps_nothing_else_waiting(counted: Counted, clock: ManualClock) -> None:
    loops = _work(counted, clock).loops()
    for name in loops.keys() - {"mails"}:
        loops[name]()
    assert "send_due" not in counted.calls
    loops["mails"]()
    assert counted.calls.count("send_due") == 1


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(make_settings(database_url=f"sqlite:///{tmp_path / 'r.db'}"))


def test_a_wake_up_reaches_the_worker(engine: Engine) -> None:
    woken, done = [], threading.Event()
    engine.bind(lambda kind: (woken.append(kind), done.set()))
    consumer = engine.consumer(1)
    consumer._set_signal_handlers = lambda: None
    consumer.start()
    engine.wake("notices")
    assert done.wait(5)
    consumer.stop(graceful=True)
    assert woken == ["notices"]


def test_a_queue_that_is_away_costs_nothing_but_time(tmp_path: Path) -> None:
    engine = Engine(make_settings(database_url=f"sqlite:///{tmp_path / 'r.db'}", queue_url="redis://127.0.0.1:9/0"))
    engine.wake("notices")


def test_a_doubled_wake_up_finds_nothing_left_to_do(counted: Counted, clock: ManualClock) -> None:
    work = _work(counted, clock)
    assert [work.run("notices"), work.run("notices")] == [0, 0]
    assert counted.calls == []
