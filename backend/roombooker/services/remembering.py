"""What each action of the sync leaves in the database: links, index, journal and work items, in one short commit each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Draft, Person, Side, Standing
from roombooker.domain.fingerprint import fingerprint
from roombooker.domain.link import Link, Settled
from roombooker.domain.plan import Rules
from roombooker.domain.room import Room
from roombooker.errors import Denied, InProgress, NotFound, Unavailable, VersionMoved
from roombooker.services.requester import Requesters
from roombooker.services.rules import keeps
from roombooker.services.telling import Telling, told
from roombooker.services.wishes import description
from roombooker.store import claims, journal, linking, occupancy, rooms
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

NAMES = {Side.TOPDESK: "TOPdesk", Side.EXCHANGE: "Exchange"}
Tell = Callable[[Session, LinkRow], None]
"""Who is told of it, in the same commit."""

_NOT_CARRIED_OUT = (Unavailable, Denied, NotFound, VersionMoved)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why we are at it, for the journal: notice, sweep, hold, an administrator's name …"""

    by: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One pass over one room. `written` are the records that it made or changed, as read back."""

    room: Room
    rules: Rules
    cause: Cause
    written: list[Booking] = field(default_factory=list)
    told: set[tuple[str, str]] = field(default_factory=set)

    def is_news(self, what: str, series_id: str | None) -> bool:
        """Whether its people have not been told so in this pass: the dates of a series are told of once."""
        if series_id is None:
            return True
        is_first = (what, series_id) not in self.told
        self.told.add((what, series_id))
        return is_first


class Memory:
    """Every method is one commit, unless it takes a session."""

    def __init__(self, *, database: Database, requesters: Requesters, telling: Telling, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._requesters = requesters
        self._telling = telling
        self._clock = clock

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self._database.write() as session:
            yield session

    def now(self) -> datetime:
        return self._clock()

    def room(self, room_id: str) -> Room | None:
        """Of an enabled mapping; None for a room that is none of ours."""
        with self._database.read() as session:
            try:
                found = rooms.get(session, room_id)
            except NotFound:
                return None
            return found if found.enabled else None

    def kin_ref(self, room: Room, row: LinkRow, side: Side) -> str | None:
        """The ref of the latest earlier date of the same series."""
        with self._database.read() as session:
            return linking.kin_ref(session, room.id, row, side)

    # before a call

    def begin_create(self, turn: Turn, source: Booking, link: Link | None, *, claims_slot: bool) -> LinkRow:
        """The link with its key stands before anything is sent, so that a lost create is found again. InProgress where the slot is
        being claimed by somebody who books through us, or the link has changed since it was read."""
        with self._database.write() as session:
            if link is None:
                self._refuse_doubles(session, source)
                row = linking.new_row(session, source, now=self._clock(), state="reserving")
            else:
                row = self.current(session, link)
                row.state = "reserving"
            self.remember(row, turn.room, source)
            if claims_slot:
                self._claim(session, turn.room, row, source)
            return row

    @contextmanager
    def write(self, link: Link, side: Side, destination: Room | None = None, source: Booking | None = None) -> Iterator[LinkRow]:
        """Around a write on `side`: until its end is known, what differs there is our own doing. What certainly was not carried out is
        nobody's doing but theirs."""
        with self._database.write() as session:
            row = self.current(session, link)
            was = row.state, row.reason_code, row.reason
            row.state, row.reason_code, row.reason = "moving", f"writing_{side.value}", None
            if destination is not None and source is not None:
                self._claim(session, destination, row, source)
        try:
            yield row
        except _NOT_CARRIED_OUT:
            with self._database.write() as session:
                fresh = linking.row_of(session, link.id)
                if fresh.reason_code == f"writing_{side.value}":
                    fresh.state, fresh.reason_code, fresh.reason = was
                claims.release(session, link.id)
            raise

    def _claim(self, session: Session, room: Room, row: LinkRow, source: Booking) -> None:
        claims.release(session, row.id)
        if not claims.claim(session, room, source.slot, intent_id=row.id, match_key=row.match_key, at=self._clock(), besides=None):
            raise InProgress("Somebody is booking this room at that time at this moment.")

    def _refuse_doubles(self, session: Session, source: Booking) -> None:
        if linking.links_by_ref(session, source.side, [source.ref]):
            raise InProgress("This booking has been linked meanwhile.")

    def current(self, session: Session, link: Link) -> LinkRow:
        """The link's row, if it still is what the plan saw; else InProgress: the room is looked at again."""
        now = linking.link_of(session, link.id)
        if now.is_busy or (now.topdesk, now.exchange) != (link.topdesk, link.exchange):
            raise InProgress("This booking is being changed by somebody else at this moment.")
        return linking.row_of(session, link.id)

    # after a call

    def store(self, turn: Turn, row: LinkRow, records: Sequence[Booking], kind: str, message: str, *, before: Booking | None = None,
              room: Room | None = None, tell: Tell | None = None) -> None:  # fmt: skip
        """Both sides as read back after our own write, in one commit with index and journal."""
        room = room or turn.room
        with self._database.write() as session:
            fresh = self._unended(session, row)
            for record in records:
                linking.release_ref(session, record.side, record.ref, besides=fresh.id)
                self.remember(fresh, room, record)
                self._index(session, turn, room, record)
            by_side = {record.side: record for record in records}
            fresh.state = linking.state_of(by_side.get(Side.TOPDESK), by_side.get(Side.EXCHANGE))
            fresh.held_until = fresh.vanished_at = fresh.refused = fresh.reason_code = fresh.reason = None
            exchange = by_side.get(Side.EXCHANGE)
            if exchange is not None:
                linking.tell(fresh, replace(exchange, subject=None) if fresh.subject else exchange)
            claims.release(session, fresh.id)
            self._telling.close(session, fresh.id)
            if tell is not None:
                tell(session, fresh)
            self.journal(session, fresh, kind, message, turn.cause, record=records[0], before=before)

    def _unended(self, session: Session, row: LinkRow) -> LinkRow:
        """Ended from the pane while the call was on its way: then that stands, and the next look tidies up."""
        fresh = linking.row_of(session, row.id)
        if fresh.state in linking.ENDED or linking.link_of(session, row.id).is_busy:
            raise InProgress("This booking was changed by somebody else meanwhile.")
        return fresh

    def _index(self, session: Session, turn: Turn, room: Room, record: Booking) -> None:
        if record in turn.written:
            return
        occupancy.put(session, room, replace(record, room_id=room.id), seen_at=self._clock())
        if room.id != turn.room.id:
            occupancy.forget(session, turn.room.id, record.side, record.ref)

    def end(self, turn: Turn, link_id: str, state: str, kind: str, message: str, *, code: str, reason: str,
            target: Booking | None = None, is_inferred: bool = False, tell: Tell | None = None) -> None:  # fmt: skip
        """The booking is over. `target` is the record that was ended, or that is given up; `is_inferred`: without proof, which the guard
        against mass absence counts."""
        with self._database.write() as session:
            row = linking.row_of(session, link_id)
            vanished_at = row.vanished_at
            linking.end(row, state, self._clock(), code=code, reason=reason)
            row.vanished_at = vanished_at if is_inferred else None
            claims.release(session, row.id)
            if target is not None:
                occupancy.forget(session, turn.room.id, target.side, target.ref)
            self._telling.close(session, row.id)
            if tell is not None:
                tell(session, row)
            self.journal(session, row, kind, message, turn.cause, record=target)

    def refuse(self, turn: Turn, row: LinkRow, mark: Settled | None, kind: str, *, state: str, code: str, reason: str,
               tell: Tell | None = None, before: Booking | None = None,
               stands: Booking | None = None) -> None:  # fmt: skip
        """It was refused, or waits for a person: not planned again until something changes. `stands`: the record as it was put back."""
        with self._database.write() as session:
            fresh = linking.row_of(session, row.id)
            if stands is not None:
                self.remember(fresh, turn.room, stands)
                if mark is not None:
                    mark = replace(mark, topdesk=fingerprint(stands, keeps(turn.room, stands.side)))
            fresh.state, fresh.reason_code, fresh.reason, fresh.held_until = state, code, reason, None
            linking.settle(fresh, mark)
            claims.release(session, fresh.id)
            if tell is not None:
                tell(session, fresh)
            self.journal(session, fresh, kind, reason, turn.cause, before=before)

    # shared

    def remember(self, row: LinkRow, room: Room, record: Booking) -> None:
        linking.remember(
            row,
            record if record.room_id else replace(record, room_id=room.id),
            fingerprint(record, keeps(room, record.side)),
            self._clock(),
        )

    def journal(self, session: Session, row: LinkRow, kind: str, message: str, cause: Cause, *, record: Booking | None = None,
                before: Booking | None = None) -> None:  # fmt: skip
        journal.write(
            session, kind=kind, message=message, at=self._clock(), caused_by=cause.by, request_id=cause.request_id,
            side=record.side.value if record else None, ref=record.ref if record else None, room_id=row.room_id,
            booking_id=row.booking_id, match_key=row.match_key, email=row.organizer_email, before=_noted(before), after=_noted(record),
        )  # fmt: skip

    def draft(self, room: Room, row: LinkRow, source: Booking) -> Draft:
        """What the other side shall hold for this record. Its description never tells a private subject."""
        organizer = source.organizer or (Person(row.organizer_email, row.organizer_name) if row.organizer_email else None)
        private = row.private or source.private
        is_reservation = source.side is Side.EXCHANGE
        asks = room.requires_approval if is_reservation else source.standing is Standing.REQUESTED
        return Draft(
            room_id=room.id,
            slot=source.slot,
            match_key=row.match_key,
            organizer=organizer,
            requester_id=self._requesters.requester_id(organizer) if is_reservation else None,
            subject=self._subject(row, source, organizer, private=private),
            attendees=source.attendees or row.attendees,
            private=private,
            standing=Standing.REQUESTED if asks else Standing.PLANNED,
        )

    def _subject(self, row: LinkRow, source: Booking, organizer: Person | None, *, private: bool) -> str:
        if source.side is Side.TOPDESK and not private:
            return source.subject or row.subject or f"Reserved in TOPdesk{f' for {organizer.name or organizer.email}' if organizer else ''}"
        return description(source.subject or row.subject, organizer, private=private)


def _noted(record: Booking | None) -> dict[str, Any] | None:
    return told(record) if record is not None else None


def organizer_of(row: LinkRow) -> Person | None:
    return Person(row.organizer_email, row.organizer_name) if row.organizer_email else None


def named(fields: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(fields))
