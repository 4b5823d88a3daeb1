"""The stand-in Exchange Online behind Microsoft Graph: `blueprint(world)` serves it below /graph, its API below /graph/v1.0."""

from datetime import UTC, datetime

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from roombooker_sandbox.exchange import (
    access,
    batch,
    delta,
    event_routes,
    mail,
    places,
    schedule,
    subscription_routes,
    users,
    view_routes,
)
from roombooker_sandbox.exchange.errors import GraphError, answer_of, client_request_id, request_id
from roombooker_sandbox.exchange.routes import MailboxRoutes
from roombooker_sandbox.exchange.service import exchange_of
from roombooker_sandbox.world import World

# Pages call Graph from their own origin, as Outlook's panes do.
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*, Authorization",
    "Access-Control-Max-Age": "3600",
}
_JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


def blueprint(world: World) -> Blueprint:
    exchange = exchange_of(world)
    part = Blueprint("exchange", __name__, url_prefix="/graph")
    route = MailboxRoutes(part, exchange)

    @part.before_request
    def sign_in() -> Response | None:
        if request.method == "OPTIONS":
            return Response(headers=_PREFLIGHT)
        if not request.path.endswith("/graph/outbox"):
            g.graph_caller = access.identify(world)
        return None

    @part.after_request
    def stamp_ids(answer: Response) -> Response:
        answer.headers["request-id"] = request_id()
        answer.headers["client-request-id"] = client_request_id()
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Expose-Headers"] = "ETag, Location, Preference-Applied, request-id, client-request-id, Retry-After"
        if answer.is_json and "/v1.0/" in request.path:
            answer.headers["Content-Type"] = _JSON
        return answer

    @part.teardown_request
    def give_back(_: BaseException | None) -> None:
        place = g.pop("graph_place", None)
        if place:
            exchange.throttle.leave(*place)

    @part.errorhandler(GraphError)
    def refuse(error: GraphError) -> Response:
        return answer_of(error, datetime.now(UTC).isoformat())

    @part.errorhandler(HTTPException)
    def misroute(error: HTTPException) -> Response:
        return answer_of(GraphError(error.code or 500, "BadRequest", error.description or error.name), datetime.now(UTC).isoformat())

    event_routes.register(route, exchange)
    view_routes.register(route, exchange)
    schedule.register(route, exchange)
    places.register(part, exchange)
    users.register(part, route, exchange)
    mail.register(part, route, exchange)
    subscription_routes.register(part, exchange)
    batch.register(part)

    @part.route("/v1.0/<path:unknown>", methods=["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"])
    def unknown_segment(unknown: str) -> Response:
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{unknown.split('/')[-1]}'.")

    world.on("expire delta", lambda: delta.expire_tokens(exchange.items))
    world.on("expire subscriptions", exchange.notices.expire_all)
    world.on("clock", exchange.subscriptions.forget_expired)
    world.on("rights", exchange.notices.ask_again)
    world.on("reset", exchange.throttle.clear)
    world.on("reset data", exchange.items.reload)
    return part
