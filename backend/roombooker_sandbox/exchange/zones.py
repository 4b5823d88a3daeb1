"""Time zones by Windows or IANA name, and Graph's `{dateTime, timeZone}` pairs."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from roombooker_sandbox.exchange.errors import GraphError, invalid_property

_WINDOWS = {name.lower(): zone for name, zone in win_tz.items()}
_UTC_NAMES = {"utc", "tzone://microsoft/utc", "etc/utc", "gmt standard time/utc"}
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """The zone of a Windows or IANA name; 400 TimeZoneNotSupportedException for anything else."""
    if name.lower() in _UTC_NAMES:
        return ZoneInfo("UTC")
    iana = _WINDOWS.get(name.lower())
    if iana is None and (name in tz_win or "/" in name):
        iana = name
    try:
        return ZoneInfo(iana or "no such zone")
    except (ValueError, OSError, KeyError) as error:
        raise GraphError(
            400, "TimeZoneNotSupportedException",
            f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'.",
        ) from error  # fmt: skip


def windows_name(iana: str) -> str:
    return tz_win.get(iana, iana)


def local_time(value: Any, field: str) -> tuple[datetime, str]:
    """The naive wall time and the zone name of `{dateTime, timeZone}`; an offset or Z inside dateTime wins and makes it UTC."""
    if not isinstance(value, dict) or not isinstance(value.get("dateTime"), str):
        raise invalid_property(field)
    zone = str(value.get("timeZone") or "UTC")
    zone_of(zone)
    moment = parse_stamp(value["dateTime"], field)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC).replace(tzinfo=None), "UTC"
    return moment, zone


def parse_stamp(text: str, field: str) -> datetime:
    """ISO date or date-time with up to seven decimals; aware only when the text says so."""
    match = _STAMP.fullmatch(text.strip())
    if not match:
        raise invalid_property(field, f"The value '{text}' of '{field}' is not a date and time.")
    day, minutes, seconds, decimals, offset = match.groups()
    stamp = f"{day}T{minutes or '00:00'}{seconds or ':00'}{(decimals or '')[:7]}"
    try:
        moment = datetime.fromisoformat(stamp + ("+00:00" if offset in {"Z", "z"} else offset or ""))
    except ValueError as error:
        raise invalid_property(field, f"The value '{text}' of '{field}' is not a date and time.") from error
    return moment.replace(microsecond=0)


def instant(text: str, field: str) -> int:
    """Epoch seconds of an ISO text; naive means UTC, as for startDateTime and endDateTime."""
    moment = parse_stamp(text, field)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def epoch(wall: datetime, zone: str) -> int:
    return int(wall.replace(tzinfo=zone_of(zone)).timestamp())


def wall(at: int, zone: str) -> datetime:
    """Naive wall time in `zone` of an epoch second."""
    return datetime.fromtimestamp(at, zone_of(zone)).replace(tzinfo=None)


def pair(at: int, zone: str) -> dict[str, str]:
    """`{dateTime, timeZone}` as Graph writes it: seven decimals, the zone's name as it was asked for."""
    if zone == "UTC":
        moment = datetime.fromtimestamp(at, UTC)
    else:
        moment = datetime.fromtimestamp(at, zone_of(zone))
    return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": zone}


def stamp(at: int) -> str:
    """`2026-11-21T10:00:00Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
