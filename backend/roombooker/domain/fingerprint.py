"""Fingerprint: a hash of the fields that one side keeps and we keep in step; silences the echo of our own writes."""

from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
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
            return booking.slot
        case Field.PLACE:
            return booking.place.lower()
        case Field.STANDING:
            return booking.standing
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
    told = [_told(booking, field) for field in _ordered(frozenset(keeps))]
    return blake2b("\x1e".join(told).encode(), digest_size=16).hexdigest()


def _told(booking: Booking, field: Field) -> str:
    """Field and value as text that no other value of the field has; None and "" differ."""
    if field is Field.SLOT:  # whole minutes, UTC
        return f"slot {int(booking.slot.start.timestamp())} {int(booking.slot.end.timestamp())}"
    value = value_of(booking, field)
    return f"{field.value}" if value is None else f"{field.value} {value}"


@lru_cache(maxsize=64)
def _ordered(keeps: frozenset[Field]) -> tuple[Field, ...]:
    return tuple(sorted(keeps))
