"""Notices that a side is away: told once when it starts and once when it ends, and spares it calls in between."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pybreaker
import structlog

from roombooker.errors import OutcomeUnknown, Unavailable
from roombooker.transport.answer import NAMES, Spared

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Contact:
    """How a side was last met. `good_at` is the last good answer, `away_since` set while the circuit is open (both aware UTC)."""

    side: str
    good_at: datetime | None
    away_since: datetime | None


class Outage(pybreaker.CircuitBreakerListener):
    """A circuit breaker for one side: open after `failures` in a row, tries again after `pause`."""

    def __init__(self, side: str, clock: Callable[[], datetime], *, failures: int, pause: timedelta) -> None:
        self.side = side
        self._clock = clock
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._pause = pause
        self._good_at: datetime | None = None
        self._away_since: datetime | None = None
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures,
            reset_timeout=pause.total_seconds(),
            exclude=[_is_its_own_word],
            listeners=[self],
            state_storage=self._storage,
            name=side,
            throw_new_error_on_trip=False,
        )

    @property
    def contact(self) -> Contact:
        return Contact(self.side, self._good_at, self._away_since)

    def check(self) -> None:
        """Spared while the circuit is open and its pause has not passed."""
        opened_at = self._storage.opened_at
        if self._storage.state != pybreaker.STATE_OPEN or opened_at is None:
            return
        left = opened_at + self._pause - datetime.now(UTC)  # the library stamps it with the real time
        if left > timedelta():
            raise Spared(self.side, f"{NAMES.get(self.side, self.side)} is not available at the moment. Try again soon.", retry_after=left)

    def report(self, error: Exception | None) -> None:
        """What became of a call. The breaker learns it afterwards: its own `call` would let only one call run at a time."""
        if error is None or _is_its_own_word(error):
            self._good_at = self._clock()
        with contextlib.suppress(Exception):
            self._breaker.call(_repeat, error)

    def state_change(self, _breaker: pybreaker.CircuitBreaker, _old: object, new: pybreaker.CircuitBreakerState) -> None:
        if new.name == pybreaker.STATE_OPEN and self._away_since is None:
            self._away_since = self._clock()
            _log.warning("outage starts", side=self.side)
        elif new.name == pybreaker.STATE_CLOSED and self._away_since is not None:
            _log.warning("outage ends", side=self.side, since=self._away_since.isoformat())
            self._away_since = None


def _is_its_own_word(error: BaseException) -> bool:
    """Whether the side itself spoke, so that it is there: a refusal, a missing right, also a request to slow down."""
    return not isinstance(error, Unavailable | OutcomeUnknown) or error.status_code == 429


def _repeat(error: Exception | None) -> None:
    if error is not None:
        raise error
