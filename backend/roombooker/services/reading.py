"""Reading both sides of a room for a pass: what changed, what lies in the windows of interest, and what became of the missing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import Calendar, Changes, Facilities, Listing, MeetingCalendar
from roombooker.domain.link import Link
from roombooker.domain.plan import Ending, View
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound
from roombooker.store import linking, sightings
from roombooker.store.db import Database
from roombooker.store.models import CursorRow

_log = structlog.get_logger(__name__)
_MOST_WINDOWS = 6
_PAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a plan for one room needs, and what to remember once it has been carried out."""

    room: Room
    windows: tuple[Slot, ...]
    links: tuple[Link, ...]
    topdesk: View
    exchange: View
    changes: Changes
    listings: tuple[Listing, ...]  # TOPdesk's, one per window


class Reader:
    def __init__(
        self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, clock: Callable[[], datetime], horizon: timedelta
    ) -> None:
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._clock = clock
        self._horizon = horizon

    def cursor(self, room: Room) -> tuple[Slot, str | None]:
        """The delta's window and token; a window older than a day is based afresh, since it is frozen in the token."""
        now = self._clock()
        with self._database.read() as session:
            row = session.get(CursorRow, cursor_name(room))
            if row and row.value and row.window_start_at and row.window_end_at and now - row.window_start_at < timedelta(days=2):
                return Slot(row.window_start_at, row.window_end_at), row.value
        start = now.replace(hour=0, minute=0) - timedelta(days=1)
        return Slot(start, start + self._horizon + timedelta(days=2)), None

    def read(self, room: Room, windows: Sequence[Slot], named: Sequence[Booking] = (), *,
             changes: Changes | None = None, listings: Sequence[Listing] | None = None) -> Reading:  # fmt: skip
        """One room. `windows` are of interest in any case, what changed on Exchange adds its own; `named` are reservations that a
        notice named, freshly read. `changes` and `listings` spare the calls where a sweep has made them for many rooms at once."""
        if changes is None:
            window, token = self.cursor(room)
            changes = self._meetings.changes(room, window, token)
        with self._database.read() as session:
            known = sightings.by_refs(session, Side.EXCHANGE, [*(b.ref for b in changes.bookings), *changes.gone])
            touched = [
                *(b.slot for b in changes.bookings), *(b.slot for b in known.values()), *(b.slot for b in named),
                *(link.slot for link in linking.links_by_ref(session, Side.TOPDESK, [b.ref for b in named])),
                *(link.slot for link in linking.links_by_ref(session, Side.EXCHANGE, [b.ref for b in changes.bookings])),
            ]  # fmt: skip
        interest = merged([*windows, *([] if changes.is_full and windows else touched)])
        if listings is None:
            listings = [self._facilities.listing(room, w) for w in interest]
        with self._database.read() as session:
            meetings = self._meetings_in(session, room, interest, changes)
            links = self._links(session, room, interest, [*changes.bookings, *named], changes)
        reservations = {b.ref: b for listing in listings for b in listing.bookings} | {b.ref: b for b in named}
        complete = all(x.is_complete for x in listings)
        topdesk, t_endings = self._find_missing(self._facilities, room, Side.TOPDESK, links if complete else [], reservations)
        exchange, e_endings = self._find_missing(self._meetings, room, Side.EXCHANGE, links, meetings)
        return Reading(
            room, tuple(interest), tuple(links), View(tuple(topdesk.values()), complete, t_endings),
            View(tuple(exchange.values()), is_complete=True, endings=e_endings), changes, tuple(listings),
        )  # fmt: skip

    def _meetings_in(self, session: Session, room: Room, windows: Sequence[Slot], changes: Changes) -> dict[str, Booking]:
        """Exchange as it is now: what we remember, with the changes laid over it."""
        found: dict[str, Booking] = {}
        if not changes.is_full:
            for window in windows:
                found |= {b.ref: b for b in sightings.seen(session, room.id, Side.EXCHANGE, window)}
            for ref in changes.gone:
                found.pop(ref, None)
        fresh = changes.bookings if not changes.is_full else [b for b in changes.bookings if any(b.slot.overlaps(w) for w in windows)]
        return found | {b.ref: b for b in fresh}

    def _links(self, session: Session, room: Room, windows: Sequence[Slot], records: Iterable[Booking], changes: Changes) -> list[Link]:
        found = {link.id: link for w in windows for link in linking.links_in(session, room.id, w)}
        by_side: dict[Side, list[str]] = {side: [b.ref for b in records if b.side is side] for side in Side}
        by_side[Side.EXCHANGE] += list(changes.gone) if not changes.is_full else []
        for side, refs in by_side.items():
            found |= {link.id: link for link in linking.links_by_ref(session, side, refs)}
        return [link for link in found.values() if link.room_id == room.id]

    def _find_missing(
        self, side_calendar: Calendar, room: Room, side: Side, links: Iterable[Link], shown: dict[str, Booking]
    ) -> tuple[dict[str, Booking], dict[str, Ending]]:
        """Every remembered record that the listing does not show is re-read by its ref: leaving a window is not absence."""
        endings: dict[str, Ending] = {}
        found = dict(shown)
        for link in links:
            remembered = link.remembered(side)
            if remembered is None or remembered.ref in found:
                continue
            try:
                record = side_calendar.get(room, remembered.ref)
            except NotFound:
                endings[remembered.ref] = Ending.GONE
            except Denied:
                endings[remembered.ref] = Ending.UNREADABLE
            else:
                if record.is_archived:
                    endings[remembered.ref] = Ending.UNREADABLE
                else:
                    found[remembered.ref] = record
        return found, endings


def merged(windows: Iterable[Slot]) -> list[Slot]:
    """As few windows as cover them all: padded, joined where they touch, one span where they are many."""
    joined: list[Slot] = []
    for window in sorted(w.widened(_PAD) for w in windows):
        if joined and window.start <= joined[-1].end + timedelta(hours=12):
            joined[-1] = Slot(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    if len(joined) > _MOST_WINDOWS:
        joined = [Slot(joined[0].start, joined[-1].end)]
    return joined


def cursor_name(room: Room) -> str:
    return f"delta:{room.id}"
