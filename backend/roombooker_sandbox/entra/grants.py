"""Codes, refresh tokens and sign-in sessions that the stand-in Entra has handed out."""

import json
import secrets
import time
from typing import Any

from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.world import World

SCHEMA = """
CREATE TABLE IF NOT EXISTS entra_grants (
  value TEXT PRIMARY KEY, kind TEXT NOT NULL, ends_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL
);
"""
_LIFE_S = {"code": 600, "refresh": 90 * 86400, "session": 86400}


class Grants:
    def __init__(self, world: World) -> None:
        self._store = world.store
        self._store.apply(SCHEMA)

    def give(self, kind: str, body: dict[str, Any]) -> str:
        """A new code, refresh token or session; `body` comes back when it is shown."""
        value = f"{'1.' if kind != 'session' else ''}{secrets.token_urlsafe(48)}"
        with self._store.transaction() as rows:
            rows.execute("DELETE FROM entra_grants WHERE ends_at < ?", (time.time() - 3600,))
            rows.execute(
                "INSERT INTO entra_grants (value, kind, ends_at, body) VALUES (?, ?, ?, ?)",
                (value, kind, time.time() + _LIFE_S[kind], json.dumps(body)),
            )
        return value

    def redeem(self, kind: str, value: str) -> dict[str, Any]:
        """A code works once, a refresh token until it ends. Raises EntraError."""
        with self._store.transaction() as rows:
            row = rows.execute("SELECT * FROM entra_grants WHERE value = ? AND kind = ?", (value, kind)).fetchone()
            if row is None:
                raise EntraError(70000)
            if row["used"]:
                raise EntraError(54005)
            if row["ends_at"] < time.time():
                raise EntraError(70008)
            if kind == "code":
                rows.execute("UPDATE entra_grants SET used = 1 WHERE value = ?", (value,))
        body: dict[str, Any] = json.loads(row["body"])
        return body

    def session(self, value: str | None) -> str | None:
        """The object id of the person signed in to this browser."""
        with self._store.transaction() as rows:
            row = rows.execute(
                "SELECT body FROM entra_grants WHERE value = ? AND kind = 'session' AND ends_at > ?", (value or "", time.time())
            ).fetchone()
        return str(json.loads(row["body"])["oid"]) if row else None

    def forget(self, value: str) -> None:
        with self._store.transaction() as rows:
            rows.execute("DELETE FROM entra_grants WHERE value = ?", (value,))
