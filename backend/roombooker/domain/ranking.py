"""Ranking: which room to offer first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roombooker.domain.room import Room


@dataclass(frozen=True, slots=True)
class Taste:
    """What a person chose before."""

    building: str | None = None
    floor: str | None = None
    favourites: frozenset[str] = frozenset()  # room ids


NO_TASTE = Taste()


def by_size(rooms: Iterable[Room]) -> list[Room]:
    """Smallest first, those of unknown size last; the order that `rank` starts from, worth keeping."""
    return sorted(rooms, key=lambda room: (room.capacity is None, room.capacity or 0, room.name, room.id))


def tier(room: Room, taste: Taste) -> int:
    """0 a favourite, 1 the same floor as last time, 2 the same building, 3 any other."""
    if room.id in taste.favourites:
        return 0
    if taste.building and room.building == taste.building:
        return 1 if taste.floor and room.floor == taste.floor else 2
    return 3


def rank(sized: Sequence[Room], attendees: int, taste: Taste = NO_TASTE) -> list[Room]:
    """Best first, of rooms in `by_size` order: by tier, in each the closest fit first; then those too small, the largest first."""
    first_fit = next((at for at, room in enumerate(sized) if room.capacity is None or room.capacity >= attendees), len(sized))
    fitting, small = sized[first_fit:], sized[:first_fit]
    tiers: tuple[list[Room], ...] = ([], [], [], [])
    if taste == NO_TASTE:
        tiers[3].extend(fitting)
    else:
        for room in fitting:
            tiers[tier(room, taste)].append(room)
    return [room for part in tiers for room in part] + list(reversed(small))
