"""TOPdesk's reservation JSON to a Booking, and a Draft to TOPdesk's JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from roombooker.domain.booking import MATCH_KEY, Booking, Draft, Person, Side, Standing
from roombooker.domain.slot import Slot
from roombooker.errors import Garbled
from roombooker.topdesk.wording import PRIVATE, one_line

MOST_PERSONS = 99_999

_STANDINGS = {
    "planned": Standing.PLANNED,
    "request": Standing.REQUESTED,
    "conflictingPlanned": Standing.CONFLICTING,
    "conflictingRequest": Standing.CONFLICTING,
    "cancelled": Standing.CANCELLED,
    "rejectedRequest": Standing.REJECTED,
}
LIVE_STATUSES = tuple(status for status, standing in _STANDINGS.items() if standing.is_live)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """What differs between installations. `match_field` is a path such as optionalFields1.text1; `person_account` an id or an e-mail."""

    match_field: str
    person_account: str

    @property
    def match_is_memo(self) -> bool:
        return self.match_field.rpartition(".")[2].startswith("memo")


def read_moment(value: Any) -> datetime:
    """`Z`, `+00:00`, `+0000` or nothing (then UTC), with or without fractions: the suffix is undocumented. Aware UTC; Garbled otherwise."""
    found = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise Garbled(Side.TOPDESK, "TOPdesk gave a date in an unknown form.")
    day, clock, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        return datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise Garbled(Side.TOPDESK, "TOPdesk gave a date that does not exist.") from None


def write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def value_at(card: Mapping[str, Any], path: str) -> Any:
    """Follows `optionalFields1.text1`; None where any part is left out, null or empty."""
    found: Any = card
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if found != "" else None


def read_bookings(card: Mapping[str, Any], rooms: Mapping[str, str], dialect: Dialect) -> list[Booking]:
    """One Booking per room of the reservation. `rooms` maps location ids to our room ids; others get room_id "". Garbled where it makes no sense."""
    held = card.get("reservedFacilities")
    facilities = [f for f in (held if isinstance(held, list) else []) if isinstance(f, Mapping) and value_at(f, "location.id")]
    return [_booking(card, facility, rooms, dialect, is_one_of_many=len(facilities) > 1) for facility in facilities]


def read_lost(card: Mapping[str, Any], place: str, rooms: Mapping[str, str], dialect: Dialect) -> Booking:
    """The tombstone of a location that the reservation does not hold any more."""
    lost = _booking(card, {"location": {"id": place}}, rooms, dialect, is_one_of_many=True)
    return replace(lost, standing=Standing.CANCELLED)


def _booking(
    card: Mapping[str, Any], facility: Mapping[str, Any], rooms: Mapping[str, str], dialect: Dialect, *, is_one_of_many: bool
) -> Booking:
    ident, status, place = value_at(card, "id"), card.get("status"), str(value_at(facility, "location.id"))
    if not isinstance(ident, str) or not isinstance(status, str) or status not in _STANDINGS:
        raise Garbled(Side.TOPDESK, "TOPdesk gave a reservation without an id or with an unknown status.")
    start = read_moment(value_at(facility, "plannedStartDate") or card.get("plannedStartDate"))
    end = read_moment(value_at(facility, "plannedEndDate") or card.get("plannedEndDate"))
    modified = value_at(card, "modificationDate")
    modified_at = read_moment(modified) if modified else None
    try:
        slot = Slot(start, end)
    except ValueError:
        raise Garbled(Side.TOPDESK, "TOPdesk gave a reservation that ends before it starts.") from None
    return Booking(
        side=Side.TOPDESK,
        ref=f"{ident}:{place}" if is_one_of_many else ident,
        place=place,
        room_id=rooms.get(place, ""),
        slot=slot,
        standing=_STANDINGS[status],
        version=modified_at.isoformat() if modified_at else "",
        organizer=_organizer(card, dialect),
        subject=str(value_at(card, "briefDescription") or ""),
        attendees=_count(value_at(card, "numberOfPersons")),
        match_key=_match_key(value_at(card, dialect.match_field)),
        series_ref=_text(value_at(card, "series.id")),
        number=_text(value_at(card, "number")),
        is_conflicting_request=status == "conflictingRequest",
        has_services=bool(facility.get("reservedServices")),
        is_archived=card.get("archived") is True,
        modified_at=modified_at,
    )


def _organizer(card: Mapping[str, Any], dialect: Dialect) -> Person | None:
    """The requester, unless that is the person account, which stands for nobody."""
    email, ident = value_at(card, "requester.email"), value_at(card, "requester.id")
    account = dialect.person_account.lower()
    if not isinstance(email, str) or not email.strip() or account in (email.strip().lower(), str(ident).lower()):
        return None
    return Person(email, str(value_at(card, "requester.name") or ""))


def _count(value: Any) -> int | None:
    """0 is what an unset number looks like."""
    return int(value) if isinstance(value, int | float) and 0 < value <= MOST_PERSONS else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _match_key(value: Any) -> str | None:
    found = MATCH_KEY.search(value) if isinstance(value, str) else None
    return found.group() if found else None


def write_reservation(draft: Draft, location_id: str, requester_id: str, dialect: Dialect) -> dict[str, Any]:
    """The body of a create."""
    return {
        "requester": {"id": requester_id},
        "plannedStartDate": write_moment(draft.slot.start),
        "plannedEndDate": write_moment(draft.slot.end),
        "reservedFacilities": [{"location": {"id": location_id}}],
        "briefDescription": write_subject(draft),
        "status": "request" if draft.standing is Standing.REQUESTED else "planned",
        **({"numberOfPersons": write_persons(draft.attendees)} if draft.attendees is not None else {}),
        **({"notes": draft.note} if draft.note else {}),
        **write_match_key(draft.match_key, dialect),
    }


def write_subject(draft: Draft) -> str:
    return PRIVATE if draft.private else one_line(draft.subject)


def write_persons(attendees: int) -> int:
    return max(0, min(attendees, MOST_PERSONS))


def write_match_key(match_key: str, dialect: Dialect) -> dict[str, Any]:
    tab, _, name = dialect.match_field.partition(".")
    return {tab: {name: match_key}}
