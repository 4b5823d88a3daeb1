"""Graph subscriptions: one per enabled room, renewed at half life, made anew when lost; none without a public address."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import delete, select

from roombooker.domain.room import Room
from roombooker.errors import NotFound, SideError
from roombooker.settings import Settings
from roombooker.store import notices, rooms
from roombooker.store.db import Database
from roombooker.store.models import SubscriptionRow

_log = structlog.get_logger(__name__)
LIFE = timedelta(days=6)  # Graph allows basic notices on Outlook events 10,080 minutes (reference, 5.6)
_AT_ONCE = 50


class Made(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...


class Subscriptions(Protocol):
    """The port: Graph's subscriptions on room mailboxes."""

    def create(self, room: Room, *, notification_url: str, client_state: str, expires_at: datetime) -> Made: ...
    def renew(self, ident: str, expires_at: datetime) -> Made: ...
    def delete(self, ident: str) -> None: ...


class SubscriptionService:
    def __init__(self, *, database: Database, subscriptions: Subscriptions, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._settings = settings
        self._clock = clock

    def keep_up(self) -> int:
        """Every enabled room has a live subscription, and no other room has; how many were made or renewed.

        Without a public https address (or one on loopback) Graph cannot reach us: polling alone then carries the sync."""
        if not self._is_reachable():
            return 0
        now = self._clock()
        with self._database.read() as session:
            enabled = {r.id: r for r in rooms.every(session, enabled_only=True)}
            held = list(session.scalars(select(SubscriptionRow)))
        done = 0
        for row in held:
            if row.room_id not in enabled:
                self._drop(row.id)
            elif row.renew_at <= now:
                done += self._renew(row, now)
        missing = [room for room in enabled.values() if room.id not in {row.room_id for row in held}]
        for room in missing[:_AT_ONCE]:
            done += self._make(room, now)
        return done

    def lost(self, room_id: str) -> None:
        """Graph removed it (lifecycle notice): forget it, so that keep_up makes a new one."""
        with self._database.write() as session:
            session.execute(delete(SubscriptionRow).where(SubscriptionRow.room_id == room_id))
        self.keep_up()

    def renew_room(self, room_id: str) -> None:
        """Graph asks for reauthorization: a renewal is one."""
        with self._database.read() as session:
            held: Sequence[SubscriptionRow] = session.scalars(select(SubscriptionRow).where(SubscriptionRow.room_id == room_id)).all()
        for row in held:
            self._renew(row, self._clock())

    def _is_reachable(self) -> bool:
        url = self._settings.public_url
        return url.startswith("https://") or "//localhost" in url or "//127.0.0.1" in url

    def _address(self) -> str:
        return f"{self._settings.public_url.rstrip('/')}/hooks/graph"

    def _make(self, room: Room, now: datetime) -> int:
        """The row with its client state is stored after Graph has answered; a notice that is faster is dropped, the read after it is not."""
        client_state = secrets.token_urlsafe(32)
        try:
            made = self._subscriptions.create(room, notification_url=self._address(), client_state=client_state, expires_at=now + LIFE)
        except SideError as error:
            _log.warning("no subscription for a room", room=room.id, error=error.code)
            return 0
        with self._database.write() as session:
            session.merge(
                SubscriptionRow(
                    id=made.id, room_id=room.id, client_state=client_state, expires_at=made.expires_at, renew_at=_half(now, made.expires_at)
                )
            )
            notices.add(session, side="exchange", ref=room.id, kind="changed", at=now)
        return 1

    def _renew(self, row: SubscriptionRow, now: datetime) -> int:
        try:
            renewed = self._subscriptions.renew(row.id, now + LIFE)
        except NotFound:
            self._drop(row.id)
            with self._database.write() as session:
                notices.add(session, side="exchange", ref=row.room_id, kind="missed", at=now)
            return 0
        except SideError as error:
            _log.warning("a subscription could not be renewed", room=row.room_id, error=error.code)
            return 0
        with self._database.write() as session:
            fresh = session.get(SubscriptionRow, row.id)
            if fresh is not None:
                fresh.expires_at, fresh.renew_at = renewed.expires_at, _half(now, renewed.expires_at)
        return 1

    def _drop(self, subscription_id: str) -> None:
        try:
            self._subscriptions.delete(subscription_id)
        except (NotFound, SideError):
            _log.info("a subscription was gone already")
        with self._database.write() as session:
            session.execute(delete(SubscriptionRow).where(SubscriptionRow.id == subscription_id))


def _half(now: datetime, expires_at: datetime) -> datetime:
    return now + (expires_at - now) / 2
