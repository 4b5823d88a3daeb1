"""A room comes back as it was saved."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from roombooker.domain.room import Cancellation, Dominant, MeetingMode, Room, SeriesMode, ServiceHours
from roombooker.errors import NotFound
from roombooker.store import rooms
from roombooker.store.db import Database

AT = datetime(2027, 3, 1, tzinfo=UTC)
PLAIN = Room(id="amber", location_id="l1", mailbox="amber@contoso.example", name="Amber")
FULL = replace(
    PLAIN, number="1.01", building="Harbour", branch_id="b1", floor="1", capacity=8, equipment=("screen",), time_zone="Europe/Amsterdam",
    photo_url="https://contoso.example/amber.png", wheelchair_accessible=True, requires_approval=True, block_time=timedelta(minutes=15),
    service_hours=ServiceHours({1: (time(8), time(18)), 5: (time(9), time(0))}), max_duration=timedelta(hours=4),
    horizon=timedelta(days=90), person_group="Board", enabled=False, dominant=Dominant.EXCHANGE, cancellation=Cancellation.MANUAL,
    meeting_mode=MeetingMode.PERSON, series_mode=SeriesMode.SERIES, topdesk_leads=True, keeps_subject=True, mapped_in="admin",
    alarm="gone", attributes={"view": "sea"},
)  # fmt: skip


@pytest.mark.parametrize("room", [PLAIN, FULL], ids=["plain", "full"])
def test_a_room_comes_back_as_it_was_saved(database: Database, room: Room) -> None:
    with database.write() as session:
        rooms.save(session, room, at=AT)
    with database.read() as session:
        assert rooms.get(session, "amber") == room
        assert rooms.by_mailbox(session, " AMBER@contoso.example") == room
        assert rooms.by_location(session, "l1") == room
        assert rooms.by_ids(session, ["amber", "nobody"]) == {"amber": room}
        assert rooms.every(session, enabled_only=True) == ([room] if room.enabled else [])


def test_saving_again_overwrites_what_was_set(database: Database) -> None:
    with database.write() as session:
        rooms.save(session, FULL, at=AT)
        rooms.save(session, PLAIN, at=AT)
    with database.read() as session:
        assert rooms.get(session, "amber") == PLAIN


def test_an_unknown_room_is_not_found(database: Database) -> None:
    with database.read() as session, pytest.raises(NotFound):
        rooms.get(session, "nobody")
