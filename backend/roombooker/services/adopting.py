"""Adopting what exists on both sides, by the hundred in a room's first load: the stamps side by side, the links in few commits.

A hundred is stamped while the hundred before it is committed. Stamps come first: where we are stopped in between, the next pass finds
the two records by their key and goes on, and none is left without one."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from roombooker.domain.actions import Action, Adopt
from roombooker.domain.booking import Booking, Side, new_match_key
from roombooker.errors import InProgress, RoomBookerError
from roombooker.services.answering import UNSTAMPED, Answering, owes_key
from roombooker.services.remembering import Memory, Turn
from roombooker.store import linking

_log = structlog.get_logger(__name__)
_AT_ONCE = 100  # in one commit; stopped, what was committed is not done again
_STAMPERS = 4  # reservations at once, as many as may be in flight; a batch of meetings goes beside them

T = TypeVar("T")
Ill = list[tuple[Action, RoomBookerError]]


@dataclass(frozen=True, slots=True)
class _Stamping:
    """An adoption whose two records are being given their key."""

    action: Adopt
    key: str
    reservation: "Future[Booking]"
    meetings: "Future[dict[str, RoomBookerError]]"  # what went wrong, by key; of all that were sent together


class Adopting:
    def __init__(self, *, memory: Memory, answering: Answering) -> None:
        self._memory = memory
        self._answering = answering
        self._lanes = BoundedSemaphore(_STAMPERS)  # for all rooms that are adopted side by side

    def adopt(self, turn: Turn, adoptions: Sequence[Adopt], keep: Callable[[], None]) -> Ill:
        """What must be tried again, with its error. `keep` renews the room's lease, and raises where it is lost."""
        ill: Ill = []
        under_way: list[_Stamping] = []
        pool = ThreadPoolExecutor(_STAMPERS + 1, thread_name_prefix="stamp")
        try:
            for at in range(0, len(adoptions), _AT_ONCE):
                try:
                    keep()
                except RoomBookerError as error:
                    return ill + [(one.action, error) for one in under_way] + [(action, error) for action in adoptions[at:]]
                stamping, doubled = self._stamp(pool, turn, adoptions[at : at + _AT_ONCE])
                ill += doubled + self._finish(turn, under_way)
                under_way = stamping
            return ill + self._finish(turn, under_way)
        finally:
            pool.shutdown(cancel_futures=True)  # where we are stopped, nothing more is sent

    def _stamp(self, pool: ThreadPoolExecutor, turn: Turn, some: Sequence[Adopt]) -> tuple[list[_Stamping], Ill]:
        """Sent off, and those that have been linked meanwhile."""
        with self._memory.writing() as session:
            known = _known(session, some)
            taken = linking.taken_keys(session, [key for a in some if (key := _borne(a)) is not None])
        keyed: dict[str, Adopt] = {}
        doubled: Ill = []
        for action in some:
            if action.topdesk.ref in known or action.exchange.ref in known:
                doubled.append((action, InProgress("This booking has been linked meanwhile.")))
                continue
            key = _borne(action)
            keyed[key if key is not None and key not in taken and key not in keyed else new_match_key()] = action
        stamps = [(a.exchange, key) for key, a in keyed.items() if owes_key(a.exchange, key)]
        meetings = _start(pool, partial(self._stamp_meetings, turn, stamps))
        return [
            _Stamping(a, key, _start(pool, partial(self._stamp_reservation, turn, key, a.topdesk)), meetings) for key, a in keyed.items()
        ], doubled

    def _stamp_reservation(self, turn: Turn, key: str, reservation: Booking) -> Booking:
        with self._lanes:
            return self._answering.stamp_reservation(turn.room, key, reservation)

    def _stamp_meetings(self, turn: Turn, stamps: Sequence[tuple[Booking, str]]) -> dict[str, RoomBookerError]:
        told = self._answering.stamp_meetings(turn.room, stamps)
        return {key: error for (_, key), error in zip(stamps, told, strict=True) if error is not None}

    def _finish(self, turn: Turn, stamping: Sequence[_Stamping]) -> Ill:
        """Wait for the stamps, then remember all that need not be tried again."""
        ill: Ill = []
        stamped: list[tuple[str, Adopt]] = []
        for one in stamping:
            error_of_meeting = one.meetings.result().get(one.key)
            errors: list[RoomBookerError] = [error_of_meeting] if error_of_meeting is not None else []
            try:
                turn.written.append(one.reservation.result())
            except RoomBookerError as error:
                errors.append(error)
            again = next((error for error in errors if not isinstance(error, UNSTAMPED)), None)
            if again is not None:
                ill.append((one.action, again))
                continue
            if errors:
                _log.info("a stamp could not be written", room=turn.room.id, errors=[error.code for error in errors])
            try:
                answered = self._answering.respond(turn.room, one.action.topdesk, one.action.exchange)
            except RoomBookerError as error:
                ill.append((one.action, error))
                continue
            if answered is not one.action.exchange:
                turn.written.append(answered)
            stamped.append((one.key, replace(one.action, exchange=answered)))
        return ill + self._remember(turn, stamped) if stamped else ill

    def _remember(self, turn: Turn, stamped: Sequence[tuple[str, Adopt]]) -> Ill:
        """One commit. The index learns them from the listings that they came from, at the end of the pass."""
        doubled: Ill = []
        with self._memory.writing() as session:
            known = _known(session, [action for _, action in stamped])
            for key, action in stamped:
                if action.topdesk.ref in known or action.exchange.ref in known:
                    doubled.append((action, InProgress("This booking has been linked meanwhile.")))
                    continue
                row = linking.new_row(session, action.topdesk, now=self._memory.now(), state="confirmed", match_key=key, flush=False)
                linking.tell(row, action.exchange)
                for record in (action.topdesk, action.exchange):
                    self._memory.remember(row, turn.room, record)
                message = f"Reservation and appointment were matched ({action.why})."
                if action.moves is not None:
                    linking.set_apart(row, action.topdesk if action.moves is Side.TOPDESK else action.exchange, follower=action.moves)
                    message = f"The appointment was found, at another time ({action.why})."
                else:
                    row.state = linking.state_of(action.topdesk, action.exchange)
                self._memory.journal(session, row, "matched", message, turn.cause, record=action.topdesk)
        return doubled


def _start(pool: ThreadPoolExecutor, work: Callable[[], T]) -> "Future[T]":
    """With the caller's request id."""
    return pool.submit(copy_context().run, work)


def _borne(action: Adopt) -> str | None:
    """The key of either record: of a pass that was stopped, or copied with a reservation."""
    return action.topdesk.match_key or action.exchange.match_key


def _known(session: Session, some: Sequence[Adopt]) -> set[str]:
    """Refs that a link remembers by now."""
    reservations = linking.linked_refs(session, Side.TOPDESK, [a.topdesk.ref for a in some])
    return reservations | linking.linked_refs(session, Side.EXCHANGE, [a.exchange.ref for a in some])
