"""The sandbox as one web application: every part at its address, inside the layer that misbehaves on request."""

import logging

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from roombooker_sandbox import control, entra, exchange, outlook, topdesk
from roombooker_sandbox.behaviour import Behaviour
from roombooker_sandbox.world import World

_log = logging.getLogger(__name__)
_PARTS = (
    (topdesk.blueprint, "/topdesk"), (exchange.blueprint, "/graph"), (entra.blueprint, "/entra"), (outlook.blueprint, "/outlook"),
    (control.blueprint, "/control"),
)  # fmt: skip


def create_app(world: World) -> Flask:
    app = Flask("roombooker_sandbox", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    for part, mount in _PARTS:
        app.register_blueprint(part(world), url_prefix=mount)

    @app.get("/")
    def addresses() -> Response:
        return jsonify({
            "sandbox": "stand-ins for TOPdesk, Exchange and Entra", "topdesk": f"{world.base_url}/topdesk",
            "graph": f"{world.base_url}/graph/v1.0", "entra": f"{world.base_url}/entra", "outlook": f"{world.base_url}/outlook/",
            "control": f"{world.base_url}/control",
        })  # fmt: skip

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[Response, int]:
        return jsonify({"code": error.name.lower().replace(" ", "_"), "message": error.description}), error.code or 500

    @app.errorhandler(Exception)
    def break_down(error: Exception) -> tuple[Response, int]:
        _log.error("the sandbox itself failed", exc_info=error)
        return jsonify({"code": "sandbox_failed", "message": f"The sandbox itself failed: {type(error).__name__}: {error}"}), 500

    app.wsgi_app = Behaviour(app.wsgi_app, world)  # type: ignore[method-assign]
    return app
