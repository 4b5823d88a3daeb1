"""Rooms that TOPdesk keeps for one person group: who is let in, what it costs, and what is said while TOPdesk is away."""

import threading
from datetime import timedelta

import pytest

from factories import booking_request, make_room, save_rooms, slot_at
from people import ALICE, BOB, DAVE, caller
from roombooker.domain.room import Room
from roombooker.errors import Denied, InvalidInput, Unavailable
from roombooker.services.availability import AvailabilityService, question_from
from roombooker.services.booking import BookingService
from roombooker.services.groups import Groups
from roombooker.services.requester import Requesters
from services.desk import Desk

AWAY = Unavailable("topdesk", "TOPdesk is not available at the moment.")


class Club:
    """The desk, with a room for the board, in which Alice is; `soon` and `of` as app.py wires them."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.clock = desk, desk.clock
        self.boardroom = make_room("Cedar", person_group="Board")
        save_rooms(desk.database, self.boardroom)
        card = next(c for c in desk.topdesk.cards.values() if c.person == ALICE)
        desk.topdesk.groups[card.id] = {"g-1", "Board"}
        requesters = Requesters(database=desk.database, facilities=desk.topdesk, settings=desk.settings, clock=desk.clock)
        self.groups = Groups(database=desk.database, facilities=desk.topdesk, requesters=requesters, clock=desk.clock,
                             patience=timedelta(milliseconds=200))  # fmt: skip
        self.availability = AvailabilityService(
            database=desk.database, settings=desk.settings, clock=desk.clock, groups_of=self.groups.soon
        )
        self.bookings = BookingService(
            database=desk.database, facilities=desk.topdesk, meetings=desk.exchange, availability=desk.alternatives, requesters=requesters,
            settings=desk.settings, clock=desk.clock, wake=desk.woken.append, groups_of=self.groups.of,
        )  # fmt: skip

    def state(self, room: Room, who: str, **filters: object) -> tuple[str, str | None]:
        asked = {"start": slot_at().start, "end": slot_at().end, "attendees": 1, "filters": filters}
        found = {one["room"]["id"]: one for one in self.availability.search(who, question_from(asked))["rooms"]}
        return found[room.id]["state"], (found[room.id]["reason"] or {}).get("code")


@pytest.fixture
def club(desk: Desk) -> Club:
    return Club(desk)


def test_a_member_may_book_and_others_are_told_for_whom_it_is(club: Club) -> None:
    assert club.state(club.boardroom, ALICE.email) == ("free", None)
    assert club.state(club.boardroom, BOB.email) == ("not_bookable", "not_in_group")
    assert club.bookings.book(caller(ALICE), "key-0001", booking_request(club.boardroom))[0] == 201
    with pytest.raises(InvalidInput, match="Only Board may book this room"):
        club.bookings.book(caller(BOB), "key-0002", booking_request(club.boardroom, slot=slot_at(2), organizer=BOB))


def test_the_room_may_name_its_group_by_id(club: Club) -> None:
    by_id = make_room("Dogwood", person_group="g-1")
    save_rooms(club.desk.database, by_id)
    assert club.state(by_id, ALICE.email) == ("free", None)


def test_somebody_without_a_card_is_in_no_group(club: Club) -> None:
    assert club.state(club.boardroom, DAVE.email) == ("not_bookable", "not_in_group")
    assert "person_groups" not in club.desk.topdesk.calls


def test_rooms_for_everybody_cost_no_call(club: Club) -> None:
    club.state(club.desk.amber, ALICE.email, text="amber")
    assert club.desk.topdesk.calls == []
    club.bookings.book(caller(ALICE), "key-0001", booking_request(club.desk.amber))
    assert club.desk.topdesk.calls == ["person_by_email", "create", "occupied"]


def test_a_group_is_asked_once_in_ten_minutes(club: Club) -> None:
    for _ in range(3):
        club.state(club.boardroom, ALICE.email)
    club.bookings.book(caller(ALICE), "key-0001", booking_request(club.boardroom))
    assert club.desk.topdesk.calls == ["person_by_email", "person_groups", "create", "occupied"]
    club.clock.advance(timedelta(minutes=11))
    club.desk.topdesk.groups.clear()
    assert club.state(club.boardroom, ALICE.email) == ("not_bookable", "not_in_group")


@pytest.mark.parametrize("error", [AWAY, Denied("topdesk", "No right.", status_code=403)])
def test_who_was_never_asked_about_is_told_that_it_cannot_be_checked(club: Club, error: Exception) -> None:
    club.desk.topdesk.fail("person_groups", error, times=2)
    assert club.state(club.boardroom, ALICE.email) == ("not_bookable", "group_unknown")
    with pytest.raises(InvalidInput, match="cannot say at the moment"):
        club.bookings.book(caller(ALICE), "key-0001", booking_request(club.boardroom))
    assert club.bookings.book(caller(ALICE), "key-0001", booking_request(club.boardroom))[0] == 201


def test_what_topdesk_said_before_stands_while_it_is_away(club: Club) -> None:
    club.state(club.boardroom, ALICE.email)
    club.clock.advance(timedelta(hours=5))
    club.desk.topdesk.fail("person_by_email", AWAY, times=9)
    assert club.state(club.boardroom, ALICE.email) == ("free", None)


def test_a_search_does_not_wait_for_a_slow_topdesk_and_the_next_one_has_the_answer(club: Club) -> None:
    answers = threading.Event()
    club.desk.topdesk.on_call = lambda method: None if method != "person_groups" else (answers.wait(10), None)[1]
    assert club.state(club.boardroom, ALICE.email) == ("not_bookable", "group_unknown")
    assert club.state(club.boardroom, ALICE.email) == ("not_bookable", "group_unknown")  # and does not ask twice
    answers.set()
    club.groups._pool.shutdown(wait=True)
    assert club.state(club.boardroom, ALICE.email) == ("free", None)
    assert club.desk.topdesk.calls.count("person_groups") == 1


def test_a_booking_cannot_be_moved_into_a_room_that_is_not_for_its_organizer(club: Club) -> None:
    _, booked = club.bookings.book(caller(BOB), "key-0001", booking_request(club.desk.amber, organizer=BOB))
    with pytest.raises(InvalidInput, match="Only Board may book this room"):
        club.bookings.move(caller(BOB), "key-0002", booked["id"], {"rooms": [club.boardroom.id]})
    _, mine = club.bookings.book(caller(ALICE), "key-0003", booking_request(club.desk.amber, slot=slot_at(2)))
    assert club.bookings.move(caller(ALICE), "key-0004", mine["id"], {"rooms": [club.boardroom.id]})[0] == 200
