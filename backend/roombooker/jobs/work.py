"""What is due, worked off: each step calls one service; run by every tick, wake-up, and `roombooker settle`."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from roombooker.services.booking import BookingService
from roombooker.services.health import CANARY
from roombooker.services.subscriptions import SubscriptionService
from roombooker.services.sync import SyncService
from roombooker.settings import Settings
from roombooker.store import leases
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, IntentRow, LinkRow, NoticeRow

_log = structlog.get_logger(__name__)


class Work:
    def __init__(self, *, database: Database, bookings: BookingService, sync: SyncService, subscriptions: SubscriptionService, settings: Settings, clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._bookings = bookings
        self._sync = sync
        self._subscriptions = subscriptions
        self._settings = settings
        self._clock = clock

    def run(self, kind: str | None = None) -> int:
        """Do what is due now (`kind`: intents | notices | holds only); how many things were done. One failure never stops the rest."""
        steps: dict[str, Callable[[], int]] = {
            "intents": lambda: self._bookings.finish_due(),
            "notices": self._sync.digest_notices,
            "holds": lambda: self._bookings.release_due_holds(),
        }
        done = 0
        for name, step in steps.items():
            if kind in (None, name):
                done += self._guarded(name, step)
        return done

    def tick(self) -> int:
        """Once a second in every worker: what is due, and the schedules (each tick of which one machine takes)."""
        now = self._clock()
        done = self.run()
        self._beat(now)
        every: tuple[tuple[str, float, Callable[[], object]], ...] = (
            ("near", self._settings.near_every_seconds, lambda: self._sync.sweep(self._sync.near(), cause="near sweep")),
            ("full", self._settings.horizon_every_seconds, lambda: self._sync.sweep(self._sync.full(), cause="horizon sweep")),
            ("subscriptions", 60.0, self._subscriptions.keep_up),
            ("reap", 3_600.0, self._bookings.reap),
        )
        for name, seconds, job in every:
            slot = str(int(now.timestamp() // seconds))
            if leases.take_slot(self._database, name, slot, now):
                done += self._guarded(name, lambda job=job: (job(), 1)[1])  # type: ignore[misc]
        return done

    def settle(self, timeout: timedelta) -> bool:
        """Run what is due until nothing is; False when time ran out. What is due later (retries, holds) is waited for up to 5 s."""
        deadline = time.monotonic() + timeout / timedelta(seconds=1)
        while True:
            self.run()
            if not self._waiting():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)

    def _waiting(self) -> int:
        """Notices, unfinished intents, and holds that are over."""
        now = self._clock()
        with self._database.read() as session:
            counts = (
                session.scalar(select(func.count()).select_from(NoticeRow)),
                session.scalar(
                    select(func.count()).select_from(IntentRow).where(IntentRow.finished_at.is_(None), IntentRow.due_at.is_not(None))
                ),
                session.scalar(select(func.count()).select_from(LinkRow).where(LinkRow.held_until <= now)),
            )
        return sum(n or 0 for n in counts)

    def _beat(self, now: datetime) -> None:
        """The canary: a dead sync shows within ten minutes in /readyz and /metrics."""
        with self._database.write() as session:
            session.merge(CursorRow(name=CANARY, value="", read_at=now))

    def _guarded(self, name: str, step: Callable[[], int]) -> int:
        try:
            return step()
        except Exception:  # noqa: BLE001  a job's edge: logged whole, tried again by the next tick
            _log.exception("a job failed", job=name)
            return 0
