"""Booking: a meeting that occupies a room, in our own neutral form, as one side tells it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from ulid import ULID

from roombooker.domain.slot import Slot

MATCH_KEY = re.compile(r"\bORB-[0-9A-HJKMNP-TV-Z]{26}\b")


def new_match_key() -> str:
    """One per reservation: `ORB-` and a ULID, 30 characters, so that it sorts by birth and fits TOPdesk's 100-wide text fields."""
    return f"ORB-{ULID()}"


def born_at(match_key: str) -> datetime:
    """When the key was made (aware UTC), read from its ULID."""
    return ULID.from_str(match_key.removeprefix("ORB-")).datetime


def reservation_id(ref: str) -> str:
    """The TOPdesk reservation that a ref is about: its first part, where it also names one of several rooms."""
    return ref.partition(":")[0]


class Side(StrEnum):
    TOPDESK = "topdesk"
    EXCHANGE = "exchange"

    @property
    def other(self) -> "Side":
        return Side.EXCHANGE if self is Side.TOPDESK else Side.TOPDESK


class Standing(StrEnum):
    """How a side's record stands. The first three hold the room; the last two are tombstones, proof of an end."""

    PLANNED = "planned"  # TOPdesk planned; Exchange accepted, or organized by the room itself
    REQUESTED = "requested"  # TOPdesk request; Exchange tentative or not answered yet
    CONFLICTING = "conflicting"  # TOPdesk conflictingPlanned or conflictingRequest
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # TOPdesk rejectedRequest; the room declined

    @property
    def is_live(self) -> bool:
        return self in (Standing.PLANNED, Standing.REQUESTED, Standing.CONFLICTING)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by their addresses; all lower case. `aliases` are further addresses known to Exchange."""

    email: str
    name: str = ""
    aliases: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "email", self.email.strip().lower())
        object.__setattr__(self, "aliases", frozenset(a.strip().lower() for a in self.aliases))

    @property
    def addresses(self) -> frozenset[str]:
        return self.aliases | {self.email}

    def is_same_as(self, other: "Person | None") -> bool:
        return other is not None and bool(self.addresses & other.addresses)


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """One side's record. What a side does not keep is None (subject, attendees) or False."""

    side: Side
    ref: str  # the side's id: TOPdesk reservation id (`<id>:<location id>` where it holds several rooms); Graph immutable id of the room's copy
    place: str  # where the side says it is now: TOPdesk location id | room mailbox
    room_id: str  # the room it was asked for; "" where `place` is another one: look that up by place
    slot: Slot
    standing: Standing
    version: str  # modificationDate | changeKey
    organizer: Person | None = None  # None: unknown, or the person account
    subject: str | None = None
    attendees: int | None = None  # number of persons
    private: bool = False
    match_key: str | None = None
    ical_uid: str | None = None  # Exchange only
    original_start: datetime | None = None  # Exchange: an occurrence's original start, aware UTC
    series_ref: str | None = None  # TOPdesk series id | Graph seriesMasterId
    number: str | None = None  # TOPdesk only: what people quote
    room_organizes: bool = False  # Exchange only: the meeting is the room's own, so ours to update
    is_conflicting_request: bool = False  # TOPdesk conflictingRequest: can be rejected, not cancelled
    has_services: bool = False  # TOPdesk only
    is_archived: bool = False  # TOPdesk only: archived is not proof of an end
    modified_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.standing.is_live

    @property
    def refs(self) -> tuple[str, str]:
        """What TOPdesk's side may call this record: alone in its reservation, and as one of several rooms. It changes between the two when
        somebody adds a room or takes one out."""
        ident = reservation_id(self.ref)
        return ident, f"{ident}:{self.place}"

    @property
    def series_mark(self) -> str | None:
        """The series in 40 characters: what the sides call it is longer, and much of one mailbox begins alike."""
        return blake2b(self.series_ref.encode(), digest_size=20).hexdigest() if self.series_ref else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a side shall hold: the fields that we keep in step, for a create or a change."""

    room_id: str
    slot: Slot
    match_key: str
    organizer: Person | None = None
    requester_id: str | None = None  # TOPdesk person id; None lets the adapter keep what is there
    subject: str = ""  # already "Private" where the meeting is private
    attendees: int | None = None
    private: bool = False
    standing: Standing = Standing.PLANNED  # PLANNED or REQUESTED
    note: str = ""  # for the record's memo or body, in words for people
    guests: tuple[Person, ...] = field(default=())  # Exchange: attendees of a meeting that we organize
