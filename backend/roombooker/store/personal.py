"""One person's data, wherever it is kept: to be shown to them, or to be forgotten."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, delete, or_, select, update
from sqlalchemy.orm import Session

from roombooker.store.models import (
    IntentRow,
    JournalRow,
    LinkRow,
    MailRow,
    OccupancyRoomRow,
    OccupancyRow,
    PersonRow,
    SightingRow,
    WorkItemRow,
)

_ORGANIZER = SightingRow.record["organizer"]  # [address, name, further addresses]


def of(session: Session, email: str) -> dict[str, Any]:
    """Plain values, oldest first; a list for each kind that `erase` counts. What shows a name alone (the index, candidates) is told only
    where nobody else bears that name."""
    person = session.get(PersonRow, email)
    mine = session.scalars(select(LinkRow).where(LinkRow.organizer_email == email).order_by(LinkRow.start_at)).all()
    sign_ins = _sign_ins(session, email)
    keys = {row.email for row in sign_ins}
    every = _names(session, mine, email)
    names = every - _borne_by_others(session, every, {email, *(address for row in sign_ins for address in row.addresses)}) | {email}
    ids = [link.booking_id for link in mine]
    about = or_(_mine(email, ids), _noted(names), JournalRow.caused_by.in_({email, *keys}))
    return {
        "email": email,
        "person": {"topdesk_id": person.topdesk_id, "name": person.name, "favourites": person.favourites, "last_building": person.last_building,
                   "last_floor": person.last_floor, "looked_up_at": person.looked_up_at, "groups": person.groups} if person else None,
        "sign_ins": [{"id": row.email, "addresses": row.addresses, "looked_up_at": row.addresses_at} for row in sign_ins],
        "bookings": [{"id": r.booking_id, "start": r.start_at, "end": r.end_at, "state": r.state, "subject": r.subject, "attendees": r.attendees,
                      "organizer_name": r.organizer_name, "room_id": r.room_id} for r in mine],
        "requests": [{"at": r.created_at, "kind": r.kind, "booking_id": r.booking_id,
                      "request": {name: value for name, value in r.request.items() if name != "caused_by"}}
                     for r in session.scalars(select(IntentRow).where(_asked(email, ids, keys)).order_by(IntentRow.created_at))],
        "journal": [{"at": e.at, "kind": e.kind, "message": e.message, "before": _alone(e.before, every | {email}), "after": _alone(e.after, every | {email})}
                    for e in session.scalars(select(JournalRow).where(about).order_by(JournalRow.at))],
        "mails": [{"at": m.created_at, "subject": m.subject, "text": m.text}
                  for m in session.scalars(select(MailRow).where(MailRow.recipient == email).order_by(MailRow.id))],
        "work_items": _work_items(session, {link.id for link in mine}, names, {email, *keys}),
        "sightings": [{"side": r.side, "start": r.start_at, "end": r.end_at, "room_id": r.room_id, "organizer_name": r.record["organizer"][1],
                       "subject": r.record.get("subject"), "attendees": r.record.get("attendees")}
                      for r in session.scalars(select(SightingRow).where(_ORGANIZER[0].as_string() == email).order_by(SightingRow.start_at))],
        "index": [{"side": row.side, "start": _instant(row.planned_start_min), "end": _instant(row.planned_end_min), "room_id": room_id, "shown_by": row.shown_by}
                  for row, room_id in session.execute(
                      select(OccupancyRow, OccupancyRoomRow.room_id).join(OccupancyRoomRow, OccupancyRoomRow.no == OccupancyRow.room_no)
                      .where(OccupancyRow.shown_by.in_(names)).order_by(OccupancyRow.planned_start_min))],
    }  # fmt: skip


def erase(session: Session, email: str, *, now: datetime) -> tuple[dict[str, int], int]:
    """(rows that no longer name them, by kind; bookings that are not over and keep their organizer)."""
    mine = session.scalars(select(LinkRow).where(LinkRow.organizer_email == email)).all()
    over = [link for link in mine if link.end_at <= now or not link.sides]
    kept = [link for link in mine if link not in over]
    names = _names(session, mine, email) | {email}
    keys = _keys(session, email, {link.caller for link in mine if link.caller})
    kept_ids = [link.booking_id for link in kept]
    told = (
        select(JournalRow.booking_id).where(JournalRow.email == email, JournalRow.booking_id.not_in(kept_ids)).distinct()
    )  # of wishes too
    ids = list({link.booking_id for link in over} | {str(found) for found in session.scalars(told) if found})
    for link in over:
        link.organizer_email, link.organizer_name, link.subject, link.caller = None, "", "", None
    asked = or_(IntentRow.booking_id.in_(ids), IntentRow.booking_id.not_in(kept_ids) & _asked(email, ids, keys))
    is_past = OccupancyRow.planned_end_min <= now.timestamp() // 60
    erased = {
        "bookings": len(over),
        "journal": _count(session, update(JournalRow).where(or_(_mine(email, ids), _noted(names))).values(email=None, before=None, after=None)),
        "causes": _count(session, update(JournalRow).where(JournalRow.caused_by.in_({email, *keys})).values(caused_by="")),
        "mails": _count(session, delete(MailRow).where(MailRow.recipient == email)),
        "requests": _count(session, delete(IntentRow).where(IntentRow.finished_at.is_not(None), asked)),
        "people": _count(session, delete(PersonRow).where(PersonRow.email.in_({email, *keys}))),
        "work_items": _unname(session, names, {email, *keys}, besides={link.id for link in kept}),
        "index": _count(session, update(OccupancyRow).where(OccupancyRow.shown_by.in_(names), is_past).values(shown_by=None)),
        "sightings": _count(session, delete(SightingRow).where(SightingRow.end_at <= now, _ORGANIZER[0].as_string() == email)),
    }  # fmt: skip
    return erased, len(kept)


def _names(session: Session, mine: Iterable[LinkRow], email: str) -> set[str]:
    """Under which they were shown: their bookings', TOPdesk's, and that of meetings on the rooms' calendars."""
    person = session.get(PersonRow, email)
    seen = session.scalars(select(_ORGANIZER[1].as_string()).where(_ORGANIZER[0].as_string() == email).distinct())
    return {name for name in (*(link.organizer_name for link in mine), person.name if person else "", *seen) if name}


def _borne_by_others(session: Session, names: set[str], addresses: set[str]) -> set[str]:
    """Those of the names that we know at some other address too."""
    told = (
        select(LinkRow.organizer_name).where(LinkRow.organizer_name.in_(names), LinkRow.organizer_email.not_in(addresses)),
        select(PersonRow.name).where(PersonRow.name.in_(names), PersonRow.email.not_in(addresses)),
        select(_ORGANIZER[1].as_string()).where(_ORGANIZER[1].as_string().in_(names), _ORGANIZER[0].as_string().not_in(addresses)),
    )
    return {name for query in told for name in session.scalars(query.distinct())}


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


def _work_items(session: Session, links: set[str], names: set[str], signs: set[str]) -> list[dict[str, Any]]:
    """Open or settled: about their bookings, with them as a candidate's organizer, or settled by them. Of candidates theirs alone."""
    found = []
    for item in session.scalars(select(WorkItemRow).order_by(WorkItemRow.created_at, WorkItemRow.id)):
        theirs = [c for c in item.candidates if c.get("organizer") in names]
        if theirs or item.link_id in links or item.settled_by in signs:
            found.append({
                "id": item.id, "kind": item.kind, "reason": item.reason, "booking_id": item.booking_id, "candidates": theirs, "created_at": item.created_at,
                "settled_at": item.settled_at, "settled_by": item.settled_by if item.settled_by in signs else None,
            })  # fmt: skip
    return found


def _unname(session: Session, names: set[str], signs: set[str], *, besides: set[str]) -> int:
    """Work items, open or settled, that show them as a candidate's organizer, or as who settled it; not of bookings that are ahead."""
    changed = 0
    for item in session.scalars(select(WorkItemRow)):
        candidates = [
            c | {"organizer": None} if c.get("organizer") in names and item.link_id not in besides else c for c in item.candidates
        ]
        settled_by = None if item.settled_by in signs else item.settled_by
        changed += (candidates, settled_by) != (item.candidates, item.settled_by)
        item.candidates, item.settled_by = candidates, settled_by
    return changed


def _mine(email: str, booking_ids: list[str]) -> Any:
    return or_(JournalRow.email == email, JournalRow.booking_id.in_(booking_ids))


def _noted(names: set[str]) -> Any:
    """Journal lines that show them as a record's organizer, whosever booking it is."""
    return or_(*(column["organizer"].as_string().in_(names) for column in (JournalRow.before, JournalRow.after)))


def _asked(email: str, booking_ids: list[str], keys: set[str]) -> Any:
    """Requests about their bookings, for them, or by them."""
    return or_(IntentRow.booking_id.in_(booking_ids), IntentRow.request["organizer"].as_string() == email, IntentRow.caller.in_(keys))


def _alone(noted: dict[str, Any] | None, names: set[str]) -> dict[str, Any] | None:
    """The record without another person's name."""
    return noted | {"organizer": None} if noted and noted.get("organizer") not in names else noted


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def _count(session: Session, statement: Delete | Update) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
