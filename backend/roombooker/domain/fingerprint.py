"""Fingerprint: a hash of the fields that one side keeps and we keep in step; silences the echo of our own writes."""

import hashlib
import json
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from roombooker.domain.booking import Booking


class Field(StrEnum):
    """What can be kept in step. Which of them a side keeps, and follows, is in the plan's rules."""

    SLOT = "slot"
    PLACE = "place"
    STANDING = "standing"
    ORGANIZER = "organizer"
    ATTENDEES = "attendees"
    SUBJECT = "subject"
    PRIVATE = "private"


def value_of(booking: Booking, field: Field) -> Any:
    """The field in a form that compares and hashes; None: this record does not tell."""
    match field:
        case Field.SLOT:
            return [booking.slot.start.isoformat(), booking.slot.end.isoformat()]
        case Field.PLACE:
            return booking.place.lower()
        case Field.STANDING:
            return booking.standing.value
        case Field.ORGANIZER:
            return booking.organizer.email if booking.organizer else None
        case Field.ATTENDEES:
            return booking.attendees
        case Field.SUBJECT:
            return " ".join((booking.subject or "").split()) or None
        case Field.PRIVATE:
            return booking.private


def fingerprint(booking: Booking, keeps: Collection[Field]) -> str:
    """32 hex digits over the kept fields, in a fixed order."""
    told = {field.value: value_of(booking, field) for field in sorted(keeps)}
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()[:32]
