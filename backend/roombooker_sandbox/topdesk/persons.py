"""Persons in both of their shapes, chosen by Accept: v1 a bare array with every member, v2 an object with a few."""

import json
import sqlite3
from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.answers import (
    UNSET_TAB,
    Card,
    Refused,
    Style,
    answer,
    check_parameters,
    pick,
    refuse_plainly,
    wanted_fields,
    whole_number,
)
from roombooker_sandbox.topdesk.blanks import person, person_row
from roombooker_sandbox.topdesk.cards import asked, members
from roombooker_sandbox.topdesk.fiql import AllOf, Node, Test, matches
from roombooker_sandbox.topdesk.inferred import NEXT_LINK_IS_ABSOLUTE, PERSONS_DEFAULT_VERSION, PERSONS_V2_DEFAULT_FIELDS
from roombooker_sandbox.topdesk.locations import json_body, looked_up
from roombooker_sandbox.topdesk.moments import read_instant
from roombooker_sandbox.topdesk.patching import patch_card
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk

V2_LIST = "application/x.topdesk-collection-person-v2+json"
V2_GROUPS = "application/x.topdesk-collection-person-group-v2+json"
V2_ONE = "application/x.topdesk-person-v2+json"
_TEXTS = (
    "surName", "firstName", "dynamicName", "firstInitials", "prefixes", "birthName", "title", "phoneNumber", "mobileNumber", "fax", "email", "jobTitle",
    "employeeNumber", "networkLoginName", "mainframeLoginName", "city", "tasLoginName",
)  # fmt: skip
_FLAGS = (
    "showBranch", "showBudgetholder", "showDepartment", "showSubsidiaries", "showAllBranches", "authorizeAll", "authorizeDepartment",
    "authorizeBudgetHolder", "authorizeBranch", "authorizeSubsidiaryBranches", "isManager", "hasAttention",
)  # fmt: skip
_REFERENCES = ("department", "budgetHolder", "manager", "attention", "personExtraFieldA", "personExtraFieldB", "location", "branch", "language",
               "creator", "modifier")  # fmt: skip
_MADE = "2024-01-08T08:00:00Z"
FIELDS = members(
    {"id": "id", "principalId": "id", "archived": "boolean", "creationDate": "date", "modificationDate": "date", "isCaller": "boolean",
     "hasSspAccess": "boolean", "branch.clientReferenceNumber": "text", "language.code": "text", "clientReferenceNumber": "text",
     **dict.fromkeys(_TEXTS, "text"), **dict.fromkeys(_FLAGS, "boolean")},
    _REFERENCES,
)  # fmt: skip
_GROUP_FIELDS = {"id": "id", "name": "text", "archived": "boolean"}
_LEGACY = {
    "email": "email",
    "firstname": "firstName",
    "lastname": "surName",
    "network_login_name": "networkLoginName",
    "ssp_login_name": "tasLoginName",
}


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.get(f"{API}/persons")
    @needs(world, "persons")
    def get_persons() -> Response:
        if _version(topdesk, V2_LIST) == "v2":
            return _list_v2(topdesk)
        check_parameters(world.switches, "start", "page_size", "pageStart", "pageSize", "$fields", "query", "archived", *_LEGACY)
        start, size = whole_number("start" if "start" in request.args else "pageStart", 0, 0, 2**31), whole_number("page_size", 10, 1, 100)
        with world.store.transaction() as db:
            cards, more = _page(topdesk, db, asked(FIELDS) or _legacy_query(), start, size)
        wanted = wanted_fields()
        shown = [_v1(topdesk, card) for card in cards]
        if not shown:
            return Response(status=204)
        return answer([pick(card, wanted) for card in shown] if wanted else shown, 206 if more else 200)

    @blueprint.get(f"{API}/persons/<person_id>")
    @blueprint.get(f"{API}/persons/id/<person_id>")
    @needs(world, "persons")
    def get_person(person_id: str) -> Response:
        version = _version(topdesk, V2_ONE)
        with world.store.transaction() as db:
            card = _one(topdesk, db, person_id)
        if version == "v1":
            wanted, shown = wanted_fields(), _v1(topdesk, card)
            return answer(pick(shown, wanted) if wanted else shown)
        return _one_v2(topdesk, card, 200)

    @blueprint.post(f"{API}/persons")
    @needs(world, "persons")
    def post_person() -> Response:
        _version(topdesk, V2_ONE)
        given = json_body()
        if not given.get("surName"):
            raise refuse_plainly(400, "Mandatory field 'surName' is missing.")
        card = person(str(uuid4()), "", "", "", world.directory.buildings[0])
        with world.store.transaction() as db:
            serial = db.execute("SELECT coalesce(max(serial), 0) + 1 FROM topdesk_persons").fetchone()[0]
            return _one_v2(topdesk, _write(db, serial, card, given), 201)

    @blueprint.patch(f"{API}/persons/<person_id>")
    @needs(world, "persons")
    def patch_person(person_id: str) -> Response:
        """Reservations keep the snapshot that they took of the person."""
        _version(topdesk, V2_ONE)
        with world.store.transaction() as db:
            card = _one(topdesk, db, person_id)
            serial = db.execute("SELECT serial FROM topdesk_persons WHERE id = ?", (card["id"],)).fetchone()[0]
            return _one_v2(topdesk, _write(db, serial, card, json_body()), 200)

    @blueprint.get(f"{API}/persons/count")
    @needs(world, "persons")
    def count_persons() -> Response:
        with world.store.transaction() as db:
            return answer({"numberOfPersons": sum(1 for _ in _matching(topdesk, db, asked(FIELDS)))})

    @blueprint.get(f"{API}/persons/<person_id>/persongroups")
    @needs(world, "persons", "person_groups")
    def get_person_groups(person_id: str) -> Response:
        """Who is in which group is fixed by the seed."""
        check_parameters(world.switches, "pageStart", "pageSize", "fields", "sort", "query")
        start, size = whole_number("pageStart", 0, 0, 2**31), whole_number("pageSize", 50, 1, 5000)
        query = asked(_GROUP_FIELDS)
        with world.store.transaction() as db:
            person_id = _one(topdesk, db, person_id)["id"]
        cards: list[Card] = [{"id": g.id, "name": g.name, "archived": False} for g in world.directory.groups if person_id in g.members]
        found = [card for card in cards if query is None or matches(query, card)][start : start + size]
        wanted = [name.strip() for name in request.args.get("fields", "").split(",") if name.strip() not in ("", "*", "all")]
        return answer({"item": [pick(card, wanted) if wanted else card for card in found], "size": len(found)}, 200, V2_GROUPS)

    @blueprint.route(f"{API}/persons/<person_id>/privateDetails", methods=["GET", "PATCH"])
    def refuse_private_details(person_id: str) -> Response:
        """Neither of this sandbox's operators may see them."""
        del person_id
        return answer([{"message": "No permission to access person data or a person's private details"}], 403, f"{V2_ONE};qs=0.1")

    @blueprint.get(f"{API}/persons/current")
    def get_current_person() -> Response:
        raise refuse_plainly(403, "Operation not allowed for this log in")

    @blueprint.get(f"{API}/persons/lookup")
    @needs(world, "persons")
    def get_person_lookup() -> Response:
        with world.store.transaction() as db:
            return answer(looked_up(list(_matching(topdesk, db, None)), "dynamicName"))

    @blueprint.get(f"{API}/persons/lookup/<person_id>")
    @needs(world, "persons")
    def get_person_pair(person_id: str) -> Response:
        with world.store.transaction() as db:
            card = _one(topdesk, db, person_id)
        return answer({"id": card["id"], "name": card["dynamicName"]})


def _write(db: sqlite3.Connection, serial: int, card: Card, given: Card) -> Card:
    """Store a person with `given` put in; the branch by id alone."""
    branches = {row["id"]: row for row in db.execute("SELECT id, name FROM topdesk_branches")}
    full = {**dict.fromkeys(_TEXTS, ""), **card}
    branch = given.get("branch")
    if branch is not None:
        known = branches.get(branch.get("id")) if isinstance(branch, dict) else None
        if known is None:
            raise refuse_plainly(400, 'The value for the field "branch" cannot be found.')
        full["branch"] = {"id": known["id"], "name": known["name"]}
    patch_card(full, {name: value for name, value in given.items() if name != "branch"}, {})
    full["dynamicName"] = f"{full['surName']}, {full['firstName']}" if full["firstName"] else full["surName"]
    kept = {name: value for name, value in full.items() if value != "" or name in card}
    db.execute(
        "INSERT OR REPLACE INTO topdesk_persons (serial, id, email, name, branch_id, archived, card) VALUES (?,?,?,?,?,?,?)",
        person_row(serial, kept),
    )
    return kept


def _one_v2(topdesk: Topdesk, card: Card, status: int) -> Response:
    return answer(Style(topdesk.world.switches).shape(pick(_v2(card), _v2_fields(whole=True))), status, V2_ONE)


def _version(topdesk: Topdesk, v2_type: str) -> str:
    """v1 or v2 by Accept; 406 when this TOPdesk does not have the version that is asked for."""
    accept = request.headers.get("Accept", "")
    available = topdesk.world.switches.persons_versions
    if v2_type in accept or "person-v2+json" in accept:
        version = "v2"
    elif "application/json" in accept:
        version = "v1"
    elif not accept or "*/*" in accept or "application/*" in accept:
        version = PERSONS_DEFAULT_VERSION if available == "both" else available
    else:
        raise Refused(406)
    if available not in ("both", version):
        raise Refused(406)
    return version


def _list_v2(topdesk: Topdesk) -> Response:
    check_parameters(topdesk.world.switches, "pageStart", "pageSize", "fields", "sort", "query")
    start, size = whole_number("pageStart", 0, 0, 2**31), whole_number("pageSize", 50, 1, 5000)
    fields = _v2_fields()
    with topdesk.world.store.transaction() as db:
        cards, more = _page(topdesk, db, asked(FIELDS, ordered_text=True), start, size)
    style = Style(topdesk.world.switches)
    body: Card = {"item": [style.shape(pick(_v2(card), fields)) for card in cards], "size": len(cards)}
    if more:
        later = urlencode(
            {**{k: v for k, v in request.args.items() if k not in ("pageStart", "pageSize")}, "pageStart": start + size, "pageSize": size}
        )
        body["next"] = f"{request.base_url if NEXT_LINK_IS_ABSOLUTE else request.path}?{later}"
    return answer(body, 206 if more else 200, V2_LIST)


def _v2_fields(*, whole: bool = False) -> list[str]:
    given = request.args.get("fields")
    if (given is None and whole) or (given or "").strip() in ("*", "all"):
        return list(_v2({"branch": {}, "archived": False}))
    names = [name.strip() for name in (given or "").split(",") if name.strip()] or list(PERSONS_V2_DEFAULT_FIELDS)
    for name in names:
        if name.split(".")[0] not in _v2({"branch": {}, "archived": False}):
            raise refuse_plainly(400, f'The field "{name}" does not exist.')
    return names


def _page(topdesk: Topdesk, db: sqlite3.Connection, query: Node | None, start: int, size: int) -> tuple[list[Card], bool]:
    found: list[Card] = []
    ordered = _sorted(_matching(topdesk, db, query))
    for position, card in enumerate(ordered):
        if position >= start + size:
            return found, True
        if position >= start:
            found.append(card)
    return found, False


def _sorted(cards: Iterator[Card]) -> Iterator[Card]:
    """By `sort` (a,b:desc); the database's own order is dynamicName:asc, the default."""
    keys = [part.strip().partition(":")[::2] for part in request.args.get("sort", "").split(",") if part.strip()]
    if not keys:
        return cards
    ordered = list(cards)
    for name, direction in reversed(keys):
        if FIELDS.get(name) not in ("text", "boolean", "date") or direction not in ("", "asc", "desc"):
            raise refuse_plainly(400, "Input parameters malformed")
        ordered.sort(key=lambda card: str(card.get(name) or "").casefold(), reverse=direction == "desc")
    return iter(ordered)


def _matching(topdesk: Topdesk, db: sqlite3.Connection, query: Node | None) -> Iterator[Card]:
    where, values = _narrow(query)
    for row in db.execute(f"SELECT card FROM topdesk_persons WHERE {where} ORDER BY name, id", values):  # noqa: S608  our own words
        card = json.loads(row["card"])
        if not topdesk.hides(card["branch"]["name"], "") and (query is None or matches(query, _findable(card))):
            yield card


def _narrow(query: Node | None) -> tuple[str, tuple[object, ...]]:
    """What the index can say: one of some addresses, ids, or who is archived."""
    for test in query.parts if isinstance(query, AllOf) else (query,):
        if not isinstance(test, Test) or test.operator not in ("==", "=in=") or test.field not in ("email", "id"):
            continue
        if test.values != (None,) and all(str(value).isascii() for value in test.values):
            return f"{test.field} IN ({','.join('?' * len(test.values))})", test.values
    return "1", ()


def _legacy_query() -> Node | None:
    """Filters of v1 before there was FIQL."""
    parts: list[Node] = [Test(field, "text", "==", (request.args[name],)) for name, field in _LEGACY.items() if name in request.args]
    if (archived := request.args.get("archived")) is not None:
        parts.append(Test("archived", "boolean", "==", (archived.lower() == "true",)))
    return AllOf(tuple(parts)) if parts else None


def _one(topdesk: Topdesk, db: sqlite3.Connection, person_id: str) -> Card:
    try:
        wanted = str(UUID(person_id))
    except ValueError:
        raise refuse_plainly(400, "Input parameters malformed") from None
    row = db.execute("SELECT card FROM topdesk_persons WHERE id = ?", (wanted,)).fetchone()
    card: Card | None = json.loads(row["card"]) if row else None
    if card is None or topdesk.hides(card["branch"]["name"], ""):
        raise refuse_plainly(404, "Entity not found")
    return card


def _findable(card: Card) -> Card:
    return {
        **dict.fromkeys(_FLAGS, False),
        **card,
        "creationDate": read_instant(_MADE),
        "modificationDate": read_instant(_MADE),
        "isCaller": True,
    }


def _v1(topdesk: Topdesk, card: Card) -> Card:
    """Every member: unset texts "", references and dates null, numbers 0.0 (seen in a real payload). There is no `archived`."""
    branch = card["branch"]
    full: Card = {
        "id": card["id"], "status": "personArchived" if card["archived"] else "person", "gender": "UNDEFINED", **dict.fromkeys(_TEXTS, ""),
        **dict.fromkeys(_FLAGS, False), **dict.fromkeys(_REFERENCES), "clientReferenceNumber": branch.get("clientReferenceNumber", ""),
        "attentionComment": "", "creationDate": read_instant(_MADE), "modificationDate": read_instant(_MADE), "departmentFree": None,
        "optionalFields1": dict(UNSET_TAB), "optionalFields2": dict(UNSET_TAB),
    }  # fmt: skip
    full |= {name: value for name, value in card.items() if name in full and name != "branch"}
    full["branch"] = {**branch, "extraA": None, "extraB": None}
    shaped: Card = Style(topdesk.world.switches, dates=".000+0000", nulls="empty").shape(full)
    return shaped


def _v2(card: Card) -> Card:
    flags = dict.fromkeys((*_FLAGS, "showObjectsOfBranch", "showObjectsOfSubsidiaries"), False)
    branch = {name: card["branch"][name] for name in ("id", "name", "clientReferenceNumber") if name in card["branch"]}
    full: Card = {
        "id": None, **dict.fromkeys(_TEXTS, ""), "hasSspAccess": bool(card.get("tasLoginName")), "isCaller": True, **flags, **dict.fromkeys(_REFERENCES),
        "creationDate": read_instant(_MADE), "modificationDate": read_instant(_MADE), "optionalFields1": {}, "optionalFields2": {},
    }  # fmt: skip
    return full | {name: value for name, value in card.items() if name in full or name == "archived"} | {"branch": branch}
