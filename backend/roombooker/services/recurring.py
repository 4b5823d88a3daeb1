"""A real TOPdesk series for the dates of a meeting series in one room, each date checked and stamped on its own.

TOPdesk makes a series from days and keeps the clock time of the reservation that it grows from by a rule that is not documented, and it
copies our key to every date. So each date's real start is compared with the wanted one; what is wrong is cancelled again, and whoever
asked makes that date a single reservation."""

from collections.abc import Collection, Iterable, Mapping
from zoneinfo import ZoneInfo

import structlog

from roombooker.domain.booking import Booking
from roombooker.domain.calendar import Facilities
from roombooker.domain.room import Room, SeriesMode
from roombooker.domain.slot import Slot
from roombooker.errors import NotFound, OutcomeUnknown, Refused, SideError

_log = structlog.get_logger(__name__)
_MOST = 998  # dates besides the first
_ODD = "Room Booker: not a date of this series."


def makes_series(room: Room) -> bool:
    """Not where each date must be approved: TOPdesk approves and rejects no occurrences."""
    return room.series_mode is SeriesMode.SERIES and not room.requires_approval


class Recurring:
    def __init__(self, facilities: Facilities) -> None:
        self._facilities = facilities

    def spread(self, room: Room, first: Booking, keys: Mapping[Slot, str], *, stamps: bool = True) -> dict[Slot, Booking]:
        """Further dates for the reservation `first`, by slot the key of each: those that TOPdesk now holds as occurrences. The others
        are taken, fell on another time, or TOPdesk would not. `stamps` False: whoever asks stamps each later, see `at`. Beyond that,
        SideError as the calls raise them."""
        wanted = {slot: key for slot, key in keys.items() if slot.duration == first.slot.duration}
        if not wanted:
            return {}
        taken = self._facilities.occupied([room], _span([*wanted, first.slot])).get(room.id, [])
        held = self._left_behind(room, first, wanted, taken)
        free = {s: key for s, key in wanted.items() if s not in held and not any(b.slot.overlaps(s.widened(room.apart)) for b in taken)}
        return held | self._grown(room, first, free, stamps=stamps)

    def at(self, room: Room, slot: Slot, key: str, copied: Collection[str]) -> Booking | None:
        """The date that a series brought to this slot, stamped with its key; `copied` are the keys that it may still bear."""
        there = [b for b in self._facilities.occupied([room], slot).get(room.id, []) if b.is_live and b.slot == slot]
        own = next((b for b in there if b.match_key == key), None)
        if own is not None:
            return own
        found = next((b for b in there if b.series_ref and (b.match_key is None or b.match_key in copied)), None)
        return self._facilities.stamp(room, found, key) if found is not None else None

    def _left_behind(self, room: Room, first: Booking, wanted: Mapping[Slot, str], there: Iterable[Booking]) -> dict[Slot, Booking]:
        """Dates that an earlier try has made already, of which some may still bear a copied key."""
        if first.series_ref is None:
            return {}
        found = [b for b in there if b.series_ref == first.series_ref and b.slot in wanted and b.ref != first.ref]
        return {b.slot: self._stamped(room, b, wanted[b.slot]) for b in found
                if b.match_key in (None, first.match_key, wanted[b.slot])}  # fmt: skip

    def _grown(self, room: Room, first: Booking, wanted: Mapping[Slot, str], *, stamps: bool) -> dict[Slot, Booking]:
        zone = ZoneInfo(room.time_zone)
        own = first.slot.start.astimezone(zone).date()
        dates = sorted({day for slot in wanted if (day := slot.start.astimezone(zone).date()) > own})[:_MOST]
        if not dates:
            return {}
        try:
            grow = self._facilities.make_series if first.series_ref is None else self._facilities.extend_series
            made = grow(room, first, dates)
        except OutcomeUnknown:
            made = self._looked_up(room, first, wanted)
        except (Refused, NotFound) as error:
            _log.info("no series could be made in TOPdesk", room=room.id, error=error.code)
            return {}
        held: dict[Slot, Booking] = {}
        for one in made:
            if one.ref == first.ref or not one.is_live or one.match_key not in (None, first.match_key):
                continue  # a date that was there before
            key = wanted.get(one.slot)
            if key is None or one.slot in held:
                self._drop(room, one)
            else:
                held[one.slot] = self._stamped(room, one, key) if stamps else one
        return held

    def _looked_up(self, room: Room, first: Booking, wanted: Mapping[Slot, str]) -> list[Booking]:
        """What a series whose answer was lost came to; OutcomeUnknown where that cannot be found out now."""
        try:
            series = self._facilities.get(room, first.ref).series_ref
            there = self._facilities.occupied([room], _span([*wanted, first.slot])).get(room.id, [])
        except SideError as error:
            raise OutcomeUnknown("topdesk", "It is not known whether TOPdesk made the series.") from error
        return [b for b in there if series is not None and b.series_ref == series]

    def _stamped(self, room: Room, one: Booking, key: str) -> Booking:
        """As it is where the stamp fails: it stands, and whoever remembers it stamps it again."""
        if one.match_key == key:
            return one
        try:
            return self._facilities.stamp(room, one, key)
        except SideError as error:
            _log.warning("a date could not be stamped", room=room.id, error=error.code)
            return one

    def _drop(self, room: Room, odd: Booking) -> None:
        try:
            self._facilities.remove(room, odd, _ODD)
        except SideError as error:  # it bears no key of its own, so the next look at the room shows it to a person
            _log.warning("a date that fell on another time could not be cancelled", room=room.id, error=error.code)


def _span(slots: Iterable[Slot]) -> Slot:
    found = list(slots)
    return Slot(min(s.start for s in found), max(s.end for s in found))
