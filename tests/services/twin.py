"""Both sides of two rooms, kept one by the sync service over the fakes; with what its tests look at."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from conftest import ManualClock
from factories import save_rooms
from roombooker.domain.booking import Booking
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.services.applying import Applier
from roombooker.services.requester import Requesters
from roombooker.services.sync import Pass, SyncService
from roombooker.services.telling import Telling
from roombooker.store import notices, rooms
from roombooker.store.db import Database
from roombooker.store.models import JournalRow, LinkRow, MailRow, NoticeRow, RoomRow, WorkItemRow
from services.desk import Desk


class Keeper:
    """Remembers what it was asked to do for the subscriptions."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def lost(self, room_id: str) -> None:
        self.asked.append(("lost", room_id))

    def renew_room(self, room_id: str) -> None:
        self.asked.append(("renew", room_id))


class Twin(Desk):
    """The desk, and the sync beside it. `follow` is what a notice from either side brings about."""

    def __init__(self, database: Database, clock: ManualClock, **settings: Any) -> None:
        super().__init__(database, clock, **settings)
        self.subscriptions = Keeper()
        self.sync = self.another_sync()
        self.bookings.sync_room = self.sync.look

    def another_sync(self) -> SyncService:
        """As another process would have it."""
        requesters = Requesters(database=self.database, facilities=self.topdesk, settings=self.settings, clock=self.clock)
        applier = Applier(
            database=self.database, facilities=self.topdesk, meetings=self.exchange, requesters=requesters,
            telling=Telling(clock=self.clock, mails=True), clock=self.clock, alternatives=lambda _room, _booking: "Try Beryl instead.",
            settle_move=self.bookings.settle_move,
        )  # fmt: skip
        return SyncService(
            database=self.database, facilities=self.topdesk, meetings=self.exchange, applier=applier, settings=self.settings,
            clock=self.clock, owner=f"owner-{id(applier)}", subscriptions=self.subscriptions,
        )  # fmt: skip

    # what sets it going

    def follow(self, *of: Room) -> list[Pass]:
        """Exchange noticed something in these rooms."""
        return [self.sync.sync_room(room.id, cause="notice") for room in of or (self.amber, self.beryl)]

    def change_room(self, room: Room, **facts: Any) -> Room:
        """As an administrator sets it."""
        changed = replace(room, **facts)
        save_rooms(self.database, changed)
        return changed

    def sync_room_of(self, room: Room) -> Room:
        """The room as it is stored by now."""
        with self.database.read() as session:
            return rooms.get(session, room.id)

    def noticed(self, *reservations: Booking) -> None:
        """TOPdesk's action sequence fired for these."""
        with self.database.write() as session:
            for reservation in reservations:
                notices.add(session, side="topdesk", ref=reservation.ref, kind="changed", at=self.clock())
        self.sync.digest_notices()

    def sweep(self) -> list[Pass]:
        return self.sync.sweep(self.sync.full(), cause="sweep")

    def later(self, **by: float) -> datetime:
        return self.clock.advance(timedelta(**by))

    # what came of it

    def reservations(self, room: Room | None = None) -> list[Booking]:
        return self.topdesk.live(room)

    def meetings(self, room: Room | None = None) -> list[Booking]:
        return self.exchange.live(room)

    def slots(self, room: Room | None = None) -> tuple[list[Slot], list[Slot]]:
        return [b.slot for b in self.reservations(room)], [b.slot for b in self.meetings(room)]

    def _rows(self, kind: Any, *where: Any) -> list[Any]:
        with self.database.read() as session:
            found = list(session.scalars(select(kind).where(*where)))
            session.expunge_all()
            return found

    def links(self) -> list[LinkRow]:
        """Those that are about something still."""
        return [row for row in self._rows(LinkRow) if row.sides]

    def the_link(self) -> LinkRow:
        (row,) = self._rows(LinkRow)
        return row  # type: ignore[no-any-return]

    def states(self) -> list[str]:
        return sorted(row.state for row in self._rows(LinkRow))

    def work_items(self) -> list[WorkItemRow]:
        return self._rows(WorkItemRow, WorkItemRow.settled_at.is_(None))

    def journal(self) -> list[str]:
        return [row.kind for row in self._rows(JournalRow)]

    def waiting_notices(self) -> list[NoticeRow]:
        return self._rows(NoticeRow)

    def room_row(self, room: Room) -> RoomRow:
        (row,) = self._rows(RoomRow, RoomRow.id == room.id)
        return row  # type: ignore[no-any-return]

    @property
    def mails(self) -> list[tuple[str, str, str]]:
        """(to, subject, text) of what lies in the outbox, oldest first."""
        return [(row.recipient, row.subject, row.text) for row in sorted(self._rows(MailRow), key=lambda row: row.id)]

    def is_quiet(self) -> bool:
        """Another look at everything plans nothing and writes nothing."""
        before = (list(self.topdesk.log), list(self.exchange.log))
        passes = self.sweep()
        return not any(p.planned for p in passes) and (self.topdesk.log, self.exchange.log) == before


def planned(passes: list[Pass]) -> list[str]:
    return [type(action).__name__ for one in passes for action in one.planned]
