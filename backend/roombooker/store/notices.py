"""The inbox of both hooks, and the rooms that are due to be looked at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from roombooker.domain.slot import Slot
from roombooker.store.models import LinkRow, LinkSideRow, NoticeRow, OccupancyRoomRow, OccupancyRow, RoomRow, SubscriptionRow

_MOST = 100  # looked at for the next subject

# Built once: they run for every notice.
_TABLE = cast("Table", NoticeRow.__table__)
_NOTICE, _ROOM = _TABLE.c, cast("Table", RoomRow.__table__).c
_LEASED = select(_ROOM.id).where(_ROOM.lease_until >= bindparam("now"))
_IS_FREE = or_(_NOTICE.lease_until.is_(None), _NOTICE.lease_until < bindparam("now"))
_IS_AT_REST = or_(_NOTICE.side != "exchange", _NOTICE.ref.not_in(_LEASED))  # its room
_DUE = (
    select(_NOTICE.id, _NOTICE.side, _NOTICE.ref, _NOTICE.kind)
    .where(_NOTICE.due_at <= bindparam("now"), _IS_FREE, _IS_AT_REST)
    .order_by(_NOTICE.id)
    .limit(_MOST)
)
_ASIDE = select(_ROOM.id).where(or_(_ROOM.alarm.is_not(None), _ROOM.enabled.is_(False)))
_BY_ARRIVAL = select(_NOTICE.arrived_at, _NOTICE.id, _NOTICE.side, _NOTICE.ref, _NOTICE.kind).order_by(_NOTICE.arrived_at, _NOTICE.id)
_ADD = insert(_TABLE)
_THESE = _NOTICE.id.in_(bindparam("ids", expanding=True))
_OURS = _NOTICE.lease_owner == bindparam("owner")
_LEASE = update(_TABLE).where(_THESE, or_(_IS_FREE, _OURS)).values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
_LEASE_AND_TELL = _LEASE.returning(_NOTICE.id)
_DONE = delete(_TABLE).where(_THESE, _OURS).returning(_NOTICE.side, _NOTICE.arrived_at)
_OF_ROOM = select(_NOTICE.id).where(and_(_NOTICE.side == "exchange", _NOTICE.ref == bindparam("room"), _NOTICE.kind == "changed"))
_SUBSCRIPTION = cast("Table", SubscriptionRow.__table__).c
_OF_SUBSCRIPTION = select(_SUBSCRIPTION.room_id).where(
    _SUBSCRIPTION.id == bindparam("id"), _SUBSCRIPTION.client_state == bindparam("client_state")
)
_TOLD = delete(_TABLE).where(_THESE)


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    side: str  # exchange | topdesk | retry
    ref: str
    kind: str

    @property
    def room_id(self) -> str | None:
        """Of the room that it names; None for one that names a reservation."""
        return None if self.side == "topdesk" else self.ref.partition("|")[0]

    @property
    def subject(self) -> str:
        return self.room_id or f"reservation {self.ref}"


def add(session: Session, *, side: str, ref: str, kind: str, at: datetime) -> None:
    session.execute(_ADD, [{"side": side, "ref": ref, "kind": kind, "arrived_at": at, "due_at": at}])


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


def next_due(session: Session, now: datetime, *, besides: Collection[str] = ()) -> list[Notice]:
    """The oldest that is due, with all that asks for the same: for one look at a room, or at one reservation; [] where nothing is due.

    Rooms that somebody has at this moment, and those of `besides`, are passed over: their notices wait until they are free."""
    due = [Notice(*row) for row in session.execute(_DUE, {"now": now})]
    leased = set(session.scalars(_LEASED, {"now": now})) if any(notice.side == "retry" for notice in due) else set()
    free = [notice for notice in due if notice.subject not in besides and notice.room_id not in leased]
    return [notice for notice in free if notice.subject == free[0].subject]


def lease(session: Session, ids: Sequence[int], *, owner: str, now: datetime, until: datetime) -> list[int]:
    """Those that nobody else has taken meanwhile; a dead owner's lease expires, so a killed worker loses none."""
    return list(session.scalars(_LEASE_AND_TELL, {"ids": list(ids), "now": now, "owner": owner, "until": until}))


def done(session: Session, ids: Sequence[int], *, owner: str) -> list[tuple[str, datetime]]:
    """Not those that somebody else has leased since. Side and arrival of those that are gone with it."""
    return [(side, at) for side, at in session.execute(_DONE, {"ids": list(ids), "owner": owner})] if ids else []


def later(session: Session, ids: Sequence[int], now: datetime, *, owner: str, soon: timedelta | None = None) -> None:
    """Could not be looked into now: keep, try again; ever later where a side is away, `soon` where only somebody was at the room."""
    for row in session.scalars(select(NoticeRow).where(NoticeRow.id.in_(ids), NoticeRow.lease_owner == owner)):
        row.attempts += 0 if soon else 1
        row.due_at, row.lease_owner, row.lease_until = now + (soon or pause(row.attempts)), None, None


def of_room(session: Session, room_id: str) -> list[int]:
    """Exchange's plain notices of a room that have arrived by now: a delta read from now on tells what they are about."""
    return list(session.scalars(_OF_ROOM, {"room": room_id}))


def retry_ref(room_id: str, slot: Slot) -> str:
    return f"{room_id}|{slot.start.isoformat()}|{slot.end.isoformat()}"


def retry_slot(ref: str) -> Slot:
    _, start, end = ref.split("|")
    return Slot(datetime.fromisoformat(start), datetime.fromisoformat(end))


def retries_of(session: Session, room_id: str) -> list[tuple[int, str]]:
    """(id, ref) of the notices of our own that would bring somebody back to a room."""
    ours = select(_NOTICE.id, _NOTICE.ref).where(_NOTICE.side == "retry", _NOTICE.ref.startswith(f"{room_id}|", autoescape=True))
    return [(row.id, row.ref) for row in session.execute(ours)]


def told(session: Session, ids: Sequence[int]) -> None:
    """A delta that was read after their arrival has been worked off, whoever leased them."""
    if ids:
        session.execute(_TOLD, {"ids": list(ids)})


def are_rooms_due(session: Session, now: datetime) -> bool:
    return session.scalar(select(RoomRow.id).where(RoomRow.due_at <= now, RoomRow.enabled).limit(1)) is not None


def take_rooms(session: Session, now: datetime, *, until: datetime, limit: int = 100) -> list[str]:
    """Rooms that somebody asked to look at. Until `rooms_done` they are due again at `until`, so a killed worker loses none."""
    is_due = (RoomRow.due_at <= now, RoomRow.enabled)
    first = select(RoomRow.id).where(*is_due).order_by(RoomRow.due_at, RoomRow.id).limit(limit)
    ours = update(RoomRow).where(*is_due, RoomRow.id.in_(first)).values(due_at=until).returning(RoomRow.id)
    return sorted(session.scalars(ours.execution_options(synchronize_session=False)))


def rooms_done(session: Session, room_ids: Sequence[str], *, until: datetime, again_at: datetime | None = None) -> None:
    """They were looked at (or shall be again), unless somebody has asked anew meanwhile."""
    values = {"due_at": again_at} | ({"due_cause": None} if again_at is None else {})
    session.execute(update(RoomRow).where(RoomRow.id.in_(room_ids), RoomRow.due_at == until).values(values))


def longest_waiting(session: Session) -> tuple[Notice, datetime] | None:
    """The notice that arrived first, and when, however often it was tried since; what is about a broken room, or one that is off, waits
    for that, so it is passed over."""
    aside = set(session.scalars(_ASIDE))
    refs = _reservations_aside(session) if aside else set()
    for arrived_at, *told in session.execute(_BY_ARRIVAL if aside else _BY_ARRIVAL.limit(1)):
        notice = Notice(*told)
        if notice.room_id not in aside and (notice.room_id or notice.ref not in refs):
            return notice, arrived_at
    return None


def _reservations_aside(session: Session) -> set[str]:
    """Those that a notice is about and that we know to be in one of these rooms."""
    told = select(_NOTICE.ref).where(_NOTICE.side == "topdesk")
    linked = select(LinkSideRow.ref).join(LinkRow, LinkRow.id == LinkSideRow.link_id)
    listed = select(OccupancyRow.ref).join(OccupancyRoomRow, OccupancyRoomRow.no == OccupancyRow.room_no)
    ours = linked.where(LinkRow.room_id.in_(_ASIDE), LinkSideRow.side == "topdesk", LinkSideRow.ref.in_(told)).union(
        listed.where(OccupancyRoomRow.room_id.in_(_ASIDE), OccupancyRow.side == "topdesk", OccupancyRow.ref.in_(told))
    )
    return set(session.scalars(ours))


def room_of_subscription(session: Session, subscription_id: str, client_state: str) -> str | None:
    """The room's id; None where the subscription is unknown or the client state is not the one we gave."""
    return session.scalar(_OF_SUBSCRIPTION, {"id": subscription_id, "client_state": client_state})


def look_at(session: Session, room_ids: Sequence[str], *, at: datetime, cause: str) -> None:
    """Ask for rooms to be read again; an earlier due time stands."""
    session.execute(
        update(RoomRow)
        .where(RoomRow.id.in_(room_ids), or_(RoomRow.due_at.is_(None), RoomRow.due_at > at))
        .values(due_at=at, due_cause=cause)
    )
