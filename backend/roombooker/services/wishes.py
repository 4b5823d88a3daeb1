"""What a caller asks for, checked before anything is remembered or sent."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from roombooker.domain.booking import Person
from roombooker.domain.room import Room
from roombooker.domain.rules import hours_of, refusal_of_party, refusal_of_slot
from roombooker.domain.slot import Slot
from roombooker.errors import InvalidInput

DESCRIPTION_WIDTH = 100  # TOPdesk's description of a reservation
LONGEST = timedelta(days=31)  # also for rooms that set no limit of their own


@dataclass(frozen=True, kw_only=True, slots=True)
class BookingRequest:
    rooms: tuple[str, ...]
    slot: Slot
    organizer: str  # lower case
    subject: str = ""
    attendees: int | None = None
    private: bool = False
    recurrence: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "BookingRequest":
        """From the checked body of a request: `start` and `end` aware datetimes."""
        try:
            slot = Slot(body["start"], body["end"])
        except ValueError as error:
            raise InvalidInput("The end must be after the start.", {"end": [str(error)]}) from error
        return cls(
            rooms=tuple(dict.fromkeys(body["rooms"])),
            slot=slot,
            organizer=str(body["organizer"]).strip().lower(),
            subject=body.get("subject") or "",
            attendees=body.get("attendees"),
            private=bool(body.get("private", False)),
            recurrence=body.get("recurrence") or None,
        )


def fingerprint(kind: str, what: Mapping[str, Any]) -> str:
    """The same for the same wish, in whatever order its members came."""
    return hashlib.sha256(json.dumps([kind, jsonable(what)], sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def jsonable(value: Any) -> Any:
    """Times and dates as ISO text, all the way down."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(name): jsonable(member) for name, member in value.items()}
        case list() | tuple():
            return [jsonable(member) for member in value]
        case _:
            return value


def check_slots(slots: Sequence[Slot], rooms: Sequence[Room], *, now: datetime, horizon: timedelta) -> None:
    """InvalidInput with the field named, for times (soonest first) that can never be booked in these rooms."""
    for room in rooms:
        refusal = refusal_of_slot(hours_of(room, horizon), slots, now)
        if refusal:
            raise InvalidInput(refusal["message"], {_FIELDS.get(refusal["code"], "start"): [refusal["message"]]})
    if max(slot.duration for slot in slots) > LONGEST:
        raise InvalidInput(f"A booking can last {LONGEST.days} days at most.", {"end": [f"At most {LONGEST.days} days."]})


def check_party(rooms: Sequence[Room], attendees: int, groups: frozenset[str] | None) -> None:
    """InvalidInput where a room is not for so many, or not for these people; several rooms seat the party together."""
    for room in rooms:
        refusal = refusal_of_party(room, attendees if len(rooms) == 1 else 1, groups)
        if refusal:
            field = "attendees" if refusal["code"] == "too_small" else "rooms"
            raise InvalidInput(refusal["message"], {field: [refusal["message"]]})


_FIELDS = {"in_the_past": "end", "too_long": "end", "beyond_horizon": "start", "outside_service_hours": "start"}


def description(subject: str, organizer: Person | None, *, private: bool) -> str:
    """What TOPdesk shows: never a private subject, never wider than its field."""
    if private:
        return "Private"
    text = " ".join(subject.split()) or (f"Meeting of {organizer.name or organizer.email}" if organizer else "Meeting")
    return text if len(text) <= DESCRIPTION_WIDTH else text[: DESCRIPTION_WIDTH - 1].rstrip() + "…"
