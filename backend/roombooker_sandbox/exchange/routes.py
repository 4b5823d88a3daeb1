"""How a route of a mailbox is made: `/users/{id}` and `/me` alike, rights checked, a place in the throttle taken and given back."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange.access import caller
from roombooker_sandbox.exchange.errors import GraphError, bad_request
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.service import Exchange

View = Callable[..., ResponseReturnValue]
API = "/v1.0"


class MailboxRoutes:
    def __init__(self, part: Blueprint, exchange: Exchange) -> None:
        self._part = part
        self._exchange = exchange

    def __call__(self, method: str, *paths: str, right: str = "Calendars", write: bool | None = None) -> Callable[[View], View]:
        """Register `view(mailbox, **rest)` at these paths below a mailbox; writing is what is not GET unless said otherwise."""
        writes = method != "GET" if write is None else write

        def register(view: View) -> View:
            def call(user: str = "", **rest: Any) -> ResponseReturnValue:
                mailbox = self._exchange.access.mailbox(user, write=writes, right=right)
                self._enter(mailbox)
                return view(mailbox, **rest)

            # the real one does not mind the case of its segments; people write `calendarview`
            for path in dict.fromkeys((*paths, *(p.lower() for p in paths))):
                for base in ("/users/<user>", "/me"):
                    name = f"{method} {base}{path}".replace(".", "_")
                    self._part.add_url_rule(f"{API}{base}{path}", name, call, methods=[method])
            return view

        return register

    def _enter(self, mailbox: Mailbox) -> None:
        app = caller().app_id
        self._exchange.throttle.enter(app, mailbox.key)
        g.graph_place = (app, mailbox.key)


def json_body() -> dict[str, Any]:
    """The request's JSON object; 400 with Graph's words."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise GraphError(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )
    return body


def optional_body() -> dict[str, Any]:
    return json_body() if request.get_data() else {}


def no_content(status: int = 204) -> Response:
    return Response(status=status)


def property_of(body: dict[str, Any], name: str, default: Any = None) -> Any:
    """Action parameters are written `comment` or `Comment`."""
    value = body.get(name, body.get(name[0].upper() + name[1:], default))
    if name == "comment" and value is not None and not isinstance(value, str):
        raise bad_request("comment must be a string.")
    return value
