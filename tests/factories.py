"""Builders shared by tests: rooms, slots, settings, requests; what a test does not care about is filled in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from people import ALICE
from roombooker.domain.booking import Person
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.settings import Settings
from roombooker.store import rooms
from roombooker.store.db import Database

MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # the day after the test clock's Monday


def make_room(name: str = "Amber", **facts: Any) -> Room:
    slug = name.lower()
    plain: dict[str, Any] = {
        "id": f"room-{slug}", "location_id": f"location-{slug}", "mailbox": f"{slug}@contoso.example", "name": name, "number": f"{slug[:1].upper()}1.01",
        "building": "North", "branch_id": "branch-north", "floor": "1", "capacity": 8, "time_zone": "Europe/Amsterdam",
    }  # fmt: skip
    return Room(**plain | facts)


def save_rooms(database: Database, *made: Room) -> None:
    with database.write() as session:
        for room in made:
            rooms.save(session, room, at=MORNING)


def slot_at(hours: float = 0, minutes: int = 60, *, day: datetime = MORNING) -> Slot:
    """From nine o'clock (UTC) plus `hours`, so long."""
    start = day + timedelta(hours=hours)
    return Slot(start, start + timedelta(minutes=minutes))


def make_settings(**values: Any) -> Settings:
    plain: dict[str, Any] = {
        "topdesk_url": "http://topdesk.example", "topdesk_username": "roombooker", "topdesk_password": "x",
        "topdesk_person": "roombooker@contoso.example", "topdesk_hook_secret": "s" * 32, "entra_tenant_id": "t", "entra_client_id": "c",
        "entra_client_secret": "x",
    }  # fmt: skip
    return Settings(**plain | values)


def booking_request(*rooms_: Room, slot: Slot | None = None, organizer: Person = ALICE, **facts: Any) -> Mapping[str, Any]:
    """As the checked body of a POST."""
    slot = slot or slot_at()
    return {
        "rooms": [room.id for room in rooms_], "start": slot.start, "end": slot.end, "subject": "Budget", "organizer": organizer.email,
        "attendees": 4, "private": False,
    } | facts  # fmt: skip
