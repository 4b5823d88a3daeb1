"""Catalogue: the enabled rooms held in memory, with all that a search wants ready-made; read again only when a room was saved."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from roombooker.domain.ranking import Taste, by_size, rank
from roombooker.domain.room import Room
from roombooker.domain.rules import Hours, Reason, hours_of, refusal_of_party
from roombooker.store import rooms
from roombooker.store.models import OccupancyRoomRow

_KEPT = 256  # selections, of at most all rooms each


@dataclass(frozen=True, slots=True)
class Filters:
    """What a room must have to be listed at all. Names are compared without regard to case."""

    capacity: int | None = None
    buildings: frozenset[str] = frozenset()
    equipment: frozenset[str] = frozenset()
    text: str = ""


NO_FILTERS = Filters()


def public(room: Room) -> dict[str, Any]:
    """The room as the API shows it."""
    return {
        "id": room.id,
        "name": room.name,
        "number": room.number or None,
        "building": room.building or None,
        "floor": room.floor or None,
        "capacity": room.capacity,
        "equipment": list(room.equipment),
        "mailbox": room.mailbox,
        "time_zone": room.time_zone,
        "requires_approval": room.requires_approval,
        "wheelchair_accessible": room.wheelchair_accessible,
        "photo_url": room.photo_url,
    }


@dataclass(frozen=True, eq=False)
class Listed:
    """A room in the catalogue; `number` is its number in the index, None while nothing is known of it there."""

    room: Room
    number: int | None
    profile: int  # its Hours, by position in the snapshot's `profiles`: a number is cheaper to compare than all of them
    is_plain: bool  # no alarm and no group: only its size can refuse a party
    public: Mapping[str, Any]
    words: str  # what a text filter looks in
    building: str  # as filters name it
    equipment: frozenset[str]


@dataclass(frozen=True, eq=False)
class Selection:
    """The rooms that pass the filters, best first: those that the party may book, and the others with the reason."""

    bookable: tuple[Listed, ...]
    refused: tuple[tuple[Listed, Reason], ...]
    numbers: frozenset[int]  # of the bookable ones
    profiles: frozenset[int]  # of the bookable ones


@dataclass(frozen=True, eq=False)
class Snapshot:
    version: str
    listed: tuple[Listed, ...]  # by size
    by_id: Mapping[str, Listed] = field(repr=False)
    profiles: tuple[Hours, ...]  # the few different ones that the rooms have
    closed: tuple[Listed, ...]  # those for a person group only
    groups: frozenset[str]  # all of those groups
    _selected: dict[tuple[Any, ...], Selection] = field(default_factory=dict, repr=False)

    def select(self, filters: Filters, attendees: int, taste: Taste, groups: frozenset[str] | None = frozenset()) -> Selection:
        """Kept for the next time: somebody who tries other times asks with the same wishes."""
        key = (filters, attendees, taste, groups and groups & self.groups)  # other groups make no difference
        found = self._selected.get(key)
        if found is None:
            if len(self._selected) >= _KEPT:
                self._selected.clear()
            found = self._selected[key] = self._select(*key)
        return found

    def asks_for_groups(self, filters: Filters) -> bool:
        """Is any of these rooms for a person group only?"""
        return any(_passes(one, filters) for one in self.closed)

    def _select(self, filters: Filters, attendees: int, taste: Taste, groups: frozenset[str] | None) -> Selection:
        passing = [listed for listed in self.listed if _passes(listed, filters)] if filters != NO_FILTERS else self.listed
        ranked = [self.by_id[room.id] for room in rank([listed.room for listed in passing], attendees, taste)]
        bookable: list[Listed] = []
        refused: list[tuple[Listed, Reason]] = []
        for listed in ranked:
            capacity = listed.room.capacity
            if listed.is_plain and (capacity is None or capacity >= attendees):
                bookable.append(listed)
                continue
            reason = refusal_of_party(listed.room, attendees, groups)
            if reason is None:
                bookable.append(listed)
            else:
                refused.append((listed, reason))
        numbers = frozenset(listed.number for listed in bookable if listed.number is not None)
        return Selection(tuple(bookable), tuple(refused), numbers, frozenset(listed.profile for listed in bookable))


class Catalogue:
    """One per process. `horizon` is how far ahead any room may be booked."""

    def __init__(self, horizon: timedelta) -> None:
        self._horizon = horizon
        self._snapshot: Snapshot | None = None
        self._reading = threading.Lock()

    def current(self, session: Session, version: str | None = None) -> Snapshot:
        """The rooms as they are now; `version` where the caller has just read it from `store.rooms`."""
        version = rooms.version(session) if version is None else version
        snapshot = self._snapshot
        if snapshot is None or snapshot.version != version:
            with self._reading:
                snapshot = self._snapshot
                if snapshot is None or snapshot.version != version:
                    snapshot = self._snapshot = self._read(session, version)
        return snapshot

    def _read(self, session: Session, version: str) -> Snapshot:
        numbers = {room_id: no for no, room_id in session.execute(select(OccupancyRoomRow.no, OccupancyRoomRow.room_id))}
        profiles: dict[Hours, int] = {}
        listed = []
        for room in by_size(rooms.every(session, enabled_only=True)):
            profile = profiles.setdefault(hours_of(room, self._horizon), len(profiles))
            words = " ".join((room.name, room.number, room.building, room.floor)).casefold()
            is_plain = not room.alarm and not room.person_group
            equipment = frozenset(item.casefold() for item in room.equipment)
            number = numbers.get(room.id)
            listed.append(Listed(room, number, profile, is_plain, public(room), words, room.building.casefold(), equipment))
        closed = tuple(one for one in listed if one.room.person_group)
        groups = frozenset(one.room.person_group for one in closed if one.room.person_group)
        return Snapshot(version, tuple(listed), {one.room.id: one for one in listed}, tuple(profiles), closed, groups)


def _passes(listed: Listed, filters: Filters) -> bool:
    if filters.buildings and listed.building not in filters.buildings:
        return False
    if filters.capacity is not None and (listed.room.capacity is None or listed.room.capacity < filters.capacity):
        return False
    if filters.equipment and not filters.equipment <= listed.equipment:
        return False
    return not filters.text or all(word in listed.words for word in filters.text.split())
