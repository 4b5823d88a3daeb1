"""Our own writes come back as notices: they cost next to nothing, and what hides among them is still seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from conftest import ManualClock
from factories import slot_at
from people import ALICE, BOB
from roombooker.domain.booking import Booking
from roombooker.store import notices
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, OccupancyRow, SightingRow
from services.twin import Twin


@contextmanager
def counted(database: Database) -> Iterator[dict[str, int]]:
    """Statements and write transactions, as SQLite is told them."""
    seen = {"statements": 0, "writes": 0}

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen["writes" if statement.startswith("BEGIN IMMEDIATE") else "statements"] += not statement.startswith("BEGIN DEFERRED")

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def notice(twin: Twin, side: str, ref: str) -> None:
    with twin.database.write() as session:
        notices.add(session, side=side, ref=ref, kind="changed", at=twin.clock())


@pytest.fixture
def reserved(twin: Twin) -> Booking:
    """An invitation that was carried to TOPdesk."""
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    notice(twin, "exchange", twin.amber.id)
    twin.sync.digest_notices()
    (reservation,) = twin.reservations()
    return reservation


def test_the_event_of_our_own_reservation_is_one_read_and_no_look(twin: Twin, reserved: Booking) -> None:
    before = len(twin.calls())
    for _ in range(3):
        notice(twin, "topdesk", reserved.ref)
    twin.sync.digest_notices()
    assert twin.topdesk.calls[-1] == "anywhere"
    assert len(twin.calls()) == before + 1
    assert twin.waiting_notices() == []


def test_the_delta_that_tells_our_own_stamp_is_remembered_without_a_look(twin: Twin, reserved: Booking) -> None:
    before = len(twin.topdesk.calls)
    notice(twin, "exchange", twin.amber.id)
    twin.sync.digest_notices()
    assert len(twin.topdesk.calls) == before
    assert twin.waiting_notices() == []
    with twin.database.read() as session:
        (sighting,) = session.query(SightingRow).all()
        assert sighting.record["match_key"] == twin.the_link().match_key
        assert session.query(OccupancyRow).filter_by(match_key=twin.the_link().match_key).count() == 2
    assert reserved in twin.reservations()


def test_a_change_that_comes_with_our_own_stamp_is_carried_out(twin: Twin, reserved: Booking) -> None:
    (meeting,) = twin.meetings()
    twin.exchange.edit(meeting.ref, slot=slot_at(2))
    twin.exchange.invite(twin.amber, slot_at(5), BOB)
    notice(twin, "exchange", twin.amber.id)
    twin.sync.digest_notices()
    assert [b.slot for b in twin.reservations()] == [slot_at(2), slot_at(5)]
    assert twin.topdesk.records[reserved.ref].slot == slot_at(2)
    assert twin.is_quiet()


def test_a_reservation_that_was_changed_again_is_looked_at(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.noticed(reservation)
    twin.topdesk.edit(reservation.ref, slot=slot_at(3))
    twin.noticed(reservation)
    assert twin.slots() == ([slot_at(3)], [slot_at(3)])


def test_the_event_of_a_link_that_waits_for_a_person_is_looked_at(twin: Twin, reserved: Booking) -> None:
    """What was in the way may be gone."""
    (meeting,) = twin.meetings()
    blocker = twin.topdesk.book(twin.amber, slot_at(3), BOB)
    twin.noticed(blocker)
    twin.exchange.edit(meeting.ref, slot=slot_at(3, 30))
    twin.follow(twin.amber)
    assert [item.kind for item in twin.work_items()] == ["conflict"]
    twin.topdesk.cancel(blocker.ref)
    twin.noticed(blocker)
    twin.noticed(reserved)
    assert twin.topdesk.records[reserved.ref].slot == slot_at(3, 30)


def test_a_notice_that_came_before_the_delta_was_read_is_done_with_it(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.beryl, slot_at(), ALICE)
    notice(twin, "topdesk", reservation.ref)
    notice(twin, "exchange", twin.beryl.id)
    before = twin.exchange.calls.count("changes")
    twin.sync.digest_notices()
    assert twin.exchange.calls.count("changes") == before + 1
    assert twin.waiting_notices() == []


def test_a_notice_that_comes_while_the_delta_is_read_stays(twin: Twin) -> None:
    def meanwhile(method: str) -> None:
        if method == "changes":
            twin.exchange.on_call = lambda _method: None
            notice(twin, "exchange", twin.amber.id)

    twin.exchange.on_call = meanwhile
    twin.follow(twin.amber)
    assert len(twin.waiting_notices()) == 1


def test_a_delta_without_news_still_says_how_far_it_was_read(twin: Twin, clock: ManualClock) -> None:
    twin.follow()
    twin.later(seconds=30)
    notice(twin, "exchange", twin.amber.id)
    twin.sync.digest_notices()
    with twin.database.read() as session:
        assert session.get_one(CursorRow, f"delta:{twin.amber.id}").read_at == clock()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_change_costs_the_database_stays_small(twin: Twin) -> None:
    """One writer at a time: what a change writes, and how often, bounds how many changes there can be in a second."""
    costs = {}
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.invite(twin.amber, slot_at(2), ALICE)
    for name in ("invitation", "echo on Exchange"):
        notice(twin, "exchange", twin.amber.id)
        with counted(twin.database) as costs[name]:
            twin.sync.digest_notices()
    notice(twin, "topdesk", twin.reservations()[-1].ref)
    with counted(twin.database) as costs["echo in TOPdesk"]:
        twin.sync.digest_notices()
    with counted(twin.database) as costs["nothing due"]:
        twin.sync.digest_notices()
    assert {name: cost["writes"] for name, cost in costs.items()} == {
        "invitation": 4, "echo on Exchange": 2, "echo in TOPdesk": 2, "nothing due": 0,
    }  # fmt: skip
    most = {"invitation": 70, "echo on Exchange": 28, "echo in TOPdesk": 12, "nothing due": 2}
    assert {name: cost["statements"] for name, cost in costs.items() if cost["statements"] > most[name]} == {}
