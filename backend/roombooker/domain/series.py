"""Series: Graph's patternedRecurrence unfolded into slots, on the wall clock of the series' own zone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import rrule

from roombooker.domain.slot import Slot, whole_minute
from roombooker.errors import InvalidInput

MAX_OCCURRENCES = 999  # what TOPdesk takes for one series

_WEEKDAYS = {
    "monday": rrule.MO, "tuesday": rrule.TU, "wednesday": rrule.WE, "thursday": rrule.TH, "friday": rrule.FR, "saturday": rrule.SA,
    "sunday": rrule.SU,
}  # fmt: skip
_POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_FREQUENCIES = {
    "daily": rrule.DAILY, "weekly": rrule.WEEKLY, "absoluteMonthly": rrule.MONTHLY, "relativeMonthly": rrule.MONTHLY,
    "absoluteYearly": rrule.YEARLY, "relativeYearly": rrule.YEARLY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """The dates of a series; `is_cut` where it goes on after them (no end, or an end beyond what was asked for)."""

    slots: tuple[Slot, ...]
    is_cut: bool


def unfold(recurrence: Mapping[str, Any], slot: Slot, *, until: datetime, since: datetime | None = None) -> Series:
    """The slots of a series whose first appointment lies at `slot`: those that start before `until` and end after `since`.

    Start and end keep their wall-clock time in `range.recurrenceTimeZone` (IANA). A time that a change of clocks skips moves on by the
    gap; one that exists twice is the earlier. A day of the month that a month lacks is its last day, as Exchange has it. InvalidInput
    for what is no recurrence, names the member; also for more than 999 dates, and where no date is left at all."""
    span, pattern = _section(recurrence, "range"), _section(recurrence, "pattern")
    zone = _zone(span)
    first_wall = slot.start.astimezone(zone).replace(tzinfo=None)
    begins = datetime.combine(_day(span, "startDate") or first_wall.date(), first_wall.time())
    count, last = _bounds(span)
    horizon = until.astimezone(zone).replace(tzinfo=None)
    slots: list[Slot] = []
    is_cut, is_empty = False, True
    for number, wall in enumerate(_walls(pattern, begins), 1):
        if (count is not None and number > count) or (last is not None and wall.date() > last):
            break
        if wall >= horizon:
            is_cut = True
            break
        if len(slots) == MAX_OCCURRENCES:
            raise InvalidInput(
                f"A series can have at most {MAX_OCCURRENCES} dates.", {"recurrence": {"range": {"endDate": ["too many dates"]}}}
            )
        occurrence = _slot(wall, slot, zone)
        is_empty = False
        if since is None or occurrence.end > since:
            slots.append(occurrence)
    if is_empty and not is_cut:
        raise InvalidInput("The series has no dates.", {"recurrence": {"range": {"endDate": ["before the first date"]}}})
    return Series(tuple(slots), is_cut)


def _slot(wall: datetime, first: Slot, zone: ZoneInfo) -> Slot:
    """The length is kept on the wall clock; where a change of clocks would leave nothing of it, in real time."""
    start = _instant(wall, zone)
    end_wall = wall + (first.end.astimezone(zone).replace(tzinfo=None) - first.start.astimezone(zone).replace(tzinfo=None))
    end = _instant(end_wall, zone)
    return Slot(start, end if end > start else start + first.duration)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return whole_minute(wall.replace(tzinfo=zone).astimezone(UTC))  # fold=0: in a gap this is the old offset, which moves on by it


def _walls(pattern: Mapping[str, Any], begins: datetime) -> Iterator[datetime]:
    """Dates without end (dateutil stops at the year 9999)."""
    kind = pattern.get("type")
    if kind not in _FREQUENCIES:
        raise _wrong("pattern", "type", f"must be one of {', '.join(_FREQUENCIES)}")
    interval = _whole(pattern, "interval", 1, 1, 99)
    if kind in ("absoluteMonthly", "absoluteYearly"):
        return _absolute(pattern, begins, interval, yearly=kind == "absoluteYearly")
    rule: dict[str, Any] = {"freq": _FREQUENCIES[kind], "interval": interval, "dtstart": begins}
    if kind == "weekly":
        rule["byweekday"] = _weekdays(pattern) or [begins.weekday()]
        rule["wkst"] = _WEEKDAYS.get(str(pattern.get("firstDayOfWeek") or "sunday").lower(), rrule.SU)  # Graph's default
    elif kind.startswith("relative"):
        days = _weekdays(pattern)
        if not days:
            raise _wrong("pattern", "daysOfWeek", "is needed")
        # BYSETPOS, since several days mean "the last of any of these", for example the last working day.
        rule |= {"byweekday": days, "bysetpos": _position(pattern)}
        if kind == "relativeYearly":
            rule["bymonth"] = _whole(pattern, "month", begins.month, 1, 12)
    return iter(rrule.rrule(**rule))


def _absolute(pattern: Mapping[str, Any], begins: datetime, interval: int, *, yearly: bool) -> Iterator[datetime]:
    """By day of the month; rrule would skip the months that lack the day, Exchange takes their last."""
    day = _whole(pattern, "dayOfMonth", begins.day, 1, 31)
    month = _whole(pattern, "month", begins.month, 1, 12) if yearly else begins.month
    months = rrule.rrule(
        rrule.YEARLY if yearly else rrule.MONTHLY,
        interval=interval, dtstart=begins.replace(day=1, month=month), bymonthday=1, bymonth=month if yearly else None,
    )  # fmt: skip
    for first in months:
        wall = first.replace(day=min(day, _length(first)))
        if wall >= begins:
            yield wall


def _length(first: datetime) -> int:
    return ((first + timedelta(days=31)).replace(day=1) - first).days


def _bounds(span: Mapping[str, Any]) -> tuple[int | None, date | None]:
    """Number of dates and last day, as far as the range has them."""
    kind = span.get("type")
    if kind == "noEnd":
        return None, None
    if kind == "numbered":
        return _whole(span, "numberOfOccurrences", 0, 1, MAX_OCCURRENCES, part="range"), None
    if kind == "endDate":
        last = _day(span, "endDate")
        if last is None:
            raise _wrong("range", "endDate", "is needed")
        return None, last
    raise _wrong("range", "type", "must be endDate, noEnd or numbered")


def _zone(span: Mapping[str, Any]) -> ZoneInfo:
    name = span.get("recurrenceTimeZone")
    try:
        return ZoneInfo(name or "")
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise _wrong("range", "recurrenceTimeZone", "must be an IANA time zone such as Europe/Amsterdam") from None


def _weekdays(pattern: Mapping[str, Any]) -> list[rrule.weekday]:
    try:
        return [_WEEKDAYS[str(day).lower()] for day in pattern.get("daysOfWeek") or ()]
    except KeyError:
        raise _wrong("pattern", "daysOfWeek", "must be names of days") from None


def _position(pattern: Mapping[str, Any]) -> int:
    index = str(pattern.get("index") or "first")
    if index not in _POSITIONS:
        raise _wrong("pattern", "index", f"must be one of {', '.join(_POSITIONS)}")
    return _POSITIONS[index]


def _whole(section: Mapping[str, Any], name: str, default: int, low: int, high: int, part: str = "pattern") -> int:
    value = section.get(name) or default  # Graph sends 0 for what a pattern does not use
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _wrong(part, name, f"must be a whole number from {low} to {high}")
    return value


def _day(span: Mapping[str, Any], name: str) -> date | None:
    value = span.get(name)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        found = date.fromisoformat(str(value)[:10])
    except ValueError:
        raise _wrong("range", name, "must be a date, yyyy-mm-dd") from None
    return None if found.year == 1 else found  # Graph writes 0001-01-01 for none


def _section(recurrence: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = recurrence.get(name)
    if not isinstance(section, Mapping):
        raise InvalidInput(f"A recurrence needs a {name}.", {"recurrence": {name: ["is needed"]}})
    return section


def _wrong(part: str, name: str, problem: str) -> InvalidInput:
    return InvalidInput(f"The recurrence's {part}.{name} {problem}.", {"recurrence": {part: {name: [problem]}}})
