"""Graph's `event` JSON as a client sends it, checked and turned into what an item keeps."""

from datetime import datetime, timedelta
from typing import Any

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError, bad_request, invalid_property
from roombooker_sandbox.exchange.items import Item, place_of
from roombooker_sandbox.exchange.mailboxes import Mailboxes
from roombooker_sandbox.exchange.recurrence import normalized, wall_starts
from roombooker_sandbox.exchange.zones import epoch, local_time, wall

_CHOICES = {
    "importance": ("low", "normal", "high"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "showAs": ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere"),
    "onlineMeetingProvider": ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"),
}
_FLAGS = ("isAllDay", "isReminderOn", "responseRequested", "allowNewTimeProposals", "hideAttendees", "isOnlineMeeting", "isDraft")
_IGNORED = {
    "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "bodyPreview", "hasAttachments", "iCalUId", "isCancelled", "isOrganizer",
    "onlineMeeting", "onlineMeetingUrl", "organizer", "originalStart", "originalStartTimeZone", "originalEndTimeZone", "responseStatus",
    "seriesMasterId", "type", "webLink", "instances", "exceptionOccurrences", "cancelledOccurrences", "uid", "attachments", "calendar",
    "multiValueExtendedProperties", "occurrenceId",
}  # fmt: skip
MAX_ATTENDEES = 500


def simple_fields(body: dict[str, Any], mailboxes: Mailboxes) -> dict[str, Any]:
    """Everything but time, recurrence and transaction; 400 for a name or a value that Graph would not take."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        if "@odata." in name or name in _IGNORED or name in {"start", "end", "recurrence", "transactionId"}:
            continue
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                raise invalid_property(name)
            found[name] = value
        elif name in _FLAGS:
            if not isinstance(value, bool):
                raise invalid_property(name)
            found[name] = value
        elif name in _READERS:
            found |= _READERS[name](value, mailboxes)
        else:
            raise GraphError(400, "RequestBodyRead", f"The property '{name}' does not exist on type 'microsoft.graph.event'.")
    return found


def _subject(value: Any, _: Mailboxes) -> dict[str, Any]:
    if value is not None and not isinstance(value, str):
        raise invalid_property("subject")
    return {"subject": (value or "")[:255]}


def _body(value: Any, _: Mailboxes) -> dict[str, Any]:
    if value is None:
        return {"body": None}
    if not isinstance(value, dict) or str(value.get("contentType", "text")).lower() not in {"text", "html"}:
        raise invalid_property("body")
    return {"body": {"contentType": str(value.get("contentType", "text")).lower(), "content": str(value.get("content") or "")}}


def _categories(value: Any, _: Mailboxes) -> dict[str, Any]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise invalid_property("categories")
    return {"categories": value}


def _reminder(value: Any, _: Mailboxes) -> dict[str, Any]:
    if value is not None and not isinstance(value, int):
        raise invalid_property("reminderMinutesBeforeStart")
    return {"reminderMinutesBeforeStart": value or 0}


def _location(value: Any, mailboxes: Mailboxes) -> dict[str, Any]:
    place = _place(value, mailboxes)
    return {"location": place, "locations": [place] if place.get("displayName") else []}


def _locations(value: Any, mailboxes: Mailboxes) -> dict[str, Any]:
    if not isinstance(value, list):
        raise invalid_property("locations")
    places = [_place(entry, mailboxes) for entry in value]
    return {"locations": places, "location": {**places[0], "displayName": "; ".join(p["displayName"] for p in places)} if places else {}}


def _place(value: Any, mailboxes: Mailboxes) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid_property("location")
    given = {k: v for k, v in value.items() if v is not None}
    room = mailboxes.find(str(given.get("locationEmailAddress") or given.get("locationUri") or ""))
    if room and room.room:
        return place_of(room) | {k: v for k, v in given.items() if k in {"displayName", "address", "coordinates"} and v}
    return {"displayName": "", "locationType": "default", "uniqueId": given.get("displayName", ""), "uniqueIdType": "private"} | given


def _attendees(value: Any, mailboxes: Mailboxes) -> dict[str, Any]:
    if not isinstance(value, list):
        raise invalid_property("attendees")
    if len(value) > MAX_ATTENDEES:
        raise bad_request("The number of attendees exceeds the limit of 500.", "ErrorExceededMaxRecipientLimit")
    found: dict[str, dict[str, Any]] = {}
    for entry in value:
        address = str(((entry or {}).get("emailAddress") or {}).get("address") or "")
        if "@" not in address:
            raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
        kind = entry.get("type") or "required"
        if kind not in {"required", "optional", "resource"}:
            raise invalid_property("attendees")
        known = mailboxes.find(address)
        name = known.name if known else (entry["emailAddress"].get("name") or address)
        shown = known.address if known else address
        found[shown.lower()] = {
            "key": known.key if known else None, "address": shown, "name": name, "type": kind, "response": "none", "time": None,
        }  # fmt: skip
    return {"attendees": list(found.values())}


def _props(value: Any, _: Mailboxes) -> dict[str, Any]:
    if not isinstance(value, list) or not all(isinstance(p, dict) and isinstance(p.get("id"), str) for p in value):
        raise invalid_property("singleValueExtendedProperties")
    for entry in value:
        if len(entry["id"].split(" ")) < 3 and not entry["id"].split(" ")[-1].lower().startswith("0x"):
            raise GraphError(400, "ErrorInvalidProperty", f"The extended property id '{entry['id']}' is not valid.")
    return {"props": {p["id"]: p.get("value") for p in value}}


def _extensions(value: Any, _: Mailboxes) -> dict[str, Any]:
    if not isinstance(value, list):
        raise invalid_property("extensions")
    return {"extensions": [open_extension(entry) for entry in value]}


def open_extension(value: Any) -> dict[str, Any]:
    """An openTypeExtension without its computed id; extensionName is required."""
    if not isinstance(value, dict) or not value.get("extensionName"):
        raise bad_request("extensionName is required for an open extension.", "BadRequest")
    return {k: v for k, v in value.items() if not k.startswith("@odata.") and k != "id"}


_READERS = {
    "subject": _subject, "body": _body, "categories": _categories, "reminderMinutesBeforeStart": _reminder, "location": _location,
    "locations": _locations, "attendees": _attendees, "singleValueExtendedProperties": _props, "extensions": _extensions,
}  # fmt: skip


def times(body: dict[str, Any], fields: dict[str, Any], old: Item | None) -> tuple[int, int, dict[str, Any]]:
    """Start and end in epoch seconds and the zone and recurrence to keep, from a create (`old` is None) or a change of `old`."""
    start, end, kept = _slot(body, old)
    all_day = fields.get("isAllDay", bool(old and old.data.get("isAllDay")))
    if all_day:
        _check_all_day(start, end)
    if end < start:
        raise bad_request("The Event.End property must not be earlier than the Event.Start property.", "ErrorInvalidRequest")
    recurrence = body["recurrence"] if "recurrence" in body else (old.data.get("recurrence") if old else None)
    if recurrence is not None:
        zone = (recurrence.get("range") or {}).get("recurrenceTimeZone") if isinstance(recurrence, dict) else None
        zone = zone or kept["zone"]
        begins = wall(epoch(start, kept["zone"]), zone)
        if "recurrence" not in body and old and ("start" in body):
            recurrence = {**recurrence, "range": {**recurrence["range"], "startDate": begins.date().isoformat()}}
        recurrence = normalized(recurrence, begins, zone)
        length = wall(epoch(end, kept["endZone"]), zone) - begins
        first = next(wall_starts(recurrence, begins.time()), None)
        if first is None:
            raise GraphError(400, "ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrences.")
        kept["recurrence"] = recurrence
        return epoch(first, zone), epoch(first + length, zone), kept
    kept["recurrence"] = None
    return epoch(start, kept["zone"]), epoch(end, kept["endZone"]), kept


def _slot(body: dict[str, Any], old: Item | None) -> tuple[datetime, datetime, dict[str, Any]]:
    if old is None:
        if not body.get("start") or not body.get("end"):
            raise bad_request("The Event.Start and Event.End properties are required.", "ErrorInvalidRequest")
        start, zone = local_time(body["start"], "start")
        end, end_zone = local_time(body["end"], "end")
        return start, end, {"zone": zone, "endZone": end_zone}
    zone, end_zone = old.data.get("zone", "UTC"), old.data.get("endZone", old.data.get("zone", "UTC"))
    start, end = wall(old.start, zone), wall(old.end, end_zone)
    if body.get("start"):
        length = end - start
        start, zone = local_time(body["start"], "start")
        if not body.get("end"):
            end, end_zone = start + length, zone
    if body.get("end"):
        end, end_zone = local_time(body["end"], "end")
    return start, end, {"zone": zone, "endZone": end_zone}


def _check_all_day(start: datetime, end: datetime) -> None:
    for name, moment in (("Start", start), ("End", end)):
        if moment.hour or moment.minute or moment.second:
            raise GraphError(400, inferred.ALL_DAY_CODE, f"The Event.{name} property for an all-day event needs to be set to midnight.")
    if end - start < timedelta(days=1):
        raise GraphError(400, inferred.ALL_DAY_CODE, "The duration of an event marked as All day must be at least 24 hours.")
