"""Link: our memory that two refs are the same booking, and what we last saw of each side."""

from dataclasses import dataclass
from datetime import datetime

from roombooker.domain.booking import Person, Side
from roombooker.domain.slot import Slot


@dataclass(frozen=True, slots=True)
class Remembered:
    """One side of a link as it was when both were last agreed."""

    ref: str
    fingerprint: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """An action that was refused or waits for a person; not planned again until something here changes."""

    action: str  # the class name of the action and its side
    topdesk: str  # fingerprints; "" where that side has no record
    exchange: str
    around: str = ""  # hash of what else lay in the slot that it wanted


DOUBLE = "booked double"
"""What is settled where a reservation overlaps another one and could not be put back: it agrees with its meeting, and yet is not well."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Where a move that waits for its appointment expects it."""

    room_id: str
    slot: Slot


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    id: str
    match_key: str
    room_id: str
    slot: Slot  # as last agreed
    booking_id: str = ""
    topdesk: Remembered | None = None
    exchange: Remembered | None = None
    organizer: Person | None = None
    ical_uid: str | None = None
    original_start: datetime | None = None
    series_id: str | None = None
    is_awaiting: bool = False  # booked through us, and its appointment has not come yet
    is_busy: bool = False  # an intent is at work on it at this moment: hands off
    pending: Pending | None = None  # of a busy one: the move that only waits for its appointment
    writing: Side | None = None  # a write of ours there was begun and its end is not known: what differs there is our own doing
    vanished_at: datetime | None = None  # since when its meeting is gone without a tombstone
    settled: Settled | None = None

    def remembered(self, side: Side) -> Remembered | None:
        return self.topdesk if side is Side.TOPDESK else self.exchange
