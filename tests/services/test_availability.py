"""What a person is answered: states with reasons, ranked and counted, clashes, ways out, and how fresh all that is."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest

from roombooker.domain.booking import Booking, Person, Side, Standing
from roombooker.domain.calendar import Listing
from roombooker.domain.room import Room, ServiceHours
from roombooker.domain.slot import Slot
from roombooker.errors import InvalidInput
from roombooker.services.availability import AvailabilityService, question_from
from roombooker.store import links, occupancy, rooms
from roombooker.store.db import Database
from roombooker.store.models import PersonRow

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # the day after the test clock's Monday
BOB = Person("bob.devries@contoso.example", "Bob de Vries")
ALICE = "alice.jansen@contoso.example"


def at(hours: float) -> datetime:
    return NINE + timedelta(hours=hours - 9)


def body(start: float = 9, end: float = 10, **more: object) -> dict:
    return {"start": at(start), "end": at(end), "attendees": 4} | more


class House:
    def __init__(self, database, clock) -> None:
        self.database, self.clock = database, clock
        settings = SimpleNamespace(horizon=timedelta(days=180))
        self.service = AvailabilityService(database=database, settings=settings, clock=clock)

    def room(self, name: str, **changes: object) -> Room:
        plain = {"id": name, "location_id": f"l-{name}", "mailbox": f"{name}@contoso.example", "name": name.title(), "capacity": 8,
                 "building": "Harbour", "floor": "1", "equipment": ("Screen",)}  # fmt: skip
        room = Room(**plain | changes)  # type: ignore[arg-type]
        with self.database.write() as session:
            rooms.save(session, room, at=self.clock())
        return room

    def book(self, room: Room, start: float, end: float, side: Side = Side.TOPDESK, **changes: object) -> None:
        booking = Booking(side=side, ref=f"{side}{start}", place="", room_id=room.id, slot=Slot(at(start), at(end)), version="1",
                          standing=Standing.PLANNED, organizer=BOB)  # fmt: skip
        with self.database.write() as session:
            occupancy.put(session, room, replace(booking, **changes), seen_at=self.clock())  # type: ignore[arg-type]

    def ask(self, asked: dict, who: str = ALICE) -> dict:
        return self.service.search(who, question_from(asked))

    def states(self, asked: dict, who: str = ALICE) -> list[tuple[str, str]]:
        return [(one["room"]["id"], one["state"]) for one in self.ask(asked, who)["rooms"]]


@pytest.fixture
def house(database, clock) -> House:
    return House(database, clock)


def test_a_free_room_says_until_when(house: House) -> None:
    amber = house.room("amber")
    house.book(amber, 13, 14)
    (one,) = house.ask(body())["rooms"]
    assert (one["state"], one["reason"], one["conflicts"], one["free_until"]) == ("free", None, [], "2026-11-24T13:00:00Z")


def test_a_room_that_is_free_all_day_says_no_end(house: House) -> None:
    house.room("amber")
    assert "free_until" not in house.ask(body())["rooms"][0]


def test_a_busy_room_says_by_whom_and_what_else_would_do(house: House) -> None:
    amber, basil = house.room("amber"), house.room("basil", capacity=12)
    house.book(amber, 9.5, 10)
    busy = house.ask(body())["rooms"][1]
    assert (busy["room"]["id"], busy["state"]) == ("amber", "busy")
    assert busy["conflicts"] == [{"start": "2026-11-24T09:30:00Z", "end": "2026-11-24T10:00:00Z", "by": "Bob de Vries"}]
    assert [(one["kind"], one["start"][11:16], one["end"][11:16]) for one in busy["alternatives"]] == [
        ("earlier", "08:30", "09:30"), ("shorter", "09:00", "09:30"), ("other_room", "09:00", "10:00"),
    ]  # fmt: skip
    assert busy["alternatives"][2]["room"]["id"] == basil.id


def test_later_is_the_nearest_that_fits(house: House) -> None:
    amber = house.room("amber")
    house.book(amber, 8, 9.25)
    (busy,) = house.ask(body())["rooms"]
    assert [(one["kind"], one["start"][11:16]) for one in busy["alternatives"]] == [("later", "09:15"), ("shorter", "09:15")]


def test_no_way_out_lies_in_the_past(house: House) -> None:
    amber = house.room("amber")
    house.book(amber, 9.5, 10)
    house.clock.set(at(9))
    (busy,) = house.ask(body())["rooms"]
    assert [one["kind"] for one in busy["alternatives"]] == ["shorter"]


def test_block_time_counts_before_and_after_both_bookings(house: House) -> None:
    amber = house.room("amber", block_time=timedelta(minutes=15))
    house.book(amber, 10, 11)
    (busy,) = house.ask(body())["rooms"]
    assert busy["state"] == "busy"
    assert busy["conflicts"][0]["start"] == "2026-11-24T10:00:00Z"
    assert busy["alternatives"][0]["start"] == "2026-11-24T08:30:00Z"
    assert house.states(body(8.5, 9.5)) == house.states(body(11.5, 12)) == [("amber", "free")]
    assert house.states(body(8.5, 9.6)) == house.states(body(11.4, 12)) == [("amber", "busy")]
    assert house.ask(body(8, 9))["rooms"][0]["free_until"] == "2026-11-24T09:30:00Z"


def test_one_block_time_lies_between_bookings_where_they_may_overlap(database, clock) -> None:
    house = House(Database(database.engine, blocks_may_overlap=True), clock)
    amber = house.room("amber", block_time=timedelta(minutes=15))
    with house.database.read() as session:
        house.book(rooms.get(session, amber.id), 10, 11)
    assert house.states(body(8.5, 9.75)) == house.states(body(11.25, 12)) == [("amber", "free")]
    assert house.states(body(8.5, 9.8)) == house.states(body(11.2, 12)) == [("amber", "busy")]


@pytest.mark.parametrize("side", list(Side))
def test_a_booking_made_private_shows_nobody_though_neither_side_says_so(house: House, side: Side) -> None:
    """TOPdesk has no such mark, and a room's calendar may clear it (RemovePrivateProperty)."""
    amber = house.room("amber")
    with house.database.write() as session:
        for key, is_private in (("ORB-1", True), ("ORB-2", False)):
            links.new_link(session, booking_id=key, match_key=key, room_id=amber.id, start_at=at(9), end_at=at(10), at=house.clock(),
                           organizer_email=BOB.email, subject="", attendees=1, private=is_private, caller="t:o")  # fmt: skip
    house.book(amber, 9, 10, side, match_key="ORB-1", private=False)
    house.book(amber, 11, 12, side, match_key="ORB-2", private=False)
    (one,) = house.ask(body(9, 12))["rooms"]
    assert ["by" in shown for shown in one["conflicts"]] == [False, True]


def test_a_filter_that_only_busy_rooms_pass_still_offers_the_others(house: House) -> None:
    amber, basil, cedar = house.room("amber"), house.room("basil", equipment=()), house.room("cedar")
    house.book(amber, 9, 10)

    def offered(filters: dict) -> list[str]:
        (busy,) = house.ask(body(filters=filters))["rooms"]
        return [one["room"]["id"] for one in busy["alternatives"] if one["kind"] == "other_room"]

    assert offered({"text": "amber"}) == [basil.id]
    assert offered({"text": "amber", "equipment": ["screen"]}) == [cedar.id]  # the text is the first to be let go
    house.book(cedar, 9, 10, ref="T2")
    assert offered({"text": "amber", "equipment": ["screen"]}) == [basil.id]
    assert house.ask(body(filters={"text": "amber"}))["total"] == 1  # what is listed and counted stays what was asked for


def test_a_series_in_one_room_by_name_gets_another_room_for_the_date_that_clashes(house: House) -> None:
    amber, basil = house.room("amber"), house.room("basil")
    house.book(amber, 33, 34)
    asked = {"slots": [{"start": at(9 + 24 * n), "end": at(10 + 24 * n)} for n in range(3)], "attendees": 4, "filters": {"text": "amber"}}
    assert [(one["room"]["id"], one["start"][:10]) for one in house.ask(asked)["rooms"][0]["alternatives"]] == [(basil.id, "2026-11-25")]
    house.book(basil, 9, 10)  # no room has all dates
    assert [(one["room"]["id"], one["start"][:10]) for one in house.ask(asked)["rooms"][0]["alternatives"]] == [(basil.id, "2026-11-25")]


def test_a_private_booking_shows_nobody(house: House) -> None:
    house.book(house.room("amber"), 9, 10, private=True)
    (busy,) = house.ask(body())["rooms"]
    assert busy["conflicts"] == [{"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T10:00:00Z"}]


def test_a_booking_on_both_sides_is_one_conflict(house: House) -> None:
    amber = house.room("amber")
    house.book(amber, 9, 10, match_key="ORB-1")
    house.book(amber, 9, 10, side=Side.EXCHANGE)
    (busy,) = house.ask(body())["rooms"]
    assert len(busy["conflicts"]) == 1


def test_every_refusal_has_a_reason_and_all_are_counted(house: House) -> None:
    house.room("fit")
    house.room("small", capacity=2)
    house.room("shut", service_hours=ServiceHours({2: (time(12), time(18))}))
    house.room("board", person_group="Board")
    house.room("short", max_duration=timedelta(minutes=30))
    house.room("near", horizon=timedelta(hours=2))
    house.room("broken", alarm="Exchange does not show this room mailbox.")
    house.book(house.room("busy"), 9, 10)
    answer = house.ask(body())
    assert {one["room"]["id"]: (one["reason"] or {}).get("code") for one in answer["rooms"]} == {
        "fit": None, "busy": None, "small": "too_small", "shut": "outside_service_hours", "board": "not_in_group", "short": "too_long",
        "near": "beyond_horizon", "broken": "room_broken",
    }  # fmt: skip
    assert answer["counts"] == {"free": 1, "busy": 1, "not_bookable": 6}
    assert answer["total"] == 8
    assert [one["state"] for one in answer["rooms"]] == ["free", "busy", *["not_bookable"] * 6]


def test_a_room_that_needs_approval_is_free_with_a_note(house: House) -> None:
    house.room("amber", requires_approval=True)
    (one,) = house.ask(body())["rooms"]
    assert (one["state"], one["reason"]["code"]) == ("free", "needs_approval")


def test_filters_leave_rooms_out_altogether(house: House) -> None:
    house.room("amber", building="Castle")
    house.room("basil", equipment=("Screen", "Whiteboard"))
    house.room("cedar", capacity=20, number="C 3.14")
    house.room("dill", enabled=False)
    assert [one for one, _ in house.states(body(filters={"buildings": ["castle"]}))] == ["amber"]
    assert [one for one, _ in house.states(body(filters={"equipment": ["screen", "whiteboard"]}))] == ["basil"]
    assert [one for one, _ in house.states(body(filters={"capacity": 9}))] == ["cedar"]
    assert [one for one, _ in house.states(body(filters={"text": "harbour 3.14"}))] == ["cedar"]
    assert house.ask(body(filters={"text": "'; DROP TABLE room"}))["total"] == 0


def test_the_place_of_last_time_and_favourites_come_first(house: House) -> None:
    for name, building in (("amber", "Castle"), ("basil", "Harbour"), ("cedar", "Castle")):
        house.room(name, building=building)
    with house.database.write() as session:
        session.add(PersonRow(email=ALICE, last_building="Harbour", last_floor="1", favourites=["cedar"]))
    assert [one for one, _ in house.states(body())] == ["cedar", "basil", "amber"]
    assert [one for one, _ in house.states(body(), who=BOB.email)] == ["amber", "basil", "cedar"]
    assert [one for one, _ in house.states(body(filters={"organizer": ALICE}), who=BOB.email)] == ["cedar", "basil", "amber"]


def test_the_limit_cuts_the_list_and_not_the_count(house: House) -> None:
    for name in "abcde":
        house.room(name)
    answer = house.ask(body(limit=2))
    assert (len(answer["rooms"]), answer["total"], answer["counts"]["free"]) == (2, 5, 5)


WEEKLY = {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
          "range": {"type": "numbered", "numberOfOccurrences": 4, "startDate": date(2026, 11, 24), "recurrenceTimeZone": "UTC"}}  # fmt: skip


def test_a_series_names_the_dates_that_clash_and_a_free_room_for_each(house: House) -> None:
    amber = house.room("amber")
    house.room("basil", capacity=12)
    house.book(amber, 9 + 7 * 24, 10 + 7 * 24)
    free, busy = house.ask(body(recurrence=WEEKLY))["rooms"]
    assert (free["room"]["id"], free["state"], free["slots"]) == ("basil", "free", {"free": 4, "total": 4})
    assert (busy["room"]["id"], busy["state"], busy["slots"]) == ("amber", "busy", {"free": 3, "total": 4})
    assert [one["start"] for one in busy["conflicts"]] == ["2026-12-01T09:00:00Z"]
    assert [(one["kind"], one["start"], one["room"]["id"]) for one in busy["alternatives"]] == [
        ("other_room", "2026-12-01T09:00:00Z", "basil")
    ]


def test_where_no_room_has_all_dates_each_date_finds_its_own(house: House) -> None:
    amber, basil = house.room("amber"), house.room("basil", capacity=12)
    house.book(amber, 9, 10)
    house.book(basil, 9 + 7 * 24, 10 + 7 * 24)
    house.book(basil, 9 + 14 * 24, 10 + 14 * 24)
    best, other = house.ask(body(recurrence=WEEKLY))["rooms"]
    assert (best["room"]["id"], best["slots"]["free"]) == ("amber", 3)
    assert [(one["start"][:10], one["room"]["id"]) for one in best["alternatives"]] == [("2026-11-24", "basil")]
    assert [(one["start"][:10], one["room"]["id"]) for one in other["alternatives"]] == [("2026-12-01", "amber"), ("2026-12-08", "amber")]


def test_several_slots_may_lie_anywhere(house: House) -> None:
    amber = house.room("amber")
    house.book(amber, 22, 26)
    slots = [
        {"start": at(9), "end": at(10)},
        {"start": at(23), "end": at(25)},
        {"start": at(23), "end": at(25)},
        {"start": at(9.5), "end": at(11)},
    ]
    (one,) = house.ask({"slots": slots, "attendees": 1})["rooms"]
    assert one["slots"] == {"free": 2, "total": 3}
    assert len(one["conflicts"]) == 1


def test_a_slot_of_400_days_is_beyond_the_horizon_and_no_error(house: House) -> None:
    house.room("amber")
    (one,) = house.ask(body(9, 9 + 400 * 24))["rooms"]
    assert one["reason"]["code"] == "beyond_horizon"


def test_a_slot_without_a_minute_is_refused() -> None:
    with pytest.raises(InvalidInput):
        question_from({"start": at(9), "end": at(9) + timedelta(seconds=30)})


def test_as_of_is_the_oldest_read_of_both_sides(house: House) -> None:
    amber = house.room("amber")
    window = Slot(house.clock(), house.clock() + timedelta(days=7))
    with house.database.write() as session:
        occupancy.replace(
            session, amber, Side.TOPDESK, Listing("amber", window, (), is_complete=True, read_at=house.clock() - timedelta(minutes=7))
        )
        occupancy.replace(session, amber, Side.EXCHANGE, Listing("amber", window, (), is_complete=True, read_at=house.clock()))
    assert house.ask(body())["as_of"] == "2026-11-23T07:53:00Z"


def test_a_change_by_another_process_is_seen_at_the_next_question(house: House) -> None:
    amber = house.room("amber")
    other = House(house.database, house.clock)
    assert other.states(body()) == [("amber", "free")]
    house.book(amber, 9, 10)
    house.room("basil")
    assert other.states(body()) == [("basil", "free"), ("amber", "busy")]


def test_alternatives_for_a_lost_race(house: House) -> None:
    amber = house.room("amber")
    house.room("basil")
    house.room("cedar", building="Castle")
    house.room("tiny", capacity=1)
    house.book(amber, 9, 10)
    found = house.service.alternatives_for([amber], [Slot(at(9.5), at(10.5))], 4)
    assert [(one["kind"], one["start"][11:16], one.get("room", {}).get("id")) for one in found] == [
        ("later", "10:00", None), ("shorter", "10:00", None), ("other_room", "09:30", "basil"), ("other_room", "09:30", "cedar"),
    ]  # fmt: skip


def test_the_list_of_rooms_is_that_of_the_enabled_ones(house: House) -> None:
    house.room("amber")
    house.room("basil", enabled=False)
    answer = house.service.rooms()
    assert [one["id"] for one in answer["rooms"]] == ["amber"]
    assert answer["as_of"] is None  # nothing was read yet
