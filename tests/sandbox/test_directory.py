"""Contoso: the same in every run, believable, and never two meetings in one room at once."""

from datetime import date
from itertools import pairwise

import pytest

from roombooker_sandbox.directory import Directory, make_directory

MONDAY = date(2026, 11, 16)


@pytest.fixture(scope="module")
def directory() -> Directory:
    return make_directory(40, 200, 7)


def test_the_same_seed_makes_the_same_contoso_and_another_another(directory: Directory) -> None:
    assert make_directory(40, 200, 7) == directory
    assert list(directory.meetings(MONDAY, 5, 5)) == list(make_directory(40, 200, 7).meetings(MONDAY, 5, 5))
    assert make_directory(40, 200, 8) != directory


@pytest.mark.parametrize("per_day", [5, 8])
def test_no_two_meetings_share_a_room_and_a_time_not_even_its_block_time(directory: Directory, per_day: int) -> None:
    for one, two in pairwise(directory.meetings(MONDAY, 14, per_day)):
        if one.room is two.room:
            assert (two.start - one.end).total_seconds() / 60 >= one.room.block_minutes


def test_meetings_are_in_office_hours_of_the_building_on_working_days(directory: Directory) -> None:
    for meeting in directory.meetings(MONDAY, 14, 5):
        assert str(meeting.start.tzinfo) == meeting.room.building.time_zone
        assert 8 <= meeting.start.hour < meeting.end.hour + 1 <= 19
        assert meeting.start.weekday() < 5


def test_a_full_estate_has_eight_meetings_in_every_room_without_block_time(directory: Directory) -> None:
    on_monday = [meeting.room.number for meeting in directory.meetings(MONDAY, 1, 8)]
    assert all(on_monday.count(room.number) == 8 for room in directory.rooms if not room.block_minutes)


def test_nobody_is_invited_to_their_own_meeting_or_twice(directory: Directory) -> None:
    for meeting in directory.meetings(MONDAY, 7, 5):
        assert meeting.organizer not in meeting.attendees
        assert len(set(meeting.attendees)) == len(meeting.attendees)


def test_addresses_and_ids_are_of_one_person_or_room_each(directory: Directory) -> None:
    addresses = [a for person in directory.people for a in (person.mail, person.proxy)] + [room.mailbox for room in directory.rooms]
    ids = [person.oid for person in directory.people] + [
        i for room in directory.rooms for i in (room.location_id, room.mailbox_oid, room.place_id)
    ]
    assert len(set(addresses)) == len(addresses)
    assert len(set(ids)) == len(ids)
