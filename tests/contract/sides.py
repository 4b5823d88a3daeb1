"""The three kinds of calendars under one roof: what a contract test needs of each, with hands for what people do on that side."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from roombooker.domain.booking import Booking, Draft, Person, new_match_key
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot

_FIRST_DAY, _DAYS = 30, 140  # ahead: rooms take bookings up to 180 days
_starts = ((day, hour) for hour in (7, 12) for day in range(_FIRST_DAY, _FIRST_DAY + _DAYS))


def fresh_slot(hours: float = 1) -> Slot:
    """A working morning or afternoon (at most four hours) that no other test of this run uses, one to five months ahead."""
    for days, hour in _starts:
        day = datetime.now(UTC).date() + timedelta(days=days)
        if day.isoweekday() <= 5:
            start = datetime.combine(day, time(hour), UTC)
            return Slot(start, start + timedelta(hours=hours))
    raise AssertionError("the tests have used up all fresh slots: add hours to _starts")


@dataclass
class SideUnderTest:
    """`book` reserves by hand (ref); `cancel` ends by hand; `settle` waits until the side has come to rest."""

    calendar: Any  # Facilities | MeetingCalendar
    room: Room
    other_room: Room
    organizer: Person
    requester_id: str | None
    book: Callable[[Room, Slot], str]
    cancel: Callable[[str], None]
    settle: Callable[[], None] = lambda: None

    def draft(self, slot: Slot, **more: Any) -> Draft:
        return Draft(
            **({
                "room_id": self.room.id, "slot": slot, "match_key": new_match_key(), "organizer": self.organizer,
                "requester_id": self.requester_id, "subject": "Budget review", "attendees": 4,
            } | more)
        )  # fmt: skip

    def create(self, slot: Slot, **more: Any) -> Booking:
        made: Booking = self.calendar.create(self.room, self.draft(slot, **more))
        return made

    def listed(self, slot: Slot, room: Room | None = None) -> list[Booking]:
        """Live ones."""
        self.settle()
        return [b for b in self.calendar.listing(room or self.room, slot).bookings if b.is_live]


class FacilitiesUnderTest(SideUnderTest):
    calendar: Facilities


class MeetingsUnderTest(SideUnderTest):
    calendar: MeetingCalendar
