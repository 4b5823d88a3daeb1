"""The outbox: messages to people, kept from the commit that they tell of until they are out; whoever holds the lease may send one."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.orm import Session

from roombooker.domain.booking import Person
from roombooker.store.models import MailRow


def put(
    session: Session, to: Person, subject: str, text: str, *, at: datetime, room_id: str | None = None, booking_id: str | None = None
) -> None:
    session.add(
        MailRow(
            recipient=to.email.lower(), recipient_name=to.name[:255], subject=subject[:255], text=text, room_id=room_id, booking_id=booking_id,
            created_at=at, due_at=at,
        )
    )  # fmt: skip


def due(session: Session, now: datetime, *, limit: int) -> list[int]:
    """Ids of those whose time has come and whom nobody is sending, longest due first."""
    free = or_(MailRow.lease_owner.is_(None), MailRow.lease_until < now)
    query = select(MailRow.id).where(MailRow.due_at <= now, free).order_by(MailRow.due_at, MailRow.id)
    return list(session.scalars(query.limit(limit)))


def take(session: Session, mail_id: int, owner: str, *, now: datetime, lease: timedelta) -> MailRow | None:
    """By conditional UPDATE; None where somebody else was there first, or it is gone."""
    free = or_(MailRow.lease_owner.is_(None), MailRow.lease_until < now)
    statement = update(MailRow).where(MailRow.id == mail_id, MailRow.due_at <= now, free)
    if not _changed(session, statement.values(lease_owner=owner, lease_until=now + lease)):
        return None
    return session.get(MailRow, mail_id, populate_existing=True)


def remove(session: Session, mail_id: int) -> None:
    session.execute(delete(MailRow).where(MailRow.id == mail_id))


def postpone(session: Session, mail_id: int, owner: str, *, until: datetime) -> bool:
    """After a try that failed; False where the lease is not ours any more."""
    statement = update(MailRow).where(MailRow.id == mail_id, MailRow.lease_owner == owner)
    return _changed(session, statement.values(due_at=until, attempts=MailRow.attempts + 1, lease_owner=None, lease_until=None))


def discard(session: Session) -> int:
    """All of them; how many there were."""
    return cast("CursorResult[Any]", session.execute(delete(MailRow))).rowcount


def waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(MailRow)) or 0


def _changed(session: Session, statement: Any) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount == 1
