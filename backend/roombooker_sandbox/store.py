"""The sandbox's memory: one SQLite database, in memory or in a file, behind one lock."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Store:
    """Every part keeps its rows here in tables of its own, so that a sandbox with a file survives a restart."""

    def __init__(self, path: Path | None = None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._lock = threading.RLock()
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The one connection, locked; committed at the end of the outermost block, rolled back on an error."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def apply(self, schema: str) -> None:
        """Create a part's tables (`CREATE TABLE IF NOT EXISTS …`)."""
        with self._lock:
            self._connection.executescript(schema)

    def empty(self, keep: tuple[str, ...]) -> None:
        """Delete all rows of all tables, except of tables whose names start with one of `keep`."""
        with self.transaction() as rows:
            tables = rows.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
            for (name,) in tables:
                if not name.startswith(keep):
                    rows.execute(f'DELETE FROM "{name}"')  # noqa: S608  a name from the database itself

    def close(self) -> None:
        with self._lock:
            self._connection.close()
