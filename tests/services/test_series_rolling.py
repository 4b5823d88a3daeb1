"""Series over time: those that reach beyond the horizon are rolled with it; the end of summer time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from factories import slot_at
from joint import Joint, recurrence, start_joint, utc_of, weekly
from people import ALICE
from roombooker.domain.booking import Booking
from roombooker.domain.room import SeriesMode
from services.test_series_outlook import AMSTERDAM, LONDON, TODAY, every, first_monday
from services.twin import Twin

HORIZON = 21
Change = tuple[Joint, datetime, int]


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


def last_sunday(month: int) -> datetime:
    """Of the next March or October that lies far enough ahead: the night in which Europe changes its clocks."""
    end = TODAY.replace(year=TODAY.year + (TODAY.month > month - 2), month=month, day=31)
    return end - timedelta(days=(end.weekday() + 1) % 7)


@pytest.fixture(scope="module", params=[3, 10])
def change(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Change]:
    """Both clocks are set to a month before the change; with its night and month."""
    night = last_sunday(request.param)
    with start_joint(tmp_path_factory.mktemp("change"), ahead=night - timedelta(days=30) - TODAY) as joint:
        yield joint, night, request.param


@pytest.mark.parametrize("zone", [AMSTERDAM, LONDON])
def test_a_series_keeps_its_own_wall_clock_over_the_change_of_clocks_in_whichever_room(change: Change, zone: str) -> None:
    """The series lives in Amsterdam; London is an hour behind all year round."""
    joint, night, month = change
    room, first = joint.room(zone), night - timedelta(days=13) + timedelta(hours=10)  # a Monday
    joint.invite(room, first, weekly(first, ["monday"], count=4), zone=AMSTERDAM)
    joint.look(room)
    assert joint.starts(room) == utc_of(every(first, 7, 4), AMSTERDAM)
    hours = ["09:00", "09:00", "08:00", "08:00"] if month == 3 else ["08:00", "08:00", "09:00", "09:00"]
    assert [at[11:] for at in joint.starts(room)] == hours
    joint.assert_in_step(room)


@pytest.mark.parametrize("mode", [SeriesMode.SINGLES, SeriesMode.SERIES])
def test_a_series_of_new_york_follows_new_yorks_clock_in_a_room_of_amsterdam(change: Change, mode: SeriesMode) -> None:
    """They change on different Sundays. Where TOPdesk makes the series by the room's clock, the dates in between fall on another time:
    those are cancelled there and made as singles."""
    joint, night, _ = change
    room, first = joint.room(AMSTERDAM, series_mode=mode), night - timedelta(days=27) + timedelta(hours=9)
    joint.invite(room, first, weekly(first, ["monday"], zone="America/New_York", count=7), zone="America/New_York")
    joint.look(room)
    assert joint.starts(room) == utc_of(every(first, 7, 7), "America/New_York")
    assert len({at[11:] for at in joint.starts(room)}) == 2
    singles = sum(b.series_ref is None for b in joint.reservations(room))
    assert singles == 7 if mode is SeriesMode.SINGLES else 0 < singles < 6
    joint.assert_in_step(room)


def test_a_time_that_the_night_skips_or_repeats_is_reserved_where_exchange_has_it(change: Change) -> None:
    joint, night, _ = change
    room, first = joint.room(), night + timedelta(days=-2, hours=2, minutes=30)
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
