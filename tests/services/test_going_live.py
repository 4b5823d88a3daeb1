"""What was there before a room came on: adopted, made on the other side, or left to a person; never wiped."""

from datetime import timedelta

import pytest

from factories import slot_at
from people import ALICE, BOB, CAROL, caller
from roombooker.domain.booking import Side, Standing
from roombooker.services.rooms import RoomService
from roombooker.services.worklist import WorkList
from services.twin import Twin, planned


@pytest.fixture
def twin(twin: Twin) -> Twin:
    """Amber is off. Bob, who assists her, reserved it in TOPdesk for a meeting of Alice's."""
    twin.topdesk.book(twin.amber, slot_at(3), BOB)
    twin.exchange.invite(twin.amber, slot_at(3), ALICE)
    twin.change_room(twin.amber, enabled=False)
    return twin


def rooms_of(twin: Twin) -> RoomService:
    return RoomService(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, clock=twin.clock)


def go_live(twin: Twin) -> list[str]:
    rooms_of(twin).enable([twin.amber.id])
    return planned(list(twin.sync.load(twin.sync.full(), cause="going live", room_ids=[twin.amber.id])))


def worklist(twin: Twin) -> WorkList:
    return WorkList(
        database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock, hold=twin.settings.hold
    )


def stands(twin: Twin) -> bool:
    return twin.slots() == ([slot_at(3)], [slot_at(3)])


def test_a_meeting_on_a_reservation_under_another_name_waits_for_a_person(twin: Twin) -> None:
    assert planned([twin.sync.sync_room(twin.amber.id, windows=[twin.sync.full()], cause="preview", dry_run=True)]) == ["Hold"]
    assert go_live(twin) == ["Hold"]
    assert stands(twin)
    (item,) = twin.work_items()
    assert item.kind == "ambiguous"
    assert [c["side"] for c in item.candidates] == ["exchange", "topdesk"]
    assert twin.mails == []


@pytest.mark.parametrize("first", [Side.EXCHANGE, Side.TOPDESK])
def test_it_goes_on_waiting_whoever_looks_at_the_room_and_wherever_the_look_ends(twin: Twin, first: Side) -> None:
    """The next 24 hours end between the two, for a while."""
    earlier, later = slot_at(50, 90), slot_at(51, 90)
    twin.topdesk.book(twin.amber, later if first is Side.EXCHANGE else earlier, BOB)
    twin.exchange.invite(twin.amber, earlier if first is Side.EXCHANGE else later, ALICE)
    go_live(twin)
    before = twin.slots()
    twin.clock.advance(earlier.start - twin.clock() - timedelta(hours=24.5))
    for _ in range(10):
        twin.later(minutes=20)
        twin.follow(twin.amber)
        twin.sync.sweep(twin.sync.near(), cause="near sweep")
        assert twin.slots() == before
    twin.sweep()
    assert twin.slots() == before
    assert twin.is_quiet()


def test_the_two_are_matched_by_a_person(twin: Twin) -> None:
    go_live(twin)
    (item,) = worklist(twin).listed()
    reservation = next(c for c in item["candidates"] if c["side"] == Side.TOPDESK)
    worklist(twin).settle(caller(CAROL), item["id"], "match", reservation["ref"])
    assert stands(twin)
    assert twin.states() == ["confirmed"]
    assert twin.work_items() == []
    assert twin.is_quiet()


def test_once_the_reservation_is_gone_the_meeting_gets_its_own(twin: Twin) -> None:
    go_live(twin)
    (reservation,) = twin.reservations()
    twin.noticed(twin.topdesk.cancel(reservation.ref))
    twin.sweep()
    assert stands(twin)
    assert twin.states() == ["confirmed"]


def test_a_worker_that_comes_before_the_load_declines_nothing_either(twin: Twin) -> None:
    rooms_of(twin).enable([twin.amber.id])
    twin.sweep()
    twin.follow(twin.amber)
    assert stands(twin)
    assert [item.kind for item in twin.work_items()] == ["ambiguous"]


def test_what_comes_after_the_load_is_declined_as_ever(twin: Twin) -> None:
    go_live(twin)
    twin.topdesk.book(twin.amber, slot_at(6), BOB)
    late = twin.exchange.invite(twin.amber, slot_at(6), ALICE)
    twin.follow(twin.amber)
    assert late.ref not in twin.exchange.records
    assert slot_at(6) in twin.slots()[0]


def test_a_meeting_beside_one_that_has_the_reservation_waits_too(twin: Twin) -> None:
    """Exchange let two meet in one room, and TOPdesk knows of one of them."""
    second = twin.exchange.invite(twin.amber, slot_at(3), BOB)
    go_live(twin)
    assert len(twin.meetings()) == 2
    assert twin.exchange.records[second.ref].standing is Standing.PLANNED
    assert [item.kind for item in twin.work_items()] == ["ambiguous"]
    assert twin.is_quiet()


def test_a_rebuild_declines_nothing_either(twin: Twin) -> None:
    twin.change_room(twin.amber, enabled=True)
    twin.sync.sync_room(twin.amber.id, windows=[twin.sync.full()], cause="rebuild")
    assert stands(twin)
    assert [item.kind for item in twin.work_items()] == ["ambiguous"]
