"""Changes of what a reservation holds: rooms moved, added and removed, services, participants."""

import sqlite3

from flask import Blueprint, Response

from roombooker_sandbox.topdesk.answers import Refused, error, refuse, truth
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.conflicts import settle
from roombooker_sandbox.topdesk.editing import participants
from roombooker_sandbox.topdesk.reservation import Facility, Reservation
from roombooker_sandbox.topdesk.reserving import check_period, check_services, read_facility, read_service, reserved
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk
from roombooker_sandbox.topdesk.transitions import Change, changing


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    def settled(change: Change, *, services: set[str] | None = None) -> None:
        check_period(change.db, change.it)
        check_services(topdesk, change.db, change.it, allow_passed=bool(truth("allowPassedLeadTimes")), only=services)
        settle(change.db, change.it, world.switches)

    @blueprint.post(f"{API}/reservations/<identifier>/reservedFacilities/move")
    @needs(world, "reservations_write")
    def move_facility(identifier: str) -> Response:
        with changing(topdesk, identifier, "facilities") as change:
            body = Body()
            body.allow("from", "to")
            body.require("from", "to")
            old, new = body.inner("from"), body.inner("to")
            target = read_facility(topdesk, change.db, new) if new else None
            left = _held(change.db, change.it, old) if old else None
            body.finish()
            if left is None or target is None:
                raise refuse("value_unknown", "The facility is not part of the reservation", "from")
            if target.room in change.it.rooms:
                raise refuse("duplicate_value", "The facility is part of the reservation already", "to")
            target.services = left.services
            change.it.facilities = [target if facility is left else facility for facility in change.it.facilities]
            settled(change, services=set())
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/reservedFacilities/add")
    @needs(world, "reservations_write")
    def add_facilities(identifier: str) -> Response:
        with changing(topdesk, identifier, "facilities") as change:
            body = Body()
            body.allow("add")
            body.require("add")
            new = [f for item in body.items("add") if (f := read_facility(topdesk, change.db, item))]
            body.finish()
            rooms = change.it.rooms + [f.room for f in new if f.room is not None]
            if len(rooms) != len(set(rooms)):
                raise refuse("duplicate_value", "The facility is part of the reservation already", "add")
            change.it.facilities = change.it.facilities + new
            settled(change, services=set())
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/reservedFacilities/remove")
    @needs(world, "reservations_write")
    def remove_facilities(identifier: str) -> Response:
        with changing(topdesk, identifier, "facilities") as change:
            body = Body()
            body.allow("remove")
            body.require("remove")
            gone = [f for item in body.items("remove") if (f := _held(change.db, change.it, item))]
            body.finish()
            change.it.facilities = [facility for facility in change.it.facilities if facility not in gone]
            if not change.it.facilities:
                raise refuse("value_invalid", "A reservation needs at least one facility", "remove")
            settled(change, services=set())
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/reservedServices")
    @needs(world, "reservations_write")
    def change_services(identifier: str) -> Response:
        """Adds by service card, removes by the id of the *reserved* service."""
        with changing(topdesk, identifier, "services") as change:
            body = Body()
            body.allow("facility", "addServices", "removeServices")
            body.require("facility")
            named = body.inner("facility")
            facility = _held(change.db, change.it, named) if named else None
            added = [service for item in body.items("addServices") if (service := read_service(change.db, item))]
            removed = {item.uuid("id") for item in body.items("removeServices")}
            body.finish()
            if facility is None:
                raise refuse("value_unknown", "The facility is not part of the reservation", "facility")
            _change_services(
                topdesk, change, facility, [reserved(service, _location_id(change.db, facility)) for service in added], removed
            )
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/participants/add")
    @needs(world, "reservations_write")
    def add_participants(identifier: str) -> Response:
        """Those who are there already are silently ignored."""
        with changing(topdesk, identifier, "services") as change:
            body = Body()
            given = participants(change.db, body)["persons"]
            body.finish()
            kept = change.it.details.get("participants", {"persons": [], "visitors": []})
            present = {person["id"] for person in kept["persons"]}
            new = list({person["id"]: person for person in given if person["id"] not in present}.values())
            change.it.details["participants"] = {**kept, "persons": [*kept["persons"], *new]}
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/participants/remove")
    @needs(world, "reservations_write")
    def remove_participants(identifier: str) -> Response:
        with changing(topdesk, identifier, "services") as change:
            body = Body()
            body.allow("persons", "visitors")
            gone = {item.uuid("id") for item in body.items("persons")}
            body.finish()
            kept = change.it.details.get("participants", {"persons": [], "visitors": []})
            change.it.details["participants"] = {**kept, "persons": [p for p in kept["persons"] if p["id"] not in gone]}
        return change.answer


def _change_services(
    topdesk: Topdesk, change: Change, facility: Facility, added: list[dict[str, object]], removed: set[str | None]
) -> None:
    unknown = removed - {service["id"] for service in facility.services}
    if unknown:
        raise Refused(400, {"errors": [error("value_unknown", "The reserved service cannot be found", "removeServices") for _ in unknown]})
    facility.services = [service for service in facility.services if service["id"] not in removed] + added
    check_services(topdesk, change.db, change.it, allow_passed=bool(truth("allowPassedLeadTimes")), only={str(s["id"]) for s in added})


def _held(db: sqlite3.Connection, it: Reservation, body: Body) -> Facility | None:
    """The facility of the reservation that a reference names; blamed in `body` when there is none."""
    body.allow("location", "object", "asset")
    reference = body.inner("location")
    if reference is None:
        body.blame("value_mandatory", "location", "is mandatory")
        return None
    wanted = reference.uuid("id")
    for facility in it.facilities:
        if wanted and facility.room is not None and _location_id(db, facility) == wanted:
            return facility
    reference.blame("value_unknown", "id", "is not part of the reservation")
    return None


def _location_id(db: sqlite3.Connection, facility: Facility) -> str:
    row = db.execute("SELECT id FROM topdesk_locations WHERE serial = ?", (facility.room,)).fetchone()
    return str(row["id"])
