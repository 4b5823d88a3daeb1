"""The calendar port: what services may ask of either side, whichever system stands behind it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from roombooker.domain.booking import Booking, Draft, Person, Side
from roombooker.domain.fingerprint import EVERY_FIELD, Field
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import RoomBookerError


@dataclass(frozen=True, slots=True)
class Listing:
    """What one side says is in one room for a window. Absence counts only where `is_complete`.

    `bookings` are those that overlap the window, tombstones included where the side keeps them.
    `read_at` is when the read began (aware UTC)."""

    room_id: str
    window: Slot
    bookings: tuple[Booking, ...]
    is_complete: bool
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """A delta: what changed since `cursor` was given; `gone` are refs removed or out of the window, which proves nothing.

    `is_full` says that this is a whole listing (first read, or the cursor had expired). `restated` are series whose dates in the
    window are all in `bookings`: a remembered date of such a series that is not among them is gone, though `gone` does not name it.
    A delta does not carry our stamped key of meetings that people organize: `match_key` may be None where listing() has it."""

    room_id: str
    window: Slot
    bookings: tuple[Booking, ...]
    gone: tuple[str, ...]
    cursor: str
    is_full: bool
    read_at: datetime
    restated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A TOPdesk person that may be a requester."""

    id: str
    person: Person


@dataclass(frozen=True, slots=True)
class Location:
    """A TOPdesk location as the import reads it; `mailbox` from the configured location field, "" where empty."""

    id: str
    name: str
    number: str
    branch_id: str
    branch: str
    floor: str
    room_type: str
    capacity: int | None
    mailbox: str
    time_zone: str
    requires_approval: bool
    block_minutes: int
    reservable: bool
    archived: bool
    person_group: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An Exchange room mailbox as Graph's places tell it."""

    id: str
    mailbox: str
    name: str
    building: str
    floor: str
    capacity: int | None
    equipment: tuple[str, ...]
    wheelchair_accessible: bool | None
    booking_type: str


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch in which Exchange says the room is not free; `status` tentative | busy | oof."""

    slot: Slot
    status: str
    subject: str | None = None


class Calendar(Protocol):
    """Common to both sides. Errors: SideError and below; NotFound where a ref is unknown; never a `requests` exception."""

    side: Side

    def listing(self, room: Room, window: Slot) -> Listing:
        """All that overlaps the window (asks for end > window.start and start < window.end, pages to the end)."""
        ...

    def get(self, room: Room, ref: str) -> Booking:
        """One record by its ref, wherever it is now. NotFound on 404, Denied on 403."""
        ...

    def find(self, room: Room, match_key: str) -> Booking | None:
        """The record that bears our key, live before ended; None where there is none."""
        ...

    def create(self, room: Room, draft: Draft) -> Booking:
        """Refused, or OutcomeUnknown when the answer was lost after sending: find() it before any retry."""
        ...

    def change(self, room: Room, seen: Booking, draft: Draft) -> Booking:
        """Bring the record to the draft (slot, people, room, subject), with as few calls as that takes; returns a read-back."""
        ...

    def remove(self, room: Room, seen: Booking, reason: str) -> Booking | None:
        """End it the way its standing demands (TOPdesk cancel | reject, Exchange cancel | decline). Already ended is success.

        Returns the tombstone where the side keeps one."""
        ...


class Facilities(Calendar, Protocol):
    """What only TOPdesk (or another facility system) can be asked."""

    def change(self, room: Room, seen: Booking, draft: Draft, fields: Collection[Field] = EVERY_FIELD) -> Booking:
        """Of the draft only these fields are carried over, and our key: what people wrote in the others stands. A private draft hides the
        subject in any case."""
        ...

    def occupied(self, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Booking]]:
        """Live bookings that lie too near the slot (see Room.apart) or overlap it: room id -> bookings; one call for all rooms."""
        ...

    def person_by_email(self, email: str) -> PersonCard | None:
        """The one unarchived person with this address, compared without regard to case; several hits: the first by id."""
        ...

    def person_groups(self, person_id: str) -> frozenset[str]:
        """Ids and names of the unarchived person groups that a person is in; NotFound where there is no such person."""
        ...

    def person_account(self) -> PersonCard | None:
        """The configured person that books for those without a card."""
        ...

    def anywhere(self, ref: str) -> list[Booking]:
        """One reservation wherever it is: a record per room that it holds, `room_id` "" (look the room up by `place`); NotFound."""
        ...

    def locations(self, branch: str | None = None, room_type: str | None = None) -> list[Location]: ...

    def stamp(self, room: Room, seen: Booking, match_key: str) -> Booking:
        """Write our key on a reservation that somebody else made."""
        ...

    def listing_all(self, rooms: Sequence[Room], window: Slot) -> Iterable[Listing]:
        """One paged read of the whole window for many rooms (ceil(n / 10,000) + 1 calls), split by room."""
        ...

    def listing_slices(self, rooms: Sequence[Room], window: Slot) -> Iterator[list[Listing]]:
        """The same, page by page: stretches of time that follow on each other and together cover the window, each with a listing per
        room. Only a page is in memory at a time; whoever has enough may stop."""
        ...

    def make_series(self, room: Room, seen: Booking, dates: Sequence[date]) -> list[Booking]:
        """Turn a reservation into a TOPdesk series with these further dates (<= 999); the occurrences with their real starts."""
        ...

    def extend_series(self, room: Room, seen: Booking, dates: Sequence[date]) -> list[Booking]:
        """Further dates, later than that one, for the TOPdesk series that a reservation is in; all occurrences, those of before too."""
        ...


class MeetingCalendar(Calendar, Protocol):
    """What only Exchange can be asked.

    With the optional scope on people's mailboxes, `create` for a room in person mode puts the meeting into the organizer's calendar and
    gives the room's copy (OutcomeUnknown while the room has not answered; asking again makes no second one), and `change` moves a
    person's meeting in their own calendar: its slot and room, nothing else. Without it, such a change is Refused."""

    def free_busy(self, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Busy]]:
        """getSchedule of up to many rooms (chunks of 20); room id -> stretches. A room that Exchange refuses raises Denied when
        it is asked alone, and is left out of the answer when asked among others."""
        ...

    def changes(self, room: Room, window: Slot, cursor: str | None) -> Changes: ...

    def changes_all(self, asks: Sequence[tuple[Room, Slot, str | None]]) -> Iterable["Changes | Exception"]:
        """The same for many rooms in batches of 20, at most 4 inner requests in flight; one item per ask, in order."""
        ...

    def decline(self, room: Room, seen: Booking, reason: str) -> None:
        """The room declines a meeting that a person organizes, with the reason as its comment."""
        ...

    def accept(self, room: Room, seen: Booking, *, tentatively: bool = False) -> Booking: ...

    def stamp(self, room: Room, seen: Booking, match_key: str) -> Booking:
        """Write our key as an extended property on the room's copy; raises Denied with read rights only."""
        ...

    def stamp_all(self, room: Room, stamps: Sequence[tuple[Booking, str]]) -> list[RoomBookerError | None]:
        """The same for many meetings and their keys, in batches of 20; one item per stamp, in order: None where it is written."""
        ...

    def places(self) -> list[Place]: ...

    def person(self, address_or_id: str) -> Person | None:
        """Somebody with all their addresses, from the directory; needs User.Read.All."""
        ...

    def send_mail(self, sender: str, to: Person, subject: str, text: str) -> None: ...
