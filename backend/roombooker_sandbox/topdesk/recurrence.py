"""Series by a list of dates: made, added to, and set; every occurrence at the same clock time as the one it is made from."""

import sqlite3
import uuid
from collections.abc import Iterable
from copy import deepcopy
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response

from roombooker_sandbox.topdesk.answers import pick, refuse, truth
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.conflicts import clashes, heal
from roombooker_sandbox.topdesk.inferred import CODE_NOT_ALLOWED, CODE_TAKEN, SERIES_KEEPS_LOCAL_TIME
from roombooker_sandbox.topdesk.moments import from_minute, minute_of
from roombooker_sandbox.topdesk.rendering import Reader
from roombooker_sandbox.topdesk.reservation import Reservation, delete, next_serial, save
from roombooker_sandbox.topdesk.reservations import known, occurrences, touch
from roombooker_sandbox.topdesk.reserving import check_period
from roombooker_sandbox.topdesk.rules import conflicting, plain
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk
from roombooker_sandbox.topdesk.transitions import allow
from roombooker_sandbox.topdesk.windows import branch_zone

_LIMIT = 999  # occurrences in one series, spec R
_SHOWN = ("id", "number", "status", "series", "plannedStartDate", "plannedEndDate")


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    def recur(identifier: str, *, start: bool, replace: bool = False) -> Response:
        allow_conflicts = bool(truth("allowConflicts"))
        with world.store.transaction() as db:
            it = known(topdesk, db, identifier)
            allow(it, "recur")
            if start == (it.series is not None):
                raise refuse(CODE_NOT_ALLOWED, "The reservation is recurrent already" if start else "The reservation is not recurrent")
            dates = _dates(db, it)
            existing = occurrences(db, it)
            days = {_local_day(db, one) for one in existing}
            gone = [one for one in existing if one.start > it.start and _local_day(db, one) not in dates] if replace else []
            for one in gone:
                delete(db, one)
            new_days = [day for day in dates if day not in days]
            if len(existing) - len(gone) + len(new_days) > _LIMIT:
                raise refuse("value_overflow", f"A series cannot have more than {_LIMIT} occurrences", "dates")
            if it.series is None:
                it.details["series"] = str(uuid.uuid4())
                touch(topdesk, it)
                save(db, it)
            made = [_occurrence(topdesk, db, it, day, allow_conflicts=allow_conflicts) for day in new_days]
            healed = [other for one in gone for other in heal(db, one.rooms, one.start, one.end, topdesk.now_s, topdesk.world.switches)]
            cards = [pick(Reader(db).reservation(one), _SHOWN) for one in occurrences(db, it)]
        for one in (*([it] if start else []), *made, *gone, *healed):
            topdesk.events.changed(one.id)
        return topdesk.answer({"results": cards})

    @blueprint.post(f"{API}/reservations/<identifier>/makeRecurrent/dates")
    @needs(world, "reservations_write")
    def make_recurrent(identifier: str) -> Response:
        return recur(identifier, start=True)

    @blueprint.post(f"{API}/reservations/<identifier>/occurrences/dates")
    @needs(world, "reservations_write")
    def add_occurrences(identifier: str) -> Response:
        return recur(identifier, start=False)

    @blueprint.put(f"{API}/reservations/<identifier>/occurrences/dates")
    @needs(world, "reservations_write")
    def set_occurrences(identifier: str) -> Response:
        """Occurrences after the given one that are not listed are deleted, those before it are kept."""
        return recur(identifier, start=False, replace=True)


def _dates(db: sqlite3.Connection, it: Reservation) -> list[date]:
    """Unique, after the original, which may be named and is ignored; at most a thousand."""
    body = Body()
    body.allow("dates")
    body.require("dates")
    given = body.value.get("dates")
    if given is not None and (not isinstance(given, list) or not 1 <= len(given) <= 1000):
        body.blame("value_invalid", "dates", "must be a list of 1 to 1000 dates")
    body.finish()
    try:
        dates = [date.fromisoformat(text) for text in _ten_wide(given or [])]
    except (ValueError, TypeError):
        raise refuse("value_invalid", "A date is not in the ISO 8601 date only format", "dates") from None
    own = _local_day(db, it)
    later = [day for day in dates if day != own]
    if len(set(dates)) != len(dates) or any(day < own for day in later):
        raise refuse("value_invalid", "The dates must be unique, and after the original reservation", "dates")
    return sorted(later)


def _ten_wide(given: Iterable[object]) -> Iterable[str]:
    for text in given:
        if not isinstance(text, str) or len(text) != 10:
            raise ValueError(text)
        yield text


def _zone(db: sqlite3.Connection, it: Reservation) -> ZoneInfo:
    row = db.execute("SELECT branch_id FROM topdesk_locations WHERE serial = ?", (it.rooms[0] if it.rooms else 0,)).fetchone()
    return branch_zone(db, row["branch_id"] if row else "")


def _local_day(db: sqlite3.Connection, it: Reservation) -> date:
    return from_minute(it.start).astimezone(_zone(db, it)).date()


def _occurrence(topdesk: Topdesk, db: sqlite3.Connection, it: Reservation, day: date, *, allow_conflicts: bool) -> Reservation:
    one = deepcopy(it)
    one.serial, one.id = next_serial(db), str(uuid.uuid4())
    one.status = plain(it.status)
    for facility in one.facilities:
        facility.id = str(uuid.uuid4())
        facility.services = [{**service, "id": str(uuid.uuid4())} for service in facility.services]
    one.details.pop("externalLinks", None)  # one link per reservation: a copy would be taken for the original
    one.start = _moved(db, it, day)
    one.end = one.start + it.end - it.start
    check_period(db, one)
    if topdesk.world.switches.conflict_mode != "silent" and clashes(db, one, topdesk.world.switches):
        if not allow_conflicts:
            raise refuse(CODE_TAKEN, f"The facility is not available on {day.isoformat()}", "dates")
        one.status = conflicting(one.status)
    touch(topdesk, one)
    save(db, one)
    return one


def _moved(db: sqlite3.Connection, it: Reservation, day: date) -> int:
    zone = _zone(db, it)
    start = from_minute(it.start)
    if SERIES_KEEPS_LOCAL_TIME:
        return minute_of(datetime.combine(day, start.astimezone(zone).time(), zone))
    return minute_of(start + timedelta(days=(day - start.date()).days))
