"""Is it alive, is it fresh, how far behind is it: /readyz and /metrics."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from roombooker.domain.booking import Side
from roombooker.domain.slot import Slot
from roombooker.services import measured
from roombooker.services.booking_answer import iso
from roombooker.services.sweeping import pace
from roombooker.settings import Settings
from roombooker.store import freshness, notices
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, IntentRow, LinkRow, MailRow, NoticeRow, RoomRow, SubscriptionRow, WorkItemRow

KEPT = timedelta(seconds=3)
CANARY = "canary"  # the cursor that every tick of a worker touches


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database said; `newest` when each side was last read, `error` the kind of what went wrong instead."""

    at: datetime
    facts: Mapping[str, float | None] = field(default_factory=dict)
    ages: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    newest: Mapping[Side, datetime] = field(default_factory=dict)
    stalled_because: str | None = None
    error: str | None = None


class HealthService:
    """`contacts` gives each side's last good contact in this process."""

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime],
        contacts: Callable[[], Mapping[str, datetime | None]],
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._contacts = contacts
        self._reading = threading.Lock()
        self._kept: _Read | None = None

    def refused_hook(self) -> None:
        measured.REFUSED_HOOKS.inc()

    def ready(self) -> dict[str, Any]:
        """`ok` is about this service and its database; a side that is away makes us slower, not unready."""
        now = self._clock()
        read = self._read(now)
        if read.error is not None:
            return {"ok": False, "database": {"ok": False, "error": read.error}}
        contacts = self._last_contacts(read)
        why = read.stalled_because
        return {
            "ok": True,
            "database": {"ok": True},
            "sides": {side: {"last_good_contact": iso(at), "seconds_ago": _seconds(now, at)} for side, at in sorted(contacts.items())},
            "sync": {"stalled": why is not None, "stalled_because": why, "fresh": read.ages, **read.facts},
        }

    def _read(self, now: datetime) -> _Read:
        """Anybody may ask, as often as they like: the database is asked every few seconds, by one at a time."""
        with self._reading:
            if self._kept is None or not timedelta() <= now - self._kept.at < KEPT:
                self._kept = self._read_now(now)
            return self._kept

    def _read_now(self, now: datetime) -> _Read:
        try:
            with self._database.read() as session:
                facts, stalest = self._facts(session, now), self._stalest(session, now)
                why = self._why_stalled(session, now, facts, stalest["near"])
                return _Read(now, facts, _ages(now, stalest), freshness.newest_reads(session), why)
        except Exception as error:  # noqa: BLE001  whatever the database says, the answer is "not ready", with the kind of error
            return _Read(now, error=type(error).__name__)

    def metrics(self) -> tuple[bytes, str]:
        """The counters of all web processes of this machine where `serve` made a folder for them, and what the database says."""
        registry = CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            for metric in measured.ALL:
                registry.register(metric)
        registry.register(_FromDatabase(self))
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def gauges(self) -> tuple[Mapping[str, float], Mapping[str, Mapping[str, float | None]]]:
        """What there is how much of (only `database_up` 0 where the database is away); and per window (near, horizon) and side the seconds
        since the stalest room was read."""
        read = self._read(self._clock())
        if read.error is not None:
            return {"database_up": 0.0}, {}
        facts = {**read.facts, "stalled": int(read.stalled_because is not None), "database_up": 1}
        return {name: float(value) for name, value in facts.items() if value is not None}, read.ages

    def _why_stalled(
        self, session: Session, now: datetime, facts: Mapping[str, float | None], near: Mapping[Side, freshness.Stalest]
    ) -> str | None:
        """The canary: a sync that died without a word, or cannot write, shows within ten minutes (or two sweeps, where they are slower)."""
        limit = timedelta(seconds=max(600.0, 2 * self._settings.near_every_seconds))
        if not facts["rooms_enabled"]:
            return None
        lag = facts["last_pass_seconds_ago"]
        if lag is None or timedelta(seconds=lag) > limit:
            return "No worker has been seen" + (f" for {lag:.0f} s." if lag is not None else " yet.")
        if facts["rooms_with_alarm"] == facts["rooms_enabled"]:
            return "Every room that is on has an alarm."
        for side, stalest in near.items():
            if now - stalest.read_at > limit:
                return f"{side} was not read completely for {_seconds(now, stalest.read_at):.0f} s; the stalest room is {stalest.room_id}."
        waiting = notices.longest_waiting(session)
        if waiting is not None and now - waiting[1] > limit:
            return f"A notice about {waiting[0].subject} has been waiting for {_seconds(now, waiting[1]):.0f} s."
        return None

    def _stalest(self, session: Session, now: datetime) -> dict[str, dict[Side, freshness.Stalest]]:
        # Half of the window that is swept: its far end was beyond the last sweep's when that began.
        windows = {"near": self._settings.near / 2, "horizon": self._settings.horizon / 2}
        return {name: freshness.stalest(session, Slot(now, now + span)) for name, span in windows.items()}

    def _last_contacts(self, read: _Read) -> dict[str, datetime | None]:
        """This process's own, or what any process has read from that side since."""
        known: dict[str, datetime | None] = dict(self._contacts())
        for side, read_at in read.newest.items():
            ours = known.get(side.value)
            known[side.value] = read_at if ours is None else max(ours, read_at)
        return known

    def _facts(self, session: Session, now: datetime) -> dict[str, float | None]:
        def count(*where: ColumnElement[bool]) -> int:
            return session.scalar(select(func.count()).where(*where)) or 0

        oldest_notice = session.scalar(select(func.min(NoticeRow.arrived_at)))
        tick = session.get(CursorRow, CANARY)
        enabled = RoomRow.enabled.is_(True)
        return {
            "last_pass_seconds_ago": _seconds(now, tick.read_at if tick else None),
            "rooms_enabled": count(enabled),
            "rooms_held": count(RoomRow.held_reason.is_not(None)),
            "rooms_with_alarm": count(RoomRow.alarm.is_not(None), enabled),
            "rooms_due": count(RoomRow.due_at <= now, enabled),
            "notices_waiting": count(NoticeRow.id.is_not(None)),
            "oldest_notice_seconds": _seconds(now, oldest_notice) or 0,
            "intents_open": count(IntentRow.finished_at.is_(None)),
            "mails_waiting": count(MailRow.id.is_not(None)),
            "oldest_mail_seconds": _seconds(now, session.scalar(select(func.min(MailRow.created_at)))) or 0,
            "holds_open": count(LinkRow.state.in_(["awaiting_appointment", "awaiting_approval"])),
            "work_items_open": count(WorkItemRow.settled_at.is_(None)),
            "subscriptions": count(SubscriptionRow.expires_at > now),
            "subscriptions_next_expiry_seconds": _ahead(now, session.scalar(select(func.min(SubscriptionRow.expires_at)))),
            **pace(session, timedelta(seconds=self._settings.horizon_every_seconds), now),
        }


class _FromDatabase(Collector):
    def __init__(self, health: HealthService) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        facts, ages = self._health.gauges()
        for name, value in facts.items():
            yield GaugeMetricFamily(f"roombooker_{name}", name.replace("_", " "), value=value)
        stalest = GaugeMetricFamily(
            "roombooker_stalest_seconds", "Since the stalest enabled room was read completely", labels=["window", "side"]
        )
        for window, sides in ages.items():
            for side, age in sides.items():
                if age is not None:
                    stalest.add_metric([window, side], age)
        yield stalest


def _ages(now: datetime, stalest: Mapping[str, Mapping[Side, freshness.Stalest]]) -> dict[str, dict[str, float | None]]:
    return {
        name: {side.value: _seconds(now, found[side].read_at if side in found else None) for side in Side}
        for name, found in stalest.items()
    }


def _seconds(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else max(0.0, round((now - at) / timedelta(seconds=1), 1))


def _ahead(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else round((at - now) / timedelta(seconds=1), 1)
