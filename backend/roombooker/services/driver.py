"""Drives a saga: call, answer, commit, until it is done or must wait; whoever holds the intent's lease may do so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from roombooker import deadline
from roombooker.domain import saga as sagas
from roombooker.domain.saga import Phase, Saga
from roombooker.errors import InProgress, RoomBookerError
from roombooker.services.saga_calls import Came, SagaCalls
from roombooker.services.saga_store import Frame, SagaStore
from roombooker.store import intents
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

_PAUSES = (2, 5, 15, 30, 60, 120, 300)  # seconds before the next try, by tries


Answer = tuple[int, dict[str, Any]]  # status and JSON
Conclude = Callable[[Saga, Sequence[LinkRow]], Answer | None]


@dataclass(frozen=True, slots=True)
class Drive:
    """How far it got; `error` is the failure of a side that stopped it, `answer` what was concluded and kept with its last commit."""

    saga: Saga
    error: RoomBookerError | None = None
    answer: Answer | None = None


@dataclass(slots=True)
class _Way:
    """Where one drive is: what the database holds, what came since, and until when the lease is surely ours."""

    frame: Frame
    owner: str
    kept: Saga
    conclude: Conclude | None
    ours_until: float  # of the process's own clock, which nobody sets
    seen: list[Came] = field(default_factory=list)
    answer: Answer | None = None

    @property
    def left(self) -> float:
        return self.ours_until - monotonic()


class Driver:
    def __init__(self, *, database: Database, calls: SagaCalls, store: SagaStore, hold: timedelta, lease: timedelta,
                 clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._calls = calls
        self._store = store
        self._hold = hold
        self._lease = lease
        self._clock = clock

    def drive(self, frame: Frame, owner: str, saga: Saga, *, kept: Saga, until: datetime | None = None,
              conclude: Conclude | None = None) -> Drive:  # fmt: skip
        """From `saga` on; `kept` is what the database holds, the lease has just been taken. Stops at an answer that told nothing, or
        when `until` has passed between two items, and says when to go on. `conclude` is asked when it rests, for the caller's answer.

        Committed is what a crash would have to look up, before anything is sent; what was only read, or came of a write, is looked up
        again after a crash, so it waits for the next commit."""
        way = _Way(frame, owner, kept, conclude, self._ours_until())
        if saga.phase is not kept.phase or saga.items != kept.items:
            self._commit(way, saga)
        while (step := sagas.wanted(saga)) is not None:
            if _writes(step) and saga != way.kept:
                self._commit(way, saga)
            elif way.left < self._step_seconds:
                self._renew(way)
            with deadline.within(way.left):  # nothing of ours is sent when another may have taken over
                came = self._calls.make(saga, step, frame.facts, frame.rooms)
            way.seen.append(came)
            before, saga = saga, sagas.advance(saga, came.answer)
            stops = isinstance(came.answer, sagas.Unknown | sagas.Unavailable) and not _may_go_on(before, saga)
            rests = sagas.wanted(saga) is None
            is_late = until is not None and _wrote(step) and self._clock() > until
            if stops or rests or is_late or isinstance(step, sagas.ChangeRecord):  # nobody may take the slot that was just left
                self._commit(way, saga, stopped=stops or (is_late and not rests))
            if stops or is_late:
                return Drive(saga, came.error if stops else None, way.answer)
        return Drive(saga, None, way.answer)

    @property
    def _step_seconds(self) -> float:
        """What a step may count on: less than that of a lease is too little to begin one."""
        return self._lease.total_seconds() / 2

    def _ours_until(self) -> float:
        """Others look at the database's time, so a lease ends a little earlier for us."""
        return monotonic() + 0.9 * self._lease.total_seconds()

    def _renew(self, way: _Way) -> None:
        until = self._ours_until()
        now = self._clock()
        with self._database.write() as session:
            if not intents.save(session, way.frame.intent_id, way.owner, lease_until=now + self._lease, due_at=now + self._lease):
                raise InProgress(_TAKEN_OVER)
        way.ours_until = until

    def _commit(self, way: _Way, saga: Saga, *, stopped: bool = False) -> None:
        until = self._ours_until()
        now = self._clock()
        with self._database.write() as session:
            values: dict[str, Any] = {
                "state": saga.phase.value,
                "progress": sagas.to_json(saga),
                "attempts": saga.tries,
                "lease_until": now + self._lease,
                "due_at": now + (_pause(saga.tries) if stopped else self._lease),
            }
            if saga.is_done:
                values |= {"finished_at": now, "due_at": None, "lease_owner": None, "lease_until": None}
            elif saga.phase is Phase.AWAIT:
                values |= {"due_at": now + self._hold, "lease_owner": None, "lease_until": None}
            elif stopped:
                values |= {"lease_owner": None, "lease_until": None}
            if not intents.save(session, way.frame.intent_id, way.owner, **values):
                raise InProgress(_TAKEN_OVER)
            rows = self._store.keep(session, way.frame, way.kept, saga, way.seen, now)
            if way.conclude is not None and sagas.wanted(saga) is None:
                way.answer = way.conclude(saga, rows())
                if way.answer is not None:
                    intents.answer(session, way.frame.intent_id, *way.answer)
        way.kept, way.seen, way.ours_until = saga, [], until


_TAKEN_OVER = "Somebody else has taken this over."


def _writes(step: sagas.Step) -> bool:
    return isinstance(step, sagas.Create | sagas.ChangeRecord | sagas.ChangeBack | sagas.Remove)


def _wrote(step: sagas.Step) -> bool:
    return _writes(step) or isinstance(step, sagas.Find)


def _may_go_on(before: Saga, after: Saga) -> bool:
    """An answer that told nothing may still end an item (a refusal stays one though nobody could explain it)."""
    return any(new.is_over and not old.is_over for old, new in zip(before.items, after.items, strict=True))


def _pause(tries: int) -> timedelta:
    return timedelta(seconds=_PAUSES[min(tries, len(_PAUSES) - 1)])
