"""What the hooks store: a notice is only a reason to look, so it is written down and answered at once."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from roombooker.store import notices
from roombooker.store.db import Database
from roombooker.store.models import CursorRow
from roombooker.store.upsert import upsert

HOOK_REFUSED, HOOK_ACCEPTED = "hook:refused", "hook:accepted"  # cursors: when it last happened

_TOLD_APART = timedelta(seconds=5)  # when a hook was last called is known that exactly, and not written down with every call


class InboxService:
    def __init__(self, *, database: Database, clock: Callable[[], datetime], wake: Callable[[str], None]) -> None:
        self._database = database
        self._clock = clock
        self._wake = wake
        self._refused_at: datetime | None = None
        self._accepted_at: datetime | None = None

    def topdesk_changed(self, reservation_id: str) -> None:
        now = self._clock()
        with self._database.write() as session:
            notices.add(session, side="topdesk", ref=reservation_id, kind="changed", at=now)
            if self._accepted_at is None or now - self._accepted_at >= _TOLD_APART:
                self._accepted_at = now
                upsert(session, CursorRow.__table__, [{"name": HOOK_ACCEPTED, "value": "", "read_at": now}], ["name"])
        self._wake("notices")

    def topdesk_refused(self) -> None:
        """Somebody called with another secret: doctor tells, since TOPdesk itself shows nothing.

        Written down at most every few seconds: whoever may not come in must not keep our database busy."""
        now = self._clock()
        if self._refused_at is not None and now - self._refused_at < _TOLD_APART:
            return
        self._refused_at = now
        self._accepted_at = None  # so that the next good call shows as the later one
        with self._database.write() as session:
            upsert(session, CursorRow.__table__, [{"name": HOOK_REFUSED, "value": "", "read_at": now}], ["name"])

    def graph_noticed(self, received: Sequence[tuple[str, str, str]]) -> int:
        """(subscription id, client state, kind) each; those with a client state that is not ours are dropped. Returns how many were kept."""
        now = self._clock()
        kept: set[tuple[str, str]] = set()
        with self._database.read() as session:  # strangers may call here: nothing is locked for what is not ours
            for subscription_id, client_state, kind in dict.fromkeys(received):
                room_id = notices.room_of_subscription(session, subscription_id, client_state)
                if room_id is not None:
                    kept.add((room_id, kind))
        if not kept:
            return 0
        with self._database.write() as session:
            for room_id, kind in sorted(kept):
                notices.add(session, side="exchange", ref=room_id, kind=kind, at=now)
        self._wake("notices")
        return len(kept)
