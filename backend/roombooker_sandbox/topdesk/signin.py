"""Who may talk to this TOPdesk: application passwords, login tokens, permission groups; 401 and 403 in their several shapes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, g
from werkzeug.datastructures import Authorization

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.topdesk.answers import Refused, answer
from roombooker_sandbox.topdesk.inferred import TOKEN_IDLE_EXPIRY
from roombooker_sandbox.world import OPERATOR_LOGIN, OPERATOR_PASSWORD, World

FACILITIES_LOGIN = "facilities"
FACILITIES_PASSWORD = "sandbox-facilities"  # noqa: S105  the sandbox's published sign-in, not a secret

# Tomcat's own words (seen in PipedreamHQ/pipedream#19120): a client must not expect JSON here.
_HTML_401 = (
    '<!doctype html><html lang="en"><head><title>HTTP Status 401 – Unauthorized</title></head><body><h1>HTTP Status 401 – Unauthorized</h1>'
    "<p><b>Description</b> The request has not been applied because it lacks valid authentication credentials for the target resource.</p>"
    "</body></html>"
)
_FORBIDDEN = {
    "rest_api": "No permission to access the REST API",
    "locations": "No permission to access reservable locations",
    "persons": "No permission to access the data",
    "person_groups": "No permission to access the data",
    "branches": "No permission to access the data",
    "reservations_read": "No permission to access the reservations management API",
    "reservations_write": "No permission to edit reservations or requests",
    "cancellation_reasons": "No permission to access the reservations management API",
    "rejection_reasons": "No permission to access the reservations management API",
}


@dataclass(frozen=True)
class Operator:
    """Somebody with a TOPdesk licence. Only the API operator is bound by the rights that /control takes away."""

    id: str
    login: str
    surname: str
    first: str
    email: str
    api_account: bool

    @property
    def name(self) -> str:
        return f"{self.surname}, {self.first}" if self.first else self.surname


API_OPERATOR = Operator(
    stable_id("operator", OPERATOR_LOGIN), OPERATOR_LOGIN, "Room Booker API", "", "room.booker.api@contoso.example", api_account=True
)
FACILITIES = Operator(
    stable_id("operator", FACILITIES_LOGIN), FACILITIES_LOGIN, "Facilities", "Fay", "facilities@contoso.example", api_account=False
)
OPERATORS = (API_OPERATOR, FACILITIES)

P = ParamSpec("P")
R = TypeVar("R")


class Signin:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, tuple[Operator, datetime]] = {}

    def operator(self, given: Authorization | None) -> Operator | None:
        """Whose request this is, by Basic or by a token that has not idled away; None: nobody's."""
        if given is None:
            return None
        if given.type == "basic":
            return self.by_password(given.username, given.password)
        if given.type == "token":
            token = given.parameters.get("id") or (given.token or "").removeprefix("id=").strip('"')
            return self._by_token(token)
        return None

    def by_password(self, login: str | None, password: str | None) -> Operator | None:
        if (login, password) == (OPERATOR_LOGIN, OPERATOR_PASSWORD) and not self._world.password_expired:
            return API_OPERATOR
        if (login, password) == (FACILITIES_LOGIN, FACILITIES_PASSWORD):
            return FACILITIES
        return None

    def issue(self, operator: Operator) -> str:
        token = str(uuid.uuid4())
        self._tokens[token] = (operator, self._world.clock.now())
        return token

    def forget(self, given: Authorization | None) -> None:
        if given is not None and given.type == "token":
            self._tokens.pop(given.parameters.get("id") or (given.token or "").removeprefix("id=").strip('"'), None)

    def _by_token(self, token: str) -> Operator | None:
        operator, used = self._tokens.get(token, (None, None))
        if operator is None or used is None:
            return None
        now = self._world.clock.now()
        if now - used > TOKEN_IDLE_EXPIRY or (operator is API_OPERATOR and self._world.password_expired):
            del self._tokens[token]
            return None
        self._tokens[token] = (operator, now)
        return operator

    def challenge(self) -> Response:
        """401: Tomcat's HTML page with WWW-Authenticate, or JSON; wrong and expired look alike."""
        if self._world.switches.unauthorized_style == "html":
            return Response(_HTML_401, 401, {"WWW-Authenticate": 'Basic realm="TOPdesk"'}, content_type="text/html;charset=utf-8")
        return answer([{"message": "No authentication token provided"}], 401)


def current_operator() -> Operator:
    operator: Operator = g.topdesk_operator
    return operator


def lacks(world: World, right: str) -> bool:
    """Whether /control took this right away from the API operator who is asking."""
    return right in world.removed_rights and current_operator() is API_OPERATOR


def demand(world: World, right: str) -> None:
    if lacks(world, right):
        raise Refused(403, [{"message": _FORBIDDEN[right]}])


def needs(world: World, *rights: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view that answers 403 when one of these rights is missing."""

    def dress(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for right in rights:
                demand(world, right)
            return view(*args, **kwargs)

        return checked

    return dress
