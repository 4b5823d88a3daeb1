"""Graph subscriptions: one per enabled room, renewed at half life, made anew when lost; none without a public address."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import delete, select

from roombooker.domain.room import Room
from roombooker.errors import Denied, NotFound, RoomBookerError, SideError
from roombooker.settings import Settings
from roombooker.store import notices, rooms
from roombooker.store.db import Database
from roombooker.store.models import SubscriptionRow

_log = structlog.get_logger(__name__)
LIFE = timedelta(days=6)  # Graph allows basic notices on Outlook events 10,080 minutes (reference, 5.6)
_AT_ONCE = 50
_IN_VAIN = 3  # rooms in a row: then it is not the rooms
_EVERYBODY = "*"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


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


class _Pauses:
    """Of those that were refused, so that they are asked for ever more seldom; in this process, since a new start may have a new address."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[int, datetime]] = {}

    def is_over(self, name: str, now: datetime) -> bool:
        return name not in self._by_name or self._by_name[name][1] <= now

    def times(self, name: str) -> int:
        return self._by_name[name][0] if name in self._by_name else 0

    def begin(self, name: str, now: datetime) -> bool:
        """Whether it is the first since things went well."""
        times = self.times(name) + 1
        self._by_name[name] = times, now + min(_FIRST_PAUSE * 2 ** min(times - 1, 10), _LONGEST_PAUSE)
        return times == 1

    def end(self, name: str) -> bool:
        """Whether there was one; where everybody had one, all end."""
        had = self._by_name.pop(name, None) is not None
        if had and name == _EVERYBODY:
            self._by_name.clear()
        return had


class SubscriptionService:
    def __init__(self, *, database: Database, subscriptions: Subscriptions, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._settings = settings
        self._clock = clock
        self._pauses = _Pauses()

    def keep_up(self) -> int:
        """Every enabled room has a live subscription, and no other room has; how many were made or renewed. What is refused is asked for
        again ever more seldom, and told when that begins and ends.

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
            elif row.renew_at <= now and self._pauses.is_over(row.room_id, now):
                done += self._renew(row, now)
        if self._pauses.is_over(_EVERYBODY, now):
            of = {row.room_id for row in held}
            missing = [room for room in enabled.values() if room.id not in of and self._pauses.is_over(room.id, now)]
            missing.sort(
                key=lambda room: self._pauses.times(room.id)
            )  # no few that are refused again and again keep the others from theirs
            done += self._make_all(missing[:_AT_ONCE], now)
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

    def _make_all(self, some: Sequence[Room], now: datetime) -> int:
        """Until the first few are refused for no reason of their own: then Exchange cannot reach us, or is away, and polling carries the
        sync alone."""
        done = vain = 0
        refused: dict[str, RoomBookerError] = {}
        for room in some:
            try:
                self._make(room, now)
                done += 1
            except (NotFound, SideError) as error:
                refused[room.id] = error
                vain += not isinstance(error, Denied | NotFound)
            if vain == _IN_VAIN and not done:
                if self._pauses.begin(_EVERYBODY, now):
                    _log.warning("no subscriptions: the sync only polls", error=refused[room.id].code)
                break
        for room_id, why in refused.items():
            if self._pauses.begin(room_id, now) and self._pauses.is_over(_EVERYBODY, now):
                _log.warning("no subscription for a room", room=room_id, error=why.code)
        return done

    def _make(self, room: Room, now: datetime) -> None:
        """The row with its client state is stored after Graph has answered; a notice that is faster is dropped, the read after it is not."""
        client_state = secrets.token_urlsafe(32)
        made = self._subscriptions.create(room, notification_url=self._address(), client_state=client_state, expires_at=now + LIFE)
        if self._pauses.end(_EVERYBODY):
            _log.warning("there are subscriptions again")
        elif self._pauses.end(room.id):
            _log.warning("a room has its subscription again", room=room.id)
        with self._database.write() as session:
            session.merge(
                SubscriptionRow(
                    id=made.id, room_id=room.id, client_state=client_state, expires_at=made.expires_at, renew_at=_half(now, made.expires_at)
                )
            )
            notices.add(session, side="exchange", ref=room.id, kind="changed", at=now)

    def _renew(self, row: SubscriptionRow, now: datetime) -> int:
        try:
            renewed = self._subscriptions.renew(row.id, now + LIFE)
        except NotFound:
            self._drop(row.id)
            with self._database.write() as session:
                notices.add(session, side="exchange", ref=row.room_id, kind="missed", at=now)
            return 0
        except SideError as error:
            if self._pauses.begin(row.room_id, now):
                _log.warning("a subscription could not be renewed", room=row.room_id, error=error.code)
            return 0
        if self._pauses.end(row.room_id):
            _log.warning("a room has its subscription again", room=row.room_id)
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
