"""What a side last showed us in a room, record by record: the ground on which a delta is laid."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Person, Side, Standing
from roombooker.domain.slot import Slot
from roombooker.store.models import SightingRow


def seen(session: Session, room_id: str, side: Side, window: Slot) -> list[Booking]:
    """The side's live records that overlap the window."""
    rows = session.scalars(
        select(SightingRow).where(
            SightingRow.room_id == room_id, SightingRow.side == side, SightingRow.end_at > window.start, SightingRow.start_at < window.end
        )
    )
    return [_booking(row) for row in rows]


def by_refs(session: Session, side: Side, refs: Iterable[str]) -> dict[str, Booking]:
    rows = session.scalars(select(SightingRow).where(SightingRow.side == side, SightingRow.ref.in_(list(refs))))
    return {row.ref: _booking(row) for row in rows}


def elsewhere(session: Session, ical_uid: str, room_id: str) -> list[Booking]:
    """The same meeting on other rooms' calendars."""
    rows = session.scalars(select(SightingRow).where(SightingRow.ical_uid == ical_uid, SightingRow.room_id != room_id))
    return [_booking(row) for row in rows]


def remember(session: Session, bookings: Iterable[Booking]) -> None:
    """Live records are kept, ended ones dropped."""
    for booking in bookings:
        if not booking.is_live or not booking.room_id:
            forget(session, booking.side, [booking.ref])
            continue
        session.merge(
            SightingRow(
                side=booking.side,
                ref=booking.ref,
                room_id=booking.room_id,
                start_at=booking.slot.start,
                end_at=booking.slot.end,
                ical_uid=booking.ical_uid,
                record=_record(booking),
            )
        )


def forget(session: Session, side: Side, refs: Iterable[str]) -> None:
    session.execute(delete(SightingRow).where(SightingRow.side == side, SightingRow.ref.in_(list(refs))))


def replace(session: Session, room_id: str, side: Side, window: Slot, bookings: Iterable[Booking]) -> None:
    """A complete listing: what it does not show inside the window is gone from our memory too."""
    session.execute(
        delete(SightingRow).where(
            SightingRow.room_id == room_id, SightingRow.side == side, SightingRow.end_at > window.start, SightingRow.start_at < window.end
        )
    )
    remember(session, bookings)


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


def _booking(row: SightingRow) -> Booking:
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
