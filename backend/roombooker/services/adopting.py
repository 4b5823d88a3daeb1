"""Adopting what exists on both sides by the hundred: a room's first load, its links in few commits and its stamps side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import structlog

from roombooker.domain.actions import Action, Adopt
from roombooker.domain.booking import Booking, Side
from roombooker.errors import InProgress, RoomBookerError
from roombooker.services.answering import Answering
from roombooker.services.remembering import Memory, Turn
from roombooker.store import linking

_log = structlog.get_logger(__name__)
_AT_ONCE = 100  # in one commit; stopped, what was committed is not done again
_STAMPERS = 4  # as many as may be in flight to one side


@dataclass(frozen=True, slots=True)
class _Adopted:
    key: str
    topdesk: Booking
    exchange: Booking


def is_plain(action: Action, turn: Turn) -> bool:
    """Nothing but two records to remember: no answer of the room hangs on it, and nothing moves."""
    awaits_answer = turn.room.topdesk_leads or turn.room.requires_approval
    return isinstance(action, Adopt) and action.link is None and action.moves is None and action.absorbs is None and not awaits_answer


class Adopting:
    def __init__(self, *, memory: Memory, answering: Answering) -> None:
        self._memory = memory
        self._answering = answering

    def adopt(self, turn: Turn, adoptions: Sequence[Adopt], keep: Callable[[], None]) -> list[tuple[Action, RoomBookerError]]:
        """What must be tried again, with its error. `keep` renews the room's lease, and raises where it is lost."""
        ill: list[tuple[Action, RoomBookerError]] = []
        with ThreadPoolExecutor(_STAMPERS, thread_name_prefix="stamp") as pool:
            for at in range(0, len(adoptions), _AT_ONCE):
                some = adoptions[at : at + _AT_ONCE]
                try:
                    keep()
                except RoomBookerError as error:
                    return ill + [(action, error) for action in adoptions[at:]]
                adopted, doubled = self._remember(turn, some)
                ill += [(action, InProgress("This booking has been linked meanwhile.")) for action in doubled]
                contexts = [copy_context() for _ in adopted]
                list(pool.map(lambda context, one: context.run(self._stamp, turn, one), contexts, adopted))
        return ill

    def _remember(self, turn: Turn, some: Sequence[Adopt]) -> tuple[list[_Adopted], list[Adopt]]:
        """One commit. The index learns them from the listings that they came from, at the end of the pass."""
        adopted: list[_Adopted] = []
        doubled: list[Adopt] = []
        with self._memory.writing() as session:
            known = {
                (side, remembered.ref)
                for side, refs in ((Side.TOPDESK, [a.topdesk.ref for a in some]), (Side.EXCHANGE, [a.exchange.ref for a in some]))
                for link in linking.links_by_ref(session, side, refs)
                if (remembered := link.remembered(side))
            }
            for action in some:
                if (Side.TOPDESK, action.topdesk.ref) in known or (Side.EXCHANGE, action.exchange.ref) in known:
                    doubled.append(action)
                    continue
                row = linking.new_row(session, action.topdesk, now=self._memory.now(), state="confirmed", flush=False)
                linking.tell(row, action.exchange)
                for record in (action.topdesk, action.exchange):
                    self._memory.remember(row, turn.room, record)
                row.state = linking.state_of(action.topdesk, action.exchange)
                message = f"Reservation and appointment were matched ({action.why})."
                self._memory.journal(session, row, "matched", message, turn.cause, record=action.topdesk)
                adopted.append(_Adopted(row.match_key, action.topdesk, action.exchange))
        return adopted, doubled

    def _stamp(self, turn: Turn, one: _Adopted) -> None:
        """For rebuild's sake: the link holds without it."""
        try:
            self._answering.stamp(turn.room, one.key, one.topdesk, one.exchange)
        except RoomBookerError as error:
            _log.warning("a stamp could not be written", room=turn.room.id, error=error.code)
