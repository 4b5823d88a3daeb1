"""Facilities and services of a reservation from a body's references: does the room exist, may it be had, is it open."""

import json
import sqlite3
import uuid

from roombooker_sandbox.topdesk.answers import Card, Refused, error, refuse
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.inferred import CODE_LEAD_TIME, CODE_NOT_RESERVABLE, CODE_OUTSIDE_WINDOW
from roombooker_sandbox.topdesk.reservation import Facility, Reservation
from roombooker_sandbox.topdesk.system import Topdesk
from roombooker_sandbox.topdesk.windows import is_open


def read_facility(topdesk: Topdesk, db: sqlite3.Connection, body: Body, *, services: bool = False) -> Facility | None:
    """A new facility of what a reference names; None when it names nothing that can be had (blamed in `body`)."""
    body.allow("location", "object", "asset", *(("services",) if services else ()))
    given = [name for name in ("location", "object", "asset") if body.has(name)]
    if len(given) != 1:
        body.blame("value_mandatory", "location", "or exactly one of 'object' and 'asset' is mandatory")
        return None
    reference = body.inner(given[0])
    if reference is None or given[0] != "location":
        body.blame("value_unknown", given[0], "cannot be found")  # this sandbox lends out rooms alone
        return None
    reference.allow("id")
    reference.require("id")
    location_id = reference.uuid("id")
    found = topdesk.location(db, location_id) if location_id else None
    if found is None:
        if location_id:
            reference.blame("value_unknown", "id", "cannot be found")
        return None
    serial, card = found
    if card["status"] == "archived" or not card["reservationManagement"]["reservable"]:
        reference.blame(CODE_NOT_RESERVABLE, "id", "is not reservable")
        return None
    facility = Facility(str(uuid.uuid4()), serial, None, card["reservationManagement"].get("blockTime") or 0)
    for item in body.items("services") if services else ():
        if service := read_service(db, item):
            facility.services.append(reserved(service, card["id"]))
    return facility


def read_service(db: sqlite3.Connection, body: Body) -> Card | None:
    body.allow("id", "name")
    service_id, name = body.uuid("id"), body.text("name")
    rows = db.execute(
        "SELECT card FROM topdesk_services WHERE archived = 0 AND (id = ? OR (? IS NULL AND name = ? COLLATE NOCASE))", (service_id, service_id, name)
    ).fetchall()  # fmt: skip
    if len(rows) != 1:
        body.blame(
            "value_invalid" if rows else "value_unknown", "id" if service_id else "name", "is ambiguous" if rows else "cannot be found"
        )
        return None
    card: Card = json.loads(rows[0]["card"])
    return card


def reserved(service: Card, location_id: str) -> Card:
    """With the default values of the service card; delivery as minutes after the start of the reservation."""
    return {
        "id": str(uuid.uuid4()), "serviceId": service["id"], "amount": 1, "deliveryTime": 0, "deliveryLocationId": location_id,
        "totalCosts": service["price"], "notes": "", "closed": False,
    }  # fmt: skip


def check_services(topdesk: Topdesk, db: sqlite3.Connection, it: Reservation, *, allow_passed: bool, only: set[str] | None = None) -> None:
    """400 for a service twice at one delivery time, and for one whose lead time has passed unless the caller allows that."""
    for facility in it.facilities:
        kinds = [(service["serviceId"], service["deliveryTime"]) for service in facility.services]
        if len(kinds) != len(set(kinds)):
            raise refuse("duplicate_value", "A service cannot be reserved twice at the same delivery time", "services")
    if allow_passed:
        return
    late = []
    for service in (s for f in it.facilities for s in f.services if only is None or s["id"] in only):
        row = db.execute("SELECT card FROM topdesk_services WHERE id = ?", (service["serviceId"],)).fetchone()
        lead = json.loads(row["card"])["leadMinutes"] if row else 0
        if (it.start + service["deliveryTime"] - lead) * 60 < topdesk.now_s:
            late.append(error(CODE_LEAD_TIME, "The lead time of a service has passed", "services"))
    if late:
        raise Refused(400, {"errors": late})


def check_period(db: sqlite3.Connection, it: Reservation) -> None:
    """Start before end, and both inside the window of each room."""
    if it.start >= it.end:
        raise refuse("value_invalid", "The planned start date must be before the planned end date", "plannedStartDate", "plannedEndDate")
    for room in it.rooms:
        card = json.loads(db.execute("SELECT card FROM topdesk_locations WHERE serial = ?", (room,)).fetchone()["card"])
        if not is_open(db, card, it.start, it.end):
            raise refuse(
                CODE_OUTSIDE_WINDOW, "The reservation lies outside the service window of a facility", "plannedStartDate", "plannedEndDate"
            )
