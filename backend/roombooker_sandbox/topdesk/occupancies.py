"""facilityOccupancies: how full a room was, hour by hour, averaged over the days asked for."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.answers import Card, check_parameters, refuse
from roombooker_sandbox.topdesk.moments import minute_of
from roombooker_sandbox.topdesk.reservables import uuids
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARAMETERS = ("locationId", "objectId", "periodStartDate", "periodEndDate", "timeStart", "timeEnd", "timeZone", "weekDay")


class Period(NamedTuple):
    """Which hours of which days, in whose clock; hours 0..24."""

    days: list[date]
    first_hour: int
    last_hour: int
    zone: ZoneInfo


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    @blueprint.get(f"{API}/facilityOccupancies")
    @needs(topdesk.world, "reservations_read")
    def get_occupancies() -> Response:
        check_parameters(topdesk.world.switches, *_PARAMETERS)
        period = _period(topdesk)
        rooms = sorted(uuids("locationId"))
        uuids("objectId")
        with topdesk.world.store.transaction() as db:
            found = [(serial, card) for room in rooms if (known := topdesk.location(db, room)) for serial, card in [known]]
            results = [
                {"id": c["id"], "name": c["name"], "branch": c["branch"], "occupancy": list(_hours(db, s, period))} for s, c in found
            ]
        return topdesk.answer({"results": results})


def _period(topdesk: Topdesk) -> Period:
    today = topdesk.world.clock.now().date()
    try:
        first = date.fromisoformat(request.args.get("periodStartDate", today.isoformat()))
        last = date.fromisoformat(request.args.get("periodEndDate", first.isoformat()))
        begins, ends = (_hour(request.args.get(name, default)) for name, default in (("timeStart", "0:00"), ("timeEnd", "24:00")))
        zone = ZoneInfo(request.args.get("timeZone", "UTC"))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise refuse("value_invalid", "Invalid query parameter", *_PARAMETERS) from None
    weekday = request.args.get("weekDay")
    if last < first or ends <= begins or (last - first).days > 3660 or weekday not in (None, *_WEEKDAYS):
        raise refuse("value_invalid", "Invalid query parameter", "periodEndDate", "timeEnd", "weekDay")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Period([day for day in days if weekday in (None, _WEEKDAYS[day.weekday()])], begins, ends, zone)


def _hour(text: str) -> int:
    """`H:mm`, 24:00 allowed; rates are by whole hours, so a part of an hour widens to it."""
    hours, minutes = (int(part) for part in text.split(":"))
    if not (0 <= hours <= 24 and 0 <= minutes < 60 and hours * 60 + minutes <= 1440):
        raise ValueError(text)
    return hours + (minutes > 0)


def _hours(db: sqlite3.Connection, room: int, period: Period) -> Iterator[Card]:
    totals = dict.fromkeys(range(period.first_hour, period.last_hour), 0)
    for day in period.days:
        taken = _taken(db, room, _minute(day, 0, period.zone), _minute(day, 24, period.zone))
        for hour in totals:
            begins, ends = _minute(day, hour, period.zone), _minute(day, hour + 1, period.zone)
            totals[hour] += min(60, sum(max(0, min(end, ends) - max(start, begins)) for start, end in taken))
    for hour, minutes in totals.items():
        yield {
            "interval": f"{hour}:00-{hour + 1}:00", "start": {"hour": hour, "minute": 0}, "end": {"hour": hour + 1, "minute": 0},
            "rate": round(minutes / 60 / len(period.days), 4) if period.days else 0.0,
        }  # fmt: skip


def _minute(day: date, hour: int, zone: ZoneInfo) -> int:
    return minute_of(datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), zone).astimezone(UTC))


def _taken(db: sqlite3.Connection, room: int, start: int, end: int) -> list[tuple[int, int]]:
    rows = db.execute(
        "SELECT o.start, o.end FROM topdesk_occupied o JOIN topdesk_reservations r ON r.serial = o.reservation"
        " WHERE o.room = ? AND o.start < ? AND o.end > ? AND r.status < 4", (room, end, start),
    )  # fmt: skip
    return [(row["start"], row["end"]) for row in rows]
