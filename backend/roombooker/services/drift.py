"""Drift: both sides compared now, through fresh listings of both; nothing that we remember counts, but what still awaits its appointment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from roombooker.domain.booking import Booking, Side, Standing, born_at
from roombooker.domain.calendar import Facilities, Listing, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import RoomBookerError, SideError
from roombooker.services.addresses import Addresses
from roombooker.services.booking_answer import iso
from roombooker.services.telling import told
from roombooker.settings import Settings
from roombooker.store import links, rooms
from roombooker.store.db import Database

Progress = Callable[[int, int], None]
_AT_ONCE = 50  # rooms whose listings are in memory at once: so few that TOPdesk is asked for just these, and not for all that it has
NOTHING_IS_ON = "No room is switched on: `roombooker rooms enable` does it; after a lost database, `roombooker rebuild`."
_ON_THE_WAY = ("reserving", "releasing", "moving", "awaiting_appointment", "awaiting_approval")


class DriftService:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, settings: Settings,
                 clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._settings = settings
        self._clock = clock
        self._addresses = Addresses(database=database, meetings=meetings, clock=clock)

    def compare(self, progress: Progress | None = None) -> dict[str, Any]:
        """`{"in_step", "checked", "differences": [{"room", "slot", "kind", "topdesk", "exchange", "reason"}], "conflicting", "unknown":
        [...]}` over all enabled rooms and the horizon. `in_step` is None where a side could not be read; `unknown` says why, per room.
        With no room switched on nothing can be told: so it is after a lost database. `conflicting` is what TOPdesk itself marks so,
        while both sides say the same (block times that meet, for one): worth a look, in the shape of a difference."""
        now = self._clock()
        window = Slot(now, now + self._settings.horizon)
        with self._database.read() as session:
            enabled = rooms.every(session, enabled_only=True)
        differences: list[dict[str, Any]] = []
        conflicting: list[dict[str, Any]] = []
        unknown: list[dict[str, str]] = []
        checked = 0
        if not enabled:
            unknown.append({"room": "", "reason": NOTHING_IS_ON})
        for at in range(0, len(enabled), _AT_ONCE):
            some = enabled[at : at + _AT_ONCE]
            for done, (room, topdesk, exchange) in enumerate(self._read(some, window), at):
                if progress is not None:
                    progress(done, len(enabled))
                failed = next((x for x in (topdesk, exchange) if isinstance(x, Exception)), None)
                if isinstance(topdesk, Exception) or isinstance(exchange, Exception):
                    unknown.append({"room": room.name, "reason": failed.message if isinstance(failed, RoomBookerError) else str(failed)})
                    continue
                found = list(self._of_room(room, topdesk, exchange))
                checked += max(len(topdesk), len(exchange))
                differences += found
                conflicting += [
                    _difference(room, "conflict", b, None, "TOPdesk marks it as conflicting.")
                    for b in topdesk
                    if b.standing is Standing.CONFLICTING
                ]
        in_step = None if unknown else not differences
        return {"in_step": in_step, "checked": checked, "differences": differences, "conflicting": conflicting, "unknown": unknown}

    def _read(self, some: Sequence[Room], window: Slot) -> Iterator[tuple[Room, list[Booking] | Exception, list[Booking] | Exception]]:
        """Live records that end after the window's start: one paged read of TOPdesk, Exchange in batches of 20."""
        reservations: dict[str, Listing] | Exception
        try:
            reservations = {listing.room_id: listing for listing in self._facilities.listing_all(some, window)}
        except RoomBookerError as error:
            reservations = error
        asks = [(room, window, None) for room in some]
        for room, changes in zip(some, self._meetings.changes_all(asks), strict=True):
            topdesk = reservations if isinstance(reservations, Exception) else _live(reservations.get(room.id), window)
            exchange = changes if isinstance(changes, Exception) else [b for b in changes.bookings if b.is_live and b.slot.overlaps(window)]
            yield room, topdesk, exchange

    def _of_room(self, room: Room, topdesk: Sequence[Booking], exchange: Sequence[Booking]) -> Iterator[dict[str, Any]]:
        pairs, lone_reservations, lone_meetings = _paired(topdesk, exchange)
        excused = self._excused(lone_reservations)
        for reservation, meeting in self._known_by_all_addresses(pairs):
            yield from _of_pair(room, reservation, meeting, self._settings.topdesk_requester)
        for reservation in lone_reservations:
            if reservation.ref not in excused:
                yield _difference(room, "only_in_topdesk", reservation, None, "The reservation has no meeting on the room's calendar.")
        for meeting in lone_meetings:
            yield _difference(room, "only_in_exchange", None, meeting, "The meeting has no reservation in TOPdesk.")
        for records in (topdesk, exchange):
            for one, other in pairwise(sorted(records, key=lambda b: (b.slot, b.ref))):
                if one.slot.overlaps(other.slot):
                    topdesk_one, exchange_one = (one, None) if one.side is Side.TOPDESK else (None, one)
                    yield _difference(
                        room, "overlap", topdesk_one, exchange_one, f"It overlaps another one, which begins {iso(other.slot.start)}."
                    )

    def _known_by_all_addresses(self, pairs: Sequence[tuple[Booking, Booking]]) -> list[tuple[Booking, Booking]]:
        """Somebody under two addresses is no difference; while the directory cannot say so, it looks like one."""
        asked = {
            m.organizer.email
            for r, m in pairs
            if r.organizer is not None and m.organizer is not None and not r.organizer.is_same_as(m.organizer)
        }
        try:
            meetings = self._addresses.fill([meeting for _, meeting in pairs], asked)
        except SideError:
            return list(pairs)
        return [(reservation, meeting) for (reservation, _), meeting in zip(pairs, meetings, strict=True)]

    def _excused(self, lone: Sequence[Booking]) -> set[str]:
        """What still awaits its appointment, or is being worked on, is in step: that is what a hold is."""
        now = self._clock()
        excused = set()
        with self._database.read() as session:
            for reservation in lone:
                row = links.by_key(session, reservation.match_key) if reservation.match_key else None
                if row is not None:
                    is_early = row.state in _ON_THE_WAY
                else:
                    is_early = reservation.match_key is not None and now - born_at(reservation.match_key) < self._settings.hold
                if is_early:
                    excused.add(reservation.ref)
        return excused


def _live(listing: Listing | None, window: Slot) -> list[Booking] | Exception:
    if listing is None or not listing.is_complete:
        return RoomBookerError("TOPdesk did not show this room completely.")
    return [b for b in listing.bookings if b.is_live and b.slot.overlaps(window)]


def _paired(topdesk: Sequence[Booking], exchange: Sequence[Booking]) -> tuple[list[tuple[Booking, Booking]], list[Booking], list[Booking]]:
    """By the key on both, then by the same slot (the same organizer first); each record once."""
    pairs: list[tuple[Booking, Booking]] = []
    left_t, left_e = {b.ref: b for b in topdesk}, {b.ref: b for b in exchange}

    def take(reservation: Booking, meeting: Booking) -> None:
        pairs.append((left_t.pop(reservation.ref), left_e.pop(meeting.ref)))

    keyed: Mapping[str | None, Booking] = {b.match_key: b for b in exchange if b.match_key}
    for reservation in topdesk:
        if reservation.match_key in keyed and keyed[reservation.match_key].ref in left_e:
            take(reservation, keyed[reservation.match_key])
    for is_strict in (True, False):
        for reservation in list(left_t.values()):
            for meeting in list(left_e.values()):
                same = reservation.organizer is not None and reservation.organizer.is_same_as(meeting.organizer)
                if meeting.slot == reservation.slot and (same or not is_strict):
                    take(reservation, meeting)
                    break
    return pairs, list(left_t.values()), list(left_e.values())


def _of_pair(room: Room, reservation: Booking, meeting: Booking, requester: str) -> Iterator[dict[str, Any]]:
    if reservation.slot != meeting.slot:
        yield _difference(room, "time", reservation, meeting, "The two sides say different times.")
    asked_by, organizer = reservation.organizer, meeting.organizer
    is_comparable = requester == "organizer" and not meeting.room_organizes and organizer is not None
    if is_comparable and asked_by is not None and not asked_by.is_same_as(organizer):
        yield _difference(room, "organizer", reservation, meeting, "The requester is somebody else than the organizer.")


def _difference(room: Room, kind: str, topdesk: Booking | None, exchange: Booking | None, reason: str) -> dict[str, Any]:
    shown = topdesk or exchange
    slot = f"{iso(shown.slot.start)}/{iso(shown.slot.end)}" if shown else ""
    return {
        "room": room.name, "slot": slot, "kind": kind, "topdesk": told(topdesk) if topdesk else None,
        "exchange": told(exchange) if exchange else None, "reason": reason,
    }  # fmt: skip
