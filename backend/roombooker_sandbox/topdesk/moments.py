"""Dates as this TOPdesk reads and writes them: any ISO 8601 in, whole minutes since 1970 inside, three styles out."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII,
)


def read_instant(text: str) -> datetime:
    """Aware UTC, fractions of a second dropped. Without an offset it is UTC (documented for siblings). ValueError if it is no date."""
    found = _ISO.match(text.strip())
    if not found:
        raise ValueError(text)
    day, hour, minute, second, zone = found.groups()
    offset = "+00:00" if zone in (None, "Z", "z") else zone
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    elif len(offset) == 3:
        offset += ":00"
    return datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}{offset}").astimezone(UTC)


def minute_of(instant: datetime) -> int:
    """Whole minutes since 1970 UTC, truncated as spec R says."""
    return int(instant.timestamp() // 60)


def from_minute(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def from_second(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def write_instant(instant: datetime, style: str) -> str:
    """`style` is one of the switch's: Z, .000Z, .000+0000."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S") + style


def imf_fixdate(instant: datetime) -> str:
    return format_datetime(instant, usegmt=True)
