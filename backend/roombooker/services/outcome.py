"""What one look at one room came to, and what the sync asks of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from roombooker.domain.actions import Action


class SubscriptionKeeper(Protocol):
    def lost(self, room_id: str) -> None: ...
    def renew_room(self, room_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look at one room came to."""

    room_id: str
    planned: tuple[Action, ...] = ()
    done: int = 0
    failed: int = 0
    stopped: str | None = None  # why the room is held
    skipped: bool = False  # somebody else holds the lease
    reason: str | None = None  # why it could not be looked at, in a sentence

    @property
    def is_clean(self) -> bool:
        return not self.failed and not self.stopped and not self.skipped

    @property
    def trouble(self) -> str | None:
        """In words, what is left undone; None where nothing is."""
        if self.skipped:
            return "a worker is at it now."
        if self.failed and not self.reason:
            return f"{self.failed} to be tried again, which a worker does."
        return self.stopped or self.reason


class Errand(Protocol):
    """What a pass is made for, settled in the pass's own commits."""

    leased: Sequence[int]  # its notices, once it has begun

    def begin(self, session: Session) -> bool:
        """With the room being taken; False: there is nothing to do any more, so it is not."""
        ...

    def end(self, session: Session, done: Pass) -> None:
        """With what the pass leaves."""
        ...
