"""What a plan looks at: one side of a room as it was read, and the rules of either side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from roombooker.domain.booking import Booking, Side
from roombooker.domain.fingerprint import Field
from roombooker.domain.slot import Slot


class Ending(Enum):
    """What a re-read by ref said of a remembered record that its side's listing no longer shows."""

    ENDED = "ended"  # cancelled, rejected or isCancelled: proof
    GONE = "gone"  # 404: no proof
    UNREADABLE = "unreadable"  # 403, archived, or the side could not be asked


@dataclass(frozen=True, slots=True)
class View:
    """One side of one room. `bookings` are the listing's (tombstones included) and those re-read by ref; `endings` the rest.

    A record with the id of another room belongs to a link of this plan; one with room_id "" lies in a room that is not mapped.
    `around` is what else lies where a record of the other side was moved to in another room."""

    bookings: tuple[Booking, ...]
    is_complete: bool
    endings: Mapping[str, Ending] = field(default_factory=dict)
    around: tuple[Booking, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SideRules:
    """How a side is: what it keeps (and so fingerprints), what it follows of the other, and what of it we may write."""

    keeps: frozenset[Field]
    follows: frozenset[Field]
    follows_own: frozenset[Field] = frozenset()  # beyond that, where the record is a meeting of the room's own
    edits_all: bool = True  # False: only meetings that the room itself organizes
    grace: timedelta | None = None  # how long an unexplained absence is waited out; None: a person must look


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    room_id: str
    now: datetime
    zone: ZoneInfo  # the room's
    topdesk: SideRules
    exchange: SideRules
    dominant: Side | None = Side.TOPDESK  # None: a person decides
    hold: timedelta = timedelta(minutes=30)
    block: timedelta = timedelta()  # how long lies between two bookings (Room.apart)
    live_keys: frozenset[str] = frozenset()  # keys of intents at work: their records belong to the saga
    nobody: frozenset[str] = frozenset()  # addresses that stand for no organizer: the person account's
    is_first_load: bool = False  # what is there was there before us: it is matched, made or held, never declined
    windows: tuple[Slot, ...] = ()  # what was looked at; (): everything

    def of(self, side: Side) -> SideRules:
        return self.topdesk if side is Side.TOPDESK else self.exchange

    def has_seen(self, slot: Slot) -> bool:
        """Whether all that may lie in what is left of the slot was looked at."""
        ahead = Slot(max(slot.start, self.now), slot.end).widened(self.block)
        return not self.windows or any(Slot(min(w.start, self.now - self.block), w.end).contains(ahead) for w in self.windows)
