"""Adopting by the hundred: a room's first load, its stamps and its links, whatever happens in between."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Booking, Person, Standing, new_match_key
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import NotFound, OutcomeUnknown, Refused, Unavailable
from roombooker.store import linking
from roombooker.store.models import OccupancyRow, RoomRow
from services.twin import Twin, planned

_LONG = timedelta(minutes=30)


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def both(twin: Twin, count: int, room: Room | None = None, organizer: Person = ALICE) -> list[tuple[Booking, Booking]]:
    """Bookings that exist on both sides and that nobody has matched yet."""
    first = slot_at().start
    slots = [Slot(first + at * 2 * _LONG, first + (at * 2 + 1) * _LONG) for at in range(count)]
    room = room or twin.amber
    return [(twin.topdesk.book(room, slot, organizer), twin.exchange.invite(room, slot, organizer)) for slot in slots]


def keys(twin: Twin) -> set[str]:
    """Those that all three agree on: the link, the reservation and the meeting."""
    linked = {row.match_key for row in twin.links()}
    assert {b.match_key for b in twin.reservations()} == linked
    assert {b.match_key for b in twin.meetings()} == linked
    return linked


def stamps(twin: Twin) -> int:
    return twin.calls().count("stamp")


def test_many_pairs_are_linked_stamped_on_both_sides_and_told_of(twin: Twin) -> None:
    both(twin, 230)
    twin.sweep()
    assert len(keys(twin)) == 230
    assert stamps(twin) == 460
    assert twin.states() == ["confirmed"] * 230
    assert twin.journal().count("matched") == 230
    assert twin.is_quiet()


def test_a_reservation_keeps_the_key_that_it_bears_and_is_not_written(twin: Twin) -> None:
    pairs = both(twin, 12)
    given = {reservation.ref: new_match_key() for reservation, _ in pairs}
    twin.topdesk.records |= {ref: replace(twin.topdesk.records[ref], match_key=key) for ref, key in given.items()}
    written = list(twin.topdesk.log)
    twin.sweep()
    assert keys(twin) == set(given.values())
    assert twin.topdesk.log == written


def test_copies_of_a_reservation_bring_its_key_along_and_each_gets_one_of_its_own(twin: Twin) -> None:
    key = new_match_key()
    for reservation, _ in both(twin, 12):
        twin.topdesk.records[reservation.ref] = replace(twin.topdesk.records[reservation.ref], match_key=key)
    twin.sweep()
    assert len(keys(twin)) == 12
    assert key in keys(twin)


def test_dates_of_a_persons_series_are_linked_but_not_stamped(twin: Twin) -> None:
    for _, meeting in both(twin, 12):
        twin.exchange.records[meeting.ref] = replace(twin.exchange.records[meeting.ref], series_ref="weekly")
    twin.sweep()
    assert len(twin.links()) == 12
    assert all(b.match_key is None for b in twin.meetings())
    assert {b.match_key for b in twin.reservations()} == {row.match_key for row in twin.links()}


def test_meetings_in_a_mailbox_that_may_only_be_read_are_adopted_all_the_same(twin: Twin) -> None:
    both(twin, 12)
    twin.exchange.read_only = True
    twin.sweep()
    assert len(twin.links()) == 12
    assert {b.match_key for b in twin.reservations()} == {row.match_key for row in twin.links()}
    assert twin.waiting_notices() == []
    assert twin.is_quiet()


@pytest.mark.parametrize("error", [Refused("topdesk", "This reservation is closed."), NotFound("TOPdesk has no such record.")])
def test_a_record_that_will_not_take_a_stamp_is_adopted_without_it(twin: Twin, error: Exception) -> None:
    both(twin, 12)
    twin.topdesk.fail("stamp", error)
    twin.sweep()
    assert len(twin.links()) == 12
    assert sum(b.match_key is None for b in twin.reservations()) == 1
    assert twin.waiting_notices() == []


@pytest.mark.parametrize("error", [Unavailable, OutcomeUnknown])
@pytest.mark.parametrize("side", ["topdesk", "exchange"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_of_many_that_fails_waits_alone_and_is_adopted_and_stamped_later(
    twin: Twin, side: str, error: Callable[[str, str], Exception], when: str
) -> None:
    both(twin, 120)
    sides = {"topdesk": twin.topdesk, "exchange": twin.exchange}
    sides[side].fail("stamp", error(side, "Not now."), nth=7, when=when)
    passes = twin.sweep()
    assert (sum(p.done for p in passes), sum(p.failed for p in passes)) == (119, 1)
    assert len(twin.links()) == 119
    assert len(twin.waiting_notices()) == 1
    twin.later(minutes=1)
    twin.sync.digest_notices()
    assert len(keys(twin)) == 120
    assert twin.waiting_notices() == []
    assert twin.is_quiet()


def test_a_side_that_goes_away_half_way_leaves_what_is_not_stamped_for_the_next_pass(twin: Twin) -> None:
    both(twin, 150)
    twin.topdesk.fail("stamp", Unavailable("topdesk", "TOPdesk is not available."), nth=101, times=50)
    twin.sweep()
    assert len(twin.links()) == 100
    twin.later(minutes=1)
    twin.sync.digest_notices()
    assert len(keys(twin)) == 150


@pytest.mark.parametrize("at", [1, 60, 150, 201, 333])
def test_a_load_that_is_killed_goes_on_where_it_was_and_no_stamp_is_lost_or_written_twice(twin: Twin, at: int) -> None:
    both(twin, 200)
    written = 0

    def die(method: str) -> None:
        nonlocal written
        written += method == "stamp"
        if written == at:
            raise Killed

    twin.topdesk.on_call = twin.exchange.on_call = die
    with pytest.raises(Killed):
        twin.sweep()
    twin.topdesk.on_call = twin.exchange.on_call = lambda _method: None
    linked, stamped = {row.match_key for row in twin.links()}, {b.match_key for b in twin.reservations()}
    assert linked <= stamped  # never a link whose reservation has no key
    stood = [b.ref for b in (*twin.reservations(), *twin.meetings()) if b.match_key is not None]
    before = len(twin.topdesk.log) + len(twin.exchange.log)
    twin.later(minutes=10)
    twin.another_sync().sweep(twin.sync.full(), cause="sweep")
    assert len(keys(twin)) == 200
    assert len({row.id for row in twin.links()}) == 200
    assert len(twin.topdesk.log) + len(twin.exchange.log) - before <= 400 - len(stood) + 5  # five were on their way
    assert twin.is_quiet()


def _owed_an_answer(twin: Twin) -> None:
    room = twin.change_room(twin.amber, requires_approval=True, topdesk_leads=True)
    _, meeting = both(twin, 1, room)[0]
    twin.exchange.edit(meeting.ref, standing=Standing.REQUESTED)


def _awaited(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)


def _awaited_elsewhen(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(5), ALICE)


@pytest.mark.parametrize("arrange", [lambda twin: both(twin, 3), _owed_an_answer, _awaited, _awaited_elsewhen])
@pytest.mark.parametrize("at", range(1, 11))
def test_a_process_that_dies_before_any_of_its_calls_leaves_nothing_without_its_key(
    twin: Twin, arrange: Callable[[Twin], object], at: int
) -> None:
    arrange(twin)
    calls = 0

    def die(_method: str) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Killed

    twin.topdesk.on_call = twin.exchange.on_call = die
    with suppress(Killed):
        twin.sweep()
    twin.topdesk.on_call = twin.exchange.on_call = lambda _method: None
    twin.later(minutes=3)
    twin.another_sync().sweep(twin.sync.full(), cause="sweep")
    assert len(keys(twin)) == len(twin.reservations())
    assert twin.states() == ["confirmed"] * len(twin.reservations())
    assert twin.is_quiet()


def test_a_reservation_that_moved_since_it_was_read_is_adopted_and_its_meeting_follows_or_a_person_is_asked(twin: Twin) -> None:
    pairs = both(twin, 12)
    moved = pairs[5][0]

    def move(method: str) -> None:
        if method == "stamp":
            twin.topdesk.on_call = lambda _method: None
            twin.topdesk.edit(moved.ref, slot=slot_at(200))

    twin.topdesk.on_call = move
    twin.sweep()
    assert len(twin.links()) == 12
    assert [b.slot for b in twin.reservations() if b.ref == moved.ref] == [slot_at(200)]
    twin.sweep()
    assert [item.kind for item in twin.work_items()] == ["moved_in_topdesk"]


def test_a_meeting_that_ended_since_it_was_read_takes_its_reservation_along(twin: Twin) -> None:
    pairs = both(twin, 12)
    ended = pairs[5][1]

    def end(method: str) -> None:
        if method == "stamp":
            twin.topdesk.on_call = lambda _method: None
            twin.exchange.cancel(ended.ref)

    twin.topdesk.on_call = end
    twin.sweep()
    twin.sweep()
    assert len(twin.reservations()) == len(twin.meetings()) == len(keys(twin)) == 11
    assert twin.is_quiet()


def test_a_pair_that_somebody_linked_while_it_was_being_stamped_is_not_linked_twice(twin: Twin) -> None:
    pairs = both(twin, 12)

    def overtake(method: str) -> None:
        if method == "stamp":
            twin.topdesk.on_call = lambda _method: None
            with twin.database.write() as session:
                reservation, meeting = pairs[3]
                row = linking.new_row(session, reservation, now=twin.clock(), state="confirmed")
                for record in (reservation, meeting):
                    linking.remember(row, record, "of somebody else", twin.clock())

    twin.topdesk.on_call = overtake
    twin.sweep()
    assert len(twin.links()) == 12
    assert len({side.ref for row in twin.links() for side in row.sides}) == 24


def test_the_rest_is_left_alone_once_the_room_is_somebody_elses(twin: Twin) -> None:
    both(twin, 250)

    def take_over(method: str) -> None:
        if method == "stamp":
            twin.topdesk.on_call = lambda _method: None
            twin.later(minutes=30)
            with twin.database.write() as session:
                session.get_one(RoomRow, twin.amber.id).lease_owner = "somebody else"

    twin.topdesk.on_call = take_over
    twin.sweep()
    assert twin.links() == []
    assert stamps(twin) <= 200


def test_a_room_that_has_the_last_word_in_topdesk_answers_only_where_an_answer_is_owed(twin: Twin) -> None:
    room = twin.change_room(twin.amber, requires_approval=True, topdesk_leads=True)
    pairs = both(twin, 20, room)
    twin.exchange.edit(pairs[4][1].ref, standing=Standing.REQUESTED)
    twin.sweep()
    assert len(keys(twin)) == 20
    assert twin.exchange.calls.count("accept") == 1
    assert {b.standing for b in twin.meetings()} == {Standing.PLANNED}


def test_what_is_on_one_side_only_is_made_on_the_other_beside_the_adopted(twin: Twin) -> None:
    both(twin, 20)
    twin.exchange.invite(twin.amber, slot_at(400), BOB)
    passes = twin.sweep()
    assert sorted(set(planned(passes))) == ["Adopt", "Create"]
    assert len(keys(twin)) == 21
    assert twin.is_quiet()


def test_the_index_holds_the_stamped_keys_so_that_the_next_sweep_writes_no_row(twin: Twin) -> None:
    both(twin, 20)
    twin.sweep()
    with twin.database.read() as session:
        told = set(session.scalars(select(OccupancyRow.match_key).where(OccupancyRow.side == "topdesk")))
    assert told == keys(twin)


def test_a_denied_room_is_named_and_the_others_are_loaded(twin: Twin) -> None:
    both(twin, 12)
    both(twin, 12, twin.beryl, BOB)
    twin.exchange.out_of_scope.add(twin.beryl.mailbox)
    twin.sweep()
    assert {row.room_id for row in twin.links()} == {twin.amber.id}
    assert twin.room_row(twin.beryl).alarm is not None
