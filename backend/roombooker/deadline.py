"""How long what is being done now may go on calling: nothing is sent after that, and no call waits longer for its answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_SHORTEST_SECONDS = 0.5  # what could not even be connected in that time is not begun
_until: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Every call of this thread in this block; an earlier end that is set already stays."""
    ends = time.monotonic() + seconds
    outer = _until.get()
    token = _until.set(ends if outer is None else min(outer, ends))
    try:
        yield
    finally:
        _until.reset(token)


def left() -> float | None:
    """Seconds; None where nothing is set."""
    ends = _until.get()
    return None if ends is None else ends - time.monotonic()


def is_over() -> bool:
    found = left()
    return found is not None and found < _SHORTEST_SECONDS


def capped(seconds: float) -> float:
    found = left()
    return seconds if found is None else max(0.001, min(seconds, found))
