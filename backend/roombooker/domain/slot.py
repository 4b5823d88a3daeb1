"""Slot: a half-open interval of aware UTC instants in whole minutes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


def whole_minute(instant: datetime) -> datetime:
    """Cut (never round) an aware instant to its minute, in UTC, as TOPdesk does; a naive one is a ValueError."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


@dataclass(frozen=True, order=True, slots=True)
class Slot:
    """[start, end). Naive instants and empty or backward slots are a ValueError; seconds are cut off."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", whole_minute(self.start))
        object.__setattr__(self, "end", whole_minute(self.end))
        if self.start >= self.end:
            raise ValueError("a slot must end after it starts")

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: "Slot") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Slot") -> bool:
        return self.start <= other.start and other.end <= self.end

    def widened(self, by: timedelta) -> "Slot":
        """Both ends pushed out, for block time before and after."""
        return Slot(self.start - by, self.end + by)

    def shifted(self, by: timedelta) -> "Slot":
        return Slot(self.start + by, self.end + by)
