"""What we remember, as tables: rooms, links, intents, occupancy, cursors, work items, journal, and what is due."""

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from roombooker.store.db import Base, UtcDateTime

Id = String(40)

# What the exclusion constraint of `claim` needs.
event.listen(Base.metadata, "before_create", DDL("CREATE EXTENSION IF NOT EXISTS btree_gist").execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]


class RoomRow(Base):
    __tablename__ = "room"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    location_id: Mapped[str] = mapped_column(String(64), unique=True)
    mailbox: Mapped[str] = mapped_column(String(320), unique=True)  # lower case
    enabled: Mapped[bool] = mapped_column(default=False)
    mapped_in: Mapped[str] = mapped_column(String(16), default="topdesk")  # topdesk | admin: where the pairing is kept
    name: Mapped[str] = mapped_column(String(255), default="")
    number: Mapped[str] = mapped_column(String(255), default="")
    building: Mapped[str] = mapped_column(String(255), default="", index=True)
    branch_id: Mapped[str] = mapped_column(String(64), default="")
    floor: Mapped[str] = mapped_column(String(64), default="")
    capacity: Mapped[int | None] = mapped_column(default=None)
    equipment: Mapped[list[str]] = mapped_column(JSON, default=list)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    photo_url: Mapped[str | None] = mapped_column(Text, default=None)
    wheelchair_accessible: Mapped[bool | None] = mapped_column(default=None)
    requires_approval: Mapped[bool] = mapped_column(default=False)
    block_minutes: Mapped[int] = mapped_column(default=0)
    person_group: Mapped[str | None] = mapped_column(String(255), default=None)
    policy: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what an administrator set: domain.room.Room's rule fields
    alarm: Mapped[str | None] = mapped_column(Text, default=None)  # mailbox gone, location archived, out of scope …
    held_reason: Mapped[str | None] = mapped_column(Text, default=None)  # a SafetyStop holds this room until a person lets it pass
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)  # a notice asks to look at it
    due_cause: Mapped[str | None] = mapped_column(String(64), default=None)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LinkRow(Base):
    """One booking of one room on one date; `booking_id` groups what was booked together."""

    __tablename__ = "link"
    __table_args__ = (Index("ix_link_room_start", "room_id", "start_at"), Index("ix_link_organizer_start", "organizer_email", "start_at"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    booking_id: Mapped[str] = mapped_column(Id, index=True)
    match_key: Mapped[str] = mapped_column(Id, unique=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id"))
    start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(32), index=True)  # the outside names of interface.md
    organizer_email: Mapped[str | None] = mapped_column(String(320), default=None)
    organizer_name: Mapped[str] = mapped_column(String(255), default="")
    subject: Mapped[str] = mapped_column(String(255), default="")  # "" where private or unknown
    attendees: Mapped[int | None] = mapped_column(default=None)
    private: Mapped[bool] = mapped_column(default=False)
    ical_uid: Mapped[str | None] = mapped_column(String(512), default=None, index=True)
    original_start_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    series_id: Mapped[str | None] = mapped_column(Id, default=None, index=True)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)
    vanished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)
    reason_code: Mapped[str | None] = mapped_column(String(64), default=None)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    refused: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)  # the action refused, with both fingerprints
    caller: Mapped[str | None] = mapped_column(String(128), default=None, index=True)  # tid:oid of who booked it through us
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sides: Mapped[list["LinkSideRow"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class LinkSideRow(Base):
    """What we last saw of a link on one side."""

    __tablename__ = "link_side"
    __table_args__ = (UniqueConstraint("side", "ref"),)

    link_id: Mapped[str] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[str] = mapped_column(String(16), primary_key=True)
    ref: Mapped[str] = mapped_column(String(512))
    version: Mapped[str] = mapped_column(String(255), default="")
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    number: Mapped[str | None] = mapped_column(String(64), default=None)
    standing: Mapped[str] = mapped_column(String(16), default="planned")
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IntentRow(Base):
    """A person's wish, moving through saga states; the key is unique per caller."""

    __tablename__ = "intent"
    __table_args__ = (UniqueConstraint("caller", "key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    caller: Mapped[str] = mapped_column(String(128))  # tid:oid
    key: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))  # book | move | cancel
    request_fingerprint: Mapped[str] = mapped_column(String(64))
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    booking_id: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(String(32))  # the saga's phase
    progress: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the saga's state, as its own JSON
    answer_status: Mapped[int | None] = mapped_column(default=None)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)  # None: finished
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None, index=True)


class ClaimRow(Base):
    """A pending wish for a stretch of a room (and for how long others stay away after it), until it is stored as occupancy or given up.

    PostgreSQL also excludes two that overlap in one room (needs btree_gist); on SQLite BEGIN IMMEDIATE does that."""

    __tablename__ = "claim"
    __table_args__ = (
        Index("ix_claim_room_start", "room_id", "start_at"),
        ExcludeConstraint(("room_id", "="), (text("tstzrange(start_at, end_at)"), "&&"), name="ex_claim_room_span", using="gist").ddl_if(
            dialect="postgresql"
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    intent_id: Mapped[str] = mapped_column(Id, index=True)
    match_key: Mapped[str] = mapped_column(Id, index=True)
    start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CursorRow(Base):
    """Where we are in reading one side of one room: delta tokens, sweep positions, last complete reads."""

    __tablename__ = "cursor"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)  # for example delta:<room id>, sweep:topdesk
    value: Mapped[str] = mapped_column(Text, default="")
    window_start_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    window_end_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class SubscriptionRow(Base):
    """A Graph subscription of ours on one room mailbox."""

    __tablename__ = "subscription"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # Graph's
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), index=True)
    client_state: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    renew_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


# SQLite would give the number of a row that was just deleted to the next one: whoever still had the old one at hand would take it for that.
_NEVER_AGAIN = {"sqlite_autoincrement": True}


class NoticeRow(Base):
    """The inbox of both hooks: a reason to look, kept until somebody has looked."""

    __tablename__ = "notice"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    side: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str] = mapped_column(String(512), default="")  # reservation id, or the room's id for Graph
    kind: Mapped[str] = mapped_column(String(32), default="changed")  # changed | missed | subscriptionRemoved | reauthorizationRequired
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)


class MailRow(Base):
    """A message to somebody that is not sent yet: written with the change that it tells of, gone as soon as it is out."""

    __tablename__ = "mail"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    recipient: Mapped[str] = mapped_column(String(320), index=True)  # lower case
    recipient_name: Mapped[str] = mapped_column(String(255), default="")
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    room_id: Mapped[str | None] = mapped_column(Id, default=None)
    booking_id: Mapped[str | None] = mapped_column(Id, default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class ScheduleSlotRow(Base):
    """Insert-or-nothing: a periodic tick runs once across machines."""

    __tablename__ = "schedule_slot"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    slot: Mapped[str] = mapped_column(String(64), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class WorkItemRow(Base):
    """Something that only a person can settle; `dedupe` keeps one open item per cause."""

    __tablename__ = "work_item"
    __table_args__ = (
        Index(
            "uq_work_item_open", "dedupe", unique=True, sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL")
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(
        String(48), index=True
    )  # conflict | cancellation_request | unmatched | ambiguous | failed_step | safety_stop | moved_in_topdesk …
    dedupe: Mapped[str] = mapped_column(String(255))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), default=None, index=True)
    link_id: Mapped[str | None] = mapped_column(Id, default=None, index=True)
    booking_id: Mapped[str | None] = mapped_column(Id, default=None)
    reason: Mapped[str] = mapped_column(Text)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    actions: Mapped[list[str]] = mapped_column(JSON, default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    settled_by: Mapped[str | None] = mapped_column(String(255), default=None)
    outcome: Mapped[str | None] = mapped_column(Text, default=None)


class JournalRow(Base):
    """Append-only: every action and call, with what caused it."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_booking_at", "booking_id", "at"), Index("ix_journal_room_at", "room_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(64))  # booked | matched | created | moved | released | refused | call …
    message: Mapped[str] = mapped_column(Text)  # one sentence for people
    side: Mapped[str | None] = mapped_column(String(16), default=None)
    ref: Mapped[str | None] = mapped_column(String(512), default=None)
    room_id: Mapped[str | None] = mapped_column(Id, default=None)
    booking_id: Mapped[str | None] = mapped_column(Id, default=None)
    match_key: Mapped[str | None] = mapped_column(Id, default=None)
    caused_by: Mapped[str] = mapped_column(String(255), default="")  # caller tid:oid, notice, sweep, hold, administrator …
    email: Mapped[str | None] = mapped_column(String(320), default=None, index=True)  # removed after ROOMBOOKER_LOG_DAYS
    request_id: Mapped[str | None] = mapped_column(String(64), default=None)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)


class PersonRow(Base):
    """Cache of look-ups by address, and what a person likes (last and favourite rooms)."""

    __tablename__ = "person"

    email: Mapped[str] = mapped_column(String(320), primary_key=True)
    topdesk_id: Mapped[str | None] = mapped_column(String(64), default=None)
    name: Mapped[str] = mapped_column(String(255), default="")
    looked_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    addresses: Mapped[list[str]] = mapped_column(JSON, default=list)
    addresses_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    groups: Mapped[list[str]] = mapped_column(JSON, default=list)  # TOPdesk's person groups, ids and names
    groups_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    last_building: Mapped[str | None] = mapped_column(String(255), default=None)
    last_floor: Mapped[str | None] = mapped_column(String(64), default=None)
    favourites: Mapped[list[str]] = mapped_column(JSON, default=list)


class OccupancyRoomRow(Base):
    """A room's short number in the index (narrow rows make it fast), and the lock of whoever writes that room's part."""

    __tablename__ = "occupancy_room"

    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), unique=True)
    longest_min: Mapped[int] = mapped_column(default=0)  # no span of this room was ever longer: bounds an overlap search from below


class SightingRow(Base):
    """The record that a side last showed us, whole: a delta tells only what changed, the plan needs the rest too."""

    __tablename__ = "sighting"
    __table_args__ = (Index("ix_sighting_room_side_start", "room_id", "side", "start_at"),)

    side: Mapped[str] = mapped_column(String(16), primary_key=True)
    ref: Mapped[str] = mapped_column(String(512), primary_key=True)
    room_id: Mapped[str] = mapped_column(Id)
    start_at: Mapped[datetime] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ical_uid: Mapped[str | None] = mapped_column(String(512), default=None, index=True)
    record: Mapped[dict[str, Any]] = mapped_column(JSON)  # domain.booking.Booking


class OccupancyRow(Base):
    """What each side says is in a room. One row per side's live record; search reads its shadow in `occupancy_day`.

    Instants are whole minutes since 1970 (UTC); `start_min`..`end_min` is where no other booking may
    begin or end: its own time and how far others must stay away (Room.apart) on both sides.
    All keys begin with the room, so that loading a room touches neighbouring pages only."""

    __tablename__ = "occupancy"
    __table_args__ = (UniqueConstraint("room_no", "side", "ref"), Index("ix_occupancy_room_start", "room_no", "start_min"))

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    room_no: Mapped[int] = mapped_column(ForeignKey("occupancy_room.no", ondelete="CASCADE"))
    side: Mapped[str] = mapped_column(String(16))
    ref: Mapped[str] = mapped_column(String(512))
    match_key: Mapped[str | None] = mapped_column(Id, default=None)
    start_min: Mapped[int]
    end_min: Mapped[int]
    planned_start_min: Mapped[int]
    planned_end_min: Mapped[int]
    private: Mapped[bool] = mapped_column(default=False)
    shown_by: Mapped[str | None] = mapped_column(String(255), default=None)  # organizer's name; never of a private booking
    seen_s: Mapped[int] = mapped_column(BigInteger)  # when this was known, seconds since 1970: an older listing does not undo it


occupancy_day = Table(
    "occupancy_day",
    Base.metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("room_no", Integer, ForeignKey("occupancy_room.no", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True),
    *(Column(f"h{hour:02}", BigInteger, nullable=False, server_default=text("0")) for hour in range(24)),
    sqlite_with_rowid=False,
)
"""Day segments: a room's UTC day in one narrow row, 24 hours of 60 bits, a bit per blocked minute, both sides laid over each other.

So one range scan of one btree, day first, tells for all rooms whether a slot is taken, on both databases alike, and what both
sides say counts once. Derived from `occupancy`, always in the same commit."""


class OccupancyReadRow(Base):
    """How fresh the index is: stretches that do not overlap, each with when that side was last read completely there."""

    __tablename__ = "occupancy_read"

    room_no: Mapped[int] = mapped_column(ForeignKey("occupancy_room.no", ondelete="CASCADE"), primary_key=True)
    side: Mapped[str] = mapped_column(String(16), primary_key=True)
    start_min: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    end_min: Mapped[int]
    read_s: Mapped[int] = mapped_column(BigInteger)  # seconds since 1970
