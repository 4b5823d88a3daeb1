"""TOPdesk behind the calendar port."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from roombooker.domain.booking import Booking, Draft, Side, Standing, reservation_id
from roombooker.domain.calendar import Listing, Location, PersonCard
from roombooker.domain.fingerprint import EVERY_FIELD, Field
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Garbled, InvalidInput, NotFound, OutcomeUnknown, Refused, SideError, Unavailable
from roombooker.settings import Settings
from roombooker.topdesk import fiql
from roombooker.topdesk.client import TopdeskClient
from roombooker.topdesk.directory import Directory
from roombooker.topdesk.mapping import (
    LIVE_STATUSES,
    Dialect,
    read_bookings,
    read_lost,
    write_match_key,
    write_persons,
    write_reservation,
    write_subject,
)
from roombooker.topdesk.reservations import Reservations

_ROOMS_IN_A_QUERY = 100  # keeps the address under 8,000 characters
_LOCATION = "reservedFacilities.location.id"

_log = structlog.get_logger(__name__)


class TopdeskFacilities:
    """Implements domain.calendar.Facilities."""

    side = Side.TOPDESK

    def __init__(self, client: TopdeskClient, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self._reservations = Reservations(client, settings)
        self._directory = Directory(client, settings)
        self._dialect = Dialect(settings.topdesk_match_field, settings.topdesk_person)
        self._clock = clock

    # reading

    def listing(self, room: Room, window: Slot) -> Listing:
        return next(iter(self.listing_all([room], window)))

    def listing_all(self, rooms: Sequence[Room], window: Slot) -> Iterable[Listing]:
        read_at = self._clock()
        ids = {room.location_id: room.id for room in rooms}
        few = fiql.one_of(_LOCATION, ids) if len(ids) <= _ROOMS_IN_A_QUERY else ""  # for many, all is read and the rest dropped
        found, is_complete = self._read(fiql.all_of(_overlapping(window), few), ids)
        by_room: dict[str, list[Booking]] = defaultdict(list)
        for booking in found:
            if booking.slot.overlaps(window):
                by_room[booking.room_id].append(booking)
        return [Listing(room.id, window, tuple(by_room[room.id]), is_complete, read_at) for room in rooms]

    def listing_slices(self, rooms: Sequence[Room], window: Slot) -> Iterator[list[Listing]]:
        """A page tells all that starts before its last start; what lasts longer is carried into the next stretch."""
        ids = {room.location_id: room.id for room in rooms}
        few = fiql.one_of(_LOCATION, ids) if len(ids) <= _ROOMS_IN_A_QUERY else ""
        begin, carried, is_complete = window.start, list[Booking](), True
        read_at = self._clock()
        for cards, is_whole, last in self._reservations.pages_with_last(fiql.all_of(_overlapping(window), few)):
            found, is_readable = self._bookings(cards, ids)
            del cards  # large, and whoever looks at the stretch takes a while
            carried += found
            is_complete = is_complete and is_whole and is_readable
            end = window.end if last is None else min(last, window.end)
            if end <= begin:
                continue
            yield _split(rooms, Slot(begin, end), carried, is_complete, read_at)
            begin, carried, is_complete, read_at = end, [b for b in carried if b.slot.end > end], True, self._clock()

    def occupied(self, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Booking]]:
        answer: dict[str, list[Booking]] = {room.id: [] for room in rooms}
        for at in range(0, len(rooms), _ROOMS_IN_A_QUERY):
            some = rooms[at : at + _ROOMS_IN_A_QUERY]
            widest = slot.widened(max((room.apart for room in some), default=timedelta()))
            live = fiql.one_of("status", LIVE_STATUSES)
            by_location = fiql.one_of(_LOCATION, (room.location_id for room in some))
            found, is_complete = self._read(
                fiql.all_of(by_location, _overlapping(widest), live), {room.location_id: room.id for room in some}
            )
            if not is_complete:
                raise Garbled(self.side, "TOPdesk did not tell all that is in these rooms.")
            for room in some:
                own = slot.widened(room.apart)
                answer[room.id] = [b for b in found if b.room_id == room.id and b.is_live and b.slot.overlaps(own)]
        return answer

    def get(self, room: Room, ref: str) -> Booking:
        ident, _, location = ref.partition(":")
        return self._one(room, self._reservations.get(ident), location)

    def anywhere(self, ref: str) -> list[Booking]:
        return read_bookings(self._reservations.get(reservation_id(ref)), {}, self._dialect)

    def find(self, room: Room, match_key: str) -> Booking | None:
        field = self._dialect.match_field
        query = fiql.starts_with(field, match_key) if self._dialect.match_is_memo else fiql.equals(field, match_key)
        found, _ = self._read(query, {room.location_id: room.id}, everywhere=True)
        found = [b for b in found if b.match_key == match_key]
        return min(found, key=lambda b: (not b.is_live, b.room_id == "", b.ref), default=None)

    # writing

    def create(self, room: Room, draft: Draft) -> Booking:
        requester = draft.requester_id or self._account().id
        return self._one(room, self._reservations.create(write_reservation(draft, room.location_id, requester, self._dialect)))

    def change(self, room: Room, seen: Booking, draft: Draft, fields: Collection[Field] = EVERY_FIELD) -> Booking:
        """Reschedule, then move, then PATCH, each only where it differs; a second step that is refused takes the first one back.
        OutcomeUnknown also where TOPdesk goes away between two of them."""
        written: list[dict[str, Any]] = []
        try:
            return self._changed(room, seen, draft, fields, written)
        except Unavailable as away:
            if not written:
                raise
            raise OutcomeUnknown(Side.TOPDESK, away.message, status_code=away.status_code) from away

    def _changed(self, room: Room, seen: Booking, draft: Draft, fields: Collection[Field], written: list[dict[str, Any]]) -> Booking:
        """`written`: what TOPdesk answered to each step that it took."""
        ident = reservation_id(seen.ref)
        moves = Field.PLACE in fields and seen.place != room.location_id
        if Field.SLOT in fields and seen.slot != draft.slot:
            written.append(self._reservations.reschedule(ident, draft.slot))
        if moves:
            try:
                written.append(self._reservations.move(ident, seen.place, room.location_id))
            except Refused:
                if written:
                    self._reservations.reschedule(ident, seen.slot)
                if seen.series_ref is None or seen.ref != ident:  # an end would take its other rooms along
                    raise
                return self._made_anew(room, seen, draft, fields, written)
        body = self._edits(seen, draft, fields)
        if body:
            written.append(self._reservations.patch(ident, body))
        card = written[-1] if written else self._reservations.get(ident)
        return self._one(room, card, room.location_id if moves else seen.place)

    def _made_anew(self, room: Room, seen: Booking, draft: Draft, fields: Collection[Field], written: list[dict[str, Any]]) -> Booking:
        """One date of a TOPdesk series cannot change its room: a reservation of its own is made there, then this one is ended."""
        if Field.SUBJECT not in fields:
            draft = replace(draft, subject=seen.subject or "")
        if Field.ATTENDEES not in fields:
            draft = replace(draft, attendees=seen.attendees)
        if Field.ORGANIZER not in fields and seen.organizer is not None:
            draft = replace(draft, requester_id=None)
        card = self._directory.person_by_email(seen.organizer.email) if seen.organizer and not draft.requester_id else None
        requester = draft.requester_id or (card.id if card else None) or self._account().id
        written.append(self._reservations.create(write_reservation(draft, room.location_id, requester, self._dialect)))
        self._end(seen)
        return self._one(room, written[-1])

    def remove(self, room: Room, seen: Booking, reason: str) -> Booking | None:  # noqa: ARG002  TOPdesk takes a reason from its own list only
        ident, _, location = seen.ref.partition(":")
        if location:
            self._reservations.leave(ident, location)
            return replace(seen, standing=Standing.CANCELLED)
        try:
            self._end(seen)
        except Refused:
            now = self._look(room, seen)
            if not now.is_live:
                return now  # somebody else ended it
            if _ends_by_rejection(now) == _ends_by_rejection(seen):
                raise
            self._end(now)  # it was approved, or asked for again, in between
        try:
            return self._look(room, seen)
        except SideError:  # it is done; only the look afterwards failed
            return replace(seen, standing=Standing.REJECTED if _ends_by_rejection(seen) else Standing.CANCELLED)

    def stamp(self, room: Room, seen: Booking, match_key: str) -> Booking:
        card = self._reservations.patch(reservation_id(seen.ref), write_match_key(match_key, self._dialect))
        return self._one(room, card, seen.place)

    def make_series(self, room: Room, seen: Booking, dates: Sequence[date]) -> list[Booking]:
        """TOPdesk copies the optional fields to every occurrence: each needs a stamp of its own afterwards. In start order."""
        return self._occurrences(room, self._reservations.make_recurrent(reservation_id(seen.ref), dates))

    def extend_series(self, room: Room, seen: Booking, dates: Sequence[date]) -> list[Booking]:
        return self._occurrences(room, self._reservations.make_recurrent(reservation_id(seen.ref), dates, is_series=True))

    def _occurrences(self, room: Room, series: str) -> list[Booking]:
        found, is_complete = self._read(fiql.equals("series.id", series), {room.location_id: room.id})
        if not is_complete:
            raise Garbled(self.side, "TOPdesk did not tell all dates of the series that it made.")
        return sorted(found, key=lambda b: (b.slot, b.ref))

    # people and places

    def person_by_email(self, email: str) -> PersonCard | None:
        return self._directory.person_by_email(email)

    def person_groups(self, person_id: str) -> frozenset[str]:
        return self._directory.person_groups(person_id)

    def person_account(self) -> PersonCard | None:
        return self._directory.person_account()

    def locations(self, branch: str | None = None, room_type: str | None = None) -> list[Location]:
        return self._directory.locations(branch, room_type)

    # inner workings

    def _read(self, query: str, rooms: Mapping[str, str], *, everywhere: bool = False) -> tuple[list[Booking], bool]:
        """Bookings of these rooms (or of any), and whether that is all. A card that makes no sense is left out and spoils completeness."""
        found: list[Booking] = []
        is_complete = True
        for cards, is_whole in self._reservations.pages(query):
            some, is_readable = self._bookings(cards, rooms, everywhere=everywhere)
            found += some
            is_complete = is_complete and is_whole and is_readable
        return found, is_complete

    def _bookings(
        self, cards: Sequence[Mapping[str, Any]], rooms: Mapping[str, str], *, everywhere: bool = False
    ) -> tuple[list[Booking], bool]:
        found: list[Booking] = []
        is_readable = True
        for card in cards:
            try:
                found += [b for b in read_bookings(card, rooms, self._dialect) if everywhere or b.room_id]
            except Garbled:
                is_readable = False
                _log.warning("unreadable reservation", side=self.side, ref=str(card.get("id"))[:64])
        return found, is_readable

    def _one(self, room: Room, card: Mapping[str, Any], location: str = "") -> Booking:
        """The record of that location; without one, that of the room, or the only one, wherever it was moved. A location that the
        reservation has lost to others is a tombstone: it exists and does not hold it."""
        rooms, place = {room.location_id: room.id}, location or room.location_id
        found = read_bookings(card, rooms, self._dialect)
        here = next((b for b in found if b.place == place), None)
        if here is None and not card.get("reservedFacilities"):
            raise NotFound("TOPdesk's reservation holds no room.")
        if here is None and not location and len(found) == 1:
            return found[0]
        return here or read_lost(card, place, rooms, self._dialect)

    def _edits(self, seen: Booking, draft: Draft, fields: Collection[Field]) -> dict[str, Any]:
        """What a PATCH must carry; {} where nothing differs. The requester's id is not in a Booking, so their address decides."""
        edits: dict[str, Any] = {}
        if (Field.SUBJECT in fields or draft.private) and write_subject(draft) != (seen.subject or ""):
            edits["briefDescription"] = write_subject(draft)
        if Field.ATTENDEES in fields and draft.attendees is not None and draft.attendees != seen.attendees:
            edits["numberOfPersons"] = write_persons(draft.attendees)
        if draft.match_key != seen.match_key:
            edits |= write_match_key(draft.match_key, self._dialect)
        is_same = seen.organizer is not None and seen.organizer.is_same_as(draft.organizer)
        names_other = Field.ORGANIZER in fields and draft.requester_id and not is_same
        if names_other and not (seen.organizer is None and draft.requester_id == self._account().id):
            edits["requester"] = {"id": draft.requester_id}
        return edits

    def _account(self) -> PersonCard:
        account = self._directory.person_account()
        if account is None:
            raise InvalidInput("TOPdesk does not know the person account in ROOMBOOKER_TOPDESK_PERSON.")
        return account

    def _end(self, booking: Booking) -> None:
        if _ends_by_rejection(booking):
            self._reservations.reject(reservation_id(booking.ref))
        else:
            self._reservations.cancel(reservation_id(booking.ref))

    def _look(self, room: Room, seen: Booking) -> Booking:
        return self.get(room, seen.ref)


def _ends_by_rejection(booking: Booking) -> bool:
    return booking.standing is Standing.REQUESTED or booking.is_conflicting_request


def _split(rooms: Sequence[Room], window: Slot, found: Sequence[Booking], is_complete: bool, read_at: datetime) -> list[Listing]:  # noqa: FBT001
    by_room: dict[str, list[Booking]] = defaultdict(list)
    for booking in found:
        if booking.slot.overlaps(window):
            by_room[booking.room_id].append(booking)
    return [Listing(room.id, window, tuple(by_room[room.id]), is_complete, read_at) for room in rooms]


def _overlapping(window: Slot) -> str:
    return fiql.all_of(fiql.after("plannedEndDate", window.start), fiql.before("plannedStartDate", window.end))
