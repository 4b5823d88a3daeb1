"""Intents: a person's wishes with their sagas; whoever holds the lease may move one, nobody else."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, Update, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from roombooker.store.models import IntentRow

_INTENT = cast("Table", IntentRow.__table__)
_BY_KEY = select(IntentRow).where(IntentRow.caller == bindparam("caller"), IntentRow.key == bindparam("key"))


def by_key(session: Session, caller: str, key: str) -> IntentRow | None:
    return session.scalar(_BY_KEY, {"caller": caller, "key": key})


def get(session: Session, intent_id: str) -> IntentRow | None:
    return session.get(IntentRow, intent_id)


def take(session: Session, intent_id: str, owner: str, *, now: datetime, until: datetime) -> bool:
    """The lease, by conditional UPDATE: False where somebody else holds one that has not run out. The holder may take it again."""
    free = or_(_INTENT.c.lease_owner.is_(None), _INTENT.c.lease_until < now, _INTENT.c.lease_owner == owner)
    return _changed(session, update(_INTENT).where(_INTENT.c.id == intent_id, free).values(lease_owner=owner, lease_until=until))


def save(session: Session, intent_id: str, owner: str, **values: Any) -> bool:
    """Only while the lease is still ours: a driver that was thought dead must not overwrite its successor."""
    return _changed(session, update(_INTENT).where(_INTENT.c.id == intent_id, _INTENT.c.lease_owner == owner).values(**values))


def answer(session: Session, intent_id: str, status: int, answered: dict[str, Any]) -> None:
    """What its caller was told, for whoever asks with the same key again."""
    _changed(session, update(_INTENT).where(_INTENT.c.id == intent_id).values(answer_status=status, answer=answered))


def due(session: Session, now: datetime, *, limit: int = 50) -> list[str]:
    """Ids of those whose time has come and whom nobody is working on, longest due first."""
    free = or_(IntentRow.lease_owner.is_(None), IntentRow.lease_until < now)
    return list(
        session.scalars(
            select(IntentRow.id)
            .where(IntentRow.due_at <= now, IntentRow.finished_at.is_(None), free)
            .order_by(IntentRow.due_at)
            .limit(limit)
        )
    )


def live_of(session: Session, booking_id: str) -> list[IntentRow]:
    """Unfinished ones of a booking, oldest first."""
    query = select(IntentRow).where(IntentRow.booking_id == booking_id, IntentRow.finished_at.is_(None))
    return list(session.scalars(query.order_by(IntentRow.created_at, IntentRow.id)))


def unverified_keys(session: Session, keys: Iterable[str]) -> frozenset[str]:
    """Those of the match keys whose saga has not listed their slot yet, and so will still see who else is there."""
    wanted = set(keys)
    if not wanted:
        return frozenset()
    live = session.scalars(select(IntentRow.progress).where(IntentRow.finished_at.is_(None), IntentRow.state == "secure"))
    items = [item for progress in live for item in progress.get("items", [])]
    return frozenset(i["key"] for i in items if i["key"] in wanted and i["phase"] in ("reserve", "lookup", "verify"))


def reap(session: Session, before: datetime) -> int:
    """Finished ones older than that; returns how many left."""
    done = session.execute(delete(IntentRow).where(IntentRow.finished_at < before))
    return cast("CursorResult[Any]", done).rowcount


def _changed(session: Session, statement: Update) -> bool:
    """Past the objects of the session, which is what the lease is for: only the database knows who holds it."""
    return session.connection().execute(statement).rowcount == 1
