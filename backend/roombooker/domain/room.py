"""Room: our pairing of one TOPdesk location with one Exchange room mailbox, with the attributes and rules of both."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum


class Dominant(StrEnum):
    TOPDESK = "topdesk"
    EXCHANGE = "exchange"


class Cancellation(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


class MeetingMode(StrEnum):
    """Where a reservation born in TOPdesk gets its meeting: the room's own calendar, or the requester's."""

    ROOM_ONLY = "room_only"
    PERSON = "person"


class SeriesMode(StrEnum):
    SINGLES = "singles"  # linked single reservations
    SERIES = "series"  # a real TOPdesk series


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """Open from..until in the room's own zone, per ISO weekday 1..7; a missing day is closed."""

    days: dict[int, tuple[time, time]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    id: str  # ours, opaque, stable
    location_id: str  # TOPdesk
    mailbox: str  # Exchange, lower case
    name: str
    number: str = ""
    building: str = ""
    branch_id: str = ""
    floor: str = ""
    capacity: int | None = None
    equipment: tuple[str, ...] = ()
    time_zone: str = "UTC"  # IANA
    photo_url: str | None = None
    wheelchair_accessible: bool | None = None
    requires_approval: bool = False
    block_time: timedelta = timedelta()  # set-up before and clean-up after each booking
    blocks_may_overlap: bool = False  # TOPdesk's rule, see `apart`; a setting, not kept with the room
    service_hours: ServiceHours | None = None
    max_duration: timedelta | None = None
    horizon: timedelta | None = None
    person_group: str | None = None  # only these may book, where TOPdesk says so
    enabled: bool = True
    dominant: Dominant = Dominant.TOPDESK
    cancellation: Cancellation = Cancellation.AUTOMATIC
    meeting_mode: MeetingMode = MeetingMode.ROOM_ONLY
    series_mode: SeriesMode = SeriesMode.SINGLES
    topdesk_leads: bool = False  # "lead" mode: the room is only pencilled in until TOPdesk has said yes
    keeps_subject: bool = False  # the mailbox keeps subjects and the private flag (Set-CalendarProcessing)
    mapped_in: str = "topdesk"  # topdesk | admin: where the pairing is kept
    alarm: str | None = None  # why the pairing is broken, in words: mailbox gone, location archived, out of scope …
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def apart(self) -> timedelta:
        """How long must lie between two bookings, at the least. Whether one's clean-up may overlap the next one's set-up is not
        documented; that they may not is safe: then nothing is shown as free that TOPdesk refuses."""
        return self.block_time if self.blocks_may_overlap else 2 * self.block_time
