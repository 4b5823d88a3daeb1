"""Locations and branches of the supporting files: lists, cards, look-ups, and the edits that an administrator makes by API."""

import json
import sqlite3
import uuid
from typing import Any

from flask import Blueprint, Response, request

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.topdesk.answers import Card, check_parameters, pick, refuse_plainly, truth, wanted_fields, whole_number
from roombooker_sandbox.topdesk.blanks import MEETING_ROOM, OTHER_ROOM, TRAINING_ROOM, branch, location, location_row
from roombooker_sandbox.topdesk.cards import asked, load, members
from roombooker_sandbox.topdesk.fiql import matches
from roombooker_sandbox.topdesk.patching import patch_card
from roombooker_sandbox.topdesk.signin import current_operator, needs
from roombooker_sandbox.topdesk.system import API, Topdesk

_MANAGEMENT = {
    "reservable": "boolean", "issuable": "boolean", "blockTime": "number", "visibleInSsd": "boolean", "reservableInSsd": "boolean",
    "requiresApproval": "boolean", "reservableBy": "text", "serviceWindowAppliesTo": "text", "price": "number", "highRate": "number",
    "pricePer": "text", "deposit": "number", "extraInformation": "memo", "leaseText": "memo",
}  # fmt: skip
_AREA = ("length", "width", "height", "grossFloorArea", "netFloorArea", "tareFloorArea", "functionalArea", "lettableArea", "communalArea",
         "horizontalCirculationArea", "verticalCirculationArea", "grossVolume", "netVolume")  # fmt: skip
LOCATION_FIELDS = members(
    {"id": "id", "status": "text", "archived": "boolean", "name": "text", "roomNumber": "text", "capacity": "number", "specification": "text",
     "roomSetup": "text", "notes": "memo", "creationDate": "date", "modificationDate": "date",
     "externalLink.id": "text", "externalLink.type": "text", "externalLink.date": "date",
     **{f"reservationManagement.{name}": kind for name, kind in _MANAGEMENT.items()}, **{f"area.{name}": "number" for name in _AREA}},
    ("functionalUse", "type", "budgetHolder", "branch", "buildingZone", "roomStatus", "majorLocation", "creator", "modifier",
     "reservationManagement.reservableByPersonGroup", "reservationManagement.serviceWindow"),
)  # fmt: skip
BRANCH_FIELDS = members(
    {"id": "id", "status": "text", "archived": "boolean", "name": "text", "specification": "text", "clientReferenceNumber": "text", "timeZone": "text",
     "phone": "text", "fax": "text", "email": "text", "website": "text", "branchType": "text", "vatNumber": "text", "serviceWindowOption": "text",
     "additionalInfo": "memo", "notes": "memo", "creationDate": "date", "modificationDate": "date",
     **{f"address.{part}": "text" for part in ("street", "number", "county", "city", "postcode")},
     "externalLink.id": "text", "externalLink.type": "text", "externalLink.date": "date"},
    ("headBranch", "accountManager", "contact", "attention", "serviceWindow", "creator", "modifier", "address.country"),
)  # fmt: skip
_TYPES = (MEETING_ROOM, TRAINING_ROOM, OTHER_ROOM)


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.get(f"{API}/locations")
    @needs(world, "locations")
    def get_locations() -> Response:
        check_parameters(world.switches, "query", "$fields", "pageSize")
        size = whole_number("pageSize", 2**31, 1, 2**31)
        query = asked(LOCATION_FIELDS)
        with world.store.transaction() as db:
            cards = [c for c in _visible(topdesk, db) if (matches(query, c) if query else not c["archived"])]
        wanted = wanted_fields() or ["id", "name", "roomNumber", "branch"]
        return topdesk.answer([pick(shown(card), wanted) for card in cards[:size]])

    @blueprint.post(f"{API}/locations")
    @needs(world, "locations")
    def post_location() -> Response:
        with world.store.transaction() as db:
            home = json_body().get("branch")
            home_id = home.get("id") if isinstance(home, dict) else None
            row = db.execute("SELECT id, name FROM topdesk_branches WHERE id = ?", (home_id,)).fetchone()
            if row is None or not json_body().get("name"):
                raise refuse_plainly(400, f"Mandatory field '{'branch' if row is None else 'name'}' is missing.")
            card = location(str(uuid.uuid4()), json_body()["name"], "", dict(row), OTHER_ROOM, 0)
            serial = db.execute("SELECT max(serial) + 1 FROM topdesk_locations").fetchone()[0]
            given = {name: value for name, value in json_body().items() if name != "branch"}
            return topdesk.answer(_store(topdesk, db, serial, card, given), 201)

    @blueprint.get(f"{API}/locations/id/<location_id>")
    @needs(world, "locations")
    def get_location(location_id: str) -> Response:
        with world.store.transaction() as db:
            return topdesk.answer(shown(_one(topdesk, db, location_id)[1]))

    @blueprint.route(f"{API}/locations/id/<location_id>", methods=["PATCH", "PUT"])
    @needs(world, "locations")
    def patch_location(location_id: str) -> Response:
        with world.store.transaction() as db:
            serial, card = _one(topdesk, db, location_id)
            return topdesk.answer(_store(topdesk, db, serial, json.loads(json.dumps(card, default=_text)), json_body()))

    @blueprint.get(f"{API}/locations/lookup")
    @needs(world, "locations")
    def get_location_lookup() -> Response:
        with world.store.transaction() as db:
            return topdesk.answer(looked_up(_visible(topdesk, db)))

    @blueprint.get(f"{API}/locations/lookup/<location_id>")
    @needs(world, "locations")
    def get_location_pair(location_id: str) -> Response:
        with world.store.transaction() as db:
            card = _one(topdesk, db, location_id)[1]
        return topdesk.answer({"id": card["id"], "name": card["name"]})

    @blueprint.get(f"{API}/locations/<any(types,statuses,building_zones,functional_uses,glass_materials):which>")
    @needs(world, "locations")
    def get_location_entries(which: str) -> Response:
        entries = {"types": [t for t in _TYPES if not topdesk.hides("", t["name"])],
                   "statuses": [{"id": stable_id("room-status", name), "name": name} for name in ("In use", "Being rebuilt")]}  # fmt: skip
        return topdesk.answer(entries.get(which, []))

    @blueprint.get(f"{API}/branches")
    @needs(world, "branches")
    def get_branches() -> Response:
        check_parameters(world.switches, "query", "$fields", "pageSize")
        query = asked(BRANCH_FIELDS)
        with world.store.transaction() as db:
            cards = [c for c in _branches(topdesk, db) if (matches(query, c) if query else not c["archived"])]
        wanted = wanted_fields() or ["id", "name"]
        return topdesk.answer([pick(shown(card), wanted) for card in cards])

    @blueprint.get(f"{API}/branches/id/<branch_id>")
    @needs(world, "branches")
    def get_branch(branch_id: str) -> Response:
        with world.store.transaction() as db:
            return topdesk.answer(shown(_branch(topdesk, db, branch_id)))

    @blueprint.post(f"{API}/branches")
    @needs(world, "branches")
    def post_branch() -> Response:
        given = json_body()
        if not given.get("name"):
            raise refuse_plainly(400, "Mandatory field 'name' is missing.")
        with world.store.transaction() as db:
            return topdesk.answer(_store_branch(topdesk, db, branch(str(uuid.uuid4()), ""), given), 201)

    @blueprint.route(f"{API}/branches/id/<branch_id>", methods=["PATCH", "PUT"])
    @needs(world, "branches")
    def patch_branch(branch_id: str) -> Response:
        with world.store.transaction() as db:
            _branch(topdesk, db, branch_id)
            row = db.execute("SELECT card FROM topdesk_branches WHERE id = ?", (branch_id.lower(),)).fetchone()
            return topdesk.answer(_store_branch(topdesk, db, json.loads(row["card"]), json_body()))

    @blueprint.get(f"{API}/branches/lookup")
    @needs(world, "branches")
    def get_branch_lookup() -> Response:
        with world.store.transaction() as db:
            return topdesk.answer(looked_up(_branches(topdesk, db)))

    @blueprint.get(f"{API}/branches/lookup/<branch_id>")
    @needs(world, "branches")
    def get_branch_pair(branch_id: str) -> Response:
        with world.store.transaction() as db:
            card = _branch(topdesk, db, branch_id)
        return topdesk.answer({"id": card["id"], "name": card["name"]})


def looked_up(cards: list[Card], name: str = "name") -> Card:
    """Id and name pairs by ascending name, as every `lookup` call answers them."""
    top = 2**31 if truth("$all") else whole_number("$top", 1000, 1, 10_000)
    start, archived = (request.args.get("name") or "").casefold(), truth("archived")
    found = [c for c in cards if c[name].casefold().startswith(start) and (archived is None or c["archived"] == archived)]
    return {"results": [{"id": c["id"], "name": c[name]} for c in sorted(found, key=lambda c: c[name].casefold())[:top]]}


def shown(card: Card) -> Card:
    return {name: value for name, value in card.items() if name != "archived"}


def _visible(topdesk: Topdesk, db: sqlite3.Connection) -> list[Card]:
    cards = [load(row["card"]) for row in db.execute("SELECT card FROM topdesk_locations ORDER BY serial")]
    return [c | {"archived": c["status"] == "archived"} for c in cards if not topdesk.hides(c["branch"]["name"], c["type"]["name"])]


def _one(topdesk: Topdesk, db: sqlite3.Connection, location_id: str) -> tuple[int, Card]:
    try:
        found = topdesk.location(db, str(uuid.UUID(location_id)))
    except ValueError:
        raise refuse_plainly(400, "Input parameters malformed") from None
    if found is None:
        raise refuse_plainly(404, "Entity not found")
    return found[0], load(json.dumps(found[1]))


def _store(topdesk: Topdesk, db: sqlite3.Connection, serial: int, card: Card, given: Card) -> Card:
    operator = current_operator()
    patch_card(card, given, {"type": _TYPES})
    card |= {
        "modifier": {"id": operator.id, "name": operator.name},
        "modificationDate": topdesk.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    db.execute(
        "INSERT OR REPLACE INTO topdesk_locations (serial, id, name, branch_id, type, archived, reservable, card, major) VALUES (?,?,?,?,?,?,?,?,?)",
        (*location_row(serial, card), (card.get("majorLocation") or {}).get("id")),
    )
    return shown(load(json.dumps(card)))


def _store_branch(topdesk: Topdesk, db: sqlite3.Connection, card: Card, given: Card) -> Card:
    operator = current_operator()
    patch_card(card, given, {})
    card |= {
        "modifier": {"id": operator.id, "name": operator.name},
        "modificationDate": topdesk.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    db.execute("INSERT OR REPLACE INTO topdesk_branches (id, name, card) VALUES (?,?,?)", (card["id"], card["name"], json.dumps(card)))
    return load(json.dumps(card))


def _branches(topdesk: Topdesk, db: sqlite3.Connection) -> list[Card]:
    cards = [load(row["card"]) for row in db.execute("SELECT card FROM topdesk_branches ORDER BY name")]
    return [c | {"archived": c["status"] == "archived"} for c in cards if not topdesk.hides(c["name"], "")]


def _branch(topdesk: Topdesk, db: sqlite3.Connection, branch_id: str) -> Card:
    for card in _branches(topdesk, db):
        if card["id"] == branch_id.lower():
            return card
    raise refuse_plainly(404, "Entity not found")


def json_body() -> Card:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise refuse_plainly(400, "Input parameters malformed")
    return given


def _text(value: Any) -> str:
    return str(value.strftime("%Y-%m-%dT%H:%M:%SZ"))
