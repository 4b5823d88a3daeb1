"""Ways out of a room that is busy: a little earlier or later, shorter, or another room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from roombooker.domain.slot import Slot
from roombooker.store.daybits import to_instant, to_minute
from roombooker.store.search import Occupant

_AROUND = 30  # minutes earlier or later
_STEP = 5  # people meet at full five minutes
_SHORTEST = 15  # minutes worth meeting for


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What stands in a room around a slot (half an hour on either side)."""

    stood: Sequence[Occupant]

    def is_free(self, start: int, end: int) -> bool:
        for one in self.stood:  # noqa: SIM110  asked a dozen times per room: a generator costs more than the comparison
            if one.start < end and one.end > start:
                return False
        return True


def nearby(slot: Slot, around: Neighbourhood, now: datetime) -> list[dict[str, Any]]:
    """The same room at the nearest time up to 30 minutes earlier, later, or the longest free part of the slot itself."""
    start, end, earliest = to_minute(slot.start), to_minute(slot.end), to_minute(now)
    found = []
    shifts = range(_STEP, _AROUND + 1, _STEP)
    earlier = next((by for by in shifts if start - by >= earliest and around.is_free(start - by, end - by)), None)
    if earlier is not None:
        found.append(_way("earlier", start - earlier, end - earlier))
    later = next((by for by in shifts if around.is_free(start + by, end + by)), None)
    if later is not None:
        found.append(_way("later", start + later, end + later))
    first, last = _longest_gap(start, end, around)
    if last - first >= _SHORTEST:
        found.append(_way("shorter", first, last))
    return found


def other_room(slot: Slot, room: Mapping[str, Any]) -> dict[str, Any]:
    """`room` as the API shows it."""
    return _way("other_room", to_minute(slot.start), to_minute(slot.end)) | {"room": room}


@lru_cache(maxsize=4096)
def iso(minute: int) -> str:
    """A minute since 1970 as the API writes instants."""
    return f"{to_instant(minute):%Y-%m-%dT%H:%M:00Z}"


def _way(kind: str, start: int, end: int) -> dict[str, Any]:
    return {"kind": kind, "start": iso(start), "end": iso(end)}


def _longest_gap(start: int, end: int, around: Neighbourhood) -> tuple[int, int]:
    best = (start, start)
    free_from = start
    for one in sorted(around.stood, key=lambda one: one.start):
        until = min(one.start, end)
        if until - free_from > best[1] - best[0]:
            best = (free_from, until)
        free_from = max(free_from, one.end)
    if end - free_from > best[1] - best[0]:
        best = (free_from, end)
    return best
