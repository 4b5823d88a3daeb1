"""Lanes that all processes share: locked files beside a SQLite database, advisory locks in PostgreSQL; a dead process holds none."""

import fcntl
import os
import random
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import structlog
from sqlalchemy import Engine

from roombooker.store.db import Database

_log = structlog.get_logger(__name__)
_SOON_SECONDS = 0.0002
_DOOR = -1


def shared_lanes(database: Database, side: str, count: int) -> "FileLanes | AdvisoryLanes | None":
    """For the processes that share this database; None for a database in memory, which no other process sees."""
    if not database.is_sqlite:
        return AdvisoryLanes(database.engine, side, count)
    file = database.engine.url.database
    if file in (None, "", ":memory:"):
        return None
    return FileLanes(Path(str(file)).with_suffix(".lanes"), side, count)


class _Waiting:
    """Looks again and again, ever more rarely, at moments that differ between processes."""

    def __init__(self, patience_seconds: float, longest_seconds: float) -> None:
        self._until = time.monotonic() + patience_seconds
        self._longest = longest_seconds
        self._pause = _SOON_SECONDS

    def is_over(self) -> bool:
        """Sleeps a little first, unless it is."""
        left = self._until - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, self._pause * random.uniform(0.5, 1.5)))  # noqa: S311  no secret
        self._pause = min(self._pause * 1.5, self._longest)
        return False


class FileLanes:
    """A locked file per lane. The kernel unlocks them when their process ends, however it ends.

    Lanes are gathered behind a door, itself a locked file: what has been gathered is kept while waiting for the rest, so that
    four lanes come together though others want one each. Only whoever is inside gathers, so nobody waits in a circle."""

    def __init__(self, folder: Path, side: str, count: int) -> None:
        self._folder = folder
        self._side = side
        self._count = count
        self._door = -1
        self._lanes: list[int] = []
        self._held: set[int] = set()  # a lock is taken over silently by the file that has it: threads are told apart here

    def take(self, weight: int, patience_seconds: float) -> Sequence[int] | None:
        if not self._lanes:
            self._open()
        waiting = _Waiting(patience_seconds, 0.004)
        while not _lock(self._door):
            if waiting.is_over():
                return None
        found: list[int] = []
        try:
            while True:
                found += self._gather(weight - len(found))
                if len(found) == weight:
                    return found
                if waiting.is_over():
                    self.give(found)
                    return None
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)

    def give(self, lanes: Sequence[int]) -> None:
        for number in lanes:
            fcntl.flock(self._lanes[number], fcntl.LOCK_UN)
            self._held.discard(number)  # last, or another thread could take it over before it is unlocked

    def _open(self) -> None:
        """Only when needed, so after any fork: a lock belongs to whoever shares the open file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        names = ["door", *map(str, range(self._count))]
        self._door, *self._lanes = files = [_open(self._folder / f"{self._side}.{name}") for name in names]
        weakref.finalize(self, _close, files)

    def _gather(self, weight: int) -> list[int]:
        found: list[int] = []
        for number, lane in enumerate(self._lanes):
            if len(found) == weight:
                break
            if number not in self._held and _lock(lane):
                self._held.add(number)
                found.append(number)
        return found


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class AdvisoryLanes:
    """An advisory lock per lane, on a connection kept for nothing else; the server unlocks them when that connection ends.

    Gathered behind a door as files are, in one round trip. Needs a session of its own: a pooler that shares sessions between
    transactions (pgbouncer's transaction mode) would break it. While the server is away, each process keeps to its own limit."""

    def __init__(self, engine: Engine, side: str, count: int) -> None:
        self._engine = engine
        self._class = crc32(f"roombooker lanes {side}".encode()) - 2**31  # advisory keys are two signed 32-bit numbers
        self._count = count
        self._mutex = threading.Lock()
        self._connection: Any = None
        self._held: set[int] = set()
        self._is_inside = False  # whether the door is ours

    def take(self, weight: int, patience_seconds: float) -> Sequence[int] | None:
        waiting = _Waiting(patience_seconds, 0.01)
        found: list[int] = []
        while True:
            with self._mutex:
                gathered = self._gather(weight - len(found))
            if gathered is None:
                self.give(found)
                return []
            found += gathered
            if len(found) == weight:
                return found
            if waiting.is_over():
                self.give(found)
                with self._mutex:
                    self._leave()
                return None

    def give(self, lanes: Sequence[int]) -> None:
        with self._mutex:
            mine = [number for number in lanes if number in self._held]
            self._held.difference_update(mine)
            if mine:
                self._ask("SELECT pg_advisory_unlock(%s, lane) FROM unnest(%s::int[]) lane", (self._class, mine))

    def _gather(self, weight: int) -> list[int] | None:
        """Up to so many lanes, and out of the door where that is all; None where the server cannot be asked."""
        row = self._ask(_GATHER, {
            "class": self._class, "door": _DOOR, "inside": self._is_inside, "count": self._count, "held": list(self._held), "weight": weight,
        })  # fmt: skip
        if row is None:
            return None
        found: list[int] = row[0] or []
        self._is_inside = row[0] is not None and len(found) < weight
        self._held.update(found)
        return found

    def _leave(self) -> None:
        if self._is_inside:
            self._is_inside = False
            self._ask("SELECT pg_advisory_unlock(%s, %s)", (self._class, _DOOR))

    def _ask(self, query: str, values: Any) -> Any:
        """The first row; None where the connection is lost, and with it all that we held. It is opened anew by the next question."""
        try:
            if self._connection is None:
                self._connection = _own_connection(self._engine)
                weakref.finalize(self, self._connection.close)
            return self._connection.execute(query, values).fetchone()
        except Exception as error:  # noqa: BLE001  the driver's, or SQLAlchemy's while connecting
            _log.warning("the limits that processes share cannot be kept now", error=type(error).__name__)
            lost, self._connection = self._connection, None
            self._held.clear()
            self._is_inside = False
            if lost is not None:
                lost.close()
            return None


# Only CASE rules what is evaluated (conditions joined by AND are taken in the order of their cost), and a lock taken twice must be given
# back twice. OFFSET 0 keeps the subquery from being evaluated twice.
_GATHER = """
SELECT got, CASE WHEN cardinality(got) >= %(weight)s THEN pg_advisory_unlock(%(class)s, %(door)s) END
FROM (
  SELECT CASE WHEN CASE WHEN %(inside)s THEN true ELSE pg_try_advisory_lock(%(class)s, %(door)s) END THEN ARRAY(
    SELECT lane FROM generate_series(0, %(count)s - 1) lane
    WHERE CASE WHEN lane = ANY (%(held)s::int[]) THEN false ELSE pg_try_advisory_lock(%(class)s, lane) END LIMIT %(weight)s
  ) END AS got OFFSET 0
) gathering
"""


def _own_connection(engine: Engine) -> Any:
    """psycopg's own, out of the pool for good."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    pooled.detach()
    if connection is None:  # pragma: no cover  the pool always has one
        raise RuntimeError("no connection")
    connection.autocommit = True
    return connection
