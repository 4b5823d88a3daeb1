"""Times of Graph: a local time beside the name of a zone, which may be Windows' own name. Such names live only here."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

from roombooker.errors import Garbled

_FRACTION = re.compile(r"\.\d+")


def to_iana(name: str) -> str:
    """IANA names pass; Garbled for a name that neither table has."""
    if name in ("", "UTC", "tzone://Microsoft/Utc"):
        return "UTC"
    found = win_tz.get(name, name)
    try:
        ZoneInfo(found)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Garbled("exchange", "Exchange named a time zone that nobody knows.") from None
    return found


def to_windows(iana: str) -> str:
    """The Windows name, or the IANA name itself, which Graph also takes."""
    return tz_win.get(iana, iana)


def read_instant(value: Mapping[str, Any] | None) -> datetime:
    """A dateTimeTimeZone as aware UTC. Graph writes seven digits of fraction; they are dropped."""
    text = (value or {}).get("dateTime")
    if not isinstance(text, str):
        raise Garbled("exchange", "Exchange gave an event without a time.")
    try:
        local = datetime.fromisoformat(_FRACTION.sub("", text))
        if local.tzinfo is None:
            local = local.replace(tzinfo=ZoneInfo(to_iana(str((value or {}).get("timeZone") or ""))))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Garbled("exchange", "Exchange gave a time that does not exist.") from None


def write_instant(instant: datetime) -> dict[str, str]:
    return {"dateTime": instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def read_stamp(text: Any) -> datetime | None:
    """A DateTimeOffset such as originalStart; None where there is none or it makes no sense."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def write_stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
