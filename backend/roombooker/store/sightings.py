"""What a side last showed us in a room, record by record: the ground on which a delta is laid."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Table, delete, insert, select
from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Person, Side, Standing
from roombooker.domain.slot import Slot
from roombooker.store.models import SightingRow

_TABLE = cast("Table", SightingRow.__table__)
_READ = tuple(_TABLE.c)  # to look at only: rows of the mapper's cost twice as much


def seen(session: Session, room_id: str, side: Side, window: Slot) -> list[Booking]:
    """The side's live records that overlap the window."""
    rows = session.execute(
        select(*_READ).where(
            SightingRow.room_id == room_id, SightingRow.side == side, SightingRow.end_at > window.start, SightingRow.start_at < window.end
        )
    )
    return [_booking(row) for row in rows]


def seen_between(session: Session, room_ids: Sequence[str], side: Side, window: Slot) -> dict[str, list[Booking]]:
    """The same of many rooms, by room."""
    rows = session.execute(
        select(*_READ).where(
            SightingRow.room_id.in_(room_ids),
            SightingRow.side == side,
            SightingRow.end_at > window.start,
            SightingRow.start_at < window.end,
        )
    )
    found: dict[str, list[Booking]] = {}
    for row in rows:
        found.setdefault(row.room_id, []).append(_booking(row))
    return found


def by_refs(session: Session, side: Side, refs: Iterable[str]) -> dict[str, Booking]:
    """In whichever room."""
    found: dict[str, Booking] = {}
    for some in _chunks(list(refs)):
        rows = session.execute(select(*_READ).where(SightingRow.side == side, SightingRow.ref.in_(some)))
        found |= {row.ref: _booking(row) for row in rows}
    return found


def elsewhere(session: Session, ical_uid: str, room_id: str) -> list[Booking]:
    """The same meeting on other rooms' calendars."""
    rows = session.execute(select(*_READ).where(SightingRow.ical_uid == ical_uid, SightingRow.room_id != room_id))
    return [_booking(row) for row in rows]


def remember(session: Session, side: Side, bookings: Iterable[Booking]) -> None:
    """Live records are kept, ended ones dropped; what is as it was is not written."""
    told = {b.ref: b for b in bookings}
    _keep(session, told, {row.ref: row for row in _rows(session, side, told)})


def forget(session: Session, room_id: str, side: Side, refs: Iterable[str]) -> None:
    """Only what was seen in this room."""
    for some in _chunks(list(refs)):
        session.execute(delete(SightingRow).where(SightingRow.room_id == room_id, SightingRow.side == side, SightingRow.ref.in_(some)))


def replace(session: Session, room_id: str, side: Side, window: Slot, bookings: Iterable[Booking]) -> None:
    """A complete listing: what it does not show inside the window is gone from our memory too."""
    stored = session.scalars(
        select(SightingRow).where(
            SightingRow.room_id == room_id, SightingRow.side == side, SightingRow.end_at > window.start, SightingRow.start_at < window.end
        )
    )
    known = {row.ref: row for row in stored}
    told = {b.ref: b for b in bookings}
    forget(session, room_id, side, known.keys() - told.keys())
    known |= {row.ref: row for row in _rows(session, side, told.keys() - known.keys())}
    _keep(session, told, known)


def _keep(session: Session, told: Mapping[str, Booking], known: Mapping[str, SightingRow]) -> None:
    new: list[dict[str, Any]] = []
    for ref, booking in told.items():
        if not booking.is_live or not booking.room_id:
            continue
        row, values = known.get(ref), _values(booking)
        if row is None:
            new.append(values)
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
    for ref, row in known.items():
        if ref in told and not (told[ref].is_live and told[ref].room_id):
            session.delete(row)
    if new:
        session.execute(insert(_TABLE), new)


def _values(booking: Booking) -> dict[str, Any]:
    return {
        "side": booking.side.value, "ref": booking.ref, "room_id": booking.room_id, "start_at": booking.slot.start,
        "end_at": booking.slot.end, "ical_uid": booking.ical_uid, "record": _record(booking),
    }  # fmt: skip


def _rows(session: Session, side: Side, refs: Iterable[str]) -> list[SightingRow]:
    found: list[SightingRow] = []
    for some in _chunks(list(refs)):
        found += session.scalars(select(SightingRow).where(SightingRow.side == side, SightingRow.ref.in_(some)))
    return found


def _chunks(values: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _record(b: Booking) -> dict[str, Any]:
    told = {
        "place": b.place,
        "standing": b.standing.value,
        "version": b.version,
        "organizer": [b.organizer.email, b.organizer.name, sorted(b.organizer.aliases)] if b.organizer else None,
        "subject": b.subject,
        "attendees": b.attendees,
        "private": b.private,
        "match_key": b.match_key,
        "original_start": b.original_start.isoformat() if b.original_start else None,
        "series_ref": b.series_ref,
        "number": b.number,
        "room_organizes": b.room_organizes,
        "is_conflicting_request": b.is_conflicting_request,
        "has_services": b.has_services,
        "modified_at": b.modified_at.isoformat() if b.modified_at else None,
    }
    return {name: value for name, value in told.items() if value not in (None, False)}


def _booking(row: Row[Any]) -> Booking:
    told = row.record
    organizer = told.get("organizer")
    return Booking(
        side=Side(row.side),
        ref=row.ref,
        place=told.get("place", ""),
        room_id=row.room_id,
        slot=Slot(row.start_at, row.end_at),
        standing=Standing(told["standing"]),
        version=told.get("version", ""),
        organizer=Person(organizer[0], organizer[1], frozenset(organizer[2])) if organizer else None,
        subject=told.get("subject"),
        attendees=told.get("attendees"),
        private=told.get("private", False),
        match_key=told.get("match_key"),
        ical_uid=row.ical_uid,
        original_start=_time(told.get("original_start")),
        series_ref=told.get("series_ref"),
        number=told.get("number"),
        room_organizes=told.get("room_organizes", False),
        is_conflicting_request=told.get("is_conflicting_request", False),
        has_services=told.get("has_services", False),
        modified_at=_time(told.get("modified_at")),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
