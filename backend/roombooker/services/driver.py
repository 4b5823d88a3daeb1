"""Drives a saga: call, answer, commit, until it is done or must wait; whoever holds the intent's lease may do so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roombooker.domain import saga as sagas
from roombooker.domain.saga import Phase, Saga
from roombooker.errors import InProgress, RoomBookerError
from roombooker.services.saga_calls import Came, SagaCalls
from roombooker.services.saga_store import Frame, SagaStore
from roombooker.store import intents
from roombooker.store.db import Database

_PAUSES = (2, 5, 15, 30, 60, 120, 300)  # seconds before the next try, by tries


@dataclass(frozen=True, slots=True)
class Drive:
    """How far it got; `error` is the failure of a side that stopped it."""

    saga: Saga
    error: RoomBookerError | None = None


class Driver:
    def __init__(self, *, database: Database, calls: SagaCalls, store: SagaStore, hold: timedelta, lease: timedelta,
                 clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._calls = calls
        self._store = store
        self._hold = hold
        self._lease = lease  # longer than one write can take with its time-outs; renewed at every commit
        self._clock = clock

    def drive(self, frame: Frame, owner: str, saga: Saga, *, kept: Saga, until: datetime | None = None) -> Drive:
        """From `saga` on; `kept` is what the database holds. Stops at an answer that told nothing, or when `until` has passed
        between two items, and says when to go on."""
        seen: list[Came] = []
        if saga.phase is not kept.phase or saga.items != kept.items:
            self._commit(frame, owner, kept, saga, seen)
            kept = saga
        while (step := sagas.wanted(saga)) is not None:
            if isinstance(step, sagas.Create | sagas.ChangeRecord | sagas.ChangeBack | sagas.Remove) and saga != kept:
                self._commit(frame, owner, kept, saga, seen)  # before anything is sent: what a crash would have to look up
                kept, seen = saga, []
            came = self._calls.make(saga, step, frame.facts, frame.rooms)
            seen.append(came)
            before, saga = saga, sagas.advance(saga, came.answer)
            stops = isinstance(came.answer, sagas.Unknown | sagas.Unavailable) and not _may_go_on(before, saga)
            if stops or _wrote(step) or sagas.wanted(saga) is None:
                self._commit(frame, owner, kept, saga, seen, stopped=stops)
                kept, seen = saga, []
            if stops:
                return Drive(saga, came.error)
            if until is not None and saga == kept and self._clock() > until and sagas.wanted(saga) is not None:
                self._commit(frame, owner, kept, saga, [], stopped=True)
                return Drive(saga)
        return Drive(saga)

    def _commit(self, frame: Frame, owner: str, before: Saga, after: Saga, seen: list[Came], *, stopped: bool = False) -> None:
        now = self._clock()
        with self._database.write() as session:
            values: dict[str, Any] = {
                "state": after.phase.value,
                "progress": sagas.to_json(after),
                "attempts": after.tries,
                "lease_until": now + self._lease,
                "due_at": now + (_pause(after.tries) if stopped else self._lease),
            }
            if after.is_done:
                values |= {"finished_at": now, "due_at": None, "lease_owner": None, "lease_until": None}
            elif after.phase is Phase.AWAIT:
                values |= {"due_at": now + self._hold, "lease_owner": None, "lease_until": None}
            elif stopped:
                values |= {"lease_owner": None, "lease_until": None}
            if not intents.save(session, frame.intent_id, owner, **values):
                raise InProgress("Somebody else has taken this over.")
            bookings = [b for came in seen for b in came.seen]
            self._store.keep(session, frame, before, after, bookings, [ref for came in seen for ref in came.gone], now)


def _wrote(step: sagas.Step) -> bool:
    return isinstance(step, sagas.Create | sagas.Find | sagas.ChangeRecord | sagas.ChangeBack | sagas.Remove)


def _may_go_on(before: Saga, after: Saga) -> bool:
    """An answer that told nothing may still end an item (a refusal stays one though nobody could explain it)."""
    return any(new.is_over and not old.is_over for old, new in zip(before.items, after.items, strict=True))


def _pause(tries: int) -> timedelta:
    return timedelta(seconds=_PAUSES[min(tries, len(_PAUSES) - 1)])
