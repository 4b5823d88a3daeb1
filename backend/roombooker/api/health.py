"""/healthz, /readyz and /metrics."""

from flask import Response
from flask_smorest import Blueprint

from roombooker.api.auth import public
from roombooker.api.context import services
from roombooker.api.responses import json_response

blueprint = Blueprint("health", __name__, description="Alive, ready, measured")


@blueprint.route("/healthz")
@blueprint.response(200)
@public
def healthz() -> Response:
    """This process answers."""
    return json_response({"ok": True})


@blueprint.route("/readyz")
@blueprint.response(200)
@public
def readyz() -> Response:
    """The database answers; each outside system with its last good contact, lag and freshness."""
    ready = services().health.ready()
    return json_response(ready, 200 if ready["ok"] else 503)


@blueprint.route("/metrics")
@blueprint.response(200)
@public
def metrics() -> Response:
    """Prometheus."""
    body, content_type = services().health.metrics()
    return Response(body, content_type=content_type)
