"""Limits counted in memory hold, expire, and cost no thread per request."""

import threading
import time

from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

import roombooker.api.pacing  # noqa: F401  registers the storage


def test_a_limit_holds_and_ends() -> None:
    limiter = FixedWindowRateLimiter(storage_from_string("paced-memory://"))
    limit = parse("2 per second")
    assert [limiter.hit(limit, "alice") for _ in range(3)] == [True, True, False]
    assert limiter.hit(limit, "bob")
    time.sleep(1.1)
    assert limiter.hit(limit, "alice")


def test_counting_starts_no_thread_per_request() -> None:
    storage = storage_from_string("paced-memory://")
    time.sleep(0.1)
    before = threading.active_count()
    started: list[str] = []
    threading.setprofile(lambda *_: started.append(threading.current_thread().name))
    try:
        for _ in range(20):
            storage.incr("alice", 1)
            time.sleep(0.02)
    finally:
        threading.setprofile(None)
    assert threading.active_count() <= before
    assert started == []
