"""The journal: append-only, one sentence for people per line, with what caused it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from roombooker.store.models import JournalRow


def write(
    session: Session,
    *,
    kind: str,
    message: str,
    at: datetime,
    caused_by: str,
    side: str | None = None,
    ref: str | None = None,
    room_id: str | None = None,
    booking_id: str | None = None,
    match_key: str | None = None,
    email: str | None = None,
    request_id: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """`caused_by`: a caller's tid:oid, or notice, sweep, hold, an administrator …; `email` leaves after the set days."""
    session.add(
        JournalRow(
            at=at, kind=kind, message=message, side=side, ref=ref, room_id=room_id, booking_id=booking_id, match_key=match_key,
            caused_by=caused_by, email=email, request_id=request_id, before=before, after=after,
        )
    )  # fmt: skip


def of_booking(session: Session, booking_id: str) -> list[JournalRow]:
    """Oldest first."""
    return list(session.scalars(select(JournalRow).where(JournalRow.booking_id == booking_id).order_by(JournalRow.at, JournalRow.id)))


def search(session: Session, *, since: datetime | None, until: datetime | None, email: str | None, room_id: str | None, kind: str | None,
           before_id: int | None, limit: int) -> list[JournalRow]:  # fmt: skip
    """Newest first; what is None does not narrow."""
    query = select(JournalRow)
    if since is not None:
        query = query.where(JournalRow.at >= since)
    if until is not None:
        query = query.where(JournalRow.at < until)
    if before_id is not None:
        query = query.where(JournalRow.id < before_id)
    same = {JournalRow.email: email.strip().lower() if email else None, JournalRow.room_id: room_id, JournalRow.kind: kind}
    query = query.where(*(column == wanted for column, wanted in same.items() if wanted is not None))
    return list(session.scalars(query.order_by(JournalRow.id.desc()).limit(limit)))
