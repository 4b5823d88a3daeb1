"""What is due, worked off: each step calls one service; run by every tick, wake-up, and `roombooker settle`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from roombooker.services.booking import BookingService
from roombooker.services.health import CANARY
from roombooker.services.posting import Posting
from roombooker.services.retention import Retention
from roombooker.services.rooms import RoomService
from roombooker.services.subscriptions import SubscriptionService
from roombooker.services.sync import SyncService
from roombooker.services.worklist import WorkList
from roombooker.settings import Settings
from roombooker.store import leases, links, outbox
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, IntentRow, NoticeRow
from roombooker.store.upsert import upsert

_log = structlog.get_logger(__name__)


_NIGHT = timedelta(hours=2)  # UTC: when the nightly jobs are due
_SOON, _LATER = timedelta(minutes=5), timedelta(hours=1)  # between two tries of what failed: TOPdesk is away for minutes, and at night
_Schedule = tuple[str, timedelta, timedelta, Callable[[], object]]
"""Name, how often, how long after the round hour or day, what."""


@dataclass(frozen=True, kw_only=True)
class Helpers:
    """What the schedules call, each a service of its own."""

    bookings: BookingService
    sync: SyncService
    subscriptions: SubscriptionService
    worklist: WorkList
    retention: Retention
    rooms: RoomService
    posting: Posting


class Work:
    def __init__(self, *, database: Database, helpers: Helpers, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._helpers = helpers
        self._settings = settings
        self._clock = clock
        self._past: dict[str, str] = {}  # the tick of each schedule that has been taken, by us or by others
        self._again: dict[str, tuple[int, datetime]] = {}  # the schedules that failed here: how often, and when they are tried again

    def run(self, kind: str | None = None) -> int:
        """Do what is due now (`kind`: intents | notices | holds | mails only); how many things were done. One failure never stops the
        rest."""
        steps: dict[str, Callable[[], int]] = {
            "intents": lambda: self._helpers.bookings.finish_due(),
            "notices": self._helpers.sync.digest_notices,
            "holds": lambda: self._helpers.bookings.release_due_holds(),
            "mails": self._helpers.posting.send_due,
        }
        done = 0
        for name, step in steps.items():
            if kind in (None, name):
                done += self._guarded(name, step)
        return done

    def tick(self) -> int:
        """All that a worker does once a second, in turn; a worker runs the four beside each other (see `loops`)."""
        return sum(loop() for loop in self.loops().values())

    def loops(self) -> dict[str, Callable[[], int]]:
        """What runs side by side in a worker, so that a long sweep or a slow mail server never keeps a notice, an intent or a renewal
        waiting."""
        return {
            "due": self._due,
            "mails": lambda: self.run("mails"),
            "upkeep": lambda: self._on_schedule(self._upkeep()),
            "sweeps": self._sweep,
        }

    def _due(self) -> int:
        self._beat(self._clock())
        return sum(self.run(kind) for kind in ("intents", "notices", "holds"))

    def _sweep(self) -> int:
        done = self._on_schedule(self._sweeps())
        return done + self._guarded("horizon", self._helpers.sync.roll)

    def _on_schedule(self, schedules: "tuple[_Schedule, ...]") -> int:
        """Each tick of a schedule is taken by one machine; what fails is tried again sooner than its next tick, if that is far."""
        done, now = 0, self._clock()
        for name, every, offset, job in schedules:
            slot = str(int((now - offset).timestamp() // (every / timedelta(seconds=1))))
            times, again_at = self._again.get(name, (0, None))
            if self._past.get(name) == slot and (again_at is None or again_at > now):
                continue
            is_ours = leases.take_slot(self._database, name, slot, now)
            self._past[name] = slot
            self._again.pop(name, None)
            if not is_ours:
                continue
            is_well = bool(self._guarded(name, _once(job)))
            done += is_well
            if not is_well and every > _SOON:
                self._again[name] = times + 1, now + min(_SOON * 2 ** min(times, 10), _LATER)
                leases.give_slot(self._database, name, slot)
        return done

    def _sweeps(self) -> "tuple[_Schedule, ...]":
        sync = self._helpers.sync
        near = timedelta(seconds=self._settings.near_every_seconds)
        return (
            ("near", near, timedelta(), lambda: sync.sweep(sync.near(), cause="near sweep")),
            ("nightly", timedelta(days=1), _NIGHT, lambda: sync.sweep(sync.full(), cause="nightly comparison")),
        )

    def _upkeep(self) -> "tuple[_Schedule, ...]":
        day, minute, at_once = timedelta(days=1), timedelta(minutes=1), timedelta()
        return (
            ("subscriptions", minute, at_once, self._helpers.subscriptions.keep_up),
            ("tidy", minute, at_once, self._helpers.worklist.tidy),
            ("reap", timedelta(hours=1), at_once, self._helpers.bookings.reap),
            ("trim", day, _NIGHT, self._helpers.retention.trim),
            ("rooms", day, _NIGHT, self._helpers.rooms.refresh),
        )

    def settle(self, timeout: timedelta) -> bool:
        """Run what is due until nothing is; False when time ran out. What is due later (retries, holds) is waited for up to 5 s."""
        deadline = time.monotonic() + timeout / timedelta(seconds=1)
        while True:
            self.run()
            if not self.waiting():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)

    def waiting(self) -> dict[str, int]:
        """What is not done yet, of which kind how many."""
        now = self._clock()
        with self._database.read() as session:
            unfinished = select(func.count()).select_from(IntentRow).where(IntentRow.finished_at.is_(None), IntentRow.due_at.is_not(None))
            counts = {
                "notices": session.scalar(select(func.count()).select_from(NoticeRow)),
                "requests": session.scalar(unfinished),
                "holds that are over": len(links.lapsed(session, now)),
                "mails": outbox.waiting(session),
            }
        return {name: count for name, count in counts.items() if count}

    def _beat(self, now: datetime) -> None:
        """The canary: a dead sync shows within ten minutes in /readyz and /metrics."""
        with self._database.write() as session:
            upsert(session, CursorRow.__table__, [{"name": CANARY, "value": "", "read_at": now}], ["name"])  # several workers begin at once

    def _guarded(self, name: str, step: Callable[[], int]) -> int:
        try:
            return step()
        except Exception:  # noqa: BLE001  a job's edge: logged whole, tried again by the next tick
            _log.exception("a job failed", job=name)
            return 0


def _once(job: Callable[[], object]) -> Callable[[], int]:
    def run() -> int:
        job()
        return 1

    return run
