"""Retention: what leaves after its time, and one person's data as an export or erased."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from roombooker.services.booking_answer import iso
from roombooker.settings import Settings
from roombooker.store import personal, trimming
from roombooker.store.db import Database


class Retention:
    def __init__(self, *, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def trim(self) -> dict[str, int]:
        """Once a night: how many rows left, by kind. What is still ahead, or waits for a person, stays whatever its age."""
        now = self._clock()
        with self._database.write() as session:
            return trimming.trim(session, now, before=now - timedelta(days=self._settings.log_days))

    def export(self, email: str) -> dict[str, Any]:
        """All that is kept about an address, as JSON for that person."""
        with self._database.read() as session:
            found = personal.of(session, email.strip().lower())
        return cast("dict[str, Any]", _plain(found))

    def erase(self, email: str) -> dict[str, Any]:
        """Everything about the address, except bookings that are still ahead: those need their organizer until they are over."""
        with self._database.write() as session:
            erased, kept = personal.erase(session, email.strip().lower(), now=self._clock())
        lines = [f"{sum(erased.values())} records no longer name this person."]
        if kept:
            lines.append(f"{kept} bookings are not over yet and keep their organizer; erase again afterwards, or cancel them.")
        return {"erased": erased, "kept": kept, "lines": lines}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
