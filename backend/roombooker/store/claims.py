"""Claims: whoever gets one may ask TOPdesk for that stretch of a room; two that overlap never stand at once."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.store import occupancy
from roombooker.store.models import ClaimRow, LinkRow

_CLAIMS = cast("Table", ClaimRow.__table__)
_CLAIM = _CLAIMS.c
_OVERLAPPING = (
    select(_CLAIM.id)
    .where(_CLAIM.room_id == bindparam("room"), _CLAIM.start_at < bindparam("end"), _CLAIM.end_at > bindparam("start"))
    .where(_CLAIM.intent_id != bindparam("besides"))
    .limit(1)
)
_CLAIMING = 0x0B00C  # ours among PostgreSQL's advisory locks


def claim(session: Session, room: Room, slot: Slot, *, intent_id: str, match_key: str, at: datetime,
          besides: Collection[str] | None = ()) -> bool:  # fmt: skip
    """False where another claim or a stored booking overlaps the slot or lies too near to it, those of `besides` (match keys) apart;
    `besides` None: the index is not asked, since the caller looks at TOPdesk itself before and after.

    The claim is inserted first and the index is asked after it, in one transaction: on PostgreSQL the exclusion constraint makes
    two that race wait for each other, on SQLite BEGIN IMMEDIATE does; so the later one always sees what the earlier one stored.
    Claim rooms in the order of their ids, so that two intents never wait for each other crosswise."""
    wide = _wide(room, slot)
    _queue_up(session, room.id)
    if _claimed(session, room.id, wide, besides=intent_id):
        return False
    row = {"id": str(ULID()), "room_id": room.id, "intent_id": intent_id, "match_key": match_key}
    if not _insert(session, row | {"start_at": wide.start, "end_at": wide.end, "created_at": at}):
        return False
    # How far we must stay away from the others is in their spans already.
    if besides is not None and occupancy.is_taken(session, room.id, slot, besides):
        session.connection().execute(delete(_CLAIMS).where(_CLAIM.id == row["id"]))
        return False
    return True


def _insert(session: Session, row: dict[str, Any]) -> bool:
    """False where PostgreSQL's exclusion constraint says no; SQLite has no such thing, and no need of a savepoint."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        connection.execute(insert(_CLAIMS), row)
        return True
    try:
        with session.begin_nested():
            connection.execute(insert(_CLAIMS), row)
    except IntegrityError:
        return False
    return True


def guard(session: Session, room: Room, slot: Slot, *, intent_id: str, match_key: str, at: datetime) -> bool:
    """Keep a slot that is being left until the move is settled; the intent's own claim that overlaps it grows instead.

    False where somebody was faster: then putting it back would clash, and the saga will find that out."""
    wide = _wide(room, slot)
    _queue_up(session, room.id)
    own = session.scalar(
        select(ClaimRow).where(
            ClaimRow.room_id == room.id, ClaimRow.intent_id == intent_id, ClaimRow.start_at < wide.end, ClaimRow.end_at > wide.start
        )
    )
    if _claimed(session, room.id, wide, besides=intent_id):
        return False
    try:
        with session.begin_nested():
            if own is None:
                own = ClaimRow(id=str(ULID()), room_id=room.id, intent_id=intent_id, match_key=match_key, created_at=at)
                own.start_at, own.end_at = wide.start, wide.end
                session.add(own)
            else:
                own.start_at, own.end_at = min(own.start_at, wide.start), max(own.end_at, wide.end)
            session.flush()
    except IntegrityError:
        return False
    return True


def release(session: Session, intent_id: str, *match_keys: str) -> None:
    """All of an intent, or those of some of its items."""
    query = delete(_CLAIMS).where(_CLAIM.intent_id == intent_id)
    if match_keys:
        query = query.where(_CLAIM.match_key.in_(match_keys))
    session.connection().execute(query)


def release_of_links(session: Session, room_id: str) -> None:
    """Those of the sync in this room: it claims in the name of a link, under the room's lease."""
    mine = ClaimRow.intent_id.in_(select(LinkRow.id))
    session.execute(delete(ClaimRow).where(ClaimRow.room_id == room_id, mine).execution_options(synchronize_session=False))


def _wide(room: Room, slot: Slot) -> Slot:
    """Two of these overlap just where the slots lie too near to each other: each keeps the others away after itself."""
    return Slot(slot.start, slot.end + room.apart)


def _queue_up(session: Session, room_id: str) -> None:
    """One transaction at a time claims in a room. On PostgreSQL two that insert at the same instant would each find the other's row when
    the exclusion constraint is checked, and wait for each other: a deadlock (tests/chaos/test_races.py, 1 in 1,000). SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_CLAIMING, func.hashtext(room_id))))


def _claimed(session: Session, room_id: str, wide: Slot, *, besides: str) -> bool:
    asked = {"room": room_id, "start": wide.start, "end": wide.end, "besides": besides}
    return session.connection().execute(_OVERLAPPING, asked).first() is not None
