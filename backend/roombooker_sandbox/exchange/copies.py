"""Attendees' copies: what a calendar keeps of somebody else's meeting, and how it follows the organizer."""

from sqlite3 import Connection
from typing import Any

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.items import Item, Items
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import occurrence, plan_of

_CONTENT = (
    "subject", "body", "location", "locations", "isAllDay", "zone", "endZone", "importance", "sensitivity", "recurrence",
    "responseRequested", "allowNewTimeProposals", "isOnlineMeeting", "onlineMeetingProvider", "hideAttendees",
)  # fmt: skip

_OWN = {"response", "showAs", "props", "categories"}  # of a date, whatever the organizer says


def content_of(items: Items, source: Item, data: Any, mailbox: Mailbox) -> dict[str, Any]:
    """The organizer's content as this mailbox keeps it: a room's policy replaces the subject, empties the body, clears privacy."""
    found = {name: data[name] for name in _CONTENT if name in data}
    found["attendees"] = [
        {"key": a["key"], "address": a["address"], "name": a["name"], "type": a["type"]} for a in data.get("attendees", ())
    ]
    if mailbox.room and not mailbox.keeps_subjects:
        found["subject"] = items.mailboxes.of(source.data["organizer"]).name
        found["sensitivity"] = "normal"
    if mailbox.room:
        found.pop("body", None)
    return found


def invited(source: Item, original: int, key: int) -> bool:
    """Is this mailbox among the attendees of the meeting, or of one date of it?"""
    data: Any = source.data
    if original:
        if original in source.data.get("dropped", ()):
            return False
        data = {**source.data, **source.data.get("exceptions", {}).get(str(original), {})}
    return any(a["key"] == key for a in data.get("attendees", ()))


def find_copy(items: Items, db: Connection, meeting: int, mailbox: Mailbox, original: int) -> Item | None:
    """The copy that shows this date: the series', else the one of somebody invited to that date alone."""
    copies = [item for item in items.copies(db, meeting) if item.mailbox == mailbox.key]
    whole = next((item for item in copies if not item.data.get("only")), None)
    return whole or next((item for item in copies if item.data.get("only") == original), None)


def receive(
    items: Items, db: Connection, source: Item, original: int, mailbox: Mailbox, *, moved: bool, answer: str | None = None,
    declined: tuple[int, ...] = (),
) -> Item:  # fmt: skip
    """Write or refresh a copy. `answer` is what the mailbox itself says to it (rooms); None leaves or resets it."""
    now = items.now()
    copy = find_copy(items, db, source.meeting, mailbox, original)
    mark: dict[str, Any] = {}
    if answer:
        mark = {"response": {"response": answer, "time": now}, "showAs": "busy" if answer == "accepted" else "tentative"}
    elif moved or copy is None:
        mark = {"response": {"response": "notResponded", "time": None}, "showAs": "tentative"}
    if source.data.get("showAs") == "free" and answer != "tentativelyAccepted":
        mark["showAs"] = "free"
    if original and (copy is None or copy.data.get("only")):
        return _receive_one_date(items, db, source, original, mailbox, copy, mark)
    data: dict[str, Any] = copy.data if copy else {"organizer": source.data["organizer"]}
    if original and copy:
        change = dict(source.data.get("exceptions", {}).get(str(original), {}))
        kept = data.setdefault("exceptions", {}).get(str(original), {})
        own = {k: v for k, v in kept.items() if k in _OWN}
        data["exceptions"][str(original)] = own | _exception_content(items, source, change, mailbox) | mark
        data["dropped"] = [at for at in data.get("dropped", ()) if at != original]
        items.save(db, copy)
        return copy
    data.pop("cancelled", None)
    data |= content_of(items, source, source.data, mailbox) | mark
    data |= _dates_of(items, source, mailbox, data if copy and not moved else {}, declined)
    if copy:
        copy.start, copy.end = source.start, source.end
        items.save(db, copy)
        return copy
    return items.insert(db, source.meeting, mailbox.key, source.start, source.end, data)


def _dates_of(items: Items, source: Item, mailbox: Mailbox, own: dict[str, Any], declined: tuple[int, ...]) -> dict[str, Any]:
    """Exceptions and dropped dates of a copy: the organizer's, and what the copy had of its own (cancelled marks, dates it declined)."""
    changes = source.data.get("exceptions", {})
    away = {int(at) for at in changes if not invited(source, int(at), mailbox.key)}
    kept = own.get("exceptions", {})
    cancelled = {at: change for at, change in kept.items() if change.get("cancelled")}
    refused = {at for at in own.get("dropped", ()) if str(at) not in cancelled} | set(declined)
    exceptions = {
        at: {k: v for k, v in kept.get(at, {}).items() if k in _OWN} | _exception_content(items, source, change, mailbox)
        for at, change in changes.items()
        if int(at) not in refused | away
    }
    gone = {*source.data.get("dropped", ()), *refused, *away} - {int(at) for at in cancelled}
    return {"exceptions": exceptions | cancelled, "dropped": sorted(gone)}


def _receive_one_date(
    items: Items, db: Connection, source: Item, original: int, mailbox: Mailbox, copy: Item | None, mark: dict[str, Any]
) -> Item:
    row = next(r for at, end in plan_of(source) if at == original and (r := occurrence(source, at, end)))
    data: dict[str, Any] = copy.data if copy else {"organizer": source.data["organizer"], "only": original}
    data |= content_of(items, source, row.data, mailbox) | mark | {"recurrence": None}
    data.pop("cancelled", None)
    if copy:
        copy.start, copy.end = row.start, row.end
        items.save(db, copy)
        return copy
    return items.insert(db, source.meeting, mailbox.key, row.start, row.end, data)


def _exception_content(items: Items, source: Item, change: dict[str, Any], mailbox: Mailbox) -> dict[str, Any]:
    found = {name: change[name] for name in (*_CONTENT, "start", "end") if name in change}
    if mailbox.room:
        found.pop("body", None)
        if not mailbox.keeps_subjects:
            found.pop("subject", None)
            found.pop("sensitivity", None)
    if "attendees" in change:
        found["attendees"] = content_of(items, source, change, mailbox)["attendees"]
    return found


def cancel_copy(items: Items, db: Connection, meeting: int, mailbox: Mailbox, original: int, *, keep: bool) -> None:
    """The organizer took it back: the copy stays, marked as cancelled, or goes (RemoveCanceledMeetings)."""
    copy = find_copy(items, db, meeting, mailbox, original)
    if copy is None:
        return
    if not original or copy.data.get("only"):
        if keep:
            copy.data |= _cancelled(copy.data)
            items.save(db, copy)
        else:
            items.delete(db, copy)
        return
    end = next((end for at, end in plan_of(copy) if at == original), None)
    row = occurrence(copy, original, end) if end else None
    if row is None:
        return
    if keep:
        copy.data.setdefault("exceptions", {}).setdefault(str(original), {}).update(_cancelled(row.data))
    else:
        copy.data.get("exceptions", {}).pop(str(original), None)
        copy.data["dropped"] = sorted({*copy.data.get("dropped", ()), original})
    items.save(db, copy)


def _cancelled(data: Any) -> dict[str, Any]:
    subject = str(data.get("subject", ""))
    prefix = "" if subject.startswith(inferred.CANCELED_PREFIX) else inferred.CANCELED_PREFIX
    return {"cancelled": True, "subject": prefix + subject, "showAs": inferred.CANCELED_SHOW_AS}


def set_answer(source: Item, original: int, key: int, answer: str, at: int, proposed: tuple[int, int] | None = None) -> bool:
    """Note an attendee's answer on the organizer's copy; False when it was already there."""
    mark = {"response": answer, "time": at, "proposed": proposed}
    if original:
        change = source.data.setdefault("exceptions", {}).setdefault(str(original), {})
        change.setdefault("attendees", [dict(a) for a in source.data.get("attendees", ())])
        attendees = change["attendees"]
    else:
        # an answer to the series is one to its moved dates, too
        others = (change.get("attendees", ()) for change in source.data.get("exceptions", {}).values())
        attendees = [*source.data.get("attendees", ()), *(a for guests in others for a in guests)]
    changed = False
    for attendee in attendees:
        if attendee["key"] == key:
            changed = attendee.get("response") != answer or proposed is not None
            attendee |= mark
    return changed
