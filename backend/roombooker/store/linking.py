"""Links as the plan wants them: rows to domain Links and back, and what was last seen of each side."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, String, Table, bindparam, delete, exists, func, select, union_all, update
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain.booking import Booking, Person, Side, Standing, new_match_key, reservation_id
from roombooker.domain.link import Link, Pending, Remembered, Settled
from roombooker.domain.slot import Slot
from roombooker.store.models import ClaimRow, IntentRow, LinkRow, LinkSideRow, RoomRow

ENDED = ("released", "cancelled", "refused")
AWAITING = ("awaiting_appointment", "awaiting_approval")
WRITING = {"writing_topdesk": Side.TOPDESK, "writing_exchange": Side.EXCHANGE}  # reason codes of a link whose write is under way
_MANY = 500  # values in one IN

# Built once: they run several times in every pass, and to build one takes longer than to run it.
_LINK, _SIDE = cast("Table", LinkRow.__table__), cast("Table", LinkSideRow.__table__)
_INTENT = cast("Table", IntentRow.__table__).c
_L, _S, _OWN = _LINK.c, _SIDE.c, _SIDE.alias("own")
_BOTH = select(
    _L.id, _L.match_key, _L.room_id, _L.start_at, _L.end_at, _L.booking_id, _L.organizer_email, _L.organizer_name, _L.ical_uid,
    _L.original_start_at, _L.series_id, _L.state, _L.caller, _L.reason_code, _L.vanished_at, _L.refused, _S.side, _S.ref, _S.fingerprint,
    _S.version,
).join_from(_LINK, _SIDE, _S.link_id == _L.id)  # fmt: skip
_IN_WINDOW = _BOTH.where(_L.room_id.in_(bindparam("rooms", expanding=True)), _L.end_at > bindparam("start"), _L.start_at < bindparam("end"))
_OF_REFS = select(_OWN.c.link_id).where(_OWN.c.side == bindparam("side"), _OWN.c.ref.in_(bindparam("refs", expanding=True)))
_BY_REF = _BOTH.where(_L.id.in_(_OF_REFS))
_IDENT = bindparam("ident", type_=String)
_ITS_REFS = union_all(select(_IDENT), select(_IDENT + ":" + RoomRow.location_id))  # no prefix: a collation may keep that from the index
_OF_RESERVATION = select(_OWN.c.link_id).where(_OWN.c.side == Side.TOPDESK, _OWN.c.ref.in_(_ITS_REFS))
_BY_RESERVATION = _BOTH.where(_L.id.in_(_OF_RESERVATION))
_BY_UID = _BOTH.where(_L.ical_uid.in_(bindparam("uids", expanding=True)), _L.room_id != bindparam("room"))
_OPEN = select(_INTENT.booking_id, _INTENT.state, _INTENT.progress).where(_INTENT.finished_at.is_(None))
_OPEN_OF = _OPEN.where(_INTENT.booking_id.in_(bindparam("bookings", expanding=True)))
_RELEASE = delete(_SIDE).where(_S.side == bindparam("side"), _S.ref == bindparam("ref"), _S.link_id != bindparam("besides"))
_RENAME = update(_SIDE).where(_S.side == bindparam("on"), _S.ref == bindparam("old"), _S.link_id == bindparam("of"))
_Stored = tuple[LinkRow | Row[Any], dict[str, Remembered]]


def links_in(session: Session, room_id: str, window: Slot) -> list[Link]:
    """Links that are still about something, whose agreed slot overlaps the window."""
    return _links(session, _found(session, _IN_WINDOW, {"rooms": [room_id], "start": window.start, "end": window.end}))


def links_between(session: Session, room_ids: Sequence[str], window: Slot) -> dict[str, list[Link]]:
    """Of many rooms, by room: those whose agreed slot overlaps the window."""
    found: dict[str, list[Link]] = {}
    for link in _links(session, _found(session, _IN_WINDOW, {"rooms": list(room_ids), "start": window.start, "end": window.end})):
        found.setdefault(link.room_id, []).append(link)
    return found


def claimed_rooms(session: Session) -> list[str]:
    """Where somebody is booking at this moment."""
    return list(session.scalars(select(ClaimRow.room_id).distinct()))


def links_by_ref(session: Session, side: Side, refs: Iterable[str]) -> list[Link]:
    """Wherever their slots and rooms are."""
    wanted = list(refs)
    found: list[_Stored] = []
    for at in range(0, len(wanted), _MANY):
        found += _found(session, _BY_REF, {"side": side, "refs": wanted[at : at + _MANY]})
    return _links(session, found)


def links_of_reservation(session: Session, ref: str) -> list[Link]:
    """All that remember this TOPdesk reservation, whichever of our rooms it holds for them."""
    return _links(session, _found(session, _BY_RESERVATION, {"ident": reservation_id(ref)}))


def rename(session: Session, link: Link, side: Side, ref: str) -> Link:
    """The same record goes by another ref now. The link as it then is; as it was where that ref is another link's."""
    was = link.remembered(side)
    if was is None or linked_refs(session, side, [ref]):
        return link
    session.execute(_RENAME, {"on": side, "old": was.ref, "of": link.id, "ref": ref})
    now = replace(was, ref=ref)
    return replace(link, topdesk=now) if side is Side.TOPDESK else replace(link, exchange=now)


def linked_refs(session: Session, side: Side, refs: Sequence[str]) -> set[str]:
    """Those of them that a link remembers."""
    found: set[str] = set()
    for at in range(0, len(refs), _MANY):
        found |= set(session.scalars(select(LinkSideRow.ref).where(LinkSideRow.side == side, LinkSideRow.ref.in_(refs[at : at + _MANY]))))
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
    found: list[_Stored] = []
    for at in range(0, len(wanted), _MANY):
        found += _found(session, _BY_UID, {"uids": wanted[at : at + _MANY], "room": besides_room})
    return _links(session, found)


def link_of(session: Session, link_id: str) -> Link:
    row = row_of(session, link_id)
    return _links(session, [(row, {side.side: Remembered(side.ref, side.fingerprint, side.version) for side in row.sides})])[0]


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
    session.execute(_RELEASE, {"side": side, "ref": ref, "besides": besides})


def end(row: LinkRow, state: str, now: datetime, *, code: str | None = None, reason: str | None = None) -> None:
    """The booking is over: its refs are free, its story stays."""
    row.state, row.updated_at, row.held_until, row.vanished_at, row.refused = state, now, None, None, None
    row.reason_code, row.reason = code, reason
    row.sides.clear()


def set_apart(row: LinkRow, stays: Booking, *, follower: Side) -> None:
    """The same booking at two times: one follows the other, which the next plan sees, since the other counts as changed."""
    row.start_at, row.end_at = stays.slot.start, stays.slot.end
    for side in row.sides:
        if side.side != follower:
            side.fingerprint = ""
    row.state = "moving"


def settle(row: LinkRow, settled: Settled | None) -> None:
    """Remember what was refused; None where the action is one that may be planned again."""
    if settled is None:
        return
    row.refused = asdict(settled)


def _has_side() -> "exists":  # type: ignore[valid-type]
    return exists().where(LinkSideRow.link_id == LinkRow.id)


def _found(session: Session, query: Select[Any], asked: dict[str, Any]) -> "list[_Stored]":
    """Rows of link and side joined, put together; read without the mapper, which costs twice as much."""
    if session.new or session.dirty or session.deleted:
        session.flush()
    sides: dict[str, dict[str, Remembered]] = {}
    rows: dict[str, Row[Any]] = {}
    for row in session.execute(query, asked):
        rows[row.id] = row
        sides.setdefault(row.id, {})[row.side] = Remembered(row.ref, row.fingerprint, row.version)
    return [(row, sides[row.id]) for row in rows.values()]


def _links(session: Session, found: "Sequence[_Stored]") -> list[Link]:
    if not found:
        return []
    few = {row.booking_id for row, _ in found}
    open_ = session.execute(_OPEN_OF, {"bookings": list(few)}) if len(few) <= _MANY else session.execute(_OPEN)
    busy: dict[str, dict[str, Pending]] = {}
    for booking_id, state, progress in open_:
        busy.setdefault(booking_id, {}).update(_pending(progress) if state == "await" else {})
    return [_link(row, sides, busy.get(row.booking_id)) for row, sides in found]


def _pending(progress: dict[str, Any]) -> dict[str, Pending]:
    """Match key -> where a move that waits for its appointment expects it; a room that leaves with the move has no such place."""
    return {
        item["old"]["match_key"]: Pending(item["room_id"], Slot(*(datetime.fromisoformat(at) for at in item["slot"])))
        for item in progress.get("items", [])
        if item.get("old") and item["way"] != "drop"
    }


def _link(row: LinkRow | Row[Any], sides: dict[str, Remembered], busy: dict[str, Pending] | None) -> Link:
    """`busy` None: no intent is at work on it."""
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
