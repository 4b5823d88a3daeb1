"""Series over time: those that reach beyond the horizon are rolled with it; the end of summer time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from joint import Joint, recurrence, start_joint, utc_of, weekly

from factories import slot_at
from people import ALICE
from roombooker.domain.booking import Booking
from roombooker.domain.room import SeriesMode
from services.test_series_outlook import AMSTERDAM, LONDON, TODAY, every, first_monday
from services.twin import Twin

HORIZON = 21


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joint]:
    with start_joint(tmp_path_factory.mktemp("joint"), horizon_days=HORIZON) as running:
        yield running


@pytest.mark.parametrize("mode", [SeriesMode.SINGLES, SeriesMode.SERIES])
def test_the_dates_of_a_long_series_come_with_the_horizon_and_none_comes_twice(short: Joint, mode: SeriesMode) -> None:
    room, first = short.room(series_mode=mode), first_monday()
    short.invite(room, first, weekly(first, ["monday"], count=20))
    short.look(room)
    begun = len(short.starts(room))
    assert 2 <= begun <= 4
    refs = [b.ref for b in short.reservations(room)]
    try:
        for weeks in (1, 2, 5):
            short.offset = timedelta(days=7 * weeks)
            short.sweep(room)
            assert len(short.starts(room)) >= begun + weeks - 1
            short.assert_in_step(room)
    finally:
        short.offset = timedelta()
    held = short.reservations(room)
    assert [b.ref for b in held][: len(refs)] == refs
    assert short.starts(room) == utc_of(every(first, 7, len(held)), AMSTERDAM)
    assert len({row.booking_id for row in short.rows(room)}) == 1
    assert len({b.series_ref for b in held}) == 1


def test_a_series_keeps_its_wall_clock_when_summer_time_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Both clocks are set to a month before the last Sunday of October."""
    last_sunday = datetime(TODAY.year + (TODAY.month > 8), 10, 31)
    last_sunday -= timedelta(days=(last_sunday.weekday() + 1) % 7)
    ahead = last_sunday - timedelta(days=30) - TODAY
    with start_joint(tmp_path_factory.mktemp("autumn"), ahead=ahead) as joint:
        first = last_sunday - timedelta(days=13) + timedelta(hours=10)  # a Monday
        for zone in (AMSTERDAM, LONDON):
            room = joint.room(zone)
            joint.invite(room, first, weekly(first, ["monday"], count=4), zone=AMSTERDAM)
            joint.look(room)
            assert joint.starts(room) == utc_of(every(first, 7, 4), AMSTERDAM)
            assert [at[11:] for at in joint.starts(room)] == ["08:00", "08:00", "09:00", "09:00"]
            joint.assert_in_step(room)


def test_a_time_that_the_change_of_clocks_skips_or_repeats_is_reserved_where_exchange_has_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Half past two in the night, every day over the end of summer time."""
    last_sunday = datetime(TODAY.year + (TODAY.month > 8), 10, 31)
    last_sunday -= timedelta(days=(last_sunday.weekday() + 1) % 7)
    with start_joint(tmp_path_factory.mktemp("night"), ahead=last_sunday - timedelta(days=10) - TODAY) as joint:
        room, first = joint.room(), last_sunday + timedelta(days=-2, hours=2, minutes=30)
        joint.invite(room, first, recurrence(first, {"type": "daily"}, count=5), minutes=45)
        joint.look(room)
        assert len(joint.starts(room)) == 5
        joint.assert_in_step(room)


def _endless(twin: Twin, room: Any, weeks: int, known: dict[int, Booking]) -> None:
    """A room's calendar shows so many weeks of a series without end."""
    for week in range(weeks):
        if week not in known:
            slot = slot_at(24 * 7 * week)
            known[week] = twin.exchange.invite(room, slot, ALICE, series_ref="endless", original_start=slot.start)


def test_a_series_without_end_is_rolled_night_by_night(twin: Twin) -> None:
    """Over the fakes, since the sandbox's rooms decline a series without end as rooms do by default."""
    known: dict[int, Booking] = {}
    _endless(twin, twin.amber, 60, known)
    twin.sweep()
    for _ in range(20):
        twin.later(days=3)
        twin.sweep()
        held = [b.slot.start for b in twin.reservations(twin.amber)]
        assert len(set(held)) == len(held)
        due = [b.slot.start for b in known.values() if b.slot.start < twin.clock() + twin.settings.horizon]
        later = [b.slot.start for b in known.values() if b.slot.start < twin.clock() + twin.settings.horizon + timedelta(days=2)]
        assert due == held[: len(due)]
        assert held == later[: len(held)]
    assert len(twin.reservations(twin.amber)) > 33
    assert len({row.booking_id for row in twin.links()}) == 1
    assert twin.is_quiet()
