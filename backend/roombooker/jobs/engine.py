"""Huey carries wake-ups from the web to the workers; it is never the only record of anything."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from sqlalchemy.engine import make_url

from roombooker.settings import Settings

_log = structlog.get_logger(__name__)
NAME = "roombooker"


class Engine:
    """The queue, one task on it, and what that task runs."""

    def __init__(self, settings: Settings) -> None:
        self._queue = _open_queue(settings)
        self._run: Callable[[str], object] = lambda _kind: None

        def wake_up(kind: str) -> None:
            self._run(kind)

        self._wake_up = self._queue.task(name="wake_up")(wake_up)

    def wake(self, kind: str) -> None:
        """A queue that is away costs a second's delay, never the work: the due row is the truth."""
        try:
            self._wake_up(kind)
        except Exception as error:  # noqa: BLE001  whatever the broker's client raises
            _log.warning("a wake-up could not be sent", kind=kind, error=type(error).__name__)

    def bind(self, run: Callable[[str], object]) -> None:
        """What a wake-up does in a worker."""
        self._run = run

    def consumer(self, threads: int) -> Consumer:
        return self._queue.create_consumer(
            workers=threads, periodic=False, initial_delay=0.05, max_delay=0.5, backoff=1.2, check_worker_health=True
        )


def _open_queue(settings: Settings) -> Huey:
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


def _beside(database_url: str) -> Path:
    url = make_url(database_url)
    if url.drivername.startswith("sqlite") and url.database not in (None, "", ":memory:"):
        return Path(str(url.database)).with_suffix(".queue.db")
    return Path("var/roombooker.queue.db")
