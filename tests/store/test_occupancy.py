"""The index against a naive check of every booking, on both databases."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from roombooker.domain.booking import Booking, Person, Side, Standing
from roombooker.domain.calendar import Listing
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.store import freshness, occupancy, rooms, search
from roombooker.store.daybits import to_instant
from roombooker.store.db import Database
from roombooker.store.models import OccupancyRoomRow, occupancy_day

MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)
WEEK = Slot(MIDNIGHT, MIDNIGHT + timedelta(days=7))
ALICE = Person("alice.jansen@contoso.example", "Alice Jansen")


def a_room(name: str = "amber", **changes: object) -> Room:
    return Room(**{"id": name, "location_id": f"l-{name}", "mailbox": f"{name}@contoso.example", "name": name} | changes)  # type: ignore[arg-type]


def a_booking(start: float, end: float, **changes: object) -> Booking:
    """Hours since midnight of the first day."""
    slot = Slot(MIDNIGHT + timedelta(hours=start), MIDNIGHT + timedelta(hours=end))
    plain = {
        "side": Side.TOPDESK, "ref": f"r{start}", "place": "l-amber", "room_id": "amber", "slot": slot, "standing": Standing.PLANNED,
        "version": "1", "organizer": ALICE,
    }  # fmt: skip
    return Booking(**plain | changes)  # type: ignore[arg-type]


def a_slot(start: float, end: float) -> Slot:
    return Slot(MIDNIGHT + timedelta(hours=start), MIDNIGHT + timedelta(hours=end))


def listed(*bookings: Booking, window: Slot = WEEK, complete: bool = True, read_at: datetime = MIDNIGHT) -> Listing:
    return Listing("amber", window, bookings, is_complete=complete, read_at=read_at)


@pytest.fixture
def amber(database: Database) -> Room:
    return keep(database, a_room())


def keep(database: Database, room: Room) -> Room:
    with database.write() as session:
        rooms.save(session, room, at=MIDNIGHT)
    return room


def is_taken(database: Database, start: float, end: float, besides: tuple[str, ...] = ()) -> bool:
    """Both ways to ask must agree, unless something is left out."""
    with database.read() as session:
        exact = occupancy.is_taken(session, "amber", a_slot(start, end), besides)
        by_day = bool(search.taken(session, a_slot(start, end)))
    assert besides or exact == by_day
    return exact


def test_a_slot_is_taken_to_the_minute(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10), seen_at=MIDNIGHT)
    assert not is_taken(database, 8, 9)
    assert is_taken(database, 8, 9 + 1 / 60)
    assert is_taken(database, 10 - 1 / 60, 11)
    assert not is_taken(database, 10, 11)


def test_block_time_keeps_the_room_closed_around_a_booking(database: Database) -> None:
    room = keep(database, a_room(block_time=timedelta(minutes=15)))
    with database.write() as session:
        occupancy.put(session, room, a_booking(9, 10), seen_at=MIDNIGHT)
    assert is_taken(database, 8, 8.6)
    assert is_taken(database, 10.4, 11)
    assert not is_taken(database, 10.5, 11)  # its clean-up, and ours to set up
    assert not is_taken(database, 8, 8.5)


def test_a_booking_over_midnight_is_found_on_both_days(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(23, 49), seen_at=MIDNIGHT)
    assert all(is_taken(database, hour, hour + 1) for hour in (23, 24, 40, 48))
    assert not is_taken(database, 22, 23)
    assert not is_taken(database, 49, 50)


def test_a_booking_does_not_stand_in_its_own_way(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10, match_key="ORB-1", ref="t1"), seen_at=MIDNIGHT)
        occupancy.put(session, amber, a_booking(9, 10, side=Side.EXCHANGE, ref="e1"), seen_at=MIDNIGHT)
    assert is_taken(database, 9, 10, ("ORB-1",))
    assert not is_taken(database, 9, 10, ("ORB-1", "e1"))


def test_what_both_sides_say_counts_once(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10, match_key="ORB-1"), seen_at=MIDNIGHT)
        occupancy.put(session, amber, a_booking(9, 10.5, match_key="ORB-1", side=Side.EXCHANGE), seen_at=MIDNIGHT)
        occupancy.put(session, amber, a_booking(11, 12, ref="x"), seen_at=MIDNIGHT)
        occupancy.put(session, amber, a_booking(11, 12, side=Side.EXCHANGE, ref="y"), seen_at=MIDNIGHT)
    with database.read() as session:
        (stood,) = search.occupants(session, [1], [a_slot(8, 18)]).values()
    assert [(o.planned_end - o.planned_start, o.by) for o in stood] == [(90, "Alice Jansen"), (60, "Alice Jansen")]


def test_a_private_booking_hides_its_organizer_on_both_sides(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10, match_key="ORB-1"), seen_at=MIDNIGHT)
        occupancy.put(session, amber, a_booking(9, 10, match_key="ORB-1", side=Side.EXCHANGE, private=True), seen_at=MIDNIGHT)
    with database.read() as session:
        (stood,) = search.occupants(session, [1], [a_slot(8, 18)]).values()
    assert [o.by for o in stood] == [None]


def test_a_complete_listing_ends_what_it_does_not_name(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10), a_booking(11, 12)))
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(11, 12)))
    assert not is_taken(database, 9, 10)
    assert is_taken(database, 11, 12)


def test_an_incomplete_listing_ends_nothing_but_tombstones(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10), a_booking(11, 12)))
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(11, 12, standing=Standing.CANCELLED), complete=False))
    assert is_taken(database, 9, 10)
    assert not is_taken(database, 11, 12)


def test_a_listing_says_nothing_about_what_lies_outside_its_window(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10), a_booking(30, 31)))
        occupancy.replace(session, amber, Side.TOPDESK, listed(window=a_slot(0, 24)))
    assert not is_taken(database, 9, 10)
    assert is_taken(database, 30, 31)


def test_a_booking_that_moved_into_the_window_leaves_its_old_place(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(30, 31, ref="r")))
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10, ref="r"), window=a_slot(0, 24)))
    assert is_taken(database, 9, 10)
    assert not is_taken(database, 30, 31)


def test_a_listing_does_not_end_what_was_stored_after_its_read_began(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10), seen_at=MIDNIGHT + timedelta(seconds=5))
        occupancy.replace(session, amber, Side.TOPDESK, listed())
    assert is_taken(database, 9, 10)


def test_one_side_does_not_end_what_the_other_says(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10), seen_at=MIDNIGHT)
        occupancy.replace(session, amber, Side.EXCHANGE, listed())
    assert is_taken(database, 9, 10)


def test_forgetting_one_leaves_the_rest(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10, ref="a"), a_booking(9.5, 11, ref="b")))
        occupancy.forget(session, "amber", Side.TOPDESK, "a")
        occupancy.forget(session, "amber", Side.TOPDESK, "unheard of")
    assert not is_taken(database, 9, 9.5)
    assert is_taken(database, 9.5, 10)


def test_a_forgotten_room_is_empty(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10)))
        occupancy.forget_room(session, "amber")
    with database.read() as session:
        assert occupancy.count(session) == 0
        assert freshness.oldest_reads(session, WEEK) == {}
    assert not is_taken(database, 9, 10)


def test_trimming_drops_the_past_alone(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10), a_booking(33, 34)))
        assert occupancy.trim(session, MIDNIGHT + timedelta(days=1)) == 1
    assert is_taken(database, 33, 34)
    assert not is_taken(database, 9, 10)


def test_freshness_is_that_of_the_oldest_read_of_the_stretch(database: Database, amber: Room) -> None:
    later = MIDNIGHT + timedelta(minutes=20)
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed())
        occupancy.replace(session, amber, Side.TOPDESK, listed(window=a_slot(0, 24), read_at=later))
    with database.read() as session:
        assert freshness.oldest_reads(session, a_slot(9, 10)) == {Side.TOPDESK: later}
        assert freshness.oldest_reads(session, a_slot(23, 25)) == {Side.TOPDESK: MIDNIGHT}  # the older of two
        assert freshness.oldest_reads(session, a_slot(200, 201)) == {}


def test_a_far_date_is_as_fresh_as_the_slice_it_was_read_with(database: Database, amber: Room) -> None:
    """Slices end anywhere in a day; the rest of that day waits for the next one."""
    later = MIDNIGHT + timedelta(minutes=20)
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed())
        occupancy.replace(session, amber, Side.TOPDESK, listed(window=a_slot(0, 30), read_at=later))
    with database.read() as session:
        assert freshness.oldest_reads(session, a_slot(28, 30)) == {Side.TOPDESK: later}
        assert freshness.oldest_reads(session, a_slot(30, 31)) == {Side.TOPDESK: MIDNIGHT}
        assert freshness.oldest_reads(session, a_slot(28, 31)) == {Side.TOPDESK: MIDNIGHT}


def test_a_broken_room_makes_nothing_older(database: Database, amber: Room) -> None:
    later = MIDNIGHT + timedelta(hours=3)
    broken = keep(database, a_room("basil"))
    with database.write() as session:
        occupancy.replace(session, broken, Side.TOPDESK, listed())
        occupancy.replace(session, amber, Side.TOPDESK, listed(read_at=later))
    with database.read() as session:
        assert freshness.oldest_reads(session, a_slot(9, 10)) == {Side.TOPDESK: MIDNIGHT}
    keep(database, replace(broken, alarm="Exchange does not show this room mailbox."))
    with database.read() as session:
        assert freshness.oldest_reads(session, a_slot(9, 10)) == {Side.TOPDESK: later}


@pytest.mark.parametrize("seed", range(20))
def test_steps_say_the_same_as_all_stretches_asked_one_by_one(seed: int) -> None:
    chance = random.Random(seed)
    stretches = [(start, start + chance.randint(1, 20), chance.randint(1, 9)) for start in (chance.randint(0, 40) for _ in range(15))]
    reads = freshness.Reads({Side.TOPDESK: freshness._flat(stretches)})
    for _ in range(200):
        start = chance.randint(0, 70)
        end = start + chance.randint(1, 15)
        there = [read for first, last, read in stretches if first < end and last > start]
        expected = {Side.TOPDESK: datetime.fromtimestamp(min(there), UTC)} if there else {}
        assert reads.oldest(Slot(to_instant(start), to_instant(end))) == expected


def test_a_rolling_window_leaves_no_slivers_behind(database: Database, amber: Room) -> None:
    with database.write() as session:
        for minutes in range(0, 600, 5):
            now = MIDNIGHT + timedelta(minutes=minutes)
            occupancy.replace(session, amber, Side.TOPDESK, listed(window=Slot(now, now + timedelta(days=1)), read_at=now))
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM occupancy_read")).scalar() == 1


def test_a_slot_over_midnight_beside_one_asked_twice_is_counted_right(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(9, 10), seen_at=MIDNIGHT)
    with database.read() as session:
        assert search.clashes(session, [a_slot(9, 10), a_slot(9, 10), a_slot(47, 49)]) == {1: 2}


def test_more_slots_than_one_statement_may_join_are_asked_all_the_same(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.put(session, amber, a_booking(23.5, 24.5), seen_at=MIDNIGHT)
    slots = [a_slot(24 * day + 23, 24 * day + 25) for day in range(900)]
    with database.read() as session:
        assert search.clashes(session, slots) == {1: 1}
        assert len(search.occupants(session, [1], slots)[1]) == 1


SPANS = st.lists(st.tuples(st.integers(0, 3 * 1440), st.integers(1, 1500)), max_size=12)


@given(
    spans=SPANS,
    kept=st.sets(st.integers(0, 11)),
    asked=st.lists(st.tuples(st.integers(0, 3 * 1440), st.integers(1, 900)), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_agrees_with_a_check_of_every_booking(
    database: Database, spans: list[tuple[int, int]], kept: set[int], asked: list[tuple[int, int]]
) -> None:
    """Loads two rooms, then a second listing in which only some bookings are left; asks for single slots and for all of them."""
    slots = [a_slot(start / 60, (start + length) / 60) for start, length in asked]
    truth: dict[str, list[Slot]] = {}
    with database.write() as session:
        session.execute(text("DELETE FROM occupancy_day"))
        session.execute(text("DELETE FROM occupancy"))
        for name, part in (("amber", spans[::2]), ("basil", spans[1::2])):
            room = a_room(name, block_time=timedelta(minutes=10 if name == "basil" else 0))
            rooms.save(session, room, at=MIDNIGHT)
            bookings = [a_booking(start / 60, (start + length) / 60, ref=f"{at}") for at, (start, length) in enumerate(part)]
            window = Slot(MIDNIGHT - timedelta(days=1), MIDNIGHT + timedelta(days=9))
            occupancy.replace(session, room, Side.TOPDESK, listed(*bookings, window=window))
            left = [booking for at, booking in enumerate(bookings) if at in kept]
            occupancy.replace(session, room, Side.TOPDESK, listed(*left, window=window))
            truth[name] = [booking.slot.widened(room.apart) for booking in left]
    with database.read() as session:
        names = dict(session.execute(text("SELECT no, room_id FROM occupancy_room")).all())
        for slot in slots:
            expected = {name for name, blocked in truth.items() if any(slot.overlaps(other) for other in blocked)}
            assert {names[number] for number in search.taken(session, slot)} == expected
            assert {name for name in truth if occupancy.is_taken(session, name, slot)} == expected
        counted = {names[number]: count for number, count in search.clashes(session, slots).items()}
        expected_counts = {name: sum(any(slot.overlaps(other) for other in blocked) for slot in slots) for name, blocked in truth.items()}
        assert counted == {name: count for name, count in expected_counts.items() if count}
        stood = search.occupants(session, names, slots)
        for number, name in names.items():
            found = {(o.start, o.end) for o in stood.get(number, [])}
            touched = {b for b in truth[name] if any(b.overlaps(slot) for slot in slots)}
            assert {end - start for start, end in found} == {int(b.duration / timedelta(minutes=1)) for b in touched}


def test_the_whole_index_of_a_room_goes_with_it(database: Database, amber: Room) -> None:
    with database.write() as session:
        occupancy.replace(session, amber, Side.TOPDESK, listed(a_booking(9, 10)))
        rooms.remove(session, "amber")
    with database.read() as session:
        assert occupancy.count(session) == 0
        assert session.query(occupancy_day).count() == 0
        assert session.query(OccupancyRoomRow).count() == 0
