"""The booking attendant of room mailboxes: answers invitations by policy, some time after they arrive."""

from collections.abc import Callable
from sqlite3 import Connection

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.copies import cancel_copy, find_copy, invited, receive, set_answer
from roombooker_sandbox.exchange.ids import ical_uid
from roombooker_sandbox.exchange.items import Item, Items
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import Row, occurrence, plan_of, view, whole
from roombooker_sandbox.exchange.outbox import Outbox

SCHEMA = """
CREATE TABLE IF NOT EXISTS gx_due (
    meeting INTEGER NOT NULL, mailbox INTEGER NOT NULL, original INTEGER NOT NULL, answer INTEGER NOT NULL,
    PRIMARY KEY (meeting, mailbox, original)
);
"""
_CONFLICT = "Your request was declined because there are conflicts with other meetings."
_HORIZON = "Your request was declined because it is farther in the future than this resource can be booked."
_TOO_LONG = "Your request was declined because it is longer than this resource can be booked."
_PAST = "Your request was declined because it is in the past."
_ACCEPTED = "Your request was accepted."
_PENDING = "Your request was received and is pending approval."


class Agent:
    def __init__(self, items: Items, outbox: Outbox) -> None:
        self.items = items
        self.outbox = outbox
        self._world = items.world
        self._world.store.apply(SCHEMA)

    def resume(self) -> None:
        """Take up what an earlier run of a sandbox with a file left behind."""
        with self.items.change() as db:
            for row in db.execute("SELECT * FROM gx_due").fetchall():
                self._plan(row["meeting"], row["mailbox"], row["original"])

    def later(self, db: Connection, meeting: int, mailbox: Mailbox, original: int, *, answer: bool) -> None:
        """Have the room look at the meeting after `room_answer_ms`; `answer` False is a change of words only, taken in silence."""
        db.execute(
            "INSERT INTO gx_due VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET answer = max(answer, excluded.answer)",
            (meeting, mailbox.key, original, int(answer)),
        )
        self._plan(meeting, mailbox.key, original)

    def _plan(self, meeting: int, key: int, original: int) -> None:
        call: Callable[[], None] = lambda: self.look(meeting, key, original)  # noqa: E731
        self._world.scheduler.later(self._world.switches.room_answer_ms / 1000, call)

    def look(self, meeting: int, key: int, original: int) -> None:
        with self.items.change() as db:
            due = db.execute(
                "DELETE FROM gx_due WHERE meeting = ? AND mailbox = ? AND original = ? RETURNING answer", (meeting, key, original)
            ).fetchall()
            if not due or not self.items.mailboxes.known(key):
                return
            room = self.items.mailboxes.of(key)
            source = self.items.organizers_copy(db, meeting)
            if source is None or not invited(source, original, key):
                self._withdraw(db, meeting, room, original, source)
            elif due[0]["answer"]:
                self._answer(db, source, room, original)
            elif find_copy(self.items, db, meeting, room, original):
                receive(self.items, db, source, original, room, moved=False)

    def _withdraw(self, db: Connection, meeting: int, room: Mailbox, original: int, source: Item | None) -> None:
        keep = not self._world.switches.remove_canceled_meetings
        cancel_copy(self.items, db, meeting, room, original, keep=keep)
        if not original:
            for copy in self.items.copies(db, meeting):
                # rooms invited to single dates lose those, too, when the whole meeting goes
                only = copy.data.get("only")
                if only and copy.mailbox == room.key and not (source and invited(source, only, room.key)):
                    cancel_copy(self.items, db, meeting, room, only, keep=keep)

    def _answer(self, db: Connection, source: Item, room: Mailbox, original: int) -> None:
        rows = _dates(source, original)
        reason = self._refusal(rows)
        clashes = set() if reason else self._clashes(db, source.meeting, room, rows)
        if clashes:
            reason = _CONFLICT
        if reason:
            self._decline(db, source, room, original, reason)
            return
        answer = inferred.PENDING_RESPONSE if room.has_delegates else "accepted"
        receive(self.items, db, source, original, room, moved=True, answer=answer)
        self._tell(db, source, room, original, answer, _PENDING if room.has_delegates else _ACCEPTED)

    def _refusal(self, rows: list[Row]) -> str | None:
        now = self.items.now()
        if not rows or (inferred.DECLINES_THE_PAST and max(row.end for row in rows) <= now):
            return _PAST
        if max(row.end for row in rows) > now + inferred.BOOKING_WINDOW.total_seconds():
            return _HORIZON
        if max(row.end - row.start for row in rows) > inferred.MAXIMUM_DURATION.total_seconds():
            return _TOO_LONG
        return None

    def _clashes(self, db: Connection, meeting: int, room: Mailbox, rows: list[Row]) -> set[int]:
        """Originals of the dates that overlap something else in the room; with the default percentage of 0 one is enough."""
        taken = [
            other for other in view(self.items, db, room.key, min(r.start for r in rows), max(r.end for r in rows))
            if other.item.meeting != meeting and other.blocks
        ]  # fmt: skip
        found, at = set(), 0
        for row in sorted(rows, key=lambda r: r.start):
            if row.data.get("showAs") == "free":
                continue
            while at < len(taken) and taken[at].end <= row.start and taken[at].start <= row.start:
                at += 1
            if any(t.start < row.end and t.end > row.start for t in taken[at:] if t.start < row.end):
                found.add(row.original)
        return found

    def _decline(self, db: Connection, source: Item, room: Mailbox, original: int, reason: str) -> None:
        copy = find_copy(self.items, db, source.meeting, room, original)
        if copy and original and not copy.data.get("only"):
            copy.data.get("exceptions", {}).pop(str(original), None)
            copy.data["dropped"] = sorted({*copy.data.get("dropped", ()), original})
            self.items.save(db, copy)
        elif copy:
            self.items.delete(db, copy)
        self._tell(db, source, room, original, "declined", reason)

    def _tell(self, db: Connection, source: Item, room: Mailbox, original: int, answer: str, text: str) -> None:
        if set_answer(source, original, room.key, answer, self.items.now()):
            self.items.save(db, source)
        organizer = self.items.mailboxes.of(source.data["organizer"])
        word = {"accepted": "Accepted", "declined": "Declined"}.get(answer, "Tentative")
        uid = ical_uid(source.meeting, self.items.salt_of(source.meeting))
        kind = "pending" if answer == inferred.PENDING_RESPONSE else answer
        self.outbox.add(kind, room.address, [organizer.address], f"{word}: {source.data.get('subject', '')}", text, uid)


def _dates(source: Item, original: int) -> list[Row]:
    if not source.series:
        return [whole(source)]
    rows = (occurrence(source, at, end) for at, end in plan_of(source) if not original or at == original)
    return [row for row in rows if row]
