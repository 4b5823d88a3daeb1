"""/hooks: notices from TOPdesk and Graph. Only a reason to look: stored, answered at once, acted on by re-reading."""

import hmac
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from roombooker.api.auth import public
from roombooker.api.context import services
from roombooker.api.schemas import TopdeskHookIn
from roombooker.errors import InvalidInput, NotSignedIn

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks", description="Notices from the other systems")
MAX_BYTES = 64_000
_MAX_NOTICES = 1_000


@blueprint.route("/topdesk", methods=["POST"])
@blueprint.response(202)
@public
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
    services().inbox.topdesk_changed(str(body["reservationId"]))
    return Response(status=202)


@blueprint.route("/graph", methods=["POST"])
@blueprint.response(202)
@public
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
    if (request.content_length or 0) > MAX_BYTES:
        from werkzeug.exceptions import RequestEntityTooLarge

        raise RequestEntityTooLarge("A notice is at most 64 kB.")
    request.max_content_length = MAX_BYTES
    body = request.get_json(silent=True, force=True)
    if not isinstance(body, dict):
        raise InvalidInput("The body must be a JSON object.")
    return body
