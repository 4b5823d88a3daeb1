"""How often somebody may ask: callers are counted by who their token says they are, everybody else by address; in memory, per process."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from flask import request
from limits import parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from roombooker.domain.caller import Caller
from roombooker.errors import RateLimited

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
    """`paced-memory://`, swept once a minute: the library sweeps with a thread of its own per request, a tenth of an answer. What has
    expired does not count, swept or not, so only memory waits for the sweep."""

    STORAGE_SCHEME = ["paced-memory"]  # noqa: RUF012  as the library has it

    @property
    def timer(self) -> Any:
        return self._paced

    @timer.setter
    def timer(self, timer: threading.Timer) -> None:
        self._paced = _Paced(timer)


class Pace:
    """`limit` as "120 per minute". RateLimited for whoever asks more often."""

    def __init__(self, limit: str, clock: Callable[[], datetime]) -> None:
        self._limit = parse(limit)
        self._clock = clock
        self._limiter = FixedWindowRateLimiter(storage_from_string("paced-memory://"))

    def count_caller(self, caller: Caller) -> None:
        """Only with a verified token: nobody can spend the share of somebody else, or invent callers to have more."""
        self._count("caller", caller.key)

    def count_stranger(self) -> None:
        """A request that nobody has signed, or not well."""
        self._count("address", request.remote_addr or "")

    def _count(self, *who: str) -> None:
        if not self._limiter.hit(self._limit, *who):
            reset = self._limiter.get_window_stats(self._limit, *who).reset_time
            wait = timedelta(seconds=max(1.0, min(reset - self._clock().timestamp(), self._limit.get_expiry())))
            raise RateLimited("That were too many requests at once. Wait a moment and try again.", wait)


def strangers_first(pace: Pace, endpoints: frozenset[str]) -> Callable[[], None]:
    """For `before_request`: public views that cost something are counted by address."""

    def count() -> None:
        if request.endpoint in endpoints:
            pace.count_stranger()

    return count
