"""The three kinds of calendars under one roof: what a contract test needs of each, with hands for what people do on that side."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

from roombooker.domain.booking import Booking, Draft, Person, new_match_key
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot

_days = count(30)


def fresh_slot(hours: float = 1) -> Slot:
    """A working morning that no other test of this run uses, one to five months ahead."""
    while True:
        day = datetime.now(UTC).date() + timedelta(days=next(_days))
        if day.isoweekday() <= 5:
            start = datetime.combine(day, time(9), UTC)
            return Slot(start, start + timedelta(hours=hours))


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
