"""One person's data, wherever it is kept: to be shown to them, or to be forgotten."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from roombooker.store.models import IntentRow, JournalRow, LinkRow, MailRow, OccupancyRow, PersonRow, SightingRow, WorkItemRow


def of(session: Session, email: str) -> dict[str, Any]:
    """Plain values, oldest first."""
    person = session.get(PersonRow, email)
    links = session.scalars(select(LinkRow).where(LinkRow.organizer_email == email).order_by(LinkRow.start_at)).all()
    entries = session.scalars(select(JournalRow).where(_mine(email, [link.booking_id for link in links])).order_by(JournalRow.at)).all()
    return {
        "email": email,
        "person": {"topdesk_id": person.topdesk_id, "name": person.name, "favourites": person.favourites, "last_building": person.last_building,
                   "last_floor": person.last_floor, "looked_up_at": person.looked_up_at, "groups": person.groups} if person else None,
        "sign_ins": [{"id": row.email, "addresses": row.addresses, "looked_up_at": row.addresses_at} for row in _sign_ins(session, email)],
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
    kept = [link for link in mine if link not in over]
    person = session.get(PersonRow, email)
    names = {name for name in (*(link.organizer_name for link in mine), person.name if person else "") if name}
    keys = _keys(session, email, {link.caller for link in mine if link.caller})
    kept_ids = [link.booking_id for link in kept]
    told = (
        select(JournalRow.booking_id).where(JournalRow.email == email, JournalRow.booking_id.not_in(kept_ids)).distinct()
    )  # of wishes too
    ids = list({link.booking_id for link in over} | {str(found) for found in session.scalars(told) if found})
    for link in over:
        link.organizer_email, link.organizer_name, link.subject, link.caller = None, "", "", None
    done = IntentRow.finished_at.is_not(None)
    theirs = or_(IntentRow.booking_id.in_(ids), IntentRow.caller.in_(keys) & IntentRow.booking_id.not_in(kept_ids))
    shown = or_(*(column["organizer"].as_string().in_(names | {email}) for column in (JournalRow.before, JournalRow.after)))
    erased = {
        "bookings": len(over),
        "journal": _count(session, update(JournalRow).where(or_(_mine(email, ids), shown)).values(email=None, before=None, after=None)),
        "causes": _count(session, update(JournalRow).where(JournalRow.caused_by.in_({email, *keys})).values(caused_by="")),
        "mails": _count(session, delete(MailRow).where(MailRow.recipient == email)),
        "requests": _count(session, delete(IntentRow).where(done, theirs)),
        "people": _count(session, delete(PersonRow).where(PersonRow.email.in_({email, *keys}))),
        "work_items": _unname(session, names | {email}, besides={link.id for link in kept}),
        "index": _count(session, update(OccupancyRow).where(OccupancyRow.shown_by.in_(names), OccupancyRow.planned_end_min <= now.timestamp() // 60).values(shown_by=None)),
        "sightings": _count(session, delete(SightingRow).where(SightingRow.end_at <= now, SightingRow.record["organizer"][0].as_string() == email)),
    }  # fmt: skip
    return erased, len(kept)


def _sign_ins(session: Session, email: str) -> list[PersonRow]:
    """What is kept about them by who they are (tid:oid), however long ago they booked anything."""
    looked_up = session.scalars(select(PersonRow).where(PersonRow.addresses_at.is_not(None)))
    return [row for row in looked_up if email in row.addresses]


def _keys(session: Session, email: str, callers: set[str]) -> set[str]:
    """Under which they signed in: those whose addresses the directory told, and of who booked for them all but those that are known to
    be somebody else."""
    strangers = session.scalars(select(PersonRow).where(PersonRow.email.in_(callers), PersonRow.addresses_at.is_not(None)))
    others = {row.email for row in strangers if row.addresses and email not in row.addresses}
    return callers - others | {row.email for row in _sign_ins(session, email)}


def _unname(session: Session, names: set[str], *, besides: set[str]) -> int:
    """Work items, open or settled, that show them as a candidate's organizer, or as who settled it; not of bookings that are ahead."""
    changed = 0
    for item in session.scalars(select(WorkItemRow)):
        candidates = [
            c | {"organizer": None} if c.get("organizer") in names and item.link_id not in besides else c for c in item.candidates
        ]
        settled_by = None if item.settled_by in names else item.settled_by
        changed += (candidates, settled_by) != (item.candidates, item.settled_by)
        item.candidates, item.settled_by = candidates, settled_by
    return changed


def _mine(email: str, booking_ids: list[str]) -> Any:
    return or_(JournalRow.email == email, JournalRow.booking_id.in_(booking_ids))


def _count(session: Session, statement: Delete | Update) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
