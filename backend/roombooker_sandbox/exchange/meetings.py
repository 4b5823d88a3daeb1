"""What organizers and attendees do to a meeting, and how it travels from the organizer's copy to everybody else's."""

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Any

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.agent import Agent
from roombooker_sandbox.exchange.copies import cancel_copy, receive, set_answer
from roombooker_sandbox.exchange.errors import GraphError, bad_request
from roombooker_sandbox.exchange.ids import ical_uid
from roombooker_sandbox.exchange.incoming import simple_fields, times
from roombooker_sandbox.exchange.items import Item, Items, attendee_of
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import Row, occurrence, plan_of, whole
from roombooker_sandbox.exchange.outbox import Outbox

_OWN_FIELDS = {"categories", "showAs", "reminderMinutesBeforeStart", "isReminderOn", "props", "extensions", "importance", "sensitivity"}


class Meetings:
    def __init__(self, items: Items, outbox: Outbox, agent: Agent) -> None:
        self.items = items
        self.outbox = outbox
        self.agent = agent

    def create(self, mailbox: Mailbox, body: dict[str, Any]) -> Row:
        """A new event organized by this mailbox; the same transactionId again brings back the first one."""
        fields = simple_fields(body, self.items.mailboxes)
        start, end, kept = times(body, fields, None)
        key = body.get("transactionId")
        with self.items.change() as db:
            if key:
                known = db.execute("SELECT item FROM gx_transaction WHERE mailbox = ? AND key = ?", (mailbox.key, key)).fetchone()
                item = self.items.get(db, known["item"]) if known else None
                if item:
                    return whole(item)
            data = {"subject": "", **fields, **kept, "organizer": mailbox.key, "transactionId": key}
            data["attendees"] = [a for a in data.get("attendees", ()) if a["key"] != mailbox.key]
            item = self.items.insert(db, self.items.new_meeting(db), mailbox.key, start, end, data)
            if key:
                db.execute("INSERT OR REPLACE INTO gx_transaction VALUES (?, ?, ?)", (mailbox.key, key, item.id))
            if not data.get("isDraft"):
                self._tell(db, item, 0, {a["address"] for a in data["attendees"]}, moved=True, kind="invitation")
        return whole(item)

    def update(self, row: Row, body: dict[str, Any]) -> Row:
        """PATCH: the organizer's travels to the attendees; an attendee's stays in their copy."""
        fields = simple_fields(body, self.items.mailboxes)
        self._merge_props(row.data, fields)
        with self.items.change() as db:
            if row.original:
                return self._update_occurrence(db, row, body, fields)
            item = row.item
            start, end, kept = times(body, fields, item)
            moved = (start, end, kept["recurrence"]) != (item.start, item.end, item.data.get("recurrence"))
            was_draft = bool(item.data.get("isDraft"))
            before = {a["address"]: a for a in item.data.get("attendees", ())}
            if "attendees" in fields:
                fields["attendees"] = [
                    {**before.get(a["address"], {"response": "none", "time": None}), "type": a["type"], "name": a["name"], "address": a["address"],
                     "key": a["key"]}
                    for a in fields["attendees"] if a["key"] != item.data["organizer"]
                ]  # fmt: skip
            item.data.update(fields)
            if moved or {"start", "end", "recurrence"} & body.keys():
                item.data.update(kept)
                item.start, item.end = start, end
            if moved:
                item.data.pop("exceptions", None)
                item.data.pop("dropped", None)
            after = {a["address"] for a in item.data.get("attendees", ())}
            if moved and item.is_organizer:
                for attendee in item.data.get("attendees", ()):
                    attendee |= {"response": "none", "time": None, "proposed": None}
            self.items.save(db, item)
            if item.is_organizer and not item.data.get("isDraft"):
                known = before | (self._informed(db, item) if was_draft else {})
                self._withdraw(db, item, 0, [a for address, a in known.items() if address not in after])
                travels = moved or was_draft or bool(fields.keys() - _OWN_FIELDS | fields.keys() & {"importance", "sensitivity"})
                if travels:
                    new = after if was_draft else after - before.keys()
                    self._tell(db, item, 0, new, moved=True, kind="invitation")
                    self._tell(db, item, 0, after - new, moved=moved, kind="update")
        return whole(item)

    def _informed(self, db: Connection, item: Item) -> dict[str, dict[str, Any]]:
        """Those who have a copy, by address: a draft may have lost attendees without telling them."""
        found = (self.items.mailboxes.of(copy.mailbox) for copy in self.items.copies(db, item.meeting) if copy.mailbox != item.mailbox)
        return {mailbox.address: attendee_of(mailbox, "required") for mailbox in found}

    def _update_occurrence(self, db: Connection, row: Row, body: dict[str, Any], fields: dict[str, Any]) -> Row:
        if body.get("recurrence"):
            raise bad_request("The recurrence of an occurrence can't be changed.", "ErrorInvalidRequest")
        item = row.item
        single = Item(item.id, item.mailbox, row.start, row.end, series=False, version=item.version, data={**row.data, "recurrence": None})
        start, end, kept = times({k: v for k, v in body.items() if k != "recurrence"}, fields, single)
        moved = (start, end) != (row.start, row.end)
        if moved:
            self._check_boundary(item, row.original, start, end)
        change = dict(item.data.setdefault("exceptions", {}).get(str(row.original), {}))
        before = {a["address"]: a for a in row.data.get("attendees", ())}
        if "attendees" in fields:
            fields["attendees"] = [
                {**a, **{k: before[a["address"]][k] for k in ("response", "time")}} if a["address"] in before else a
                for a in fields["attendees"]
            ]
        change |= fields
        if moved:
            change |= {"start": start, "end": end, "zone": kept["zone"], "endZone": kept["endZone"]}
            if item.is_organizer:
                change["attendees"] = [
                    {**a, "response": "none", "time": None} for a in change.get("attendees", row.data.get("attendees", ()))
                ]
        item.data["exceptions"][str(row.original)] = change
        self.items.save(db, item)
        if item.is_organizer and not item.data.get("isDraft"):
            after = {a["address"] for a in change.get("attendees", row.data.get("attendees", ()))}
            self._withdraw(db, item, row.original, [a for address, a in before.items() if address not in after])
            if moved or fields.keys() - _OWN_FIELDS:
                self._tell(db, item, row.original, after - before.keys(), moved=True, kind="invitation")
                self._tell(db, item, row.original, after & before.keys(), moved=moved, kind="update")
        return next(r for r in _dates(item) if r.original == row.original)

    def _check_boundary(self, item: Item, original: int, start: int, end: int) -> None:
        """An occurrence may not be moved onto or past its neighbours (ErrorOccurrenceCrossingBoundary)."""
        rows = _dates(item)
        at = next(i for i, r in enumerate(rows) if r.original == original)
        before, after = (rows[at - 1] if at else None), (rows[at + 1] if at + 1 < len(rows) else None)
        if (before and start < before.end) or (after and end > after.start):
            raise GraphError(400, "ErrorOccurrenceCrossingBoundary", "Cannot reschedule an occurrence past another one of the same series.")

    @staticmethod
    def _merge_props(data: Mapping[str, Any], fields: dict[str, Any]) -> None:
        if "props" in fields:
            merged = {**data.get("props", {}), **fields["props"]}
            fields["props"] = {key: value for key, value in merged.items() if value is not None}

    def remove(self, row: Row) -> None:
        """DELETE: by the organizer it cancels the meeting for all; by an attendee the copy goes and nobody hears of it."""
        with self.items.change() as db:
            if row.item.is_organizer:
                self._cancel(db, row, "")
            else:
                self._drop(db, row)

    def cancel(self, row: Row, comment: str) -> None:
        if not row.item.is_organizer:
            raise GraphError(
                400, inferred.NOT_ORGANIZER_CODE, "Your request can't be completed. You need to be an organizer to cancel a meeting."
            )
        with self.items.change() as db:
            self._cancel(db, row, comment)

    def _cancel(self, db: Connection, row: Row, comment: str) -> None:
        item = row.item
        self._drop(db, row)
        if not item.data.get("isDraft"):
            self._withdraw(db, item, row.original, list(row.data.get("attendees", ())), comment)
            if not row.original:
                everybody = {a["address"] for a in item.data.get("attendees", ())}
                for at, change in item.data.get("exceptions", {}).items():
                    guests = [a for a in change.get("attendees", ()) if a["address"] not in everybody]
                    self._withdraw(db, item, int(at), guests, comment)

    def _drop(self, db: Connection, row: Row) -> None:
        if not row.original:
            self.items.delete(db, row.item)
            return
        item = row.item
        item.data.get("exceptions", {}).pop(str(row.original), None)
        item.data["dropped"] = sorted({*item.data.get("dropped", ()), row.original})
        self.items.save(db, item)

    def respond(
        self, mailbox: Mailbox, row: Row, answer: str, comment: str, *, send: bool, proposed: tuple[int, int] | None = None
    ) -> None:
        """accepted | tentativelyAccepted | declined, by an attendee (a room's delegate answers for the room)."""
        item = row.item
        if item.is_organizer:
            raise GraphError(
                400, inferred.ORGANIZER_CANNOT_RESPOND_CODE,
                "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.",
            )  # fmt: skip
        if row.data.get("cancelled"):
            raise bad_request("Your request can't be completed. The meeting has been canceled.")
        if send and row.data.get("responseRequested", True) is False:
            raise bad_request("Your request can't be completed. The meeting organizer hasn't requested a response.")
        with self.items.change() as db:
            now = self.items.now()
            if answer == "declined":
                self._drop(db, row)
            else:
                mark = {"response": {"response": answer, "time": now}, "showAs": "busy" if answer == "accepted" else "tentative"}
                if row.original:
                    item.data.setdefault("exceptions", {}).setdefault(str(row.original), {}).update(mark)
                else:
                    item.data |= mark
                self.items.save(db, item)
            if not send:
                return
            source = self.items.organizers_copy(db, item.meeting)
            original = row.original or item.data.get("only", 0)
            if source:
                set_answer(source, original, mailbox.key, answer, now, proposed)
                self.items.save(db, source)
            self._reply(mailbox, row, answer, comment)

    def _reply(self, mailbox: Mailbox, row: Row, answer: str, comment: str) -> None:
        word = {"accepted": "Accepted", "tentativelyAccepted": "Tentative", "declined": "Declined"}[answer]
        organizer = self.items.mailboxes.of(row.item.data["organizer"])
        uid = ical_uid(row.item.meeting, self.items.salt_of(row.item.meeting))
        subject = f"{word}: {row.data.get('subject', '')}"
        self.outbox.add(answer, mailbox.address, [organizer.address], subject, comment, uid)

    def _tell(self, db: Connection, item: Item, original: int, addresses: set[str], *, moved: bool, kind: str) -> None:
        """Bring the copies of these attendees up to date: people at once, rooms when their agent gets to it."""
        row = whole(item) if not original else next(r for r in _dates(item) if r.original == original)
        told = [a for a in row.data.get("attendees", ()) if a["address"] in addresses]
        if not told:
            return
        organizer = self.items.mailboxes.of(item.data["organizer"])
        subject, text = row.data.get("subject", ""), (row.data.get("body") or {}).get("content", "")
        uid = ical_uid(item.meeting, self.items.salt_of(item.meeting))
        if moved or kind == "invitation":
            self.outbox.add(kind, organizer.address, [a["address"] for a in told], subject, text, uid)
        for attendee in told:
            if attendee["key"] is None:
                continue
            mailbox = self.items.mailboxes.of(attendee["key"])
            if mailbox.room:
                self.agent.later(db, item.meeting, mailbox, original, answer=moved)
            else:
                receive(self.items, db, item, original, mailbox, moved=moved)

    def _withdraw(self, db: Connection, item: Item, original: int, attendees: list[dict[str, Any]], comment: str = "") -> None:
        if not attendees:
            return
        organizer = self.items.mailboxes.of(item.data["organizer"])
        subject = inferred.CANCELED_PREFIX + str(item.data.get("subject", ""))
        uid = ical_uid(item.meeting, self.items.salt_of(item.meeting))
        self.outbox.add("cancellation", organizer.address, [a["address"] for a in attendees], subject, comment, uid)
        for attendee in attendees:
            if attendee["key"] is None:
                continue
            mailbox = self.items.mailboxes.of(attendee["key"])
            if mailbox.room:
                self.agent.later(db, item.meeting, mailbox, original, answer=True)
            else:
                cancel_copy(self.items, db, item.meeting, mailbox, original, keep=True)


def _dates(item: Item) -> list[Row]:

    return [row for original, end in plan_of(item) if (row := occurrence(item, original, end))]
