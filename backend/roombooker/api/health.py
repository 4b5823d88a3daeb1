"""/healthz, /readyz and /metrics."""

from flask import Response

from roombooker.api.auth import public
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response
from roombooker.api.schemas import HealthOut, ReadyOut

part = Part("health", __name__, description="Alive, ready, measured")


@part.at("/healthz")
@public
@part.answers(200, HealthOut, is_open=True)
def healthz() -> Response:
    """This process answers."""
    return json_response({"ok": True})


@part.at("/readyz")
@public
@part.answers(200, ReadyOut, also={503: "The database does not answer."}, is_open=True)
def readyz() -> Response:
    """The database answers; each outside system with its last good contact, lag and freshness."""
    ready = services().health.ready()
    return json_response(ready, 200 if ready["ok"] else 503)


@part.at("/metrics")
@public
@part.answers(200, is_open=True, content_type="text/plain")
def metrics() -> Response:
    """Prometheus."""
    body, content_type = services().health.metrics()
    return Response(body, content_type=content_type)
