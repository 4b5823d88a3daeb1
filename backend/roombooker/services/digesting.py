"""Working off the inbox of notices: which rooms are they about, and look at those."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import Facilities
from roombooker.domain.slot import Slot
from roombooker.errors import NotFound, RoomBookerError
from roombooker.services.outcome import SubscriptionKeeper
from roombooker.store import linking, notices, rooms
from roombooker.store.db import Database
from roombooker.store.models import NoticeRow

if TYPE_CHECKING:
    from roombooker.services.sync import SyncService

_log = structlog.get_logger(__name__)
_WHOLE = ("missed", "subscriptionRemoved")  # lifecycle notices after which the room is read whole


@dataclass
class _About:
    """What the notices say of one room."""

    notices: list[int] = field(default_factory=list)
    windows: list[Slot] = field(default_factory=list)
    named: list[Booking] = field(default_factory=list)
    lifecycle: set[str] = field(default_factory=set)


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
        now = self._clock()
        with self._database.write() as session:
            taken = notices.take(session, owner=self._owner, now=now, lease=self._lease)
            asked = notices.take_rooms(session, now, until=now + self._lease)
            session.expunge_all()
        by_room: dict[str, _About] = {room_id: _About(windows=[self._sync.full()]) for room_id in asked}
        outcome = {n.id: self._sort_in(n, by_room) for n in taken}
        ill = set()
        for room_id, about in by_room.items():
            well = self._look(room_id, about)
            if not well:
                ill.add(room_id)
            for notice_id in about.notices:
                outcome[notice_id] = outcome[notice_id] and well
        with self._database.write() as session:
            notices.done(session, [i for i, well in outcome.items() if well])
            notices.later(session, [i for i, well in outcome.items() if not well], self._clock())
            until, again_at = now + self._lease, self._clock() + notices.pause(1)
            notices.rooms_done(session, [room_id for room_id in asked if room_id not in ill], until=until)
            notices.rooms_done(session, [room_id for room_id in asked if room_id in ill], until=until, again_at=again_at)
        return len(taken) + len(asked)

    def _sort_in(self, notice: NoticeRow, by_room: dict[str, _About]) -> bool:
        """Which rooms it is about; False where that could not be found out now."""
        try:
            match notice.side:
                case "exchange":
                    self._exchange(notice, by_room)
                case "retry":
                    room_id, start, end = notice.ref.split("|")
                    about = by_room.setdefault(room_id, _About())
                    about.notices.append(notice.id)
                    about.windows.append(Slot(datetime.fromisoformat(start), datetime.fromisoformat(end)))
                case _:
                    self._topdesk(notice, by_room)
        except RoomBookerError as error:
            _log.warning("a notice has to wait", side=notice.side, error=error.code)
            return False
        return True

    def _exchange(self, notice: NoticeRow, by_room: dict[str, _About]) -> None:
        about = by_room.setdefault(notice.ref, _About())
        about.notices.append(notice.id)
        if notice.kind in _WHOLE:
            about.windows.append(self._sync.full())
        if notice.kind != "changed":
            about.lifecycle.add(notice.kind)

    def _topdesk(self, notice: NoticeRow, by_room: dict[str, _About]) -> None:
        """It names a reservation: the rooms that it is in, and those that it was in."""
        try:
            records = self._facilities.anywhere(notice.ref)
        except NotFound:
            records = []
        with self._database.read() as session:
            links = linking.links_by_ref(session, Side.TOPDESK, [notice.ref, *(b.ref for b in records)])
            placed = [replace(b, room_id=at.id) for b in records if (at := rooms.by_location(session, b.place)) and at.enabled]
        for room_id in {b.room_id for b in placed} | {link.room_id for link in links}:
            about = by_room.setdefault(room_id, _About())
            about.notices.append(notice.id)
            about.named += placed
            about.windows += [link.slot for link in links if link.room_id == room_id]

    def _look(self, room_id: str, about: _About) -> bool:
        try:
            self._tend(room_id, about.lifecycle)
            done = self._sync.sync_room(room_id, windows=about.windows, named=about.named, cause="notice")
        except NotFound:
            return True  # the room is none of ours any more
        except RoomBookerError as error:
            _log.warning("a noticed room has to wait", room=room_id, error=error.code)
            return False
        except Exception:  # noqa: BLE001  a defect that one room brings out must not keep the others' notices waiting
            _log.exception("a noticed room could not be looked at", room=room_id)
            return False
        return not done.skipped and not (done.failed and self._is_retry(about))

    def _is_retry(self, about: _About) -> bool:
        """What failed has left its own retry notice; the retry that brought us here stays instead of it."""
        with self._database.read() as session:
            rows: list[Any] = [session.get(NoticeRow, i) for i in about.notices]
            return any(row is not None and row.side == "retry" for row in rows)

    def _tend(self, room_id: str, lifecycle: set[str]) -> None:
        if self._subscriptions is None:
            return
        if "subscriptionRemoved" in lifecycle:
            self._subscriptions.lost(room_id)
        elif "reauthorizationRequired" in lifecycle:
            self._subscriptions.renew_room(room_id)
