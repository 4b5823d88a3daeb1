"""Is it alive, is it fresh, how far behind is it: /readyz and /metrics."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text

from roombooker.settings import Settings
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, IntentRow, LinkRow, NoticeRow, RoomRow, SubscriptionRow, WorkItemRow

CALLS = Histogram("roombooker_side_call_seconds", "Calls to the other systems", ["side", "method", "route", "status"])
REQUESTS = Histogram("roombooker_request_seconds", "Requests answered", ["method", "route", "status"])
REFUSED_HOOKS = Counter("roombooker_hooks_refused_total", "Hook calls with a wrong or missing secret")


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

    def refused_hook(self) -> None:
        REFUSED_HOOKS.inc()

    def ready(self) -> dict[str, Any]:
        """`ok` is about this service and its database; a side that is away makes us slower, not unready."""
        now = self._clock()
        try:
            with self._database.read() as session:
                session.execute(text("SELECT 1"))
                facts = self._facts(session, now)
        except Exception as error:  # noqa: BLE001  whatever the database says, the answer is "not ready", with the kind of error
            return {"ok": False, "database": {"ok": False, "error": type(error).__name__}}
        lag = facts.pop("canary_lag_seconds")
        stale = lag is not None and lag > 600
        return {
            "ok": True,
            "database": {"ok": True},
            "sides": {side: {"last_good_contact": _iso(at)} for side, at in sorted(self._contacts().items())},
            "sync": {"stalled": stale, "last_pass_seconds_ago": lag, **facts},
        }

    def metrics(self) -> tuple[bytes, str]:
        import os

        registry = CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            for metric in (CALLS, REQUESTS, REFUSED_HOOKS):
                registry.register(metric)
        registry.register(_FromDatabase(self))
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def gauges(self) -> Mapping[str, float]:
        with self._database.read() as session:
            facts = self._facts(session, self._clock())
        return {name: float(value) for name, value in facts.items() if isinstance(value, int | float) and not isinstance(value, bool)}

    def _facts(self, session: Any, now: datetime) -> dict[str, Any]:
        count = lambda *where: session.scalar(select(func.count()).where(*where)) or 0  # noqa: E731  one query shape, eight times
        oldest_notice = session.scalar(select(func.min(NoticeRow.arrived_at)))
        tick = session.get(CursorRow, "canary")
        reads = {
            side: session.scalar(
                select(func.min(CursorRow.read_at))
                .join(RoomRow, CursorRow.name == f"read:{side}:full:" + RoomRow.id)
                .where(RoomRow.enabled)
            )
            for side in ("topdesk", "exchange")
        }
        return {
            "canary_lag_seconds": _seconds(now, tick.read_at if tick else None),
            "rooms_enabled": count(RoomRow.enabled),
            "rooms_held": count(RoomRow.held_reason.is_not(None)),
            "rooms_with_alarm": count(RoomRow.alarm.is_not(None), RoomRow.enabled),
            "rooms_due": count(RoomRow.due_at <= now, RoomRow.enabled),
            "notices_waiting": count(NoticeRow.id.is_not(None)),
            "oldest_notice_seconds": _seconds(now, oldest_notice) or 0,
            "intents_open": count(IntentRow.finished_at.is_(None)),
            "holds_open": count(LinkRow.state.in_(["awaiting_appointment", "awaiting_approval"])),
            "work_items_open": count(WorkItemRow.settled_at.is_(None)),
            "subscriptions": count(SubscriptionRow.expires_at > now),
            "subscriptions_next_expiry_seconds": _ahead(now, session.scalar(select(func.min(SubscriptionRow.expires_at)))),
            "topdesk_stalest_room_seconds": _seconds(now, reads["topdesk"]),
            "exchange_stalest_room_seconds": _seconds(now, reads["exchange"]),
        }


class _FromDatabase(Collector):
    def __init__(self, health: HealthService) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        for name, value in self._health.gauges().items():
            yield GaugeMetricFamily(f"roombooker_{name}", name.replace("_", " "), value=value)


def _seconds(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else max(0.0, round((now - at) / timedelta(seconds=1), 1))


def _ahead(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else round((at - now) / timedelta(seconds=1), 1)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")
