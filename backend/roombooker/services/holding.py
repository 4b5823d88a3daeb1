"""The rooms that a pass has to itself: taken, renewed and given back together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.errors import InProgress
from roombooker.store import claims, leases
from roombooker.store.db import Database

_RENEW = timedelta(seconds=30)


class Hold:
    """`owner` names the process; every hold is told apart, so that an expired one cannot be taken for the next."""

    def __init__(self, *, database: Database, owner: str, clock: Callable[[], datetime], lease: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._owner = f"{owner}:{ULID()}"
        self._rooms: list[str] = []
        self._kept_at = clock()
        self.is_lost = False  # somebody has taken a room over

    def take(self, room_id: str, begin: Callable[[Session], bool] | None = None) -> bool:
        """False where somebody has it, or where `begin`, in the same commit, finds nothing to do any more.

        Claims that the sync still has in this room were left behind by a pass that failed or was killed: they go in that very commit,
        so that they cannot be those of whoever takes the room next."""
        now = self._clock()
        with self._database.write() as session:
            if (begin is not None and not begin(session)) or not leases.take_rooms(session, [room_id], self._owner, now, self._lease):
                session.rollback()
                return False
            claims.release_of_links(session, room_id)
        self._rooms, self._kept_at = [room_id], now
        return True

    def take_more(self, room_ids: Sequence[str]) -> bool:
        """All of them or none; never waited for, so the order cannot lock."""
        if not room_ids:
            return True
        now = self._clock()
        with self._database.write() as session:
            if not leases.take_rooms(session, sorted(room_ids), self._owner, now, self._lease):
                session.rollback()
                return False
        self._rooms += room_ids  # their time begins now, the first one's stands: all are renewed when that is due
        return True

    def keep(self) -> None:
        """Before each action. InProgress where a room is not ours any more: what was done before may have outlasted the lease."""
        now = self._clock()
        if now - self._kept_at <= min(_RENEW, self._lease / 4):
            return
        with self._database.write() as session:
            is_ours = leases.keep_rooms(session, self._rooms, self._owner, now, self._lease)
        if not is_ours:
            raise self._lost()
        self._kept_at = now

    @contextmanager
    def last_commit(self) -> Iterator[Session]:
        """What the pass leaves, and its rooms given back, in one commit; none of it where a room is not ours any more (InProgress)."""
        with self._database.write() as session:
            yield session
            if not leases.give_rooms(session, self._rooms, self._owner):
                raise self._lost()
        self._rooms = []

    def close(self) -> None:
        """Give back what still is ours."""
        if self._rooms:
            with self._database.write() as session:
                leases.give_rooms(session, self._rooms, self._owner)
            self._rooms = []

    def _lost(self) -> InProgress:
        self.is_lost = True
        return InProgress("Somebody else has taken this room over.")
