"""What is old enough to leave: personal data, ended bookings, settled work, the past of the index."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, delete, exists, select
from sqlalchemy.orm import Session

from roombooker.store import occupancy
from roombooker.store.models import IntentRow, JournalRow, LinkRow, LinkSideRow, PersonRow, ScheduleSlotRow, SightingRow, WorkItemRow

_PAST = timedelta(days=2)  # how long what both sides showed of the past is of use: a delta's window begins at most so far back


def trim(session: Session, now: datetime, *, before: datetime) -> dict[str, int]:
    """`before`: the end of the time for which the log is kept. Rows that left, by kind."""
    is_open = exists().where(WorkItemRow.link_id == LinkRow.id, WorkItemRow.settled_at.is_(None))
    is_live = exists().where(IntentRow.booking_id == LinkRow.booking_id, IntentRow.finished_at.is_(None))
    old_links = select(LinkRow.id).where(LinkRow.end_at < before, LinkRow.updated_at < before, ~is_open, ~is_live)
    _count(session, delete(LinkSideRow).where(LinkSideRow.link_id.in_(old_links)))
    return {
        "journal": _count(session, delete(JournalRow).where(JournalRow.at < before)),
        "bookings": _count(session, delete(LinkRow).where(LinkRow.id.in_(old_links.scalar_subquery()))),
        "work_items": _count(session, delete(WorkItemRow).where(WorkItemRow.settled_at < before)),
        "people": _count(session, delete(PersonRow).where(_unused_since(before))),
        "sightings": _count(session, delete(SightingRow).where(SightingRow.end_at < now - _PAST)),
        "index": occupancy.trim(session, now - _PAST),
        "schedule": _count(session, delete(ScheduleSlotRow).where(ScheduleSlotRow.taken_at < now - _PAST)),
    }


def _unused_since(before: datetime) -> Any:
    looked_up, addresses = PersonRow.looked_up_at, PersonRow.addresses_at
    return (looked_up.is_(None) | (looked_up < before)) & (addresses.is_(None) | (addresses < before))


def _count(session: Session, statement: Delete) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
