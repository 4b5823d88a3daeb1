"""Pairs are made from either side's word, one to one, and a broken one raises an alarm instead of disappearing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.calendars import FakeFacilities, FakeMeetings
from roombooker.domain.calendar import Location, Place
from roombooker.domain.pairing import suggest
from roombooker.errors import InvalidInput, NotFound
from roombooker.services.rooms import RoomService
from roombooker.store import rooms


def location(name: str, mailbox: str = "", **changes: object) -> Location:
    plain = {
        "id": f"l-{name}", "name": name, "number": "1.01", "branch_id": "b1", "branch": "Harbour", "floor": "1", "room_type": "meeting",
        "capacity": 8, "mailbox": mailbox, "time_zone": "Europe/Amsterdam", "requires_approval": False, "block_minutes": 0,
        "reservable": True, "archived": False,
    }  # fmt: skip
    return Location(**plain | changes)  # type: ignore[arg-type]


def place(name: str, **changes: object) -> Place:
    plain = {
        "id": f"p-{name}", "mailbox": f"{name.lower()}@contoso.example", "name": name, "building": "Harbour", "floor": "1", "capacity": 8,
        "equipment": ("screen",), "wheelchair_accessible": True, "booking_type": "standard",
    }  # fmt: skip
    return Place(**plain | changes)  # type: ignore[arg-type]


class Estate:
    def __init__(self, database, clock) -> None:
        self.database = database
        self.facilities = FakeFacilities(clock)
        self.meetings = FakeMeetings(clock)
        self.service = RoomService(database=database, facilities=self.facilities, meetings=self.meetings, clock=clock)

    def room(self, name: str):
        with self.database.read() as session:
            found = rooms.by_location(session, f"l-{name}")
        assert found is not None
        return found


@pytest.fixture
def estate(database, clock) -> Estate:
    """Amber is paired in TOPdesk's field; Basil is on both sides without a pair."""
    estate = Estate(database, clock)
    estate.facilities.all_locations = [location("Amber", "amber@contoso.example"), location("Basil", capacity=4)]
    estate.meetings.all_places = [place("Amber"), place("Basil", capacity=4)]
    return estate


def test_the_mailbox_field_makes_a_pair_that_is_off(estate: Estate) -> None:
    report = estate.service.import_from_topdesk()
    assert report["added"] == ["amber@contoso.example"]
    room = estate.room("Amber")
    assert (room.enabled, room.mapped_in, room.capacity, room.equipment, room.building) == (False, "topdesk", 8, ("screen",), "Harbour")


def test_importing_again_changes_nothing_but_what_changed(estate: Estate) -> None:
    estate.service.import_from_topdesk()
    before = estate.room("Amber")
    estate.facilities.all_locations[0] = replace(estate.facilities.all_locations[0], capacity=12, block_minutes=15)
    report = estate.service.import_from_topdesk()
    assert report["added"] == []
    assert estate.room("Amber") == replace(before, capacity=12, block_time=timedelta(minutes=15))


@pytest.mark.parametrize(
    ("what", "alarm"),
    [
        ("archived", "archived"),
        ("hidden", "does not show this location"),
        ("emptied", "mailbox field"),
        ("renamed", "now names"),
        ("mailbox gone", "Exchange does not show"),
    ],
)
def test_a_broken_pair_raises_an_alarm_and_stays(estate: Estate, what: str, alarm: str) -> None:
    estate.service.import_from_topdesk()
    estate.service.enable([estate.room("Amber").id])
    amber = estate.facilities.all_locations[0]
    if what == "mailbox gone":
        estate.meetings.all_places.pop(0)
    elif what == "hidden":
        estate.facilities.all_locations.pop(0)
    else:
        change = {"archived": {"archived": True}, "emptied": {"mailbox": ""}, "renamed": {"mailbox": "basil@contoso.example"}}[what]
        estate.facilities.all_locations[0] = replace(amber, **change)
    report = estate.service.refresh()
    assert len(report["alarms"]) == 1
    room = estate.room("Amber")
    assert room.enabled
    assert room.mailbox == "amber@contoso.example"
    assert alarm in (room.alarm or "")
    estate.facilities.all_locations[:1] = [amber] if what != "hidden" else [amber, *estate.facilities.all_locations[:1]]
    estate.meetings.all_places[:0] = [place("Amber")] if what == "mailbox gone" else []
    estate.service.refresh()
    assert estate.room("Amber").alarm is None


def test_a_filter_hides_no_pair(estate: Estate) -> None:
    estate.service.import_from_topdesk()
    report = estate.service.import_from_topdesk(branch="Elsewhere")
    assert report["alarms"] == []
    assert estate.room("Amber").alarm is None


def test_a_mailbox_named_by_two_locations_belongs_to_neither(estate: Estate) -> None:
    estate.facilities.all_locations[1] = location("Basil", "amber@contoso.example")
    report = estate.service.import_from_topdesk()
    assert report["added"] == []
    assert len(report["problems"]) == 2


def test_a_room_that_is_off_follows_topdesks_new_word(estate: Estate) -> None:
    estate.service.import_from_topdesk()
    estate.facilities.all_locations[0] = location("Amber", "basil@contoso.example")
    estate.service.import_from_topdesk()
    assert estate.room("Amber").mailbox == "basil@contoso.example"


def test_a_csv_file_goes_in_and_comes_out_the_same(estate: Estate) -> None:
    text = "topdesk_location_id,mailbox,enabled\nl-Amber,amber@contoso.example,true\nl-Basil,basil@contoso.example,false\n"
    estate.service.import_csv("\ufeff" + text)
    assert estate.service.export_csv() == text
    assert estate.room("Amber").mapped_in == "admin"
    assert estate.room("Basil").name == "Basil"


def test_a_csv_file_can_swap_two_mailboxes(estate: Estate) -> None:
    lines = "topdesk_location_id,mailbox,enabled\nl-Amber,{}@contoso.example,false\nl-Basil,{}@contoso.example,false\n"
    estate.service.import_csv(lines.format("amber", "basil"))
    estate.service.import_csv(lines.format("basil", "amber"))
    assert estate.room("Amber").mailbox == "basil@contoso.example"


@pytest.mark.parametrize(
    "lines",
    [
        "l-Amber,amber@contoso.example,true\nl-Basil,amber@contoso.example,true",
        "l-Amber,amber@contoso.example,true\nl-Amber,basil@contoso.example,true",
        "l-Nowhere,amber@contoso.example,true",
        "l-Amber,nobody@contoso.example,true",
        "l-Amber,amber@contoso.example,perhaps",
        "l-Amber,amber,true",
        "l-Amber,amber@contoso.example,true,more",
    ],
)
def test_a_wrong_csv_file_changes_nothing(estate: Estate, lines: str) -> None:
    with pytest.raises(InvalidInput):
        estate.service.import_csv("topdesk_location_id,mailbox,enabled\n" + lines)
    assert estate.service.listed() == []


def test_a_csv_file_without_its_header_is_refused(estate: Estate) -> None:
    with pytest.raises(InvalidInput, match="first line"):
        estate.service.import_csv("l-Amber,amber@contoso.example,true\n")


def test_likeness_suggests_and_only_the_sure_are_stored(estate: Estate) -> None:
    estate.service.import_from_topdesk()
    assert [(s["location"], s["mailbox"], s["sure"]) for s in estate.service.match()["suggestions"]] == [
        ("Basil", "basil@contoso.example", True)
    ]
    assert len(estate.service.listed()) == 1
    estate.service.match(apply=True)
    assert not estate.room("Basil").enabled
    assert estate.service.match()["lines"] == []


def test_two_that_fit_equally_are_not_sure() -> None:
    found = suggest([location("Amber", id="1"), location("Amber", id="2")], [place("Amber")])
    assert [one.is_sure for one in found] == [False]


def test_switching_on_and_off_goes_by_id_or_mailbox(estate: Estate) -> None:
    estate.service.import_from_topdesk()
    assert estate.service.enable_all() == 1
    assert estate.service.disable(["AMBER@contoso.example"]) == ["Amber"]
    assert not estate.room("Amber").enabled
    with pytest.raises(NotFound):
        estate.service.enable(["zircon@contoso.example"])


def test_a_broken_pair_cannot_be_switched_on(estate: Estate) -> None:
    estate.service.import_from_topdesk()
    estate.meetings.all_places.clear()
    estate.service.refresh()
    with pytest.raises(InvalidInput, match="Exchange does not show"):
        estate.service.enable(["amber@contoso.example"])
    assert estate.service.enable_all() == 0


def test_every_save_is_noticed_by_other_processes(estate: Estate) -> None:
    with estate.database.read() as session:
        before = rooms.version(session)
    estate.service.import_from_topdesk()
    with estate.database.read() as session:
        assert rooms.version(session) != before
