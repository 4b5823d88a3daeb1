"""Graph's patternedRecurrence as dates: wall-clock time in the series' own zone, so an hour stays an hour across DST."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil import rrule

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError
from roombooker_sandbox.exchange.zones import epoch, zone_of

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_NEEDS = {
    "daily": (), "weekly": ("daysOfWeek",), "absoluteMonthly": ("dayOfMonth",), "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"), "relativeYearly": ("daysOfWeek", "month"),
}  # fmt: skip


def _invalid(message: str) -> GraphError:
    return GraphError(400, "ErrorInvalidRecurrence", f"The recurrence pattern is not valid: {message}")


def normalized(value: Any, start: datetime, zone: str) -> dict[str, Any]:
    """A checked patternedRecurrence with its defaults filled in; `start` is the event's wall time in `zone`."""
    if not isinstance(value, dict) or not isinstance(value.get("pattern"), dict) or not isinstance(value.get("range"), dict):
        raise _invalid("pattern and range are needed.")
    pattern, span = {k: v for k, v in value["pattern"].items() if v is not None}, dict(value["range"])
    kind, ends = pattern.get("type"), span.get("type")
    if kind not in _NEEDS:
        raise _invalid("type of pattern.")
    if not isinstance(pattern.get("interval", 1), int) or not 1 <= pattern.get("interval", 1) <= 999:
        raise _invalid("interval must be between 1 and 999.")
    if any(not pattern.get(name) for name in _NEEDS[kind]):
        raise _invalid(f"{kind} needs {' and '.join(_NEEDS[kind])}.")
    if any(day not in _DAYS for day in pattern.get("daysOfWeek", ())):
        raise _invalid("daysOfWeek.")
    if ends not in {"endDate", "noEnd", "numbered"}:
        raise _invalid("type of range.")
    first = span.get("startDate") or start.date().isoformat()
    try:
        begins = date.fromisoformat(str(first))
        until = date.fromisoformat(str(span["endDate"])) if ends == "endDate" else None
    except (ValueError, KeyError) as error:
        raise _invalid("dates of the range.") from error
    if until and until < begins:
        raise _invalid("endDate is before startDate.")
    if ends == "numbered" and not 1 <= int(span.get("numberOfOccurrences") or 0) <= 999:
        raise _invalid("numberOfOccurrences must be between 1 and 999.")
    zone_of(span.get("recurrenceTimeZone") or zone)
    return {
        "pattern": {
            "type": kind, "interval": pattern.get("interval", 1), "month": pattern.get("month", 0), "dayOfMonth": pattern.get("dayOfMonth", 0),
            "firstDayOfWeek": pattern.get("firstDayOfWeek", "sunday"), "index": pattern.get("index", "first"),
            **({"daysOfWeek": pattern["daysOfWeek"]} if pattern.get("daysOfWeek") else {}),
        },
        "range": {
            "type": ends, "startDate": begins.isoformat(), "endDate": (until or date(1, 1, 1)).isoformat(),
            "recurrenceTimeZone": span.get("recurrenceTimeZone") or zone,
            "numberOfOccurrences": int(span.get("numberOfOccurrences") or 0) if ends == "numbered" else 0,
        },
    }  # fmt: skip


def wall_starts(recurrence: dict[str, Any], at: time) -> Iterator[datetime]:
    """Naive wall times of every occurrence, in order; endless series stop at `inferred.ENDLESS_HORIZON`."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    begins = datetime.combine(date.fromisoformat(span["startDate"]), at)
    days = [_DAYS.index(day) for day in pattern.get("daysOfWeek", ())]
    day, index = pattern["dayOfMonth"], _INDEX[pattern.get("index") or "first"]
    # A month without a 31st has the series on its last day, as Exchange has it: the last of the candidates that exist.
    absolute: dict[str, Any] = {"bymonthday": range(28, day + 1), "bysetpos": -1} if day > 28 else {"bymonthday": day}
    relative: dict[str, Any] = {"byweekday": days, "bysetpos": index}
    kind = pattern["type"]
    by: dict[str, Any]
    frequency, by = {
        "daily": (rrule.DAILY, {}),
        "weekly": (rrule.WEEKLY, {"byweekday": days, "wkst": _DAYS.index(pattern["firstDayOfWeek"])}),
        "absoluteMonthly": (rrule.MONTHLY, absolute),
        "relativeMonthly": (rrule.MONTHLY, relative),
        "absoluteYearly": (rrule.YEARLY, {"bymonth": pattern["month"], **absolute}),
        "relativeYearly": (rrule.YEARLY, {"bymonth": pattern["month"], **relative}),
    }[kind]
    limit: dict[str, Any] = {"until": begins + inferred.ENDLESS_HORIZON}
    if span["type"] == "endDate":
        limit = {"until": datetime.combine(date.fromisoformat(span["endDate"]), time.max)}
    elif span["type"] == "numbered":
        limit = {"count": span["numberOfOccurrences"]}
    yield from rrule.rrule(
        frequency,  # type: ignore[arg-type]
        dtstart=begins,
        interval=pattern["interval"],
        **limit,
        **by,
    )


def slots(recurrence: dict[str, Any], at: time, length: timedelta) -> Iterator[tuple[int, int]]:
    """(start, end) of every occurrence in epoch seconds; the length is wall time, too."""
    zone = recurrence["range"]["recurrenceTimeZone"]
    for start in wall_starts(recurrence, at):
        yield epoch(start, zone), epoch(start + length, zone)
