"""How we are is told to anybody who asks, and costs the database the same however many do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import event

from conftest import ManualClock
from factories import make_room, make_settings, save_rooms, slot_at
from people import ALICE
from roombooker.domain.booking import Side
from roombooker.domain.room import Room
from roombooker.services.health import CANARY, KEPT, HealthService
from roombooker.store import notices, rooms
from roombooker.store.db import Database, open_database
from roombooker.store.models import CursorRow
from services.twin import Twin


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


# the canary


def _switch_on(twin: Twin, *some: Room) -> None:
    with twin.database.write() as session:
        for room in some:
            rooms.save(session, room, at=twin.clock())


def _live(twin: Twin, minutes: int) -> dict[str, Any]:
    """Workers tick and sweep the next day for so long. What /readyz then says of the sync."""
    for _ in range(0, minutes, 5):
        twin.later(minutes=5)
        twin.sync.sweep(twin.sync.near(), cause="near sweep")
        with twin.database.write() as session:
            session.merge(CursorRow(name=CANARY, read_at=twin.clock()))
    sync: dict[str, Any] = _health(twin.database, twin.clock).ready()["sync"]
    return sync


def test_a_sync_that_reads_everything_is_not_stalled(twin: Twin) -> None:
    _switch_on(twin, twin.amber, twin.beryl)
    assert _live(twin, 100)["stalled_because"] is None


def test_a_room_that_never_answered_is_seen_and_named(twin: Twin) -> None:
    _switch_on(twin, twin.amber, twin.beryl)
    twin.exchange.silent.add(twin.beryl.mailbox)
    sync = _live(twin, 10)
    assert (sync["fresh"]["near"]["exchange"], sync["stalled"]) == (600.0, False)  # it was switched on ten minutes ago
    sync = _live(twin, 90)
    assert sync["fresh"]["near"] == {"topdesk": 0.0, "exchange": 6000.0}
    assert sync["stalled_because"] == f"exchange was not read completely for 6000 s; the stalest room is {twin.beryl.id}."


def test_a_broken_mailbox_is_its_alarm_s_to_tell(twin: Twin) -> None:
    _switch_on(twin, twin.amber, twin.beryl)
    _live(twin, 5)
    twin.exchange.out_of_scope.add(twin.beryl.mailbox)
    sync = _live(twin, 100)
    assert (sync["rooms_with_alarm"], sync["stalled_because"]) == (1, None)
    twin.exchange.silent.add(twin.amber.mailbox)
    sync = _live(twin, 15)  # a real death can still be seen
    assert "exchange was not read" in sync["stalled_because"]


def test_a_sync_whose_every_room_is_broken_is_dead(twin: Twin) -> None:
    _switch_on(twin, twin.amber, twin.beryl)
    twin.exchange.out_of_scope |= {twin.amber.mailbox, twin.beryl.mailbox}
    sync = _live(twin, 15)
    assert (sync["rooms_with_alarm"], sync["stalled_because"]) == (2, "Every room that is on has an alarm.")


def test_a_sync_that_cannot_write_is_stalled_however_recent_its_last_try(twin: Twin) -> None:
    _switch_on(twin, twin.amber, twin.beryl)
    ref = notices.retry_ref(twin.amber.id, slot_at())
    with twin.database.write() as session:
        notices.retry(session, ref=ref, at=twin.clock())
    assert _live(twin, 10)["stalled_because"] is None  # as long as a change may take
    with twin.database.write() as session:
        notices.retry(session, ref=ref, at=twin.clock())
    assert _live(twin, 5)["stalled_because"] == f"A notice about {twin.amber.id} has been waiting for 900 s."


def test_what_waits_for_a_broken_room_does_not_hide_what_waits_for_another(twin: Twin) -> None:
    """A reservation that is linked there, one that is only listed there, and what Exchange told of it; nor what is about a room that is
    off."""
    _switch_on(twin, twin.amber, twin.beryl)
    linked = twin.topdesk.book(twin.beryl, slot_at(-20), ALICE)
    _live(twin, 5)
    twin.exchange.out_of_scope.add(twin.beryl.mailbox)
    listed = twin.topdesk.book(twin.beryl, slot_at(-18), ALICE)
    _switch_on(twin, replace(make_room("Cyan"), enabled=False))
    _tell(twin, (Side.TOPDESK, linked.ref), (Side.TOPDESK, listed.ref), (Side.EXCHANGE, twin.beryl.id), (Side.EXCHANGE, "room-cyan"))
    assert _live(twin, 60)["stalled_because"] is None
    _tell(twin, (Side.TOPDESK, "another"))
    assert _live(twin, 15)["stalled_because"] == "A notice about reservation another has been waiting for 900 s."


def _tell(twin: Twin, *told: tuple[Side, str]) -> None:
    with twin.database.write() as session:
        for side, ref in told:
            notices.add(session, side=side, ref=ref, kind="changed", at=twin.clock())


# the pace


def _paced(twin: Twin) -> tuple[float | None, bool, bytes]:
    health = _health(twin.database, twin.clock)
    sync = health.ready()["sync"]
    (gauge,) = [line for line in health.metrics()[0].splitlines() if line.startswith(b"roombooker_holds_pace ")]
    return sync["horizon_took_seconds"], sync["holds_pace"], gauge


def _roll(twin: Twin, pages: int, *, minutes: float) -> None:
    """Each page is answered so long after the one before."""
    for _ in range(pages):
        twin.later(minutes=minutes)
        assert twin.sync.roll() == 1


def test_a_horizon_that_takes_longer_than_is_set_is_told(twin: Twin) -> None:
    twin.topdesk.slice_by = timedelta(days=60)  # four pages: the window begins an hour ago
    assert _paced(twin) == (None, True, b"roombooker_holds_pace 1.0")
    _roll(twin, 4, minutes=15)
    assert _paced(twin) == (2700.0, True, b"roombooker_holds_pace 1.0")
    _roll(twin, 3, minutes=34)
    assert _paced(twin) == (2700.0, False, b"roombooker_holds_pace 0.0")  # it is not through yet, and too late already
    _roll(twin, 1, minutes=4)
    assert _paced(twin) == (4320.0, False, b"roombooker_holds_pace 0.0")
