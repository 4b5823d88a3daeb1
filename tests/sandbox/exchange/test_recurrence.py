"""Patterns as dates."""

from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import pytest

from roombooker_sandbox.exchange.recurrence import normalized, slots, wall_starts


def dates(pattern: dict[str, Any], first: str, count: int = 4) -> list[str]:
    start = datetime.combine(date.fromisoformat(first), time(9))
    value = {"pattern": {"interval": 1, **pattern}, "range": {"type": "noEnd", "startDate": first}}
    return [moment.date().isoformat() for moment in islice(wall_starts(normalized(value, start, "UTC"), time(9)), count)]


@pytest.mark.parametrize(("pattern", "first", "expected"), [
    ({"type": "daily", "interval": 2}, "2027-01-30", ["2027-01-30", "2027-02-01", "2027-02-03", "2027-02-05"]),
    ({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"}, "2027-01-01",
     ["2027-01-01", "2027-01-11", "2027-01-15", "2027-01-25"]),
    ({"type": "absoluteMonthly", "dayOfMonth": 31}, "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
    ({"type": "relativeMonthly", "daysOfWeek": ["thursday"], "index": "last"}, "2027-01-28",
     ["2027-01-28", "2027-02-25", "2027-03-25", "2027-04-29"]),
    ({"type": "relativeMonthly", "daysOfWeek": ["tuesday", "monday"], "index": "first"}, "2027-01-04",
     ["2027-01-04", "2027-02-01", "2027-03-01", "2027-04-05"]),
    ({"type": "absoluteYearly", "dayOfMonth": 29, "month": 2}, "2027-02-01", ["2027-02-28", "2028-02-29", "2029-02-28", "2030-02-28"]),
    ({"type": "relativeYearly", "daysOfWeek": ["sunday"], "index": "second", "month": 5}, "2027-05-01",
     ["2027-05-09", "2028-05-14", "2029-05-13", "2030-05-12"]),
])  # fmt: skip
def test_a_pattern_gives_these_dates(pattern: dict[str, Any], first: str, expected: list[str]) -> None:
    assert dates(pattern, first) == expected


def test_a_night_series_through_the_lost_hour_keeps_its_length_in_wall_time() -> None:
    value = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "startDate": "2027-03-27", "numberOfOccurrences": 2,
             "recurrenceTimeZone": "Europe/Amsterdam"}}  # fmt: skip
    recurrence = normalized(value, datetime(2027, 3, 27, 23, 30), "Europe/Amsterdam")  # noqa: DTZ001  a wall time
    (start, end), (second, _) = slots(recurrence, time(23, 30), timedelta(hours=4))
    assert end - start == 3 * 3600  # the clock jumps from 02:00 to 03:00 in between
    assert second - start == 23 * 3600
