"""One person's data, wherever it is kept: to be shown to them, or to be forgotten."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from roombooker.store.models import IntentRow, JournalRow, LinkRow, MailRow, OccupancyRow, PersonRow, SightingRow


def of(session: Session, email: str) -> dict[str, Any]:
    """Plain values, oldest first."""
    person = session.get(PersonRow, email)
    links = session.scalars(select(LinkRow).where(LinkRow.organizer_email == email).order_by(LinkRow.start_at)).all()
    entries = session.scalars(select(JournalRow).where(_mine(email, [link.booking_id for link in links])).order_by(JournalRow.at)).all()
    return {
        "email": email,
        "person": {"topdesk_id": person.topdesk_id, "name": person.name, "favourites": person.favourites, "last_building": person.last_building,
                   "last_floor": person.last_floor, "looked_up_at": person.looked_up_at} if person else None,
        "bookings": [{"id": r.booking_id, "start": r.start_at, "end": r.end_at, "state": r.state, "subject": r.subject, "attendees": r.attendees,
                      "organizer_name": r.organizer_name, "room_id": r.room_id} for r in links],
        "journal": [{"at": e.at, "kind": e.kind, "message": e.message} for e in entries],
        "mails": [{"at": m.created_at, "subject": m.subject, "text": m.text}
                  for m in session.scalars(select(MailRow).where(MailRow.recipient == email).order_by(MailRow.id))],
    }  # fmt: skip


def erase(session: Session, email: str, *, now: datetime) -> tuple[dict[str, int], int]:
    """(rows that no longer name them, by kind; bookings that are not over and keep their organizer)."""
    mine = session.scalars(select(LinkRow).where(LinkRow.organizer_email == email)).all()
    over = [link for link in mine if link.end_at <= now or not link.sides]
    names = {link.organizer_name for link in mine if link.organizer_name}
    callers = {link.caller for link in mine if link.caller}
    ids = [link.booking_id for link in over]
    for link in over:
        link.organizer_email, link.organizer_name, link.subject, link.caller = None, "", "", None
    erased = {
        "bookings": len(over),
        "journal": _count(session, update(JournalRow).where(_mine(email, ids)).values(email=None, before=None, after=None)),
        "mails": _count(session, delete(MailRow).where(MailRow.recipient == email)),
        "requests": _count(session, delete(IntentRow).where(IntentRow.booking_id.in_(ids), IntentRow.finished_at.is_not(None))),
        "people": _count(session, delete(PersonRow).where(PersonRow.email.in_({email, *callers}))),
        "index": _count(session, update(OccupancyRow).where(OccupancyRow.shown_by.in_(names), OccupancyRow.planned_end_min <= now.timestamp() // 60).values(shown_by=None)),
        "sightings": _count(session, delete(SightingRow).where(SightingRow.end_at <= now, SightingRow.record["organizer"][0].as_string() == email)),
    }  # fmt: skip
    return erased, len(mine) - len(over)


def _mine(email: str, booking_ids: list[str]) -> Any:
    return or_(JournalRow.email == email, JournalRow.booking_id.in_(booking_ids))


def _count(session: Session, statement: Delete | Update) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
