"""Huey carries wake-ups from the web to the workers; it is never the only record of anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from sqlalchemy.engine import make_url

from roombooker.settings import Settings

_log = structlog.get_logger(__name__)
NAME = "roombooker"


def open_queue(settings: Settings) -> Huey:
    """SQLite beside the database by default; Redis or PostgreSQL where ROOMBOOKER_QUEUE_URL names one."""
    url = settings.queue_url
    if url is None:
        file = _beside(settings.database_url)
        file.parent.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(NAME, filename=str(file), results=False)
    scheme = urlsplit(url).scheme
    if scheme in ("redis", "rediss"):
        return RedisHuey(NAME, url=url, results=False)
    if scheme in ("postgresql", "postgres"):
        return PostgresHuey(NAME, dsn=url, results=False)
    return SqliteHuey(NAME, filename=url.removeprefix("sqlite:///"), results=False)


def waker(queue: Huey, wake_up: Callable[..., Any]) -> Callable[[str], None]:
    """`wake(kind)`: puts a wake-up on the queue. A queue that is away costs a second's delay, never the work."""

    def wake(kind: str) -> None:
        try:
            wake_up(kind)
        except Exception as error:  # noqa: BLE001  whatever the broker's client raises: the due row is the truth
            _log.warning("a wake-up could not be sent", kind=kind, error=type(error).__name__)

    del queue
    return wake


def _beside(database_url: str) -> Path:
    url = make_url(database_url)
    if url.drivername.startswith("sqlite") and url.database not in (None, "", ":memory:"):
        return Path(str(url.database)).with_suffix(".queue.db")
    return Path("var/roombooker.queue.db")
