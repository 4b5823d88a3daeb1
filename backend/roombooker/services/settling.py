"""How each decision of a person is carried out: by the same hands as the plan's actions, followed by a fresh look at the room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roombooker.domain.actions import Action, Adopt, Create, Delete, Update
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.differences import differences
from roombooker.domain.link import Link, Settled
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import InvalidInput, NotFound
from roombooker.services.remembering import Cause, Turn
from roombooker.services.sync import SyncService
from roombooker.store import linking, notices, rooms, sightings, work_items
from roombooker.store.db import Database

APPROVED = "The cancellation was approved by an administrator."
DECLINED = "An administrator gave the room to somebody else, or its reservation was changed in TOPdesk."
CANCELLED = "Cancelled by an administrator."
_ASKED_AGAIN = Settled("asked again", "", "")  # equals no action's mark


@dataclass(frozen=True, slots=True)
class Case:
    """A work item with what it is about. `candidates` as `telling.told` wrote them."""

    room: Room
    link: Link | None
    candidates: tuple[dict[str, Any], ...]
    actions: tuple[str, ...]
    is_settled: bool


class Settling:
    """`hold`: how long a reservation waits for its appointment."""

    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, sync: SyncService,
                 clock: Callable[[], datetime], hold: timedelta) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._sync = sync
        self._clock = clock
        self._hold = hold

    def carry_out(self, case: Case, action: str, candidate: str | None, *, by: str) -> None:
        """SideError where a side refuses; InvalidInput where a choice is missing."""
        if action == "give_up":
            return
        if action == "let_pass":
            self._sync.let_pass(case.room.id, by=by)
            return
        steps: dict[str, Callable[[], None]] = {
            "retry": lambda: self._retry(case),
            "approve": lambda: self._end_reservation(case, candidate, APPROVED),
            "refuse": lambda: self._refuse_cancellation(case),
            "match": lambda: self._match(case, candidate, by),
            "create_separate": lambda: self._decide(case, by, lambda _turn: [Create(Side.TOPDESK, self._meeting(case, None), case.link)]),
            "decline_meeting": lambda: self._decline(case, candidate, by),
            "cancel_reservation": lambda: self._end_reservation(case, candidate, CANCELLED),
            "move_back": lambda: self._overrule(case, by, winner=Side.EXCHANGE),
            "topdesk_wins": lambda: self._overrule(case, by, winner=Side.TOPDESK),
            "exchange_wins": lambda: self._overrule(case, by, winner=Side.EXCHANGE),
            "keep": lambda: self._keep(case),
            "delete": lambda: self._delete(case, by),
        }
        steps[action]()
        self._sync.sync_room(case.room.id, windows=self._windows(case), cause=by)
        if case.link is not None and case.link.topdesk is not None:  # which may lie in another room by now
            with self._database.write() as session:
                notices.add(session, side=Side.TOPDESK.value, ref=case.link.topdesk.ref, kind="changed", at=self._clock())

    def _decide(self, case: Case, by: str, decision: Callable[[Turn], Sequence[Action]]) -> None:
        self._sync.decide(case.room.id, decision, cause=Cause(by))

    def _retry(self, case: Case) -> None:
        """A booking of ours that got stuck before its appointment came waits for it again, once nobody else is in its slot."""
        self._loosen(case)
        link = case.link
        if link is None or link.topdesk is None or not link.is_awaiting or link.is_busy:
            return
        reservation = self._facilities.get(case.room, link.topdesk.ref)
        there = self._facilities.occupied([case.room], reservation.slot).get(case.room.id, [])
        is_shared = any(b.is_live and b.ref != reservation.ref and b.slot.overlaps(reservation.slot) for b in there)
        if is_shared or not reservation.is_live or reservation.standing is Standing.CONFLICTING:
            return
        now = self._clock()
        with self._database.write() as session:
            row = linking.row_of(session, link.id)
            if row.state == "on_hold":
                row.state, row.held_until = linking.state_of(reservation, None), now + self._hold
                row.refused = row.reason_code = row.reason = None
                row.start_at, row.end_at = reservation.slot.start, reservation.slot.end
                work_items.close_for_link(session, link.id, at=now, outcome="It waits for its appointment again.")

    def _refuse_cancellation(self, case: Case) -> None:
        """It stays booked: its room gets a meeting of its own; one that was never sent waits for its appointment again."""
        if case.link is not None and case.link.is_awaiting:
            self._retry(case)
        else:
            self._loosen(case, without=Side.EXCHANGE)

    def _loosen(self, case: Case, *, without: Side | None = None) -> None:
        """Whatever was refused may be planned again, and where both sides agree by now that is noticed; `without`: that side's record is
        to be made anew."""
        if case.link is None:
            return
        with self._database.write() as session:
            row = linking.row_of(session, case.link.id)
            row.vanished_at = None
            linking.settle(row, _ASKED_AGAIN)
            if without is not None:
                row.sides[:] = [side for side in row.sides if side.side != without]
                row.state = "on_hold"

    def _end_reservation(self, case: Case, candidate: str | None, reason: str) -> None:
        self._facilities.remove(case.room, self._record(case, Side.TOPDESK, candidate), reason)
        self._loosen(case)

    def _decline(self, case: Case, candidate: str | None, by: str) -> None:
        """The room gives the meeting up; a reservation that stands gets one of the room's own."""
        meeting = self._record(case, Side.EXCHANGE, candidate)
        room = self._home(case, meeting.ref)
        if meeting.room_organizes:
            self._meetings.remove(room, meeting, DECLINED)
        else:
            self._meetings.decline(room, meeting, DECLINED)
        self._give_way(case, meeting, by)
        has_both = case.link is not None and case.link.topdesk is not None and case.link.exchange is not None
        self._loosen(case, without=Side.EXCHANGE if has_both else None)

    def _give_way(self, case: Case, meeting: Booking, by: str) -> None:
        """A meeting of another booking than the item's: that one ends whole, and does not wait for a meeting that we declined ourselves."""
        with self._database.read() as session:
            known = [link for link in linking.links_by_ref(session, Side.EXCHANGE, [meeting.ref]) if link.topdesk is not None]
        if not known or (case.link is not None and known[0].id == case.link.id):
            return
        link = known[0]
        reservation = self._facilities.get(case.room, link.topdesk.ref) if link.topdesk else None
        if reservation is not None and reservation.is_live:
            self._decide(case, by, lambda _turn: [Delete(Side.TOPDESK, link, reservation, is_inferred=False)])
        with self._database.write() as session:
            row = linking.row_of(session, link.id)
            if row.state in linking.ENDED:
                row.reason_code, row.reason = "declined_by_administrator", DECLINED

    def _match(self, case: Case, candidate: str | None, by: str) -> None:
        reservation = self._record(case, Side.TOPDESK, candidate)
        meeting = self._meeting(case, None)
        with self._database.read() as session:
            known = linking.links_by_ref(session, Side.TOPDESK, [reservation.ref])
        own = known[0] if known else None
        if own is not None and own.exchange is not None and own.exchange.ref != meeting.ref:
            raise InvalidInput(
                "This reservation belongs to another meeting already.", {"candidate": ["Belongs to another meeting already."]}
            )
        link = own or case.link
        absorbs = case.link if case.link is not None and link is not None and case.link.id != link.id else None
        moves = Side.TOPDESK if reservation.slot != meeting.slot else None
        self._decide(
            case, by, lambda _turn: [Adopt(reservation, meeting, "chosen by an administrator", link, moves=moves, absorbs=absorbs)]
        )

    def _overrule(self, case: Case, by: str, *, winner: Side) -> None:
        link = self._link(case)
        records = {side: self._record(case, side, None) for side in Side}
        loser = winner.other
        source, target = records[winner], records[loser]

        def decision(turn: Turn) -> list[Action]:
            fields = differences(source, target, turn.rules.of(loser))
            return [Update(loser, link, source, target, fields, overrules=True)] if fields else []

        if loser is Side.EXCHANGE and not target.room_organizes and not self._sync.may_edit_meetings:
            self._decline(case, None, by)  # somebody else's meeting: all that the room can do is to leave it
            return
        self._decide(case, by, decision)
        self._loosen(case)

    def _keep(self, case: Case) -> None:
        live = self._live_sides(case)
        self._loosen(case, without=live[0].side.other if len(live) == 1 else None)

    def _delete(self, case: Case, by: str) -> None:
        link, live = self._link(case), self._live_sides(case)
        if not live:
            self._loosen(case)  # so that whatever is there by now is looked at afresh
        self._decide(case, by, lambda _turn: [Delete(b.side, link, b, is_inferred=False) for b in live])

    def _live_sides(self, case: Case) -> list[Booking]:
        found = []
        for side in Side:
            try:
                record = self._record(case, side, None)
            except (NotFound, InvalidInput):
                continue
            if record.is_live:
                found.append(record)
        return found

    def _meeting(self, case: Case, candidate: str | None) -> Booking:
        return self._record(case, Side.EXCHANGE, candidate)

    def _record(self, case: Case, side: Side, candidate: str | None) -> Booking:
        """As it is now: the chosen candidate, or the link's own record, or the only candidate of that side."""
        refs = [c["ref"] for c in case.candidates if c["side"] == side.value]
        own = case.link.remembered(side) if case.link is not None else None
        if candidate is not None and candidate in refs:
            ref = candidate
        elif candidate is not None and candidate not in [c["ref"] for c in case.candidates]:
            raise InvalidInput("Choose one of the candidates.", {"candidate": ["Not one of the candidates."]})
        elif own is not None:  # the item's own record is told first; it has another ref where the same meeting came to the calendar anew
            ref = own.ref if own.ref in refs or not refs else refs[0]
        elif len(refs) == 1:
            ref = refs[0]
        else:
            raise InvalidInput("Choose one of the candidates.", {"candidate": ["Say which one: its ref."]})
        return self._facilities.get(case.room, ref) if side is Side.TOPDESK else self._meetings.get(self._home(case, ref), ref)

    def _home(self, case: Case, ref: str) -> Room:
        """Whose calendar a meeting lies on: a reservation that was given another room in TOPdesk leaves its meeting behind in the old one."""
        with self._database.read() as session:
            seen = sightings.by_refs(session, Side.EXCHANGE, [ref]).get(ref)
            return rooms.get(session, seen.room_id) if seen is not None and seen.room_id != case.room.id else case.room

    def _link(self, case: Case) -> Link:
        if case.link is None:
            raise NotFound("The booking of this item is gone.")
        return case.link

    def _windows(self, case: Case) -> list[Slot]:
        windows = [_slot(c) for c in case.candidates]
        return [*windows, case.link.slot] if case.link is not None else windows or [self._sync.near()]


def _slot(candidate: dict[str, Any]) -> Slot:
    return Slot(datetime.fromisoformat(candidate["start"]), datetime.fromisoformat(candidate["end"]))
