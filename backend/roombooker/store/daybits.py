"""Day segments in bits: a UTC day is 24 words of 60 bits, one bit per blocked minute."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from roombooker.domain.slot import Slot

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_FULL = (1 << 60) - 1


def to_minute(instant: datetime) -> int:
    """Whole minutes since 1970."""
    return (instant - _EPOCH) // _MINUTE


def to_instant(minute: int) -> datetime:
    return _EPOCH + minute * _MINUTE


def to_second(instant: datetime) -> int:
    return (instant - _EPOCH) // _SECOND


def paint(spans: Iterable[tuple[int, int]], days: Collection[int]) -> dict[int, list[int]]:
    """Day -> 24 words, of those `days` in which a span (start and end in minutes since 1970) blocks anything."""
    painted: dict[int, list[int]] = {}
    for start, end in spans:
        for hour in range(start // 60, (end - 1) // 60 + 1):
            day = hour // 24
            if day in days:
                words = painted.get(day)
                if words is None:
                    words = painted[day] = [0] * 24
                words[hour % 24] |= hour_mask(start, end, hour)
    return painted


def hour_mask(start: int, end: int, hour: int) -> int:
    """The bits that start..end sets in that hour (counted since 1970)."""
    low = max(start - hour * 60, 0)
    high = min(end - hour * 60, 60)
    return _FULL if high - low == 60 else ((1 << (high - low)) - 1) << low


def masks(slot: Slot) -> dict[int, dict[int, int]]:
    """Day -> hour of the day -> the bits that the slot needs free."""
    start, end = to_minute(slot.start), to_minute(slot.end)
    needed: dict[int, dict[int, int]] = {}
    for hour in range(start // 60, (end - 1) // 60 + 1):
        needed.setdefault(hour // 24, {})[hour % 24] = hour_mask(start, end, hour)
    return needed
