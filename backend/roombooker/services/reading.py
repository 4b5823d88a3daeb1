"""Reading both sides of a room for a pass: what changed, what lies in the windows of interest, and what became of the missing."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Side, reservation_id
from roombooker.domain.calendar import Calendar, Changes, Facilities, Listing, MeetingCalendar
from roombooker.domain.link import Link
from roombooker.domain.plan import Ending, View
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound
from roombooker.services.echo import is_echo
from roombooker.store import linking, rooms, sightings
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, RoomRow

_MOST_WINDOWS = 6
_PAD = timedelta(hours=1)
_MOST_REREADS = 100  # of one side in one pass: what is left is unknown until the next, and nothing follows from it
_REBASE = timedelta(days=2)  # from the window's start, which lies a day back: so every night


@dataclass(frozen=True, slots=True)
class Told:
    """What Exchange's delta tells, completed, and what we knew of just that."""

    changes: Changes
    known: Mapping[str, Booking]  # sightings, by ref
    links: tuple[Link, ...]

    @property
    def is_echo(self) -> bool:
        """Nothing but our own writes, and what was looked at before: the two sides need no comparing."""
        changes = self.changes
        by_ref = {link.exchange.ref: link for link in self.links if link.exchange}
        return not (changes.is_full or changes.gone or changes.restated) and all(
            booking.ref in by_ref and is_echo(by_ref[booking.ref], booking) for booking in changes.bookings
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a plan for one room needs, and what to remember once it has been carried out.

    `known` are all rooms that a record of this reading lies in, this one included."""

    room: Room
    windows: tuple[Slot, ...]
    links: tuple[Link, ...]
    topdesk: View
    exchange: View
    live_keys: frozenset[str]
    known: Mapping[str, Room]
    changes: Changes
    listings: tuple[Listing, ...]  # TOPdesk's, one per window
    held_reason: str | None = None  # the guard has stopped this room


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
        """The delta's window and token. It is based afresh every night, since its window is frozen in the token."""
        with self._database.read() as session:
            return self.cursor_in(session, room)

    def cursor_in(self, session: Session, room: Room) -> tuple[Slot, str | None]:
        now = self._clock()
        row = session.get(CursorRow, cursor_name(room.id))
        if row and row.value and row.window_start_at and row.window_end_at and now - row.window_start_at < _REBASE:
            return Slot(row.window_start_at, row.window_end_at), row.value
        start = now.replace(hour=0, minute=0) - timedelta(days=1)
        return Slot(start, start + self._horizon + timedelta(days=2)), None

    def changes(self, room: Room, window: Slot, token: str | None) -> Changes:
        return self._meetings.changes(room, window, token)

    def told(self, room: Room, changes: Changes, windows: Sequence[Slot]) -> Told:
        """`windows`: as for `read`; where all is told anew, they alone are of interest."""
        if changes.is_full and windows:
            return Told(changes, {}, ())
        with self._database.read() as session:
            changes, known = self._completed(session, room, changes)
            refs = [*(b.ref for b in changes.bookings), *changes.gone]
            known |= sightings.by_refs(session, Side.EXCHANGE, refs if changes.is_full else changes.gone)
            return Told(changes, known, tuple(linking.links_by_ref(session, Side.EXCHANGE, refs)))

    def read(self, room: Room, told: Told, windows: Sequence[Slot], named: Sequence[Booking] = (), *,
             listings: Sequence[Listing] = ()) -> Reading:  # fmt: skip
        """One room. `windows` are of interest in any case, what changed on Exchange adds its own; `named` are reservations that a
        notice named, freshly read."""
        changes = told.changes
        given = [listing.window for listing in listings]
        interest = self._interest(room, [*windows, *given], named, told)
        interest = [w for w in interest if not any(g.widened(_PAD) == w for g in given)]
        listings = [*listings, *(self._facilities.listing(room, w) for w in interest)]
        interest += given
        reservations = _with_named(room, {b.ref: b for listing in listings for b in listing.bookings}, named)
        return self._put_together(room, interest, reservations, changes, tuple(listings))

    def still_true(self, room_id: str, changes: Changes | None, listings: Sequence[Listing]) -> tuple[Changes | None, list[Listing]]:
        """Of what was read before the room's lease was ours, that which nobody has overtaken since: planned upon, the rest would take
        back what a faster pass has carried out."""
        with self._database.read() as session:
            row = session.get(CursorRow, cursor_name(room_id))
            touched_at = linking.last_touched(session, room_id)
        if changes is not None and row is not None and row.read_at is not None and row.read_at > changes.read_at:
            changes = None
        return changes, [listing for listing in listings if touched_at is None or listing.read_at >= touched_at]

    def _completed(self, session: Session, room: Room, changes: Changes) -> tuple[Changes, dict[str, Booking]]:
        """With what a delta leaves out: dates that a restated series has lost, all those of a series that is gone (only its master is
        named then), and our key where it was known. Also what we knew of its bookings."""
        if changes.is_full or not (changes.bookings or changes.gone):
            return changes, {}
        told = {b.ref for b in changes.bookings}
        known = sightings.by_refs(session, Side.EXCHANGE, told)
        lost: set[str] = set()
        if series := {*changes.restated, *changes.gone}:
            there = sightings.seen(session, room.id, Side.EXCHANGE, changes.window)
            lost = {b.ref for b in there if b.series_ref in series and b.ref not in told}
        bookings = tuple(
            replace(b, match_key=known[b.ref].match_key) if b.match_key is None and b.ref in known else b for b in changes.bookings
        )
        return replace(changes, bookings=bookings, gone=tuple(sorted({*changes.gone, *lost}))), known

    def _interest(self, room: Room, windows: Sequence[Slot], named: Sequence[Booking], told: Told) -> list[Slot]:
        """The local days that anything touches: an appointment may have been shifted within its day (rule 3b)."""
        if told.changes.is_full and windows:
            return merged(windows)
        touched = [*(b.slot for b in (*told.changes.bookings, *told.known.values(), *named)), *(link.slot for link in told.links)]
        if named:
            with self._database.read() as session:
                touched += [link.slot for link in linking.links_by_ref(session, Side.TOPDESK, _all_refs(named))]
        zone = ZoneInfo(room.time_zone)
        return merged([*windows, *(local_days(slot, zone) for slot in touched)])

    def _put_together(self, room: Room, interest: Sequence[Slot], reservations: dict[str, Booking], changes: Changes,
                      listings: tuple[Listing, ...]) -> Reading:  # fmt: skip
        is_complete = all(listing.is_complete for listing in listings)
        with self._database.read() as session:
            live_keys = linking.live_keys(session, room.id)  # before the links: what ended in between is a link by then
            meetings = self._meetings_in(session, room, interest, changes)
            links, strangers = self._links(session, room, interest, reservations, meetings, changes)
            reservations = _without_shared_keys(session, reservations, links.values())
            known = {room.id: room} | rooms.by_ids(session, {link.room_id for link in links.values()} - {room.id})
            held_reason = session.scalar(select(RoomRow.held_reason).where(RoomRow.id == room.id))
            elsewhere = sightings.by_refs(session, Side.EXCHANGE, _foreign(links.values(), room, strangers))
            told = sightings.by_refs(session, Side.EXCHANGE, changes.gone)
            gone = {
                ref for ref, b in told.items() if b.series_ref in (*changes.restated, *changes.gone)
            }  # said by the whole series: no need to ask each
        self._rename(links, reservations, known)
        topdesk, t_endings = self._find_missing(self._facilities, Side.TOPDESK, links.values(), reservations, known)
        self._rename(links, topdesk, known)
        exchange, e_endings = self._find_missing(self._meetings, Side.EXCHANGE, links.values(), meetings | elsewhere, known, gone)
        exchange |= self._come_back(room, links.values(), exchange)
        topdesk, exchange = self._placed(room, topdesk, known), self._placed(room, exchange, known)
        strayed = [b for b in topdesk.values() if b.is_live and b.room_id and not (b.room_id == room.id and _covers(interest, b.slot))]
        around = self._around(strayed, changes)
        return Reading(
            room, tuple(interest), tuple(links.values()), View(tuple(topdesk.values()), is_complete, t_endings),
            View(tuple(exchange.values()), is_complete=True, endings=e_endings, around=around), live_keys, known, changes, listings, held_reason,
        )  # fmt: skip

    def _around(self, strayed: Sequence[Booking], changes: Changes) -> tuple[Booking, ...]:
        """Meetings in the slots of reservations that lie in another room, or at a time that is not looked at."""
        if not strayed:
            return ()
        with self._database.read() as session:
            seen = {b.ref: b for one in strayed for b in sightings.seen(session, one.room_id, Side.EXCHANGE, one.slot)}
        told = {b.ref: b for b in changes.bookings if any(b.slot.overlaps(one.slot) for one in strayed)}
        return tuple(b for b in (seen | told).values() if b.ref not in changes.gone)

    def _meetings_in(self, session: Session, room: Room, windows: Sequence[Slot], changes: Changes) -> dict[str, Booking]:
        """Exchange as it is now: what we remember, with the changes laid over it."""
        if changes.is_full:
            return {b.ref: b for b in changes.bookings if any(b.slot.overlaps(w) for w in windows)}
        found: dict[str, Booking] = {}
        for window in windows:
            found |= {b.ref: b for b in sightings.seen(session, room.id, Side.EXCHANGE, window)}
        for ref in changes.gone:
            found.pop(ref, None)
        return found | {b.ref: b for b in changes.bookings}

    def _links(self, session: Session, room: Room, windows: Sequence[Slot], reservations: Mapping[str, Booking],
               meetings: Mapping[str, Booking], changes: Changes) -> tuple[dict[str, Link], frozenset[str]]:  # fmt: skip
        """Of this room in the windows; of any record that was read, wherever the link thought it was; and (their
        ids apart) of meetings of another room that may have come here: the other room's memory of them is not to be trusted."""
        found = {link.id: link for w in windows for link in linking.links_in(session, room.id, w)}
        refs: dict[Side, set[str]] = {Side.TOPDESK: set(reservations), Side.EXCHANGE: set(meetings)}
        if not changes.is_full:
            refs[Side.EXCHANGE] |= set(changes.gone)
        for side, wanted in refs.items():
            wanted -= {r.ref for link in found.values() if (r := link.remembered(side))}
            if side is Side.TOPDESK:
                wanted = _all_refs(reservations[ref] for ref in wanted)
            found |= {link.id: link for link in linking.links_by_ref(session, side, wanted)}
        linked = {link.exchange.ref for link in found.values() if link.exchange}
        uids = {b.ical_uid for b in meetings.values() if b.ical_uid and b.is_live and b.ref not in linked}
        strangers = {link.id: link for link in linking.links_by_uid(session, uids, besides_room=room.id) if link.exchange}
        return found | strangers, frozenset(strangers)

    def _come_back(self, room: Room, links: Iterable[Link], shown: Mapping[str, Booking]) -> dict[str, Booking]:
        """Meetings that left this room, where the same is new on the calendar of another of our rooms."""
        left = [
            link for link in links
            if link.ical_uid and link.exchange and link.room_id == room.id and not ((b := shown.get(link.exchange.ref)) and b.is_live)
        ]  # fmt: skip
        if not left:
            return {}
        with self._database.read() as session:
            there = {b.ref: b for link in left if link.ical_uid for b in sightings.elsewhere(session, link.ical_uid, room.id)}
            linked = {link.exchange.ref for link in linking.links_by_ref(session, Side.EXCHANGE, there) if link.exchange}
            enabled = {r.id for r in rooms.by_ids(session, {b.room_id for b in there.values()}).values() if r.enabled}
        return {ref: b for ref, b in there.items() if ref not in linked and b.room_id in enabled}

    def _find_missing(self, calendar: Calendar, side: Side, links: Iterable[Link], shown: Mapping[str, Booking],
                      known: Mapping[str, Room], gone: Collection[str] = ()) -> tuple[dict[str, Booking], dict[str, Ending]]:  # fmt: skip
        """Every remembered record that was not shown is re-read by its ref: leaving a window is not absence, nor is a narrowed listing."""
        found = dict(shown)
        endings = {r.ref: Ending.GONE for link in links if (r := link.remembered(side)) and r.ref not in found and r.ref in gone}
        missing = [(link, r) for link in links if (r := link.remembered(side)) and r.ref not in found and r.ref not in endings]
        for link, remembered in missing[:_MOST_REREADS]:
            try:
                record = calendar.get(known[link.room_id], remembered.ref)
            except NotFound:
                endings[remembered.ref] = Ending.GONE
            except Denied:
                endings[remembered.ref] = Ending.UNREADABLE
            else:
                if record.is_archived and record.is_live:
                    endings[remembered.ref] = Ending.UNREADABLE
                else:
                    found[record.ref] = record
        return found, endings

    def _rename(self, links: dict[str, Link], shown: Mapping[str, Booking], known: Mapping[str, Room]) -> None:
        """A reservation that gains or loses a room calls its other rooms' records by another ref: their links go on with that one."""
        missing = [link for link in links.values() if link.topdesk and link.topdesk.ref not in shown]
        if not missing:
            return
        there = {(reservation_id(b.ref), b.place): b.ref for b in shown.values()}
        for link in missing:
            ref = there.get((reservation_id(link.topdesk.ref), known[link.room_id].location_id)) if link.topdesk else None
            if ref is not None:
                with self._database.write() as session:
                    links[link.id] = linking.rename(session, link, Side.TOPDESK, ref)

    def _placed(self, own: Room, records: Mapping[str, Booking], known: Mapping[str, Room]) -> dict[str, Booking]:
        """Each with the id of the room that it lies in by its place; "" where that is none of our enabled rooms."""
        by_place = {place: r for r in known.values() for place in (r.location_id, r.mailbox)}
        placed: dict[str, Booking] = {}
        for ref, booking in records.items():
            room = by_place.get(booking.place)
            if room is None:
                with self._database.read() as session:
                    find = rooms.by_location if booking.side is Side.TOPDESK else rooms.by_mailbox
                    room = find(session, booking.place)
            placed[ref] = replace(booking, room_id=room.id if room is not None and (room.enabled or room.id == own.id) else "")
        return placed


def _covers(windows: Sequence[Slot], slot: Slot) -> bool:
    return any(window.contains(slot) for window in windows)


def _with_named(room: Room, listed: dict[str, Booking], named: Sequence[Booking]) -> dict[str, Booking]:
    """A listing is younger than what was named, but may lag behind it: the later change of a reservation counts, for all its rooms."""
    if not named:
        return listed
    there = {reservation_id(b.ref): b for b in listed.values()}
    later = [b for b in named if not _is_older(b, there.get(reservation_id(b.ref)))]
    told = {reservation_id(b.ref) for b in later}
    stays = {ref: b for ref, b in listed.items() if reservation_id(ref) not in told}
    return stays | {b.ref: b for b in later if b.room_id == room.id or b.ref in listed}


def _without_shared_keys(session: Session, reservations: dict[str, Booking], links: Iterable[Link]) -> dict[str, Booking]:
    """A reservation bears one key, though it may hold several rooms: one that joins rooms which are linked waits for no appointment
    because of it."""
    linked = {link.topdesk.ref for link in links if link.topdesk}
    new = [b for b in reservations.values() if b.match_key and b.ref == b.refs[1] and b.ref not in linked]
    shared = [b for b in new if linking.links_of_reservation(session, b.ref)]
    return reservations | {b.ref: replace(b, match_key=None) for b in shared}


def _all_refs(reservations: Iterable[Booking]) -> set[str]:
    return {ref for b in reservations for ref in b.refs}


def _is_older(named: Booking, listed: Booking | None) -> bool:
    """Whether the listing has seen a change that the named record has not."""
    if listed is None or named.modified_at is None or listed.modified_at is None:
        return False
    return named.modified_at < listed.modified_at


def _foreign(links: Iterable[Link], room: Room, besides: frozenset[str]) -> list[str]:
    return [link.exchange.ref for link in links if link.exchange and link.room_id != room.id and link.id not in besides]


def local_days(slot: Slot, zone: ZoneInfo) -> Slot:
    """From midnight to midnight around it, on the wall clock of the zone."""
    first = slot.start.astimezone(zone).replace(hour=0, minute=0)
    last = slot.end.astimezone(zone).replace(hour=0, minute=0) + timedelta(days=1)
    return Slot(first, last)


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


def cursor_name(room_id: str) -> str:
    return f"delta:{room_id}"
