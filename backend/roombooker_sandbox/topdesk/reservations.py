"""GET, POST and PATCH of reservations."""

import sqlite3
import uuid

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.answers import Card, Refused, check_parameters, not_found, pick, refuse, truth, wanted_fields, whole_number
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.conflicts import settle
from roombooker_sandbox.topdesk.editing import SHARED, edit, participants
from roombooker_sandbox.topdesk.fiql import AllOf, BadQuery, Node, Test, parse_query
from roombooker_sandbox.topdesk.inferred import LEGACY_WINDOW_OVERLAPS
from roombooker_sandbox.topdesk.listing import RESERVATION_FIELDS, list_reservations
from roombooker_sandbox.topdesk.moments import minute_of, read_instant
from roombooker_sandbox.topdesk.rendering import Reader
from roombooker_sandbox.topdesk.reservation import COLUMNS, Reservation, find, month_of, next_serial, read_row, save
from roombooker_sandbox.topdesk.reserving import check_period, check_services, read_facility
from roombooker_sandbox.topdesk.signin import current_operator, needs
from roombooker_sandbox.topdesk.system import API, Topdesk

LEGACY = ("plannedFrom", "plannedTo", "locationId", "objectId", "archived")


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.get(f"{API}/reservations")
    @needs(world, "reservations_read")
    def get_reservations() -> Response:
        check_parameters(world.switches, "$fields", "$top", "query", *LEGACY)
        top = whole_number("$top", 1000, 1, 10_000)
        cards, more = listed(topdesk, asked_query(), top)
        return topdesk.answer({"results": cards}, 206 if more else 200)

    @blueprint.post(f"{API}/reservations")
    @needs(world, "reservations_write")
    def post_reservation() -> Response:
        allow_passed = bool(truth("allowPassedLeadTimes"))
        with world.store.transaction() as db:
            it = _draft(topdesk, db, Body())
            check_period(db, it)
            check_services(topdesk, db, it, allow_passed=allow_passed)
            settle(db, it, world.switches)
            save(db, it)
            place = {"Location": f"{request.host_url.rstrip('/')}/topdesk{API}/reservations/{it.id}"}
            made = topdesk.answer_reservation(db, it, 201, place)
        topdesk.events.changed(it.id)
        return made

    @blueprint.get(f"{API}/reservations/<identifier>")
    @blueprint.get(f"{API}/reservations/number/<identifier>")
    @needs(world, "reservations_read")
    def get_reservation(identifier: str) -> Response:
        with world.store.transaction() as db:
            return topdesk.answer_reservation(db, known(topdesk, db, identifier))

    @blueprint.patch(f"{API}/reservations/<identifier>")
    @blueprint.patch(f"{API}/reservations/number/<identifier>")
    @needs(world, "reservations_write")
    def patch_reservation(identifier: str) -> Response:
        reach = request.args.get("occurrences", "current")
        if reach not in ("current", "future"):
            raise refuse("value_invalid", "occurrences must be current or future", "occurrences")
        with world.store.transaction() as db:
            it = known(topdesk, db, identifier)
            later = [other for other in occurrences(db, it) if other.start > it.start] if reach == "future" else []
            for one in (it, *later):
                body = Body()
                body.allow(*SHARED)
                edit(db, body, one, world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
                body.finish()
                touch(topdesk, one)
                save(db, one)
            changed = topdesk.answer_reservation(db, it)
        for one in (it, *later):
            topdesk.events.changed(one.id)
        return changed


def known(topdesk: Topdesk, db: sqlite3.Connection, identifier: str) -> Reservation:
    """By UUID or number; 404 for one that a branch filter hides as well."""
    it = find(db, identifier)
    if it is None or topdesk.hidden_rooms(db).intersection(it.rooms):
        raise not_found()
    return it


def occurrences(db: sqlite3.Connection, it: Reservation) -> list[Reservation]:
    """All of its series in order of their start, itself included; just itself when it is single."""
    if it.series is None:
        return [it]
    rows = db.execute(
        f"SELECT {COLUMNS} FROM topdesk_marks m JOIN topdesk_reservations r ON r.serial = m.reservation"  # noqa: S608  no value inside
        " WHERE m.field = 'series.id' AND m.value = ?", (it.series,),
    )  # fmt: skip
    found = [read_row(row) for row in rows]
    return sorted((it if one.serial == it.serial else one for one in found), key=lambda one: (one.start, one.serial))


def touch(topdesk: Topdesk, it: Reservation) -> None:
    """Remember when and by whom it was changed; the API shows only when."""
    it.modified = topdesk.now_s
    it.details["changedBy"] = current_operator().login


def asked_query() -> Node | None:
    """From `query`, or else from the filter parameters of earlier versions."""
    text = request.args.get("query")
    try:
        if text is not None:
            return parse_query(text, RESERVATION_FIELDS)
        return _legacy_query()
    except BadQuery as problem:
        message = f"Error parsing one of the query parameters. {problem}"
        raise Refused(400, {"errors": [{"errorCode": "value_invalid", "appliesTo": ["query"], "errorMessage": message}]}) from None
    except (ValueError, OverflowError):
        raise refuse("value_invalid", "A query parameter cannot be parsed") from None


def _legacy_query() -> Node | None:
    parts: list[Node] = []
    from_field, to_field = ("plannedEndDate", "plannedStartDate") if LEGACY_WINDOW_OVERLAPS else ("plannedStartDate", "plannedEndDate")
    if after := request.args.get("plannedFrom"):
        parts.append(Test(from_field, "date", "=gt=", (read_instant(after),)))
    if before := request.args.get("plannedTo"):
        parts.append(Test(to_field, "date", "=lt=", (read_instant(before),)))
    if rooms := request.args.getlist("locationId"):
        parts.append(Test("reservedFacilities.location.id", "id", "=in=", tuple(str(uuid.UUID(room)) for room in rooms)))
    if objects := request.args.getlist("objectId"):
        parts.append(Test("reservedFacilities.object.id", "id", "=in=", tuple(str(uuid.UUID(thing)) for thing in objects)))
    archived = truth("archived")
    if archived is not None:
        parts.append(Test("archived", "boolean", "==", (archived,)))
    return AllOf(tuple(parts)) if parts else None


def listed(topdesk: Topdesk, query: Node | None, top: int) -> tuple[list[Card], bool]:
    with topdesk.world.store.transaction() as db:
        cards, more = list_reservations(db, Reader(db), query, top, topdesk.hidden_rooms(db))
    wanted = wanted_fields()
    return ([pick(card, wanted) for card in cards] if wanted else cards), more


def _draft(topdesk: Topdesk, db: sqlite3.Connection, body: Body) -> Reservation:
    body.allow(*SHARED, "status", "participants", "plannedStartDate", "plannedEndDate", "reservedFacilities")
    body.require("requester", "plannedStartDate", "plannedEndDate", "reservedFacilities")
    start, end = body.instant("plannedStartDate"), body.instant("plannedEndDate")
    status = body.choice("status", ("planned", "request")) or "planned"
    items = body.items("reservedFacilities")
    if body.has("reservedFacilities") and not items:
        body.blame("value_invalid", "reservedFacilities", "must name at least one facility")
    facilities = [f for item in items if (f := read_facility(topdesk, db, item, services=True))]
    if len({f.room for f in facilities}) < len(facilities):
        body.blame("duplicate_value", "reservedFacilities", "names a facility twice")
    now = topdesk.world.clock.now()
    it = Reservation(next_serial(db), month_of(now), str(uuid.uuid4()), status, 0, 0, 0, "", topdesk.now_s, facilities)
    edit(db, body, it, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if invited := body.inner("participants"):
        it.details["participants"] = participants(db, invited)
    body.finish()
    if start is None or end is None:
        raise refuse("value_mandatory", "The planned dates are mandatory", "plannedStartDate", "plannedEndDate")
    it.start, it.end = minute_of(start), minute_of(end)
    touch(topdesk, it)
    return it
