"""Calendar items: one lean row per copy of a meeting in a mailbox, and the journal of their changes that delta and notices read."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from sqlite3 import Connection, Row
from typing import Any

from roombooker_sandbox.exchange.ids import COPIES, ItemRef, item_id, parse_item_id
from roombooker_sandbox.exchange.mailboxes import ROOM_KEYS, Mailbox, Mailboxes
from roombooker_sandbox.world import World

SCHEMA = """
CREATE TABLE IF NOT EXISTS gx_meeting (
    id INTEGER PRIMARY KEY, room INTEGER, organizer INTEGER, attendees TEXT, subject TEXT, private INTEGER
);
CREATE TABLE IF NOT EXISTS gx_item (
    id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    series INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1, data TEXT
);
CREATE INDEX IF NOT EXISTS gx_item_window ON gx_item (mailbox, start);
CREATE INDEX IF NOT EXISTS gx_item_series ON gx_item (mailbox) WHERE series = 1;
CREATE TABLE IF NOT EXISTS gx_change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL, item INTEGER NOT NULL, kind TEXT NOT NULL,
    version INTEGER NOT NULL, series INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS gx_change_mailbox ON gx_change (mailbox, seq);
CREATE INDEX IF NOT EXISTS gx_change_item ON gx_change (item);
CREATE TABLE IF NOT EXISTS gx_transaction (mailbox INTEGER NOT NULL, key TEXT NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (mailbox, key));
CREATE TABLE IF NOT EXISTS gx_state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_LONGEST_SINGLE_S = 62 * 86400  # how far before a window a single item may begin and still reach into it


@dataclass
class Item:
    """One copy. `data` holds what Graph shows beyond the slot; `exceptions` and `dropped` in it belong to a series."""

    id: int
    mailbox: int
    start: int  # epoch seconds; of the first occurrence for a series
    end: int
    series: bool
    version: int
    data: dict[str, Any]
    old_slot: tuple[int, int] | None = None

    @property
    def meeting(self) -> int:
        return self.id // COPIES

    @property
    def is_organizer(self) -> bool:
        return bool(self.data["organizer"] == self.mailbox)


@dataclass(frozen=True)
class Change:
    mailbox: int
    item: int
    kind: str  # created | updated | deleted
    version: int


@dataclass
class Items:
    world: World
    mailboxes: Mailboxes
    listeners: list[Callable[[list[Change]], None]] = field(default_factory=list)
    _depth: int = 0
    _pending: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.store.apply(SCHEMA)
        self.salt, self.seeded = self._load_state()

    def _load_state(self) -> tuple[bytes, int]:
        with self.world.store.transaction() as db:
            db.execute("INSERT OR IGNORE INTO gx_state VALUES ('salt', ?)", (secrets.token_hex(8),))
            state = dict(db.execute("SELECT name, value FROM gx_state"))
        return bytes.fromhex(state["salt"]), int(state.get("seeded", 0))

    def reload(self) -> None:
        """After the tables were emptied or seeded by somebody else."""
        self.salt, self.seeded = self._load_state()

    def salt_of(self, meeting: int) -> bytes:
        """Seeded meetings keep their ids from run to run, others never get those of an earlier run."""
        return bytes(8) if meeting <= self.seeded else self.salt

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """A transaction; what changed in it is told to the listeners after the outermost one is committed."""
        told: list[Change] = []
        with self.world.store.transaction() as db:
            self._depth += 1
            try:
                yield db
            except BaseException:
                if self._depth == 1:
                    self._pending = []
                raise
            finally:
                self._depth -= 1
            if self._depth == 0:
                told, self._pending = self._pending, []
        if told:
            for listener in self.listeners:
                listener(told)

    def get(self, db: Connection, item: int) -> Item | None:
        row = db.execute("SELECT * FROM gx_item WHERE id = ?", (item,)).fetchone()
        return self._item(db, row) if row else None

    def copies(self, db: Connection, meeting: int) -> list[Item]:
        rows = db.execute("SELECT * FROM gx_item WHERE id BETWEEN ? AND ?", (meeting * COPIES, meeting * COPIES + COPIES - 1))
        return [self._item(db, row) for row in rows.fetchall()]

    def copy_in(self, db: Connection, meeting: int, mailbox: int) -> Item | None:
        return next((item for item in self.copies(db, meeting) if item.mailbox == mailbox), None)

    def organizers_copy(self, db: Connection, meeting: int) -> Item | None:
        return next((item for item in self.copies(db, meeting) if item.is_organizer), None)

    def in_mailbox(self, db: Connection, mailbox: int) -> Iterator[Item]:
        for row in db.execute("SELECT * FROM gx_item WHERE mailbox = ? ORDER BY start, id", (mailbox,)).fetchall():
            yield self._item(db, row)

    def singles(self, db: Connection, mailbox: int, low: int, high: int) -> list[Item]:
        """Items without recurrence that overlap the half-open window."""
        rows = db.execute(
            'SELECT i.*, m.room, m.organizer, m.attendees, m.subject, m.private FROM gx_item i LEFT JOIN gx_meeting m ON m.id = i.id / ?'
            ' WHERE mailbox = ? AND start >= ? AND start < ? AND series = 0 AND ("end" > ? OR (start = "end" AND start >= ?)) ORDER BY start, i.id',
            (COPIES, mailbox, low - _LONGEST_SINGLE_S, high, low, low),
        )  # fmt: skip
        return [self._item(db, row, row) for row in rows.fetchall()]

    def series(self, db: Connection, mailbox: int) -> list[Item]:
        rows = db.execute("SELECT * FROM gx_item WHERE mailbox = ? AND series = 1", (mailbox,))
        return [self._item(db, row) for row in rows.fetchall()]

    def new_meeting(self, db: Connection) -> int:
        number = db.execute("INSERT INTO gx_meeting DEFAULT VALUES").lastrowid
        assert number is not None  # noqa: S101  SQLite always says
        return number

    def insert(self, db: Connection, meeting: int, mailbox: int, start: int, end: int, data: dict[str, Any]) -> Item:
        """A new copy of a meeting with an id of its own, at version 1."""
        low, high = meeting * COPIES, meeting * COPIES + COPIES - 1
        last = db.execute(
            "SELECT max(id) FROM (SELECT max(id) AS id FROM gx_item WHERE id BETWEEN ? AND ?"
            " UNION ALL SELECT max(item) FROM gx_change WHERE item BETWEEN ? AND ?)", (low, high, low, high),
        ).fetchone()[0]  # fmt: skip
        now = self.now()
        item = Item(low if last is None else last + 1, mailbox, start, end, bool(data.get("recurrence")), 1, data)
        data["created"] = data["modified"] = now
        db.execute(
            "INSERT INTO gx_item VALUES (?, ?, ?, ?, ?, 1, ?)",
            (item.id, mailbox, start, end, int(item.series), json.dumps(data, ensure_ascii=False)),
        )
        self._record(db, item, "created", start, end)
        return item

    def save(self, db: Connection, item: Item) -> None:
        item.version += 1
        item.series = bool(item.data.get("recurrence"))
        item.data["modified"] = self.now()
        old = item.old_slot or (item.start, item.end)
        item.old_slot = (item.start, item.end)
        db.execute(
            'UPDATE gx_item SET start = ?, "end" = ?, series = ?, version = ?, data = ? WHERE id = ?',
            (item.start, item.end, int(item.series), item.version, json.dumps(item.data, ensure_ascii=False), item.id),
        )
        self._record(db, item, "updated", min(old[0], item.start), max(old[1], item.end))

    def delete(self, db: Connection, item: Item) -> None:
        db.execute("DELETE FROM gx_item WHERE id = ?", (item.id,))
        item.version += 1
        self._record(db, item, "deleted", *(item.old_slot or (item.start, item.end)))

    def now(self) -> int:
        return int(self.world.clock.now().timestamp())

    def id_of(self, item: Item, original: int = 0, *, immutable: bool = False) -> str:
        return item_id(ItemRef(item.mailbox, item.id, original), self.salt_of(item.meeting), immutable=immutable)

    def id_for(self, ref: ItemRef, *, immutable: bool) -> str:
        """Of an item or a date that may be gone."""
        return item_id(ref, self.salt_of(ref.item // COPIES), immutable=immutable)

    def resolve(self, mailbox: Mailbox, text: str) -> ItemRef | None:
        """What an id names in this mailbox; None when it was made by another run or for another mailbox."""
        ref, salt = parse_item_id(text)
        return ref if ref.mailbox == mailbox.key and salt == self.salt_of(ref.item // COPIES) else None

    def _record(self, db: Connection, item: Item, kind: str, low: int, high: int) -> None:
        db.execute(
            "INSERT INTO gx_change (mailbox, item, kind, version, series, low, high) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (item.mailbox, item.id, kind, item.version, int(item.series), low, high),
        )
        same = next((c for c in self._pending if c.item == item.id and c.mailbox == item.mailbox), None)
        if same and kind == "updated":
            self._pending[self._pending.index(same)] = Change(item.mailbox, item.id, same.kind, item.version)
        else:
            self._pending.append(Change(item.mailbox, item.id, kind, item.version))

    def _item(self, db: Connection, row: Row, meeting: Row | None = None) -> Item:
        if row["data"] is not None:
            data = json.loads(row["data"])
        else:
            seed = meeting or db.execute("SELECT * FROM gx_meeting WHERE id = ?", (row["id"] // COPIES,)).fetchone()
            data = self._seeded_data(seed, row["mailbox"])
        return Item(
            row["id"], row["mailbox"], row["start"], row["end"], bool(row["series"]), row["version"], data, (row["start"], row["end"])
        )

    def _seeded_data(self, seed: Row, mailbox: int) -> dict[str, Any]:
        """What a seeded copy says: such rows carry no data of their own, which keeps millions of them small."""
        room, organizer = self.mailboxes.of(ROOM_KEYS + seed["room"]), self.mailboxes.of(seed["organizer"])
        keys: Iterable[str] = (seed["attendees"] or "").split()
        people = [self.mailboxes.of(int(key)) for key in keys]
        attendees = [attendee_of(m, "required", "accepted") for m in people] + [attendee_of(room, "resource", "accepted")]
        data: dict[str, Any] = {
            "organizer": organizer.key, "subject": seed["subject"], "zone": room.zone, "attendees": attendees, "location": place_of(room),
            "sensitivity": "private" if seed["private"] else "normal", "seeded": True,
        }  # fmt: skip
        if mailbox != organizer.key:
            data["response"] = {"response": "accepted", "time": None}
        if mailbox == room.key and not room.keeps_subjects:
            data |= {"subject": organizer.name, "sensitivity": "normal"}
        return data


def attendee_of(mailbox: Mailbox, kind: str, response: str = "none") -> dict[str, Any]:
    return {"key": mailbox.key, "address": mailbox.address, "name": mailbox.name, "type": kind, "response": response, "time": None}


def place_of(room: Mailbox) -> dict[str, Any]:
    return {
        "displayName": room.name, "locationEmailAddress": room.address, "locationType": "conferenceRoom", "uniqueId": room.address,
        "uniqueIdType": "directory",
    }  # fmt: skip
