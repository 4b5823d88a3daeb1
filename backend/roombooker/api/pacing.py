"""Where the rate limits count: in memory, swept once a minute. The library sweeps with a thread of its own per request, a tenth of an answer."""

import threading
from time import monotonic
from typing import Any

from limits.storage import MemoryStorage

_EVERY_SECONDS = 60.0


class _Paced:
    """A timer that seems to run until it is time for the next one."""

    def __init__(self, timer: threading.Timer) -> None:
        self._timer = timer
        self._until = monotonic() + _EVERY_SECONDS

    def start(self) -> None:
        self._timer.daemon = True
        self._timer.start()

    def is_alive(self) -> bool:
        return self._timer.is_alive() or monotonic() < self._until


class PacedMemoryStorage(MemoryStorage):
    """`storage_uri="paced-memory://"`. What has expired does not count, swept or not, so only memory waits for the sweep."""

    STORAGE_SCHEME = ["paced-memory"]  # noqa: RUF012  as the library has it

    @property
    def timer(self) -> Any:
        return self._paced

    @timer.setter
    def timer(self, timer: threading.Timer) -> None:
        self._paced = _Paced(timer)
