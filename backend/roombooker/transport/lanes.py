"""How much may be in flight to one side at once; a call of weight 4 takes four lanes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from roombooker.transport.answer import NAMES, Spared


class Lanes:
    """Shared by all threads of a process."""

    def __init__(self, side: str, count: int) -> None:
        self.side = side
        self.count = count
        self._free = count
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, weight: int, patience_seconds: float) -> Iterator[None]:
        """Spared where no lanes came free in time."""
        weight = min(weight, self.count)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= weight, patience_seconds):
                raise Spared(
                    self.side, f"{NAMES.get(self.side, self.side)} is busy with our other requests. Try again soon.", status_code=429
                )
            self._free -= weight
        try:
            yield
        finally:
            with self._changed:
                self._free += weight
                self._changed.notify_all()
