"""Fingerprint: a hash of the fields that one side keeps and we keep in step; silences the echo of our own writes."""

from collections.abc import Callable, Collection
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


EVERY_FIELD = frozenset(Field)


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
    told = [tell(booking) for tell in _tellers(frozenset(keeps))]
    return blake2b("\x1e".join(told).encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=64)
def _tellers(keeps: frozenset[Field]) -> tuple[Callable[[Booking], str], ...]:
    return tuple(_teller(field) for field in sorted(keeps))


def _teller(field: Field) -> Callable[[Booking], str]:
    """Field and value as text that no other value of the field has; None and "" differ."""
    if field is Field.SLOT:  # whole minutes, UTC
        return lambda b: f"slot {b.slot.start.timestamp():.0f} {b.slot.end.timestamp():.0f}"
    name = field.value
    return lambda b: name if (value := value_of(b, field)) is None else f"{name} {value}"
