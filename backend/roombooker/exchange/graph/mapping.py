"""Graph's event JSON to a Booking, and a Draft to Graph's JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from roombooker.domain.booking import MATCH_KEY, Booking, Draft, Person, Side, Standing
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot, whole_minute
from roombooker.errors import Garbled
from roombooker.exchange.graph.zones import read_instant, read_stamp, write_instant

# A named property of our own on the room's copy: neither the organizer nor attendees get it.
MATCH_KEY_PROPERTY = "String {6f1d5c0e-9a43-4d9b-8a57-2f6c1b7e3d90} Name RoomBookerMatchKey"
EXPAND = f"singleValueExtendedProperties($filter=id eq '{MATCH_KEY_PROPERTY}')"
PRIVATE = "Private"
_PRIVATE = ("private", "confidential")
_WIDTH = 255
_CUSTOM = "tzone://Microsoft/Custom"  # a zone that some Outlook made up

_STANDINGS = {
    "accepted": Standing.PLANNED,
    "organizer": Standing.PLANNED,
    "tentativelyAccepted": Standing.REQUESTED,
    "notResponded": Standing.REQUESTED,
    "none": Standing.REQUESTED,
    "declined": Standing.REJECTED,
}


def is_master(event: Mapping[str, Any]) -> bool:
    return event.get("type") == "seriesMaster"


def is_partial(event: Mapping[str, Any]) -> bool:
    """Delta sends of an occurrence only its id, type, master and times (microsoft-graph-docs issues 7632 and 22197)."""
    return event.get("type") == "occurrence" and "organizer" not in event


def read_bookings(events: Iterable[Mapping[str, Any]], room: Room) -> list[Booking]:
    """All that are no masters; Garbled where one makes no sense."""
    return [read_booking(event, room) for event in events if not is_master(event)]


def read_booking(event: Mapping[str, Any], room: Room) -> Booking:
    """An event of the room's own calendar. What rooms do not keep (usually subject and privacy) is None or False."""
    ident = event.get("id")
    if not isinstance(ident, str) or not ident:
        raise Garbled(Side.EXCHANGE, "Exchange gave an event without an id.")
    start, end = _times(event, room)
    if whole_minute(end) <= whole_minute(start):
        end = start + timedelta(minutes=1)  # Exchange knows meetings of no length
    is_own = _organizer_address(event) == room.mailbox.lower() or (event.get("isOrganizer") is True and not _organizer_address(event))
    is_private = event.get("sensitivity") in _PRIVATE
    keeps = room.keeps_subject or is_own
    return Booking(
        side=Side.EXCHANGE,
        ref=ident,
        place=room.mailbox,
        room_id=room.id,
        slot=Slot(start, end),
        standing=_standing(event, is_own=is_own),
        version=str(event.get("changeKey") or event.get("@odata.etag") or ""),
        organizer=_first_guest(event, room) if is_own else _person(event.get("organizer")),
        subject=PRIVATE if is_private else (str(event.get("subject") or "") if keeps else None),
        attendees=None if is_own else _count(event, room),
        private=is_private,
        match_key=_match_key(event),
        ical_uid=event.get("iCalUId") or None,
        original_start=_original_start(event, start),
        series_ref=event.get("seriesMasterId") or None,
        room_organizes=is_own,
        modified_at=read_stamp(event.get("lastModifiedDateTime")),
    )


def write_event(room: Room, draft: Draft) -> dict[str, Any]:
    """A meeting that the room itself organizes: the organizer and the guests are its attendees. `transactionId` makes a repeat harmless."""
    people = {p.email: p for p in (draft.organizer, *draft.guests) if p and p.email and p.email != room.mailbox.lower()}
    return {
        "subject": PRIVATE if draft.private else " ".join(draft.subject.split())[:_WIDTH],
        "body": {"contentType": "text", "content": draft.note},
        "start": write_instant(draft.slot.start),
        "end": write_instant(draft.slot.end),
        "location": {"displayName": room.name, "locationEmailAddress": room.mailbox, "locationType": "conferenceRoom"},
        "attendees": [{"type": "required", "emailAddress": {"address": p.email, "name": p.name or p.email}} for p in people.values()],
        "sensitivity": "private" if draft.private else "normal",
        "showAs": "tentative" if draft.standing is Standing.REQUESTED else "busy",
        "isReminderOn": False,
        "allowNewTimeProposals": False,
        "singleValueExtendedProperties": [{"id": MATCH_KEY_PROPERTY, "value": draft.match_key}],
        "transactionId": draft.match_key,
    }


def write_changes(room: Room, seen: Booking, draft: Draft) -> dict[str, Any]:
    """What a PATCH must carry to bring a meeting of the room's own to the draft; {} where nothing differs."""
    whole = write_event(room, draft)
    changes: dict[str, Any] = {}
    if seen.slot != draft.slot:
        changes |= {name: whole[name] for name in ("start", "end")}
    if (seen.subject or "") != whole["subject"] or seen.private != draft.private:
        changes |= {name: whole[name] for name in ("subject", "sensitivity")}
    if draft.organizer is not None and not draft.organizer.is_same_as(seen.organizer):
        changes["attendees"] = whole["attendees"]
    if (seen.standing is Standing.REQUESTED) != (draft.standing is Standing.REQUESTED):
        changes["showAs"] = whole["showAs"]
    if seen.match_key != draft.match_key:
        changes["singleValueExtendedProperties"] = whole["singleValueExtendedProperties"]
    return changes


def _standing(event: Mapping[str, Any], *, is_own: bool) -> Standing:
    if event.get("isCancelled") is True:
        return Standing.CANCELLED
    if is_own:
        return Standing.REQUESTED if event.get("showAs") == "tentative" else Standing.PLANNED
    response = (event.get("responseStatus") or {}).get("response")
    return _STANDINGS.get(str(response), Standing.REQUESTED)


def _organizer_address(event: Mapping[str, Any]) -> str:
    organizer = _person(event.get("organizer"))
    return organizer.email if organizer else ""


def _person(recipient: Any) -> Person | None:
    address = ((recipient or {}).get("emailAddress")) or {}
    email = address.get("address")
    return Person(email, str(address.get("name") or "")) if isinstance(email, str) and email.strip() else None


def _people(event: Mapping[str, Any], room: Room) -> list[Person]:
    """Attendees that are no rooms or equipment."""
    found = (_person(a) for a in event.get("attendees") or [] if isinstance(a, Mapping) and a.get("type") != "resource")
    return [p for p in found if p and p.email != room.mailbox.lower()]


def _first_guest(event: Mapping[str, Any], room: Room) -> Person | None:
    """Whom a meeting of the room's own is for: we put the organizer first."""
    return next(iter(_people(event, room)), None)


def _count(event: Mapping[str, Any], room: Room) -> int | None:
    """People, the organizer included; None where attendees are hidden from attendees."""
    if event.get("hideAttendees") is True:
        return None
    return len({p.email for p in _people(event, room)} | {_organizer_address(event)} - {""})


def _match_key(event: Mapping[str, Any]) -> str | None:
    """From our property, which lists carry; or from the transaction id of a meeting that we made, which delta carries too."""
    for entry in event.get("singleValueExtendedProperties") or []:
        if str(entry.get("id", "")).lower() == MATCH_KEY_PROPERTY.lower():
            found = MATCH_KEY.fullmatch(str(entry.get("value") or ""))
            if found:
                return found.group()
    found = MATCH_KEY.fullmatch(str(event.get("transactionId") or ""))
    return found.group() if found else None


def _times(event: Mapping[str, Any], room: Room) -> tuple[datetime, datetime]:
    """Of an all-day event Graph gives midnight in whatever zone was asked for (microsoft-graph-docs issue 1802): it is meant in the zone
    that the event was made in."""
    start, end = event.get("start"), event.get("end")
    if event.get("isAllDay") is True:
        zone = str(event.get("originalStartTimeZone") or "")
        known = room.time_zone if zone in ("", _CUSTOM) else zone
        start, end = ({**(at or {}), "timeZone": known} for at in (start, end))
    return read_instant(start), read_instant(end)


def _original_start(event: Mapping[str, Any], start: datetime) -> datetime | None:
    found = read_stamp(event.get("originalStart"))
    if found is None and event.get("type") == "occurrence":
        found = start  # an occurrence that is no exception starts where it always did
    return whole_minute(found) if found else None
