"""/hooks: notices from TOPdesk and Graph. Only a reason to look: stored, answered at once, acted on by re-reading."""

import hmac
from typing import Any
from uuid import UUID

from flask import Response, request

from roombooker.api.auth import public
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.schemas import GraphHookIn, TopdeskHookIn
from roombooker.errors import InvalidInput, NotSignedIn

part = Part("hooks", __name__, url_prefix="/hooks", description="Notices from the other systems")
MAX_BYTES = 64_000
_MAX_NOTICES = 1_000


@part.at("/topdesk", methods=["POST"])
@public
@part.answers(202, errors=(400, 401, 413), is_open=True)
@part.documents(
    requestBody={"required": True, "content": {"application/json": {"schema": TopdeskHookIn}}},
    parameters=[{"in": "header", "name": "X-Room-Booker-Secret", "required": True, "schema": {"type": "string"}}],
)
def topdesk() -> Response:
    """TOPdesk's action sequence: header X-Room-Booker-Secret, body {"reservationId": "<uuid>"}."""
    given = request.headers.get("X-Room-Booker-Secret", "")
    if not hmac.compare_digest(given.encode(), services().settings.topdesk_hook_secret.encode()):
        services().health.refused_hook()
        services().inbox.topdesk_refused()
        raise NotSignedIn("The secret in X-Room-Booker-Secret is missing or wrong.")
    body = _json()
    problems = TopdeskHookIn().validate(body)
    if problems:
        raise InvalidInput("reservationId must be a reservation's id.", problems)
    services().inbox.topdesk_changed(str(UUID(body["reservationId"])))
    return Response(status=202)


@part.at("/graph", methods=["POST"])
@public
@part.answers(202, errors=(400, 413), is_open=True)
@part.documents(
    requestBody={"content": {"application/json": {"schema": GraphHookIn}}},
    parameters=[
        {
            "in": "query",
            "name": "validationToken",
            "description": "Graph's handshake: echoed as plain text, 200.",
            "schema": {"type": "string"},
        }
    ],
    responses={"200": {"description": "The handshake's token.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def graph() -> Response:
    """Graph's change and lifecycle notices; the validation token is echoed as plain text and nothing else."""
    token = request.args.get("validationToken")
    if token is not None:
        return Response(token[:2048], status=200, mimetype="text/plain", headers={"X-Content-Type-Options": "nosniff"})
    body = _json()
    notices = body.get("value")
    if not isinstance(notices, list) or len(notices) > _MAX_NOTICES:
        raise InvalidInput("value must be a list of notices.")
    services().inbox.graph_noticed([_notice(n) for n in notices if isinstance(n, dict)])
    return Response(status=202)


def _notice(raw: dict[str, Any]) -> tuple[str, str, str]:
    """(subscription id, client state, lifecycle event or "changed"), everything else of it is ignored."""
    return str(raw.get("subscriptionId", ""))[:64], str(raw.get("clientState", ""))[:128], str(raw.get("lifecycleEvent", "changed"))[:32]


def _json() -> dict[str, Any]:
    request.max_content_length = MAX_BYTES  # also of a body that comes in chunks, whose length nobody says
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise InvalidInput("The body must be a JSON object.")
    return body
