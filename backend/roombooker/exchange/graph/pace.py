"""Outlook's 10,000 requests in ten minutes per app and mailbox, split among our processes; spared before Graph would refuse."""

from datetime import timedelta
from threading import Lock

from pyrate_limiter import Duration, InMemoryBucket, Rate, RateItem

from roombooker.transport import Spared

MOST = 10_000  # learn.microsoft.com, throttling-limits, Outlook service limits
_WINDOW = Duration.MINUTE * 10
_FORGET = 1000  # mailboxes looked after before those that rest are forgotten


class Pace:
    """Shared by the threads of a process. A mailbox that needs more than its part waits, and the call says how long."""

    def __init__(self, processes: int, most: int = MOST) -> None:
        self._rate = Rate(max(1, most // processes), _WINDOW)
        self._buckets: dict[str, InMemoryBucket] = {}
        self._lock = Lock()

    def take(self, mailbox: str | None) -> None:
        """Spared, with the time until it goes on, where that mailbox has been asked too often. None: no mailbox's request."""
        if mailbox is None:
            return
        with self._lock:
            bucket = self._buckets.get(mailbox) or self._open(mailbox)
            item = RateItem(mailbox, bucket.now())  # type: ignore[no-untyped-call]
            bucket.leak(item.timestamp)
            if bucket.put(item):
                return
            wait = timedelta(milliseconds=int(bucket.waiting(item)))  # type: ignore[arg-type]  # an awaitable only in other kinds of bucket
        raise Spared("exchange", "This room's mailbox has been asked too often. Try again soon.", status_code=429, retry_after=wait)

    def _open(self, mailbox: str) -> InMemoryBucket:
        if len(self._buckets) >= _FORGET:
            for name, bucket in list(self._buckets.items()):
                bucket.leak(bucket.now())  # type: ignore[no-untyped-call]
                if not bucket.count():
                    del self._buckets[name]
        return self._buckets.setdefault(mailbox, InMemoryBucket([self._rate]))
