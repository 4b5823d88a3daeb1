"""Working off the inbox of notices: the oldest first, one room or one reservation at a time, so that many workers share the work."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain.booking import Booking
from roombooker.domain.calendar import Facilities
from roombooker.domain.link import Link
from roombooker.errors import NotFound, RoomBookerError
from roombooker.services.echo import is_echo
from roombooker.services.measured import carried_out
from roombooker.services.outcome import Pass, SubscriptionKeeper
from roombooker.store import linking, notices, rooms
from roombooker.store.db import Database
from roombooker.store.notices import Notice

if TYPE_CHECKING:
    from roombooker.services.sync import SyncService

_log = structlog.get_logger(__name__)
_WHOLE = ("missed", "subscriptionRemoved")  # lifecycle notices after which the room is read whole
_TURNS = 20  # of one run: what is left is done by those who run beside it, or by the next
_SOON = timedelta(seconds=0.3)  # after a room was not free


@dataclass
class _Errand:
    """The notices of one turn, leased in the commit that takes the room and done in the one that gives it back."""

    owner: str
    clock: Callable[[], datetime]
    lease: timedelta
    some: Sequence[Notice]
    leased: Sequence[int] = ()

    def begin(self, session: Session) -> bool:
        """False where others have worked them off meanwhile."""
        now = self.clock()
        self.leased = notices.lease(session, [n.id for n in self.some], owner=self.owner, now=now, until=now + self.lease)
        return bool(self.leased)

    def end(self, session: Session, done: Pass) -> None:
        """What failed has left its own retry notice; a retry that brought us here stays instead of it."""
        if done.skipped or (done.failed and any(n.side == "retry" for n in self.some)):
            notices.later(session, self.leased, self.clock(), owner=self.owner)
        else:
            carried_out(done, notices.done(session, self.leased, owner=self.owner), self.clock())


@dataclass
class _NotLast:
    """Of a reservation in several rooms: its notices are done with the last of them."""

    leased: Sequence[int] = ()

    def begin(self, session: Session) -> bool:  # noqa: ARG002  the protocol's
        return True

    def end(self, session: Session, done: Pass) -> None: ...


class Digest:
    def __init__(self, *, sync: "SyncService", database: Database, facilities: Facilities, subscriptions: SubscriptionKeeper | None,
                 clock: Callable[[], datetime], owner: str, lease: timedelta) -> None:  # fmt: skip
        self._sync = sync
        self._database = database
        self._facilities = facilities
        self._subscriptions = subscriptions
        self._clock = clock
        self._owner = owner
        self._lease = lease

    def run(self) -> int:
        """How many turns it took; 0: nothing is due that could be done now."""
        tried: set[str] = set()
        for turns in range(_TURNS):
            with self._database.read() as session:  # nothing is locked where nothing is due
                some = notices.next_due(session, self._clock(), besides=tried)
                is_over = not some and not notices.are_rooms_due(session, self._clock())
            if is_over:
                return turns
            if not some:
                return turns + self._asked()
            if not self._turn(some):
                tried.add(some[0].subject)
        return _TURNS + self._asked()

    def _turn(self, some: Sequence[Notice]) -> bool:
        """Whether they are done; if not, they are due again later, or somebody else is at them."""
        errand = _Errand(f"{self._owner}:{ULID()}", self._clock, self._lease, some)
        try:
            if some[0].room_id is None:
                return self._reservation(some[0].ref, errand)
            return self._room(some[0].room_id, errand)
        except RoomBookerError as error:
            _log.warning("a notice has to wait", side=some[0].side, room=some[0].room_id, error=error.code)
        except Exception:  # noqa: BLE001  a defect that one notice brings out must not keep the others waiting
            _log.exception("a notice could not be looked into", side=some[0].side, room=some[0].room_id)
        with self._database.write() as session:
            notices.later(session, errand.leased, self._clock(), owner=errand.owner)
        return False

    # a room

    def _room(self, room_id: str, errand: _Errand) -> bool:
        lifecycle = {n.kind for n in errand.some if n.side == "exchange" and n.kind != "changed"}
        windows = [self._sync.full()] if lifecycle.intersection(_WHOLE) else []
        windows += [notices.retry_slot(n.ref) for n in errand.some if n.side == "retry"]
        try:
            if lifecycle and not (self._begin(errand) and self._tend(room_id, lifecycle)):
                return False
            done = self._sync.sync_room(room_id, windows=windows, cause="notice", errand=errand)
        except NotFound:
            return self._drop(errand)  # the room is none of ours any more
        if done.skipped and lifecycle:  # else they were leased with the room, so not at all
            self._soon(errand)
        return not done.skipped

    def _tend(self, room_id: str, lifecycle: Collection[str]) -> bool:
        if self._subscriptions is not None:
            if "subscriptionRemoved" in lifecycle:
                self._subscriptions.lost(room_id)
            elif "reauthorizationRequired" in lifecycle:
                self._subscriptions.renew_room(room_id)
        return True

    # a reservation

    def _reservation(self, ref: str, errand: _Errand) -> bool:
        """The rooms that it is in, and those that it was in."""
        if not self._begin(errand):
            return False
        try:
            records = self._facilities.anywhere(ref)
        except NotFound:
            records = []
        with self._database.read() as session:
            links = linking.links_of_reservation(session, ref)
            placed = [replace(b, room_id=at.id) for b in records if (at := rooms.by_location(session, b.place)) and at.enabled]
        todo = sorted({b.room_id for b in placed} | {link.room_id for link in links})
        if not todo or _is_as_remembered(placed, links):
            return self._drop(errand)
        return self._look(todo, placed, links, errand)

    def _look(self, todo: Sequence[str], placed: Sequence[Booking], links: Sequence[Link], errand: _Errand) -> bool:
        for room_id in todo:
            windows = [link.slot for link in links if link.room_id == room_id]
            own = errand if room_id == todo[-1] else _NotLast()
            try:
                done = self._sync.sync_room(room_id, windows=windows, named=placed, cause="notice", errand=own)
            except NotFound:
                if own is errand:
                    return self._drop(errand)
                continue
            if done.skipped:
                self._soon(errand)
                return False
        return True

    # rooms that somebody asked for

    def _asked(self) -> int:
        looked_at = 0
        while looked_at < _TURNS:
            now = self._clock()
            with self._database.read() as session:
                if not notices.are_rooms_due(session, now):
                    break
            with self._database.write() as session:
                asked = notices.take_rooms(session, now, until=now + self._lease, limit=1)
            for room_id in asked:
                again_at = None if self._whole(room_id) else self._clock() + notices.pause(1)
                with self._database.write() as session:
                    notices.rooms_done(session, [room_id], until=now + self._lease, again_at=again_at)
            looked_at += 1
        return looked_at

    def _whole(self, room_id: str) -> bool:
        try:
            return not self._sync.sync_room(room_id, windows=[self._sync.full()], cause="notice").skipped
        except NotFound:
            return True
        except RoomBookerError as error:
            _log.warning("a room that was asked for has to wait", room=room_id, error=error.code)
        except Exception:  # noqa: BLE001  nor must one room keep the others that were asked for
            _log.exception("a room that was asked for could not be looked at", room=room_id)
        return False

    # shared

    def _begin(self, errand: _Errand) -> bool:
        with self._database.write() as session:
            return errand.begin(session)

    def _soon(self, errand: _Errand) -> None:
        """Somebody is at the room."""
        with self._database.write() as session:
            notices.later(session, errand.leased, self._clock(), owner=errand.owner, soon=_SOON)

    def _drop(self, errand: _Errand) -> bool:
        """Nothing follows from them."""
        with self._database.write() as session:
            if errand.begin(session):
                notices.done(session, errand.leased, owner=errand.owner)
        return True


def _is_as_remembered(placed: Sequence[Booking], links: Sequence[Link]) -> bool:
    """The event of our own write, and nothing else has happened: every record is as its link has it, and no link misses its record."""
    by_ref = {link.topdesk.ref: link for link in links if link.topdesk is not None}
    return by_ref.keys() == {b.ref for b in placed} and all(is_echo(by_ref[b.ref], b) for b in placed)
