"""Rooms: our pairings, loaded and saved; every save moves a version by which caches in other processes notice."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain.room import Cancellation, Dominant, MeetingMode, Room, SeriesMode, ServiceHours
from roombooker.errors import NotFound
from roombooker.store.db import BLOCKS_MAY_OVERLAP
from roombooker.store.models import CursorRow, OccupancyRoomRow, RoomRow, SubscriptionRow
from roombooker.store.upsert import upsert

VERSION = "rooms"  # the row of `cursor` that holds the version


def new_room_id() -> str:
    return f"room-{ULID()}"


def every(session: Session, *, enabled_only: bool = False) -> list[Room]:
    """All rooms by name."""
    query = select(RoomRow).order_by(RoomRow.name, RoomRow.id)
    if enabled_only:
        query = query.where(RoomRow.enabled)
    return [to_room(session, row) for row in session.scalars(query)]


def get(session: Session, room_id: str) -> Room:
    """NotFound where there is none."""
    row = session.get(RoomRow, room_id)
    if row is None:
        raise NotFound(f"There is no room {room_id!r}.")
    return to_room(session, row)


def by_ids(session: Session, room_ids: Iterable[str]) -> dict[str, Room]:
    wanted = set(room_ids)
    rows = session.scalars(select(RoomRow).where(RoomRow.id.in_(wanted))) if wanted else ()
    return {row.id: to_room(session, row) for row in rows}


def by_mailbox(session: Session, mailbox: str) -> Room | None:
    return _one(session, RoomRow.mailbox == mailbox.strip().lower())


def by_location(session: Session, location_id: str) -> Room | None:
    return _one(session, RoomRow.location_id == location_id)


def save(session: Session, room: Room, *, at: datetime) -> None:
    """Insert or update all that a Room knows; leases, holds and due times of a room that stands are left alone.

    A mailbox or location that another room has is refused by the database (IntegrityError): ask first."""
    row = session.get(RoomRow, room.id)
    if row is None:
        row = RoomRow(id=room.id)
        session.add(row)
    elif row.mailbox != room.mailbox:  # the delta's token and the subscription are the old mailbox's: both begin afresh
        session.execute(sql_delete(CursorRow).where(CursorRow.name == f"delta:{room.id}"))
        session.execute(sql_delete(SubscriptionRow).where(SubscriptionRow.room_id == room.id))
    _fill(row, room)
    row.updated_at = at
    session.flush()
    number(session, room.id)
    touch(session)


def remove(session: Session, room_id: str) -> None:
    """The pairing and its index; the records of both sides stay as they are. A room that has links cannot be removed, only disabled."""
    session.execute(sql_delete(RoomRow).where(RoomRow.id == room_id))
    touch(session)


def number(session: Session, room_id: str) -> None:
    """Make sure that the room has a number in the index."""
    upsert(session, OccupancyRoomRow.__table__, [{"room_id": room_id}], ["room_id"])


def touch(session: Session) -> None:
    """Tell caches that rooms have changed; whoever writes to `room` past `save` calls this."""
    session.flush()
    upsert(session, CursorRow.__table__, [{"name": VERSION, "value": str(ULID())}], ["name"])


def version(session: Session) -> str:
    return session.scalar(select(CursorRow.value).where(CursorRow.name == VERSION)) or ""


def to_room(session: Session, row: RoomRow) -> Room:
    policy = row.policy or {}
    return Room(
        id=row.id,
        location_id=row.location_id,
        mailbox=row.mailbox,
        name=row.name,
        number=row.number,
        building=row.building,
        branch_id=row.branch_id,
        floor=row.floor,
        capacity=row.capacity,
        equipment=tuple(row.equipment or ()),
        time_zone=row.time_zone,
        photo_url=row.photo_url,
        wheelchair_accessible=row.wheelchair_accessible,
        requires_approval=row.requires_approval,
        block_time=timedelta(minutes=row.block_minutes),
        blocks_may_overlap=session.info.get(BLOCKS_MAY_OVERLAP, False),
        person_group=row.person_group,
        enabled=row.enabled,
        mapped_in=row.mapped_in,
        alarm=row.alarm,
        service_hours=_read_hours(policy.get("service_hours")),
        max_duration=_read_minutes(policy.get("max_duration_minutes")),
        horizon=_read_minutes(policy.get("horizon_minutes")),
        dominant=Dominant(policy.get("dominant", Dominant.TOPDESK)),
        cancellation=Cancellation(policy.get("cancellation", Cancellation.AUTOMATIC)),
        meeting_mode=MeetingMode(policy.get("meeting_mode", MeetingMode.ROOM_ONLY)),
        series_mode=SeriesMode(policy.get("series_mode", SeriesMode.SINGLES)),
        topdesk_leads=bool(policy.get("topdesk_leads", False)),
        keeps_subject=bool(policy.get("keeps_subject", False)),
        attributes=dict(policy.get("attributes", {})),
    )


def _fill(row: RoomRow, room: Room) -> None:
    row.location_id = room.location_id
    row.mailbox = room.mailbox.strip().lower()
    row.enabled = room.enabled
    row.mapped_in = room.mapped_in
    row.alarm = room.alarm
    row.name = room.name
    row.number = room.number
    row.building = room.building
    row.branch_id = room.branch_id
    row.floor = room.floor
    row.capacity = room.capacity
    row.equipment = list(room.equipment)
    row.time_zone = room.time_zone
    row.photo_url = room.photo_url
    row.wheelchair_accessible = room.wheelchair_accessible
    row.requires_approval = room.requires_approval
    row.block_minutes = int(room.block_time / timedelta(minutes=1))
    row.person_group = room.person_group
    row.policy = _policy(room)


def _policy(room: Room) -> dict[str, Any]:
    """Only what differs from a plain room, so that a new default reaches rooms that nobody set."""
    policy: dict[str, Any] = {
        "service_hours": _write_hours(room.service_hours),
        "max_duration_minutes": _write_minutes(room.max_duration),
        "horizon_minutes": _write_minutes(room.horizon),
        "dominant": str(room.dominant),
        "cancellation": str(room.cancellation),
        "meeting_mode": str(room.meeting_mode),
        "series_mode": str(room.series_mode),
        "topdesk_leads": room.topdesk_leads,
        "keeps_subject": room.keeps_subject,
        "attributes": dict(room.attributes),
    }
    return {name: value for name, value in policy.items() if value != _PLAIN[name]}


_PLAIN: dict[str, Any] = {
    "service_hours": None, "max_duration_minutes": None, "horizon_minutes": None, "dominant": "topdesk", "cancellation": "automatic",
    "meeting_mode": "room_only", "series_mode": "singles", "topdesk_leads": False, "keeps_subject": False, "attributes": {},
}  # fmt: skip


def _read_hours(value: dict[str, list[str]] | None) -> ServiceHours | None:
    """`{"1": ["08:00", "18:00"], …}`, ISO weekdays."""
    if value is None:
        return None
    return ServiceHours({int(day): (time.fromisoformat(opens), time.fromisoformat(closes)) for day, (opens, closes) in value.items()})


def _write_hours(hours: ServiceHours | None) -> dict[str, list[str]] | None:
    if hours is None:
        return None
    return {str(day): [f"{opens:%H:%M}", f"{closes:%H:%M}"] for day, (opens, closes) in sorted(hours.days.items())}


def _read_minutes(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(minutes=value)


def _write_minutes(value: timedelta | None) -> float | None:
    return None if value is None else value / timedelta(minutes=1)


def _one(session: Session, condition: Any) -> Room | None:
    row = session.scalars(select(RoomRow).where(condition)).one_or_none()
    return None if row is None else to_room(session, row)
