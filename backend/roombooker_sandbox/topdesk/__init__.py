"""The stand-in TOPdesk: its REST API around reservations, rooms, persons, branches and operators, under /topdesk/tas/api."""

from flask import Blueprint, Response, g, request

from roombooker_sandbox.topdesk import locations, persons, reservables, reservations, sessions, transitions
from roombooker_sandbox.topdesk.answers import Refused, answer
from roombooker_sandbox.topdesk.schema import SCHEMA
from roombooker_sandbox.topdesk.seed import seed
from roombooker_sandbox.topdesk.signin import demand
from roombooker_sandbox.topdesk.system import Topdesk
from roombooker_sandbox.world import World

__all__ = ["blueprint", "seed"]

_MAINTENANCE = "<!doctype html><html><head><title>TOPdesk</title></head><body><h1>TOPdesk is being updated</h1></body></html>"
_VIEWS = (sessions, reservations, transitions, reservables, locations, persons)


def blueprint(world: World) -> Blueprint:
    """All of it, to be registered on the sandbox's app; `seed` fills it."""
    topdesk = Topdesk(world)
    made = Blueprint("topdesk", __name__, url_prefix="/topdesk")
    world.store.apply(SCHEMA)

    @made.before_request
    def guard() -> Response | None:
        if world.switches.maintenance:
            return Response(_MAINTENANCE, 503, {"Retry-After": "60"}, content_type="text/html;charset=UTF-8")
        if request.endpoint in sessions.OPEN:
            return None
        operator = topdesk.signin.operator(request.authorization)
        if operator is None:
            return topdesk.signin.challenge()
        g.topdesk_operator = operator
        demand(world, "rest_api")
        return None

    @made.errorhandler(Refused)
    def refused(answered: Refused) -> Response:
        return Response(status=answered.status) if answered.body is None else answer(answered.body, answered.status)

    for views in _VIEWS:
        views.routes(made, topdesk)
    return made
