"""A booking service over the fakes, with what its tests look at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conftest import ManualClock
from factories import make_room, make_settings, save_rooms
from fakes.calendars import FakeFacilities, FakeMeetings
from people import ALICE, BOB, CAROL, caller
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.services.booking import BookingService
from roombooker.services.telling import Telling
from roombooker.store.db import Database


class NoAlternatives:
    """Offers one fixed way out, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[str], Slot]] = []

    def alternatives_for(self, asked: Sequence[Room | str], slots: Sequence[Slot], attendees: int) -> list[dict[str, Any]]:
        assert attendees > 0
        self.asked.append(([a if isinstance(a, str) else a.id for a in asked], slots[0]))
        return [{"kind": "later", "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T11:00:00Z", "room": None}]


class Desk:
    """Everything that one booking touches. Alice, Bob and Carol have cards in TOPdesk; Amber and Beryl are open for booking."""

    def __init__(self, database: Database, clock: ManualClock, **settings: Any) -> None:
        self.database = database
        self.clock = clock
        self.amber, self.beryl = make_room("Amber"), make_room("Beryl")
        save_rooms(database, self.amber, self.beryl)
        self.topdesk = FakeFacilities(clock)
        self.exchange = FakeMeetings(clock)
        for person in (ALICE, BOB, CAROL):
            self.topdesk.add_person(person)
            self.exchange.directory.append(replace(person, aliases=person.aliases | {caller(person).oid}))  # found by who they are
        self.settings = make_settings(**settings)
        self.alternatives = NoAlternatives()
        self.woken: list[str] = []
        self.bookings = self.another_service()

    def another_service(self, database: Database | None = None) -> BookingService:
        """As another process would have it."""
        return BookingService(
            database=database or self.database, facilities=self.topdesk, meetings=self.exchange, availability=self.alternatives, settings=self.settings,
            clock=self.clock, wake=self.woken.append, telling=Telling(clock=self.clock, mails=True),
        )  # fmt: skip

    def calls(self) -> list[str]:
        return self.topdesk.calls + self.exchange.calls

    def live(self, room: Room | None = None) -> list[Slot]:
        return [b.slot for b in self.topdesk.live(room)]
