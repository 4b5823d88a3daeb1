"""Subscriptions are kept up; where Exchange refuses them it is asked ever more seldom, and polling carries the sync."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from conftest import ManualClock
from factories import make_room, make_settings, save_rooms
from roombooker.domain.room import Room
from roombooker.errors import Denied, NotFound, Refused, RoomBookerError, Unavailable
from roombooker.services.subscriptions import SubscriptionService
from roombooker.store.db import Database
from roombooker.store.models import SubscriptionRow

UNREACHABLE = Refused("exchange", "Subscription validation request failed.", status_code=400)


@dataclass(frozen=True)
class Made:
    id: str
    expires_at: datetime


class Graph:
    """What is refused, to everybody or to a mailbox; and what it was asked."""

    def __init__(self) -> None:
        self.to_all: RoomBookerError | None = None
        self.to: dict[str, RoomBookerError] = {}
        self.renewals: RoomBookerError | None = None
        self.asked: Counter[str] = Counter()

    def create(self, room: Room, *, notification_url: str, client_state: str, expires_at: datetime) -> Made:
        assert notification_url == "https://booker.example/hooks/graph"
        assert client_state
        self.asked[room.id] += 1
        if error := self.to_all or self.to.get(room.id):
            raise error
        return Made(f"subscription-{room.id}", expires_at)

    def renew(self, ident: str, expires_at: datetime) -> Made:
        self.asked[ident] += 1
        if self.renewals:
            raise self.renewals
        return Made(ident, expires_at)

    def delete(self, ident: str) -> None: ...


class House:
    """Rooms, and a worker that keeps their subscriptions up each minute."""

    def __init__(self, database: Database, clock: ManualClock, names: list[str]) -> None:
        self.database, self.clock, self.graph = database, clock, Graph()
        self.rooms = [make_room(name) for name in names]
        save_rooms(database, *self.rooms)
        settings = make_settings(public_url="https://booker.example")
        self.service = SubscriptionService(database=database, subscriptions=self.graph, settings=settings, clock=clock)

    def work(self, minutes: int) -> None:
        for _ in range(minutes):
            self.service.keep_up()
            self.clock.advance(timedelta(minutes=1))

    def subscribed(self) -> set[str]:
        with self.database.read() as session:
            return set(session.scalars(select(SubscriptionRow.room_id)))


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def _events(lines: list[EventDict]) -> list[str]:
    return [str(line["event"]) for line in lines]


def test_an_address_that_cannot_be_reached_costs_a_few_calls_an_hour_and_two_lines(
    database: Database, clock: ManualClock, logged: list[EventDict]
) -> None:
    house = House(database, clock, [f"Room{n:03}" for n in range(60)])
    house.graph.to_all = UNREACHABLE
    house.work(minutes=24 * 60)
    assert 3 * 24 <= house.graph.asked.total() <= 3 * 30
    assert _events(logged) == ["no subscriptions: the sync only polls"]
    house.graph.to_all = None
    house.work(minutes=62)
    assert len(house.subscribed()) == 60
    assert _events(logged)[1:] == ["there are subscriptions again"]


def test_a_room_that_is_refused_for_long_keeps_no_other_waiting(database: Database, clock: ManualClock, logged: list[EventDict]) -> None:
    """The refusals are of each kind: no right, no such mailbox, a reason that we have no word for."""
    house = House(database, clock, ["Amber", "Beryl", "Coral", "Dune", "Ebony", "Fern"])
    amber, beryl, coral, dune, ebony, fern = house.rooms
    house.graph.to = {
        amber.id: Denied("exchange", "No."),
        beryl.id: NotFound("None."),
        **dict.fromkeys((coral.id, dune.id, ebony.id), UNREACHABLE),
    }
    house.work(minutes=3)
    assert house.subscribed() == {fern.id}
    house.work(minutes=24 * 60)
    later = make_room("Garnet")
    save_rooms(database, later)
    house.work(minutes=61)
    assert house.subscribed() == {fern.id, later.id}
    assert max(house.graph.asked.values()) < 40
    assert _events(logged).count("no subscription for a room") < 20
    house.graph.to = {}
    house.work(minutes=61)
    assert len(house.subscribed()) == 7


def test_a_room_that_was_switched_on_beside_a_broken_one_has_its_subscription_at_once(
    database: Database, clock: ManualClock, logged: list[EventDict]
) -> None:
    house = House(database, clock, ["Amber"])
    house.graph.to = {"room-amber": Denied("exchange", "No.")}
    house.work(minutes=200)
    assert house.graph.asked["room-amber"] < 12
    assert _events(logged) == ["no subscription for a room"]
    save_rooms(database, make_room("Beryl"))
    house.work(minutes=1)
    assert house.subscribed() == {"room-beryl"}
    house.graph.to = {}
    house.work(minutes=61)
    assert house.subscribed() == {"room-amber", "room-beryl"}
    assert _events(logged)[1:] == ["a room has its subscription again"]


def test_a_renewal_that_is_refused_is_tried_ever_more_seldom(database: Database, clock: ManualClock, logged: list[EventDict]) -> None:
    house = House(database, clock, ["Amber"])
    house.work(minutes=1)
    house.graph.renewals = Unavailable("exchange", "Away.")
    clock.advance(timedelta(days=3))  # half of its life
    house.work(minutes=200)
    assert 6 < house.graph.asked["subscription-room-amber"] < 12
    house.graph.renewals = None
    house.work(minutes=61)
    assert _events(logged) == ["a subscription could not be renewed", "a room has its subscription again"]
    with database.read() as session:
        (row,) = session.scalars(select(SubscriptionRow))
        assert row.renew_at > clock() + timedelta(days=2)


def test_a_room_that_is_off_loses_its_subscription(database: Database, clock: ManualClock) -> None:
    house = House(database, clock, ["Amber", "Beryl"])
    house.work(minutes=1)
    save_rooms(database, replace(house.rooms[0], enabled=False))
    house.work(minutes=1)
    assert house.subscribed() == {"room-beryl"}
