"""What can be reserved: rooms, their next free stretch, their occupancy by the hour, services; assets are for self-service alone."""

import json
import sqlite3
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.answers import Card, Refused, check_parameters, not_found, pick, refuse, truth, wanted_fields, whole_number
from roombooker_sandbox.topdesk.inferred import INTERVAL_HORIZON
from roombooker_sandbox.topdesk.moments import from_minute, minute_of, read_instant
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.get(f"{API}/reservableLocations")
    @needs(world, "locations")
    def get_reservable_locations() -> Response:
        """At most `$top`; no continuation is offered (spec R lists 200 alone)."""
        check_parameters(world.switches, "$fields", "$top", "branchId")
        top = whole_number("$top", 1000, 1, 10_000)
        branches = uuids("branchId")
        with world.store.transaction() as db:
            cards = [_location(card) for _, card in _reservable(topdesk, db) if not branches or card["branch"]["id"] in branches][:top]
        wanted = wanted_fields()
        return topdesk.answer({"results": [pick(card, wanted) for card in cards] if wanted else cards})

    @blueprint.get(f"{API}/reservableLocations/<location_id>")
    @needs(world, "locations")
    def get_reservable_location(location_id: str) -> Response:
        with world.store.transaction() as db:
            card = _location(_one(topdesk, db, location_id)[1])
        wanted = wanted_fields()
        return topdesk.answer(pick(card, wanted) if wanted else card)

    @blueprint.get(f"{API}/reservableLocations/<location_id>/reservableInterval")
    @needs(world, "locations")
    def get_reservable_interval(location_id: str) -> Response:
        """The next free stretch from `from` (default now) to the next booking, or to the horizon."""
        given = request.args.get("from")
        try:
            start = minute_of(read_instant(given) if given else world.clock.now())
        except ValueError:
            raise refuse("value_invalid", "Malformed start of interval", "from") from None
        with world.store.transaction() as db:
            serial, card = _one(topdesk, db, location_id)
            block = card["reservationManagement"]["blockTime"]
            start, end = _free_stretch(db, serial, 0 if world.switches.blocks_may_overlap else block, start)
        return topdesk.answer({"start": from_minute(start), "end": from_minute(end), "locationId": card["id"]})

    @blueprint.get(f"{API}/reservableServices")
    @needs(world, "reservations_read")
    def get_reservable_services() -> Response:
        check_parameters(world.switches, "$fields", "$top", "locationId", "objectId", "assetId", "serviceTypeId", "externalLinkId", "externalLinkType",
                         "separatelyReservable", "reservableInSsp", "archived", "inlineimages")  # fmt: skip
        top = whole_number("$top", 1000, 1, 10_000)
        kinds, archived = uuids("serviceTypeId"), truth("archived")
        wants_none = any(request.args.getlist(name) for name in ("objectId", "assetId", "externalLinkId", "externalLinkType"))
        wanted_flags = {name: flag for name in ("separatelyReservable", "reservableInSsp") if (flag := truth(name)) is not None}
        with world.store.transaction() as db:
            rows = db.execute("SELECT card, archived FROM topdesk_services ORDER BY name").fetchall()
        cards = [
            card for row in rows if archived is None or bool(row["archived"]) == archived
            if (card := _service(row["card"])) and (not kinds or card["serviceType"]["id"] in kinds)
            and all(card[name] == flag for name, flag in wanted_flags.items()) and not wants_none
        ][:top]  # fmt: skip
        wanted = wanted_fields()
        return topdesk.answer({"results": [pick(card, wanted) for card in cards] if wanted else cards})

    @blueprint.get(f"{API}/reservableServices/<service_id>")
    @needs(world, "reservations_read")
    def get_reservable_service(service_id: str) -> Response:
        with world.store.transaction() as db:
            row = db.execute("SELECT card FROM topdesk_services WHERE id = ?", (service_id.lower(),)).fetchone()
        if row is None:
            raise not_found()
        card, wanted = _service(row["card"]), wanted_fields()
        return topdesk.answer(pick(card, wanted) if wanted else card)

    @blueprint.get(f"{API}/reservableAssets")
    @blueprint.get(f"{API}/reservableAssets/<identifier>/reservableInterval")
    def get_reservable_assets(identifier: str = "") -> Response:
        if identifier:
            raise not_found()  # this sandbox has no assets
        raise Refused(501)  # documented: for persons only, not implemented for operators


def uuids(name: str) -> set[str]:
    """A repeatable id parameter. 400 when one is malformed."""
    try:
        return {str(UUID(text)) for text in request.args.getlist(name)}
    except ValueError:
        raise refuse("value_invalid", f"Malformed UUID in {name}", name) from None


def _reservable(topdesk: Topdesk, db: sqlite3.Connection) -> list[tuple[int, Card]]:
    rows = db.execute("SELECT serial, card FROM topdesk_locations WHERE reservable = 1 AND archived = 0 ORDER BY serial")
    cards = ((row["serial"], json.loads(row["card"])) for row in rows)
    return [(serial, card) for serial, card in cards if not topdesk.hides(card["branch"]["name"], card["type"]["name"])]


def _one(topdesk: Topdesk, db: sqlite3.Connection, location_id: str) -> tuple[int, Card]:
    try:
        found = topdesk.location(db, str(UUID(location_id)))
    except ValueError:
        raise refuse("value_invalid", "Malformed UUID", "id") from None
    if found is None or found[1]["status"] == "archived" or not found[1]["reservationManagement"]["reservable"]:
        raise not_found()
    return found


def _location(card: Card) -> Card:
    return {name: card[name] for name in ("id", "branch", "name", "roomNumber", "capacity")}


def _service(text: str) -> Card:
    card: Card = json.loads(text)
    return {name: value for name, value in card.items() if name not in ("leadMinutes", "price")}


def _free_stretch(db: sqlite3.Connection, room: int, own: int, start: int) -> tuple[int, int]:
    horizon = start + int(INTERVAL_HORIZON / timedelta(minutes=1))
    rows = db.execute(
        "SELECT o.start - o.block - ? AS begins, o.end + o.block + ? AS ends FROM topdesk_occupied o JOIN topdesk_reservations r"
        " ON r.serial = o.reservation WHERE o.room = ? AND r.status < 4 AND o.end + o.block > ? AND o.start < ? ORDER BY o.start",
        (own, own, room, start - own, horizon),
    )
    for row in rows:
        if row["begins"] > start:
            return start, min(row["begins"], horizon)
        start = max(start, row["ends"])
    return start, max(horizon, start)
