"""Work items: one open item per cause, settled by a person or by themselves when the cause is gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.store.models import WorkItemRow


def open_item(
    session: Session,
    *,
    kind: str,
    dedupe: str,
    reason: str,
    at: datetime,
    room_id: str | None = None,
    link_id: str | None = None,
    booking_id: str | None = None,
    candidates: Sequence[dict[str, Any]] = (),
    actions: Sequence[str] = (),
    facts: dict[str, Any] | None = None,
) -> WorkItemRow:
    """Opens it, or brings the open one of the same cause up to date."""
    open_one = select(WorkItemRow).where(WorkItemRow.dedupe == dedupe, WorkItemRow.settled_at.is_(None))
    row = session.scalar(open_one)
    if (
        row is None
    ):  # on PostgreSQL two may find none at the same moment: the later one's insert does nothing, and it goes on with the other's
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        blank = insert(cast("Table", WorkItemRow.__table__)).values(
            id=str(ULID()), kind=kind, dedupe=dedupe, reason=reason, created_at=at
        )  # fmt: skip
        session.execute(blank.on_conflict_do_nothing(index_elements=["dedupe"], index_where=text("settled_at IS NULL")))
        row = session.scalars(open_one).one()
    row.kind, row.reason, row.room_id, row.link_id, row.booking_id = kind, reason, room_id, link_id, booking_id
    row.candidates, row.actions, row.facts = list(candidates), list(actions), facts or {}
    session.flush()
    return row


def listed(session: Session, *, settled: bool = False, kind: str | None = None, room_id: str | None = None, before_id: str | None = None,
           limit: int = 200) -> list[WorkItemRow]:  # fmt: skip
    """Newest first, by id, which says when an item was opened; what is None does not narrow."""
    query = select(WorkItemRow).where(WorkItemRow.settled_at.is_not(None) if settled else WorkItemRow.settled_at.is_(None))
    if kind:
        query = query.where(WorkItemRow.kind == kind)
    if room_id:
        query = query.where(WorkItemRow.room_id == room_id)
    if before_id:
        query = query.where(WorkItemRow.id < before_id)
    return list(session.scalars(query.order_by(WorkItemRow.id.desc()).limit(limit)))


def settle(_session: Session, row: WorkItemRow, *, at: datetime, by: str, outcome: str) -> None:
    row.settled_at, row.settled_by, row.outcome = at, by, outcome


def close_for_link(session: Session, link_id: str, *, at: datetime, outcome: str) -> int:
    """The cause is gone: every open item about this link closes by itself."""
    rows = session.scalars(select(WorkItemRow).where(WorkItemRow.link_id == link_id, WorkItemRow.settled_at.is_(None))).all()
    for row in rows:
        settle(session, row, at=at, by="room booker", outcome=outcome)
    return len(rows)
