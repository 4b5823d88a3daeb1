"""Items as Graph's `event` JSON."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from roombooker_sandbox.exchange.ids import change_key, etag, ical_uid
from roombooker_sandbox.exchange.items import Items
from roombooker_sandbox.exchange.occurrences import Row
from roombooker_sandbox.exchange.zones import pair, stamp, wall, windows_name

NEVER = "0001-01-01T00:00:00Z"
_NAVIGATIONS = ("extensions", "singleValueExtendedProperties", "instances", "exceptionOccurrences", "cancelledOccurrences")


@dataclass(frozen=True)
class Style:
    """What the Prefer header asks for."""

    zone: str = "UTC"
    text_body: bool = False
    immutable: bool = False


def event_json(items: Items, row: Row, style: Style) -> dict[str, Any]:
    """Every ordinary property of an event; navigations are added by `$expand`."""
    item, data = row.item, row.data
    organizer = items.mailboxes.of(item.data["organizer"])
    event_id = items.id_of(item, row.original, immutable=style.immutable)
    zone = data.get("zone", "UTC")
    all_day = bool(data.get("isAllDay"))
    body = body_json(data, style)
    location = data.get("location") or {}
    locations = data.get("locations") or ([location] if location else [])
    master_zone = item.data["recurrence"]["range"]["recurrenceTimeZone"] if item.series else zone
    original = row.original or item.data.get("only", 0)
    day = wall(original, master_zone).date() if original else None
    return {
        "@odata.etag": etag(item.id, item.version),
        "id": event_id,
        "createdDateTime": stamp(item.data.get("created", item.start - 86400)),
        "lastModifiedDateTime": stamp(item.data.get("modified", item.start - 86400)),
        "changeKey": change_key(item.id, item.version),
        "categories": list(data.get("categories", ())),
        "transactionId": item.data.get("transactionId") if item.is_organizer else None,
        "originalStartTimeZone": _zone_name(zone),
        "originalEndTimeZone": _zone_name(data.get("endZone", zone)),
        "iCalUId": ical_uid(item.meeting, items.salt_of(item.meeting), day),
        "reminderMinutesBeforeStart": data.get("reminderMinutesBeforeStart", 15),
        "isReminderOn": data.get("isReminderOn", True),
        "hasAttachments": False,
        "subject": data.get("subject", ""),
        "bodyPreview": _as_text(data)[:255],
        "importance": data.get("importance", "normal"),
        "sensitivity": data.get("sensitivity", "normal"),
        "isAllDay": all_day,
        "isCancelled": bool(data.get("cancelled")),
        "isOrganizer": item.is_organizer,
        "responseRequested": data.get("responseRequested", True),
        "seriesMasterId": items.id_of(item, immutable=style.immutable) if row.original else None,
        "showAs": data.get("showAs", "busy"),
        "type": row.kind,
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(event_id)}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": bool(data.get("isOnlineMeeting")),
        "onlineMeetingProvider": data.get("onlineMeetingProvider", "unknown"),
        "allowNewTimeProposals": data.get("allowNewTimeProposals", True),
        "isDraft": bool(data.get("isDraft")),
        "hideAttendees": bool(data.get("hideAttendees")),
        "originalStart": stamp(row.original) if row.original else None,
        "recurrence": data.get("recurrence") if row.kind == "seriesMaster" else None,
        "responseStatus": _response(data.get("response"), is_organizer=item.is_organizer),
        "body": body,
        "start": _when(row.start, zone, style.zone, all_day=all_day),
        "end": _when(row.end, data.get("endZone", zone), style.zone, all_day=all_day),
        "location": {**_bare_location(location), **location},
        "locations": locations,
        "attendees": [_attendee(a, shows_answers=item.is_organizer, style=style) for a in data.get("attendees", ())],
        "organizer": organizer.recipient(),
        "onlineMeeting": None,
    }


def expansions(items: Items, row: Row, names: list[tuple[str, str]], style: Style, occurrences: list[Row]) -> dict[str, Any]:
    """Navigation properties by `$expand`: (name, inner filter text)."""
    found: dict[str, Any] = {}
    for name, inner in names:
        if name == "singleValueExtendedProperties":
            wanted = {_property_key(i) for i in re.findall(r"id eq '((?:[^']|'')*)'", inner)}
            held = row.data.get("props", {})
            values = [{"id": key, "value": value} for key, value in held.items() if _property_key(key) in wanted]
            if values:
                found[name] = values
        elif name == "extensions":
            found[name] = [extension_json(e) for e in row.data.get("extensions", ())]
        elif name == "exceptionOccurrences":
            found[name] = [event_json(items, o, style) for o in occurrences if o.kind == "exception"]
        elif name == "instances":
            found[name] = [event_json(items, o, style) for o in occurrences]
    return found


def cancelled_ids(items: Items, row: Row, style: Style) -> list[str]:
    """`OID.<master id>.<date>` of each dropped date of a series."""
    zone = row.item.data["recurrence"]["range"]["recurrenceTimeZone"] if row.item.series else "UTC"
    master = items.id_of(row.item, immutable=style.immutable)
    return [f"OID.{master}.{wall(original, zone).date().isoformat()}" for original in row.item.data.get("dropped", ())]


def extension_json(extension: dict[str, Any]) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.openTypeExtension", "id": f"Microsoft.OutlookServices.OpenTypeExtension.{extension['extensionName']}",
        **extension,
    }  # fmt: skip


def body_json(data: Any, style: Style) -> dict[str, str]:
    if style.text_body:
        return {"contentType": "text", "content": _as_text(data)}
    body = data.get("body") or {"contentType": "html", "content": ""}
    if body["contentType"] == "text" and body["content"]:
        return {"contentType": "html", "content": f"<html><body><div>{html.escape(body['content'])}</div></body></html>"}
    return {"contentType": "html", "content": body["content"]}


def _as_text(data: Any) -> str:
    body = data.get("body") or {"contentType": "text", "content": ""}
    content = str(body["content"])
    return content if body["contentType"] == "text" else html.unescape(re.sub(r"<[^>]*>", "", content)).strip()


def _property_key(name: str) -> str:
    return name.replace("''", "'").casefold()


def _zone_name(zone: str) -> str:
    return windows_name(zone) if "/" in zone else zone


def _when(at: int, own_zone: str, shown_zone: str, *, all_day: bool) -> dict[str, str]:
    """An all-day event floats: midnight in whatever zone is asked for."""
    if all_day:
        return {"dateTime": wall(at, own_zone).strftime("%Y-%m-%dT00:00:00.0000000"), "timeZone": shown_zone}
    return pair(at, shown_zone)


def _bare_location(location: dict[str, Any]) -> dict[str, Any]:
    return (
        {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}} if not location else {}
    )


def _response(response: Any, *, is_organizer: bool) -> dict[str, str]:
    if is_organizer:
        return {"response": "organizer", "time": NEVER}
    answer = response or {"response": "notResponded", "time": None}
    return {"response": answer["response"], "time": stamp(answer["time"]) if answer["time"] else NEVER}


def _attendee(attendee: dict[str, Any], *, shows_answers: bool, style: Style) -> dict[str, Any]:
    """Only the organizer's copy knows what the others answered."""
    response = attendee.get("response", "none") if shows_answers else "none"
    at = attendee.get("time") if shows_answers else None
    found: dict[str, Any] = {
        "type": attendee["type"],
        "status": {"response": response, "time": stamp(at) if at else NEVER},
        "emailAddress": {"name": attendee["name"], "address": attendee["address"]},
    }
    if shows_answers and attendee.get("proposed"):
        low, high = attendee["proposed"]
        found["proposedNewTime"] = {"start": pair(low, style.zone), "end": pair(high, style.zone)}
    return found


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
