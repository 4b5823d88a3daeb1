"""How much may be in flight to one side at once; a call of weight 4 takes four lanes."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from roombooker.transport.answer import NAMES, Spared


class SharedLanes(Protocol):
    """Lanes that all processes of this installation share. What a process held is free again when it dies.

    `take` is called by one thread of a process at a time."""

    def take(self, weight: int, patience_seconds: float) -> Sequence[int] | None:
        """The lanes that are ours now; None where they did not come free in time."""
        ...

    def give(self, lanes: Sequence[int]) -> None: ...


class Lanes:
    """Shared by all threads of a process, and through `shared` by all processes."""

    def __init__(self, side: str, count: int, shared: SharedLanes | None = None) -> None:
        self.side = side
        self.count = count
        self._shared = shared
        self._free = count
        self._changed = threading.Condition()
        self._door = threading.Lock()  # one at a time gathers lanes: whoever needs many is not overtaken by those who need one

    @contextmanager
    def taken(self, weight: int, patience_seconds: float) -> Iterator[None]:
        """Spared where no lanes came free in time."""
        weight = min(weight, self.count)
        places = self._take(weight, time.monotonic() + patience_seconds)
        try:
            yield
        finally:
            if self._shared is not None:
                self._shared.give(places)
            self._give(weight)

    def _take(self, weight: int, deadline: float) -> Sequence[int]:
        if not self._door.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise self._busy()
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._free >= weight, max(0.0, deadline - time.monotonic())):
                    raise self._busy()
                self._free -= weight
            if self._shared is None:
                return ()
            try:
                places = self._shared.take(weight, max(0.0, deadline - time.monotonic()))
            except BaseException:
                self._give(weight)
                raise
            if places is None:
                self._give(weight)
                raise self._busy()
            return places
        finally:
            self._door.release()

    def _give(self, weight: int) -> None:
        with self._changed:
            self._free += weight
            self._changed.notify_all()

    def _busy(self) -> Spared:
        return Spared(self.side, f"{NAMES.get(self.side, self.side)} is busy with our other requests. Try again soon.", status_code=429)
