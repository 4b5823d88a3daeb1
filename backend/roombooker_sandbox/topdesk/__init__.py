"""The stand-in TOPdesk: its REST API around reservations, rooms, persons, branches and operators, under /topdesk/tas/api."""

from typing import Any

from flask import Blueprint, Response, g, request

from roombooker_sandbox.topdesk import (
    attachments,
    facilities,
    locations,
    occupancies,
    operators,
    overview,
    persons,
    recurrence,
    reservables,
    reservations,
    searchlists,
    sessions,
    transitions,
)
from roombooker_sandbox.topdesk.answers import Refused, answer
from roombooker_sandbox.topdesk.error_shapes import reshaped
from roombooker_sandbox.topdesk.schema import SCHEMA
from roombooker_sandbox.topdesk.seed import seed
from roombooker_sandbox.topdesk.signin import demand
from roombooker_sandbox.topdesk.system import API, Topdesk
from roombooker_sandbox.world import World

__all__ = ["blueprint", "seed"]


class _Blueprint(Blueprint):
    """Takes a trailing slash, which one public client writes after /persons."""

    def add_url_rule(self, *args: Any, **kwargs: Any) -> None:
        super().add_url_rule(*args, **{"strict_slashes": False} | kwargs)


_VIEWS = (
    sessions, reservations, transitions, facilities, recurrence, attachments, overview, occupancies, reservables, searchlists, locations, persons, operators,
)  # fmt: skip


def blueprint(world: World) -> Blueprint:
    """All of it, to be registered on the sandbox's app; `seed` fills it."""
    topdesk = Topdesk(world)
    made = _Blueprint("topdesk", __name__, url_prefix="/topdesk")
    world.store.apply(SCHEMA)

    @made.before_request
    def guard() -> Response | None:
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
        if answered.body is None:
            return Response(status=answered.status)
        path = request.path.partition(API)[2]
        return answer(reshaped(request.method, path, answered.status, answered.body), answered.status)

    for views in _VIEWS:
        views.routes(made, topdesk)
    return made
