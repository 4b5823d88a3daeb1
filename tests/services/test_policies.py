"""Rules of a room as an administrator sets them."""

from datetime import timedelta

import pytest

from factories import make_room, save_rooms
from fakes.calendars import FakeFacilities, FakeMeetings
from roombooker.domain.room import Cancellation, SeriesMode
from roombooker.errors import InvalidInput, NotFound
from roombooker.services.rooms import RoomService
from roombooker.store import rooms


@pytest.fixture
def service(database, clock) -> RoomService:
    save_rooms(database, make_room("Amber"), make_room("Beryl"))
    return RoomService(database=database, facilities=FakeFacilities(clock), meetings=FakeMeetings(clock), clock=clock)


def test_rules_are_set_by_mailbox_or_id_and_the_others_stay(service: RoomService, database) -> None:
    service.set_policy("Amber@contoso.example", {"series_mode": "series", "horizon_days": "90"})
    told = service.set_policy("room-amber", {"cancellation": "manual"})
    assert told["policy"]["series_mode"] == "series"
    assert told["policy"]["horizon_days"] == 90
    with database.read() as session:
        room, other = rooms.get(session, "room-amber"), rooms.get(session, "room-beryl")
    assert (room.series_mode, room.cancellation, room.horizon) == (SeriesMode.SERIES, Cancellation.MANUAL, timedelta(days=90))
    assert other.series_mode is SeriesMode.SINGLES


def test_a_rule_is_lifted_by_none(service: RoomService) -> None:
    service.set_policy("room-amber", {"max_duration_minutes": 60})
    assert service.set_policy("room-amber", {"max_duration_minutes": None})["policy"]["max_duration_minutes"] is None


def test_everything_that_is_wrong_is_named_and_nothing_is_set(service: RoomService) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.set_policy(
            "room-amber",
            {"series_mode": "sometimes", "colour": "red", "horizon_days": "-1", "topdesk_leads": "maybe", "cancellation": "manual"},
        )
    assert set(refused.value.errors or {}) == {"series_mode", "colour", "horizon_days", "topdesk_leads"}
    with pytest.raises(InvalidInput):
        service.set_policy("room-amber", {})
    assert service.set_policy("room-amber", {"dominant": "exchange"})["policy"]["cancellation"] == "automatic"


def test_an_unknown_room_is_not_found(service: RoomService) -> None:
    with pytest.raises(NotFound):
        service.set_policy("nowhere@contoso.example", {"series_mode": "series"})
