"""Links as the plan wants them: rows to domain Links and back, and what was last seen of each side."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain.booking import Booking, Person, Side, Standing, new_match_key
from roombooker.domain.link import Link, Pending, Remembered, Settled
from roombooker.domain.slot import Slot
from roombooker.store.models import ClaimRow, IntentRow, LinkRow, LinkSideRow

ENDED = ("released", "cancelled", "refused")
AWAITING = ("awaiting_appointment", "awaiting_approval")
WRITING = {"writing_topdesk": Side.TOPDESK, "writing_exchange": Side.EXCHANGE}  # reason codes of a link whose write is under way
_MANY = 500  # values in one IN


def links_in(session: Session, room_id: str, window: Slot) -> list[Link]:
    """Links that are still about something, whose agreed slot overlaps the window."""
    rows = session.scalars(
        select(LinkRow).where(LinkRow.room_id == room_id, LinkRow.end_at > window.start, LinkRow.start_at < window.end, _has_side())
    )
    return _links(session, rows)


def links_between(session: Session, room_ids: Sequence[str], window: Slot) -> dict[str, list[Link]]:
    """Of many rooms, by room: those whose agreed slot overlaps the window."""
    rows = session.scalars(
        select(LinkRow).where(LinkRow.room_id.in_(room_ids), LinkRow.end_at > window.start, LinkRow.start_at < window.end, _has_side())
    )
    found: dict[str, list[Link]] = {}
    for link in _links(session, rows):
        found.setdefault(link.room_id, []).append(link)
    return found


def claimed_rooms(session: Session) -> list[str]:
    """Where somebody is booking at this moment."""
    return list(session.scalars(select(ClaimRow.room_id).distinct()))


def links_by_ref(session: Session, side: Side, refs: Iterable[str]) -> list[Link]:
    """Wherever their slots and rooms are."""
    wanted = list(refs)
    rows: list[LinkRow] = []
    for at in range(0, len(wanted), _MANY):
        ids = select(LinkSideRow.link_id).where(LinkSideRow.side == side, LinkSideRow.ref.in_(wanted[at : at + _MANY]))
        rows += session.scalars(select(LinkRow).where(LinkRow.id.in_(ids)))
    return _links(session, rows)


def linked_refs(session: Session, side: Side, refs: Sequence[str]) -> set[str]:
    """Those of them that a link remembers."""
    found: set[str] = set()
    for at in range(0, len(refs), _MANY):
        found |= set(
            session.scalars(select(LinkSideRow.ref).where(LinkSideRow.side == side, LinkSideRow.ref.in_(refs[at : at + _MANY])))
        )
    return found


def taken_keys(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of them that a link bears."""
    found: set[str] = set()
    for at in range(0, len(keys), _MANY):
        found |= set(session.scalars(select(LinkRow.match_key).where(LinkRow.match_key.in_(keys[at : at + _MANY]))))
    return found


def links_by_uid(session: Session, ical_uids: Iterable[str], *, besides_room: str) -> list[Link]:
    """Of meetings that were seen in other rooms."""
    wanted = list(ical_uids)
    rows: list[LinkRow] = []
    for at in range(0, len(wanted), _MANY):
        some = wanted[at : at + _MANY]
        rows += session.scalars(select(LinkRow).where(LinkRow.ical_uid.in_(some), LinkRow.room_id != besides_room, _has_side()))
    return _links(session, rows)


def link_of(session: Session, link_id: str) -> Link:
    return _links(session, [row_of(session, link_id)])[0]


def future_count(session: Session, room_id: str, now: datetime) -> int:
    query = select(func.count()).select_from(LinkRow).where(LinkRow.room_id == room_id, LinkRow.end_at > now, _has_side())
    return session.scalar(query) or 0


def missed_since(session: Session, room_id: str, since: datetime) -> frozenset[str]:
    """What vanished from this room without being cancelled and has not come back, whether it was ended for that or still stands: ids of
    links, a series by its own."""
    found = session.execute(select(LinkRow.series_id, LinkRow.id).where(LinkRow.room_id == room_id, LinkRow.vanished_at > since))
    return frozenset(series or link for series, link in found)


def last_touched(session: Session, room_id: str) -> datetime | None:
    """When a booking of this room was last written to."""
    return session.scalar(select(func.max(LinkRow.updated_at)).where(LinkRow.room_id == room_id))


def live_keys(session: Session, room_id: str) -> frozenset[str]:
    """Match keys of creates under way: their records belong to the saga."""
    return frozenset(session.scalars(select(ClaimRow.match_key).where(ClaimRow.room_id == room_id)))


def row_of(session: Session, link_id: str) -> LinkRow:
    return session.get_one(LinkRow, link_id)


def new_row(session: Session, source: Booking, *, now: datetime, state: str, match_key: str | None = None, flush: bool = True) -> LinkRow:
    """A link for a booking that somebody made on one side; the dates of a series in a room are one booking. `flush` False leaves the
    writing to whatever asks next, for many at once."""
    kin = _of_series(session, source)
    row = LinkRow(
        id=str(ULID()),
        booking_id=kin.booking_id if kin else str(ULID()),
        match_key=match_key or _unused_key(session, source.match_key),
        room_id=source.room_id,
        start_at=source.slot.start,
        end_at=source.slot.end,
        state=state,
        created_at=now,
        updated_at=now,
        sides=[],
    )
    tell(row, source)
    session.add(row)
    if flush:
        session.flush()
    return row


def _of_series(session: Session, source: Booking) -> LinkRow | None:
    """A date of the same series that still is about something."""
    if source.series_mark is None:
        return None
    same = (LinkRow.series_id == source.series_mark, LinkRow.room_id == source.room_id, LinkRow.state.not_in(ENDED))
    return session.scalar(select(LinkRow).where(*same).order_by(LinkRow.id).limit(1))


def kin_ref(session: Session, room_id: str, row: LinkRow, side: Side) -> str | None:
    """What a side calls the latest earlier date of the same series in this room."""
    if row.series_id is None:
        return None
    query = select(LinkSideRow.ref).join(LinkRow, LinkRow.id == LinkSideRow.link_id)
    same = (LinkRow.series_id == row.series_id, LinkRow.room_id == room_id, LinkRow.start_at < row.start_at, LinkSideRow.side == side)
    return session.scalar(query.where(*same).order_by(LinkRow.start_at.desc()).limit(1))


def _unused_key(session: Session, key: str | None) -> str:
    """The key that a record bears, unless a copied reservation brought the key of another one along."""
    taken = key is None or session.scalar(select(LinkRow.id).where(LinkRow.match_key == key)) is not None
    return new_match_key() if taken or key is None else key


def tell(row: LinkRow, source: Booking) -> None:
    """Take over what a record tells about the booking."""
    if source.organizer is not None and row.organizer_email not in source.organizer.addresses:
        row.organizer_email, row.organizer_name = source.organizer.email, source.organizer.name[:255]
    if source.private:
        row.private, row.subject = True, ""
    elif source.subject and not row.private:
        row.subject = source.subject[:255]
    row.attendees = source.attendees if source.attendees is not None else row.attendees
    if source.side is Side.EXCHANGE:
        row.ical_uid = source.ical_uid or row.ical_uid
        row.original_start_at = source.original_start or row.original_start_at
        row.series_id = source.series_mark or row.series_id  # Exchange's word counts: a series may go on in another ("this and following")
    else:
        row.series_id = row.series_id or source.series_mark


def remember(row: LinkRow, record: Booking, fingerprint: str, now: datetime) -> None:
    """What we now know of one side; also the link's agreed slot."""
    side = next((s for s in row.sides if s.side == record.side), None)
    if side is None:
        side = LinkSideRow(link_id=row.id, side=record.side.value)
        row.sides.append(side)
    side.ref, side.version, side.fingerprint = record.ref, record.version, fingerprint
    side.number, side.standing, side.seen_at = record.number or side.number, record.standing.value, now
    row.start_at, row.end_at = record.slot.start, record.slot.end
    if record.room_id:
        row.room_id = record.room_id
    row.updated_at = now


def release_ref(session: Session, side: Side, ref: str, *, besides: str) -> None:
    """A ref belongs to one link only."""
    session.execute(delete(LinkSideRow).where(LinkSideRow.side == side, LinkSideRow.ref == ref, LinkSideRow.link_id != besides))


def end(row: LinkRow, state: str, now: datetime, *, code: str | None = None, reason: str | None = None) -> None:
    """The booking is over: its refs are free, its story stays."""
    row.state, row.updated_at, row.held_until, row.vanished_at, row.refused = state, now, None, None, None
    row.reason_code, row.reason = code, reason
    row.sides.clear()


def settle(row: LinkRow, settled: Settled | None) -> None:
    """Remember what was refused; None where the action is one that may be planned again."""
    if settled is None:
        return
    row.refused = asdict(settled)


def _has_side() -> "exists":  # type: ignore[valid-type]
    return exists().where(LinkSideRow.link_id == LinkRow.id)


def _links(session: Session, rows: Iterable[LinkRow]) -> list[Link]:
    found = list(rows)
    if not found:
        return []
    open_ = select(IntentRow.booking_id, IntentRow.state, IntentRow.progress).where(IntentRow.finished_at.is_(None))
    if len(found) <= _MANY:
        open_ = open_.where(IntentRow.booking_id.in_({row.booking_id for row in found}))
    busy: dict[str, dict[str, Pending]] = {}
    for booking_id, state, progress in session.execute(open_):
        busy.setdefault(booking_id, {}).update(_pending(progress) if state == "await" else {})
    return [_link(row, busy.get(row.booking_id)) for row in found]


def _pending(progress: dict[str, Any]) -> dict[str, Pending]:
    """Match key -> where a move that waits for its appointment expects it."""
    return {
        item["old"]["match_key"]: Pending(item["room_id"], Slot(*(datetime.fromisoformat(at) for at in item["slot"])))
        for item in progress.get("items", [])
        if item.get("old")
    }


def _link(row: LinkRow, busy: dict[str, Pending] | None) -> Link:
    """`busy` None: no intent is at work on it."""
    sides = {s.side: Remembered(s.ref, s.fingerprint, s.version) for s in row.sides}
    was_booked = row.state in AWAITING or (row.caller is not None and row.state not in ENDED)
    return Link(
        id=row.id,
        match_key=row.match_key,
        room_id=row.room_id,
        slot=Slot(row.start_at, row.end_at),
        booking_id=row.booking_id,
        topdesk=sides.get(Side.TOPDESK),
        exchange=sides.get(Side.EXCHANGE),
        organizer=Person(row.organizer_email, row.organizer_name) if row.organizer_email else None,
        ical_uid=row.ical_uid,
        original_start=row.original_start_at,
        series_id=row.series_id,
        is_awaiting=was_booked and Side.EXCHANGE not in sides and row.ical_uid is None,  # one that came and was declined comes no more
        is_busy=busy is not None,
        pending=(busy or {}).get(row.match_key),
        writing=WRITING.get(row.reason_code or ""),
        vanished_at=row.vanished_at,
        settled=Settled(**row.refused) if row.refused else None,
    )


def state_of(topdesk: Booking | None, exchange: Booking | None) -> str:
    """The outside's word for a booking with these records."""
    if topdesk is None and exchange is None:
        return "cancelled"
    if topdesk is not None and topdesk.standing is Standing.REQUESTED:
        return "awaiting_approval"
    if topdesk is not None and exchange is not None:
        return "confirmed"
    return "awaiting_appointment" if topdesk is not None else "on_hold"
