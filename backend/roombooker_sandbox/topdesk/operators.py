"""Operators: who is signed in, who else there is, their permission groups and filters."""

from collections.abc import Mapping

from flask import Blueprint, Response

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.topdesk.answers import Card, check_parameters, pick, refuse_plainly, wanted_fields, whole_number
from roombooker_sandbox.topdesk.cards import asked, members
from roombooker_sandbox.topdesk.editing import OPERATOR_GROUPS
from roombooker_sandbox.topdesk.fiql import matches
from roombooker_sandbox.topdesk.locations import looked_up
from roombooker_sandbox.topdesk.signin import API_OPERATOR, OPERATORS, Operator, current_operator
from roombooker_sandbox.topdesk.system import API, Topdesk

_FIELDS = members(
    {"id": "id", "principalId": "id", "status": "text", "archived": "boolean", "surName": "text", "firstName": "text", "dynamicName": "text",
     "email": "text", "loginName": "text", "loginPermission": "boolean", "reservationsOperator": "boolean", "apiAccount": "boolean"},
    ("branch", "location", "department", "budgetHolder", "language", "linkedPerson", "operatorGroup", "creator", "modifier"),
)  # fmt: skip
_GROUPS: Mapping[str, Card] = {
    API_OPERATOR.id: {"id": stable_id("permission-group", "Room Booker"), "name": "Room Booker"},
    "*": {"id": stable_id("permission-group", "Facilities"), "name": "Facilities"},
}


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.get(f"{API}/operators")
    def get_operators() -> Response:
        check_parameters(world.switches, "start", "page_size", "query", "fields")
        start, size = whole_number("start", 0, 0, 2**31), whole_number("page_size", 10, 1, 100)
        query = asked(_FIELDS)
        cards = [card for operator in OPERATORS if (card := _card(topdesk, operator)) and (query is None or matches(query, card))]
        page = cards[start : start + size]
        if not page:
            return Response(status=204)
        return topdesk.answer([_picked(card) for card in page], 206 if len(cards) > start + size else 200)

    @blueprint.get(f"{API}/operators/current")
    def get_current_operator() -> Response:
        return topdesk.answer(_picked(_card(topdesk, current_operator())))

    @blueprint.get(f"{API}/operators/current/id")
    def get_current_operator_id() -> Response:
        return topdesk.answer({"id": current_operator().id})

    @blueprint.get(f"{API}/operators/current/settings")
    def get_current_operator_settings() -> Response:
        return topdesk.answer({"localization": {"language": "en", "useBrowserLocalization": False}})

    @blueprint.get(f"{API}/operators/id/<operator_id>")
    def get_operator(operator_id: str) -> Response:
        return topdesk.answer(_picked(_card(topdesk, _one(operator_id))))

    @blueprint.get(f"{API}/operators/lookup")
    def get_operator_lookup() -> Response:
        return topdesk.answer(looked_up([_card(topdesk, operator) for operator in OPERATORS], "dynamicName"))

    @blueprint.get(f"{API}/operators/lookup/<operator_id>")
    def get_operator_pair(operator_id: str) -> Response:
        operator = _one(operator_id)
        return topdesk.answer({"id": operator.id, "name": operator.name})

    @blueprint.get(f"{API}/operators/filters/<any(branch,category,operator):kind>")
    def get_filters(kind: str) -> Response:
        return topdesk.answer(_filters(topdesk, kind))

    @blueprint.get(f"{API}/operators/id/<operator_id>/filters/<any(branch,category,operator):kind>")
    def get_filters_of(operator_id: str, kind: str) -> Response:
        filters = _filters(topdesk, kind) if _one(operator_id) is API_OPERATOR else []
        return topdesk.answer(filters) if filters else Response(status=204)

    @blueprint.get(f"{API}/operators/id/<operator_id>/operatorgroups")
    def get_operator_groups(operator_id: str) -> Response:
        return Response(status=204) if _one(operator_id) is API_OPERATOR else topdesk.answer(list(OPERATOR_GROUPS))

    @blueprint.get(f"{API}/operators/id/<operator_id>/permissiongroups")
    def get_permission_groups(operator_id: str) -> Response:
        operator = _one(operator_id)
        return topdesk.answer([_GROUPS.get(operator.id, _GROUPS["*"])])

    @blueprint.post(f"{API}/operators")
    @blueprint.route(f"{API}/operators/id/<operator_id>", methods=["PATCH", "PUT"])
    @blueprint.route(f"{API}/operators/id/<operator_id>/<any(operatorgroups,permissiongroups):which>", methods=["POST", "DELETE"])
    @blueprint.route(f"{API}/operators/id/<operator_id>/filters/<any(branch,category,operator):which>", methods=["POST", "DELETE"])
    def refuse_to_write(operator_id: str = "", which: str = "") -> Response:
        """Neither of this sandbox's operators may administer operators."""
        del operator_id, which
        raise refuse_plainly(403, "No permission to perform the operation on operator.")


def _one(operator_id: str) -> Operator:
    for operator in OPERATORS:
        if operator.id == operator_id.lower():
            return operator
    raise refuse_plainly(404, "Entity not found")


def _filters(topdesk: Topdesk, kind: str) -> list[Card]:
    """What /control hides from the API operator shows as filters, so that a client can see why a room is missing."""
    prefix = {"branch": "branch:", "category": "room_type:"}.get(kind, "\0")
    names = sorted(right.removeprefix(prefix) for right in topdesk.world.removed_rights if right.startswith(prefix))
    return [{"id": stable_id("filter", f"{kind}:{name}"), "name": f"Not {name}", "applicable": "read"} for name in names]


def _picked(card: Card) -> Card:
    wanted = wanted_fields("fields")
    return (
        pick({name: value for name, value in card.items() if name != "archived"}, wanted)
        if wanted
        else {n: v for n, v in card.items() if n != "archived"}
    )


def _card(topdesk: Topdesk, operator: Operator) -> Card:
    home = topdesk.world.directory.buildings[0]
    return {
        "id": operator.id, "principalId": stable_id("principal", operator.login), "status": "operator", "archived": False, "accountType": "regular",
        "apiAccount": operator.api_account, "hasApplicationPasswords": True, "surName": operator.surname, "firstName": operator.first,
        "dynamicName": operator.name, "email": operator.email, "loginName": operator.login, "loginPermission": True, "reservationsOperator": True,
        "branch": {"id": home.branch_id, "name": home.name, "timeZone": home.time_zone}, "optionalFields1": {}, "optionalFields2": {},
    }  # fmt: skip
