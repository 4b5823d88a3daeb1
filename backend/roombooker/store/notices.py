"""The inbox of both hooks, and the rooms that are due to be looked at."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from roombooker.store.models import NoticeRow, RoomRow, SubscriptionRow


def add(session: Session, *, side: str, ref: str, kind: str, at: datetime) -> None:
    session.add(NoticeRow(side=side, ref=ref, kind=kind, arrived_at=at, due_at=at))


def retry(session: Session, *, ref: str, at: datetime) -> None:
    """A notice of our own that brings us back to a room after something failed there: later each time. One row per ref."""
    row = session.scalar(select(NoticeRow).where(NoticeRow.side == "retry", NoticeRow.ref == ref))
    if row is None:
        row = NoticeRow(side="retry", ref=ref, kind="changed", arrived_at=at, attempts=0)
        session.add(row)
    row.attempts += 1
    row.due_at, row.lease_owner, row.lease_until = at + pause(row.attempts), None, None


def pause(attempts: int) -> timedelta:
    """Between two tries: from 5 s to 10 min."""
    return min(timedelta(seconds=5 * (1 << min(max(attempts - 1, 0), 10))), timedelta(minutes=10))


def take(session: Session, *, owner: str, now: datetime, lease: timedelta, limit: int = 100) -> list[NoticeRow]:
    """Lease the oldest due notices; a dead owner's lease expires, so a killed worker loses none."""
    due = (
        select(NoticeRow.id)
        .where(NoticeRow.due_at <= now, or_(NoticeRow.lease_until.is_(None), NoticeRow.lease_until < now))
        .order_by(NoticeRow.id)
        .limit(limit)
    )
    ids = session.scalars(due).all()
    taken = []
    for notice_id in ids:
        claim = (
            update(NoticeRow)
            .where(NoticeRow.id == notice_id, or_(NoticeRow.lease_until.is_(None), NoticeRow.lease_until < now))
            .values(lease_owner=owner, lease_until=now + lease, attempts=NoticeRow.attempts + 1)
        )
        if session.execute(claim).rowcount:  # type: ignore[attr-defined]
            taken.append(notice_id)
    return list(session.scalars(select(NoticeRow).where(NoticeRow.id.in_(taken)).order_by(NoticeRow.id)))


def done(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(NoticeRow).where(NoticeRow.id.in_(ids)))


def later(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Could not be looked into now (the side is away): keep, try again."""
    for row in session.scalars(select(NoticeRow).where(NoticeRow.id.in_(ids))):
        row.due_at, row.lease_owner, row.lease_until = now + pause(row.attempts), None, None


def take_rooms(session: Session, now: datetime, *, until: datetime) -> list[str]:
    """Rooms that somebody asked to look at. Until `rooms_done` they are due again at `until`, so a killed worker loses none."""
    ours = update(RoomRow).where(RoomRow.due_at <= now, RoomRow.enabled).values(due_at=until).returning(RoomRow.id)
    return sorted(session.scalars(ours.execution_options(synchronize_session=False)))


def rooms_done(session: Session, room_ids: Sequence[str], *, until: datetime, again_at: datetime | None = None) -> None:
    """They were looked at (or shall be again), unless somebody has asked anew meanwhile."""
    values = {"due_at": again_at} | ({"due_cause": None} if again_at is None else {})
    session.execute(update(RoomRow).where(RoomRow.id.in_(room_ids), RoomRow.due_at == until).values(values))


def room_of_subscription(session: Session, subscription_id: str, client_state: str) -> str | None:
    """The room's id; None where the subscription is unknown or the client state is not the one we gave."""
    found = session.get(SubscriptionRow, subscription_id)
    return found.room_id if found is not None and found.client_state == client_state else None


def look_at(session: Session, room_ids: Sequence[str], *, at: datetime, cause: str) -> None:
    """Ask for rooms to be read again; an earlier due time stands."""
    session.execute(
        update(RoomRow)
        .where(RoomRow.id.in_(room_ids), or_(RoomRow.due_at.is_(None), RoomRow.due_at > at))
        .values(due_at=at, due_cause=cause)
    )
