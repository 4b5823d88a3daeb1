"""The work list: what only a person can settle, with its reason, a live look at both originals, and actions that are really carried out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from roombooker.domain.booking import Side
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.caller import Caller
from roombooker.domain.room import Room
from roombooker.errors import Denied, InvalidInput, NotFound
from roombooker.services.booking_answer import iso
from roombooker.services.settling import Case, Settling
from roombooker.services.sync import SyncService
from roombooker.services.telling import told
from roombooker.store import journal, linking, rooms, work_items
from roombooker.store.db import Database
from roombooker.store.models import LinkRow, RoomRow, WorkItemRow

_AT_REST = ("confirmed", "released", "cancelled")  # a link in one of these has nothing left to settle
_OVER = timedelta(days=1)  # after its end nobody settles anything about a meeting any more, and no window of ours shows it
_GONE, _PAST = "The cause is gone.", "The meeting is over."


class WorkList:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, sync: SyncService,
                 clock: Callable[[], datetime], hold: timedelta) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._sync = sync
        self._clock = clock
        self._settling = Settling(database=database, facilities=facilities, meetings=meetings, sync=sync, clock=clock, hold=hold)

    def page(self, *, limit: int, **which: Any) -> dict[str, Any]:
        """As `listed`; `next` is the `before_id` of the following page, None on the last."""
        found = self.listed(limit=limit + 1, **which)
        return {"items": found[:limit], "next": found[limit - 1]["id"] if len(found) > limit else None}

    def listed(self, *, settled: bool = False, kind: str | None = None, room_id: str | None = None, before_id: str | None = None,
               limit: int = 200) -> list[dict[str, Any]]:  # fmt: skip
        """Newest first."""
        with self._database.read() as session:
            found = work_items.listed(session, settled=settled, kind=kind, room_id=room_id, before_id=before_id, limit=limit)
            known = rooms.by_ids(session, {row.room_id for row in found if row.room_id})
            return [_item(row, known) for row in found]

    def one(self, item_id: str) -> dict[str, Any]:
        with self._database.read() as session:
            row = self._row(session, item_id)
            return _item(row, rooms.by_ids(session, {row.room_id} if row.room_id else set()))

    def status(self, item_id: str) -> dict[str, Any]:
        """The item, and both originals as they are at this moment: `originals` is a list of `{"side", "ref", "record" | None, "said"}`."""
        case = self._case(item_id)
        seen = {(r["side"], r["ref"]) for r in case.candidates}
        if case.link is not None:
            seen |= {(str(side), r.ref) for side in Side if (r := case.link.remembered(side)) is not None}
        return self.one(item_id) | {"originals": [self._original(case.room, Side(side), ref) for side, ref in sorted(seen)]}

    def settle(self, caller: Caller, item_id: str, action: str, candidate: str | None = None) -> dict[str, Any]:
        """Carry out one of the item's own actions; the item as it is afterwards, which may still be open where it was refused again."""
        case = self._case(item_id)
        if case.is_settled:
            raise InvalidInput("This has been settled already.", {"action": ["This has been settled already."]})
        if action not in case.actions:
            raise InvalidInput(f"This can be settled by {', '.join(case.actions)}.", {"action": ["Not one of this item's actions."]})
        if action == "status":
            return self.status(item_id)
        self._settling.carry_out(case, action, candidate, by=caller.key)
        with self._database.write() as session:
            row = self._row(session, item_id)
            if row.settled_at is None and (action != "retry" or self._is_at_rest(session, row)):
                work_items.settle(session, row, at=self._clock(), by=caller.email or caller.key, outcome=_OUTCOMES.get(action, "Settled."))
            elif row.settled_at is not None:
                row.settled_by = caller.email or caller.key
            journal.write(
                session, kind="settled", message=f"Settled by an administrator: {_OUTCOMES.get(action, action)}", at=self._clock(),
                caused_by=caller.key, room_id=row.room_id, booking_id=row.booking_id,
            )  # fmt: skip
        return self.one(item_id)

    def tidy(self) -> int:
        """Close what has settled itself: the cause is gone, or the meeting is over. How many were closed."""
        closed = 0
        with self._database.write() as session:
            for row in session.scalars(select(WorkItemRow).where(WorkItemRow.settled_at.is_(None))).all():
                outcome = _GONE if self._is_at_rest(session, row) else _PAST if self._is_over(session, row) else None
                if outcome is not None:
                    work_items.settle(session, row, at=self._clock(), by="room booker", outcome=outcome)
                    closed += 1
        return closed

    def _is_at_rest(self, session: Session, row: WorkItemRow) -> bool:
        if row.kind == "safety_stop":
            room = session.get(RoomRow, row.room_id) if row.room_id else None
            return room is None or room.held_reason is None
        if row.link_id is None:
            return False
        link = session.get(LinkRow, row.link_id)
        if link is None or link.state in _AT_REST:
            return True
        return link.end_at < self._clock() and not link.sides

    def _is_over(self, session: Session, row: WorkItemRow) -> bool:
        """Whatever it is about ended more than a day ago: the booking as we remember it, and each record of either side that it names."""
        link = session.get(LinkRow, row.link_id) if row.link_id else None
        if link is None:  # a held room, say: not bound to a time
            return False
        ends = [link.end_at, *(datetime.fromisoformat(c["end"]) for c in row.candidates or () if c.get("end"))]
        return max(ends) < self._clock() - _OVER

    def _original(self, room: Room, side: Side, ref: str) -> dict[str, Any]:
        try:
            record = (self._facilities if side is Side.TOPDESK else self._meetings).get(room, ref)
        except (NotFound, Denied) as error:
            return {"side": side.value, "ref": ref, "record": None, "said": error.message}
        return {"side": side.value, "ref": ref, "record": told(record), "said": None}

    def _case(self, item_id: str) -> Case:
        with self._database.read() as session:
            row = self._row(session, item_id)
            link = linking.link_of(session, row.link_id) if row.link_id and session.get(LinkRow, row.link_id) else None
            if row.room_id is None:
                raise NotFound("The room of this item is gone.")
            return Case(
                room=rooms.get(session, row.room_id), link=link, candidates=tuple(row.candidates or ()), actions=tuple(row.actions or ()),
                is_settled=row.settled_at is not None,
            )  # fmt: skip

    def _row(self, session: Session, item_id: str) -> WorkItemRow:
        row = session.get(WorkItemRow, item_id)
        if row is None:
            raise NotFound("There is no such work item.")
        return row


_OUTCOMES = {
    "retry": "Tried again.",
    "approve": "The cancellation was approved.",
    "refuse": "The cancellation was refused; the reservation stands.",
    "match": "Matched by hand.",
    "create_separate": "Made a booking of its own.",
    "decline_meeting": "The room declined the meeting.",
    "cancel_reservation": "The reservation was cancelled.",
    "move_back": "The reservation was moved back.",
    "topdesk_wins": "What TOPdesk says stands.",
    "exchange_wins": "What Exchange says stands.",
    "keep": "What is left was kept.",
    "delete": "What was left was ended.",
    "let_pass": "Let pass.",
    "give_up": "Left as it is.",
}


def _item(row: WorkItemRow, known: dict[str, Room]) -> dict[str, Any]:
    room = known.get(row.room_id or "")
    return {
        "id": row.id, "kind": row.kind, "reason": row.reason, "room": {"id": room.id, "name": room.name} if room else None,
        "booking_id": row.booking_id, "candidates": row.candidates or [], "actions": [] if row.settled_at else row.actions or [],
        "created_at": iso(row.created_at), "settled_at": iso(row.settled_at), "settled_by": row.settled_by, "outcome": row.outcome,
    }  # fmt: skip
