"""Rules of a room: why it cannot be booked for a slot, in a stable code and a sentence; and what should be known though it can."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NotRequired, TypedDict
from zoneinfo import ZoneInfo

from roombooker.domain.room import Room
from roombooker.domain.slot import Slot


class Reason(TypedDict):
    """`message` in English; `facts` are what it is made of, for who says it in another language."""

    code: str
    message: str
    facts: NotRequired[dict[str, str | int]]


NEEDS_APPROVAL = Reason(code="needs_approval", message="A booking of this room waits for approval.")


@dataclass(frozen=True, slots=True)
class Hours:
    """The rules of a room that depend on the slot alone; rooms share few of these, so each is asked once."""

    time_zone: str
    opening: tuple[tuple[int, time, time], ...] | None  # ISO weekday, from, until
    max_duration: timedelta | None
    horizon: timedelta


def hours_of(room: Room, horizon: timedelta) -> Hours:
    """`horizon` is how far ahead any room may be booked."""
    opening = None
    if room.service_hours is not None:
        opening = tuple((day, opens, closes) for day, (opens, closes) in sorted(room.service_hours.days.items()))
    return Hours(room.time_zone, opening, room.max_duration, min(room.horizon or horizon, horizon))


def refusal_of_slot(hours: Hours, slots: Sequence[Slot], now: datetime) -> Reason | None:
    """The first thing that is wrong with any of the slots (soonest first). A meeting that runs may still get a room."""
    longest = max(slot.duration for slot in slots)
    if slots[0].end <= now:
        return Reason(code="in_the_past", message="This time has passed.")
    if slots[-1].end > now + hours.horizon:
        days = hours.horizon.days
        return Reason(code="beyond_horizon", message=f"This room can be booked at most {days} days ahead.", facts={"days": days})
    if hours.max_duration is not None and longest > hours.max_duration:
        message = f"This room can be booked for at most {_length(hours.max_duration)} at a time."
        return Reason(code="too_long", message=message, facts={"minutes": int(hours.max_duration / timedelta(minutes=1))})
    if hours.opening is not None and any(not _is_open(hours, slot) for slot in slots):
        return _closed(hours, slots)
    return None


def refusal_of_party(room: Room, attendees: int, groups: frozenset[str] | None = frozenset()) -> Reason | None:
    """What is wrong with who comes; `groups` are the TOPdesk person groups that the organizer is in, None where nobody can say."""
    if room.alarm:
        return Reason(code="room_broken", message=f"This room cannot be booked now: {room.alarm}")
    if room.person_group and groups is None:
        why = "and TOPdesk cannot say at the moment whether you are one of them. Try again soon."
        message = f"Only {room.person_group} may book this room, {why}"
        return Reason(code="group_unknown", message=message, facts={"group": room.person_group})
    if room.person_group and room.person_group not in (groups or ()):
        message = f"Only {room.person_group} may book this room."
        return Reason(code="not_in_group", message=message, facts={"group": room.person_group})
    if room.capacity is not None and attendees > room.capacity:
        facts: dict[str, str | int] = {"seats": room.capacity, "people": attendees}
        return Reason(code="too_small", message=f"Seats {room.capacity}; you are {attendees}.", facts=facts)
    return None


def note(room: Room) -> Reason | None:
    """What a person should know of a room that they can book."""
    return NEEDS_APPROVAL if room.requires_approval else None


def _is_open(hours: Hours, slot: Slot) -> bool:
    """All of the slot lies within the opening hours of one day, on the room's own clock; until 00:00 means the whole evening."""
    start, end = (instant.astimezone(ZoneInfo(hours.time_zone)).replace(tzinfo=None) for instant in (slot.start, slot.end))
    for day, opens, closes in hours.opening or ():
        if day == start.isoweekday():
            opening = datetime.combine(start.date(), opens)
            closing = datetime.combine(start.date(), closes) + (timedelta(days=1) if closes == time(0) else timedelta())
            return opening <= start and end <= closing
    return False


def _closed(hours: Hours, slots: Sequence[Slot]) -> Reason:
    """`weekday` is ISO's; without `from` and `until` that day is closed."""
    closed = next(slot for slot in slots if not _is_open(hours, slot))
    start = closed.start.astimezone(ZoneInfo(hours.time_zone))
    for day, opens, closes in hours.opening or ():
        if day == start.isoweekday():
            message = f"On {start:%A} this room is open from {opens:%H:%M} to {closes:%H:%M}."
            facts: dict[str, str | int] = {"weekday": day, "from": f"{opens:%H:%M}", "until": f"{closes:%H:%M}"}
            return Reason(code="outside_service_hours", message=message, facts=facts)
    return Reason(code="outside_service_hours", message=f"This room is closed on {start:%A}.", facts={"weekday": start.isoweekday()})


def _length(duration: timedelta) -> str:
    minutes = int(duration / timedelta(minutes=1))
    if minutes % 1440 == 0:
        return "1 day" if minutes == 1440 else f"{minutes // 1440} days"
    if minutes % 60 == 0:
        return "1 hour" if minutes == 60 else f"{minutes // 60} hours"
    return f"{minutes} minutes"
