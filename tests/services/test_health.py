"""How we are is told to anybody who asks, and costs the database the same however many do."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread

from sqlalchemy import event

from conftest import ManualClock
from factories import make_room, make_settings, save_rooms
from roombooker.services.health import KEPT, HealthService
from roombooker.store.db import Database, open_database


@contextmanager
def _statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def _health(database: Database, clock: ManualClock) -> HealthService:
    return HealthService(database=database, settings=make_settings(), clock=clock, contacts=dict)


def test_many_who_ask_at_once_cost_one_look(database: Database, clock: ManualClock) -> None:
    health, start = _health(database, clock), Barrier(8)

    def ask() -> None:
        start.wait()
        health.ready()
        health.metrics()

    with _statements(database) as one:
        _health(database, clock).ready()
    with _statements(database) as many:
        threads = [Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(many) == len(one) > 0


def test_what_changed_shows_a_few_seconds_later(database: Database, clock: ManualClock) -> None:
    health = _health(database, clock)
    assert health.ready()["sync"]["rooms_enabled"] == 0
    save_rooms(database, make_room("Amber"))
    clock.advance(KEPT - timedelta(seconds=1))
    assert health.ready()["sync"]["rooms_enabled"] == 0
    clock.advance(timedelta(seconds=1))
    assert health.ready()["sync"]["rooms_enabled"] == 1
    assert b"roombooker_rooms_enabled 1.0" in health.metrics()[0]


def test_a_database_that_is_away_is_told_and_not_asked_by_everybody(clock: ManualClock) -> None:
    away = open_database("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    tries: list[int] = []
    event.listen(away.engine, "do_connect", lambda *_: tries.append(1))
    health = _health(away, clock)
    assert [health.ready()["ok"] for _ in range(5)] == [False] * 5
    assert b"roombooker_database_up 0.0" in health.metrics()[0]
    assert len(tries) == 1
