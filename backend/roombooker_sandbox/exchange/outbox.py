"""Every message that leaves a mailbox: sent mail, invitations, cancellations and answers, for tests and the stand-in Outlook to read."""

import json
from dataclasses import dataclass
from typing import Any

from roombooker_sandbox.exchange.zones import stamp
from roombooker_sandbox.world import World

SCHEMA = """
CREATE TABLE IF NOT EXISTS gx_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, ical_uid TEXT
);
"""


@dataclass
class Outbox:
    """Kinds: mail, invitation, update, cancellation, accepted, tentativelyAccepted, declined, pending."""

    world: World

    def __post_init__(self) -> None:
        self.world.store.apply(SCHEMA)

    def add(self, kind: str, sender: str, recipients: list[str], subject: str, body: str, ical_uid: str | None = None) -> None:
        at = int(self.world.clock.now().timestamp())
        with self.world.store.transaction() as db:
            db.execute(
                "INSERT INTO gx_outbox (at, kind, sender, recipients, subject, body, ical_uid) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (at, kind, sender, json.dumps(recipients), subject, body, ical_uid),
            )

    def messages(self, *, to: str | None, kind: str | None, after: int, limit: int) -> list[dict[str, Any]]:
        with self.world.store.transaction() as db:
            rows = db.execute("SELECT * FROM gx_outbox WHERE id > ? ORDER BY id", (after,)).fetchall()
        found = [
            {
                "id": row["id"], "at": stamp(row["at"]), "kind": row["kind"], "from": row["sender"], "to": json.loads(row["recipients"]),
                "subject": row["subject"], "body": row["body"], "iCalUId": row["ical_uid"],
            }
            for row in rows
        ]  # fmt: skip
        wanted = [
            m for m in found
            if (to is None or to.lower() in (a.lower() for a in m["to"])) and (kind is None or m["kind"] == kind)
        ]  # fmt: skip
        return wanted[-limit:]
