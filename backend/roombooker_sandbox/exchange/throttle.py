"""Outlook's limits: so many requests at once and so many in ten minutes, per app and mailbox."""

import threading
import time
from collections import Counter

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError


class Throttle:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[tuple[str, int]] = Counter()
        self._spent: dict[tuple[str, int], tuple[float, int]] = {}

    def enter(self, app_id: str, mailbox: int) -> None:
        """Take a place; 429 ApplicationThrottled with Retry-After when there is none. Pair with `leave`."""
        key = (app_id, mailbox)
        now = time.monotonic()
        with self._lock:
            if self._running[key] >= inferred.MAX_CONCURRENT:
                raise _throttled(inferred.CONCURRENCY_RETRY_AFTER_S, "MailboxConcurrency")
            since, count = self._spent.get(key, (now, 0))
            if now - since >= inferred.THROTTLE_WINDOW_S:
                since, count = now, 0
            if count >= inferred.MAX_PER_WINDOW:
                raise _throttled(int(inferred.THROTTLE_WINDOW_S - (now - since)) + 1, "RequestCount")
            self._spent[key] = (since, count + 1)
            self._running[key] += 1

    def leave(self, app_id: str, mailbox: int) -> None:
        key = (app_id, mailbox)
        with self._lock:
            self._running[key] -= 1
            if self._running[key] <= 0:
                del self._running[key]

    def clear(self) -> None:
        with self._lock:
            self._spent.clear()


def _throttled(wait_s: int, limit: str) -> GraphError:
    return GraphError(429, "ApplicationThrottled", f"Application is over its {limit} limit.", {"Retry-After": str(wait_s)})
