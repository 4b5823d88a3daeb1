"""Ways out, as one sentence for people."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from roombooker.domain.booking import Booking
from roombooker.domain.room import Room
from roombooker.services.availability import AvailabilityService

_MOST = 3


def offers_of(availability: AvailabilityService) -> Callable[[Room, Booking], str]:
    """`offer(room, meeting)`: up to three ways out in the room's own time, or "" where there is none."""

    def offer(room: Room, meeting: Booking) -> str:
        found = availability.alternatives_for([room], [meeting.slot], meeting.attendees or 1)[:_MOST]
        return f"Free instead: {'; '.join(_told(way, room) for way in found)}." if found else ""

    return offer


def _told(way: dict[str, Any], room: Room) -> str:
    start, end = (datetime.fromisoformat(way[name]).astimezone(ZoneInfo(room.time_zone)) for name in ("start", "end"))
    name = way["room"]["name"] if way.get("room") else room.name
    return f"{name} {start:%d %b %H:%M}–{end:%H:%M}"
