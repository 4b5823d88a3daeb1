"""A reservation as the card that spec R describes, with the names of rooms and people looked up once per answer."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.fiql import values_of
from roombooker_sandbox.topdesk.moments import from_minute, from_second, read_instant
from roombooker_sandbox.topdesk.reservation import Facility, Reservation

_ACCOUNT_FIELDS = ("email", "loginName", "networkLoginName", "employeeNumber")
_PERSON_FIELD = {"loginName": "tasLoginName"}


class Reader:
    """Locations and persons by serial or id, remembered for the length of one answer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rooms: dict[int, Card] = {}
        self._persons: dict[int | str, Card] = {}

    def room(self, serial: int) -> Card:
        if serial not in self._rooms:
            row = self._db.execute("SELECT card FROM topdesk_locations WHERE serial = ?", (serial,)).fetchone()
            card = json.loads(row["card"])
            self._rooms[serial] = {
                "id": card["id"], "name": card["name"], "roomNumber": card["roomNumber"], "branch": card["branch"], "roomType": card["type"],
            }  # fmt: skip
        return self._rooms[serial]

    def person(self, key: int | str) -> Card:
        """By serial or by id; empty when there is none."""
        if key not in self._persons:
            column = "serial" if isinstance(key, int) else "id"
            row = self._db.execute(f"SELECT card FROM topdesk_persons WHERE {column} = ?", (key,)).fetchone()  # noqa: S608
            self._persons[key] = json.loads(row["card"]) if row else {}
        return self._persons[key]

    def reservation(self, it: Reservation) -> Card:
        """All members; instants as datetimes, so that it can be filtered as well as written."""
        details = it.details
        series = it.series
        return {
            "id": it.id, "status": it.status, "number": it.number, "briefDescription": it.subject, "notes": details.get("notes", ""),
            "archived": it.archived, "requester": details.get("requester") or requester_card(self.person(it.requester)),
            "reservedForOther": None, "operator": details.get("operator"), "operatorGroup": details.get("operatorGroup"),
            "participants": details.get("participants", {"persons": [], "visitors": []}), "numberOfPersons": details.get("numberOfPersons"),
            "plannedStartDate": from_minute(it.start), "plannedEndDate": from_minute(it.end),
            "reservedFacilities": [self._facility(it, f) for f in it.facilities], "event": None,
            "processingStatus": details.get("processingStatus"), "series": {"id": series} if series else None,
            "externalLinks": [_dated(link) for link in details.get("externalLinks", ())],
            "optionalFields1": _dated(details.get("optionalFields1", {})), "optionalFields2": _dated(details.get("optionalFields2", {})),
            "modificationDate": from_second(it.modified),
        }  # fmt: skip

    def _facility(self, it: Reservation, facility: Facility) -> Card:
        card: Card = {
            "id": facility.id, "plannedStartDate": from_minute(it.start), "plannedEndDate": from_minute(it.end),
            "startDateBlock": from_minute(it.start - facility.block), "endDateBlock": from_minute(it.end + facility.block),
            "issueDate": None if facility.issued is None else from_second(facility.issued),
            "returnDate": None if facility.returned is None else from_second(facility.returned),
            "reservedServices": [
                {**service, "deliveryTime": from_minute(it.start + service["deliveryTime"])} for service in facility.services
            ],
        }  # fmt: skip
        if facility.room is not None:
            card["location"] = self.room(facility.room)
        return card | (facility.thing or {})

    def find(self, card: Mapping[str, Any], path: str) -> Iterable[Any]:
        """For queries: people can be told by members of their person card that the reservation does not show."""
        head, _, last = path.rpartition(".")
        if head in ("requester", "reservedForOther", "participants.persons") and last in _ACCOUNT_FIELDS:
            return self._accounts(card, head, _PERSON_FIELD.get(last, last))
        return values_of(card, path)

    def _accounts(self, card: Mapping[str, Any], head: str, member: str) -> Iterator[Any]:
        for person in values_of(card, f"{head}.id"):
            if person:
                yield self.person(person).get(member)


def requester_card(person: Card) -> Card:
    """What a reservation copies from its requester."""
    branch = person.get("branch") or {}
    return {
        "id": person["id"], "branch": {"id": branch.get("id"), "name": branch.get("name")}, "name": person["dynamicName"],
        "email": person["email"], "telephone": person["phoneNumber"],
    }  # fmt: skip


def _dated(kept: Mapping[str, Any]) -> Card:
    """Stored optional fields and links with their dates as instants."""
    return {k: read_instant(v) if k.startswith("date") and v else v for k, v in kept.items()}
