"""Series against a naive model that walks day by day, and across both changes of clocks."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roombooker.domain.series import unfold
from roombooker.domain.slot import Slot
from roombooker.errors import InvalidInput

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
FAR = datetime(2032, 1, 1, tzinfo=UTC)


def local(year: int, month: int, day: int, hour: int = 10, minute: int = 0, zone: ZoneInfo = AMSTERDAM) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def recurrence(pattern: dict, start: date, zone: str = "Europe/Amsterdam", **span: object) -> dict:
    plain = {"type": "numbered", "numberOfOccurrences": 5} if not span else {}
    return {"pattern": {"interval": 1} | pattern, "range": plain | {"startDate": start, "recurrenceTimeZone": zone} | span}


def first_slot(start: date, hour: int = 10) -> Slot:
    begin = local(start.year, start.month, start.day, hour)
    return Slot(begin, begin + timedelta(hours=1))


def dates(pattern: dict, start: date, until: datetime = FAR, **span: object) -> list[date]:
    series = unfold(recurrence(pattern, start, **span), first_slot(start), until=until)
    return [slot.start.astimezone(AMSTERDAM).date() for slot in series.slots]


def test_a_weekly_meeting_stays_at_its_wall_clock_time_over_both_changes_of_clocks() -> None:
    start = date(2026, 10, 12)
    series = unfold(recurrence({"type": "weekly"}, start, type="numbered", numberOfOccurrences=30), first_slot(start), until=FAR)
    assert {slot.start.astimezone(AMSTERDAM).time() for slot in series.slots} == {time(10)}
    assert {slot.start.hour for slot in series.slots} == {8, 9}


def test_a_series_keeps_its_own_zone_even_where_the_room_is_elsewhere() -> None:
    new_york = ZoneInfo("America/New_York")
    start = datetime(2027, 3, 1, 9, tzinfo=new_york)
    pattern = recurrence({"type": "weekly"}, start.date(), zone="America/New_York", type="numbered", numberOfOccurrences=6)
    series = unfold(pattern, Slot(start, start + timedelta(hours=1)), until=FAR)
    in_amsterdam = [slot.start.astimezone(AMSTERDAM).hour for slot in series.slots]
    assert in_amsterdam == [15, 15, 14, 14, 15, 15]  # America changes two weeks before Europe


def test_a_time_that_the_change_of_clocks_skips_moves_on_by_the_gap() -> None:
    start = date(2027, 3, 27)
    begin = local(2027, 3, 27, 2, 30)
    series = unfold(
        recurrence({"type": "daily"}, start, type="numbered", numberOfOccurrences=3), Slot(begin, begin + timedelta(minutes=20)), until=FAR
    )
    walls = [slot.start.astimezone(AMSTERDAM).strftime("%d %H:%M") for slot in series.slots]
    assert walls == ["27 02:30", "28 03:30", "29 02:30"]
    assert {slot.duration for slot in series.slots} == {timedelta(minutes=20)}


def test_a_time_that_exists_twice_is_the_earlier() -> None:
    begin = local(2027, 10, 30, 2, 30)
    series = unfold(
        recurrence({"type": "daily"}, date(2027, 10, 30), type="numbered", numberOfOccurrences=2),
        Slot(begin, begin + timedelta(minutes=20)),
        until=FAR,
    )
    assert series.slots[1].start == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "start", "expected"),
    [
        ({"type": "absoluteMonthly", "dayOfMonth": 31}, date(2027, 1, 31), ["01-31", "02-28", "03-31", "04-30", "05-31"]),
        ({"type": "absoluteMonthly", "dayOfMonth": 15, "interval": 2}, date(2027, 1, 20), ["03-15", "05-15", "07-15", "09-15", "11-15"]),
        ({"type": "relativeMonthly", "daysOfWeek": ["friday"], "index": "last"}, date(2027, 1, 1), ["01-29", "02-26", "03-26", "04-30", "05-28"]),
        ({"type": "relativeMonthly", "daysOfWeek": DAYS[:5], "index": "last"}, date(2027, 1, 1), ["01-29", "02-26", "03-31", "04-30", "05-31"]),
        ({"type": "relativeMonthly", "daysOfWeek": DAYS[:5], "index": "first"}, date(2027, 1, 1), ["01-01", "02-01", "03-01", "04-01", "05-03"]),
        ({"type": "weekly", "daysOfWeek": ["monday", "thursday"], "interval": 2, "firstDayOfWeek": "monday"}, date(2027, 3, 4), ["03-04", "03-15", "03-18", "03-29", "04-01"]),
        # With weeks that begin on Sunday, a fortnight's Sunday belongs to the week after.
        ({"type": "weekly", "daysOfWeek": ["sunday", "tuesday"], "interval": 2, "firstDayOfWeek": "sunday"}, date(2027, 3, 2), ["03-02", "03-14", "03-16", "03-28", "03-30"]),
        ({"type": "weekly", "daysOfWeek": ["sunday", "tuesday"], "interval": 2, "firstDayOfWeek": "monday"}, date(2027, 3, 2), ["03-02", "03-07", "03-16", "03-21", "03-30"]),
    ],
)  # fmt: skip
def test_patterns_fall_on_the_dates_that_outlook_gives(pattern: dict, start: date, expected: list[str]) -> None:
    assert [f"{day:%m-%d}" for day in dates(pattern, start)] == expected


def test_yearly_patterns_fall_on_their_day() -> None:
    leap = dates({"type": "absoluteYearly", "dayOfMonth": 29, "month": 2}, date(2028, 2, 29), until=FAR)
    assert leap == [date(2028, 2, 29), date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28)]
    relative = dates({"type": "relativeYearly", "daysOfWeek": ["thursday"], "index": "fourth", "month": 11}, date(2027, 1, 1), until=FAR)
    assert relative == [date(2027, 11, 25), date(2028, 11, 23), date(2029, 11, 22), date(2030, 11, 28), date(2031, 11, 27)]


def test_an_endless_series_is_cut_at_the_horizon_and_says_so() -> None:
    start = date(2027, 3, 1)
    series = unfold(recurrence({"type": "daily"}, start, type="noEnd"), first_slot(start), until=local(2027, 3, 11, 10))
    assert len(series.slots) == 10
    assert series.is_cut


def test_a_series_that_ends_before_the_horizon_is_whole() -> None:
    start = date(2027, 3, 1)
    series = unfold(recurrence({"type": "daily"}, start, type="endDate", endDate="2027-03-05"), first_slot(start), until=FAR)
    assert len(series.slots) == 5
    assert not series.is_cut


def test_dates_that_are_over_are_left_out_and_do_not_count() -> None:
    start = date(2020, 1, 1)
    now = local(2027, 3, 1)
    series = unfold(recurrence({"type": "daily"}, start, type="noEnd"), first_slot(start), until=now + timedelta(days=7), since=now)
    assert len(series.slots) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"pattern": {"type": "hourly", "interval": 1}},
        {"pattern": {"type": "daily", "interval": 100}},
        {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["someday"]}},
        {"pattern": {"type": "relativeMonthly", "interval": 1, "index": "first"}},
        {"pattern": {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "fifth"}},
        {"pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 32}},
        {"range": {"recurrenceTimeZone": "W. Europe Standard Time"}},
        {"range": {"recurrenceTimeZone": "../../etc/passwd"}},
        {"range": {"recurrenceTimeZone": ""}},
        {"range": {"type": "sometimes"}},
        {"range": {"type": "endDate"}},
        {"range": {"type": "endDate", "endDate": "2026-01-01"}},
        {"range": {"type": "endDate", "endDate": "tomorrow"}},
        {"range": {"type": "numbered", "numberOfOccurrences": 0}},
        {"range": {"type": "numbered", "numberOfOccurrences": 1000}},
    ],
)
def test_what_is_no_recurrence_is_refused(wrong: dict) -> None:
    start = date(2027, 3, 1)
    asked = recurrence({"type": "daily"}, start, type="numbered", numberOfOccurrences=3)
    asked = {part: asked[part] | wrong.get(part, {}) for part in asked}
    with pytest.raises(InvalidInput) as caught:
        unfold(asked, first_slot(start), until=FAR)
    assert caught.value.errors


def test_more_dates_than_topdesk_takes_are_refused() -> None:
    start = date(2027, 3, 1)
    with pytest.raises(InvalidInput, match="999"):
        unfold(recurrence({"type": "daily"}, start, type="endDate", endDate="2030-03-01"), first_slot(start), until=FAR)


STARTS = st.dates(date(2026, 1, 1), date(2028, 12, 31))


@given(
    start=STARTS,
    interval=st.integers(1, 4),
    days=st.sets(st.sampled_from(DAYS), min_size=1),
    week=st.sampled_from(DAYS),
    length=st.integers(0, 200),
)
def test_weekly_series_agree_with_a_walk_day_by_day(start: date, interval: int, days: set[str], week: str, length: int) -> None:
    end = start + timedelta(days=length)
    begin_of_week = start - timedelta(days=(start.weekday() - DAYS.index(week)) % 7)
    expected = [
        day for day in (start + timedelta(days=n) for n in range(length + 1))
        if DAYS[day.weekday()] in days and ((day - begin_of_week).days // 7) % interval == 0
    ]  # fmt: skip
    pattern = {"type": "weekly", "interval": interval, "daysOfWeek": sorted(days), "firstDayOfWeek": week}
    if expected:
        assert dates(pattern, start, type="endDate", endDate=end) == expected
    else:
        with pytest.raises(InvalidInput):
            dates(pattern, start, type="endDate", endDate=end)


@given(start=STARTS, interval=st.integers(1, 5), count=st.integers(1, 60))
def test_daily_series_agree_with_a_walk_day_by_day(start: date, interval: int, count: int) -> None:
    expected = [start + timedelta(days=interval * n) for n in range(count)]
    assert dates({"type": "daily", "interval": interval}, start, until=FAR, type="numbered", numberOfOccurrences=count) == [
        d for d in expected if d.year < 2032
    ]


@given(start=STARTS, days=st.sets(st.sampled_from(DAYS), min_size=1), index=st.sampled_from(["first", "second", "third", "fourth", "last"]))
def test_relative_monthly_series_agree_with_a_walk_through_each_month(start: date, days: set[str], index: str) -> None:
    expected = []
    for month in range(12):
        year, number = start.year + (start.month - 1 + month) // 12, (start.month - 1 + month) % 12 + 1
        fitting = [d for d in (date(year, number, n + 1) for n in range(monthrange(year, number)[1])) if DAYS[d.weekday()] in days]
        day = fitting[["first", "second", "third", "fourth"].index(index)] if index != "last" else fitting[-1]
        if day >= start:
            expected.append(day)
    pattern = {"type": "relativeMonthly", "daysOfWeek": sorted(days), "index": index}
    assert dates(pattern, start, type="numbered", numberOfOccurrences=len(expected)) == expected
