"""The sandbox as one web application: every part at its address, inside the layer that misbehaves on request."""

import importlib
import importlib.util
import logging
from types import ModuleType

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from roombooker_sandbox import control
from roombooker_sandbox.behaviour import Behaviour
from roombooker_sandbox.world import World

_log = logging.getLogger(__name__)
_PARTS = {"topdesk": "/topdesk", "exchange": "/graph", "entra": "/entra", "outlook": "/outlook"}


def create_app(world: World) -> Flask:
    app = Flask("roombooker_sandbox", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    for name, mount in _PARTS.items():
        module = _part(name)
        if module is not None:
            app.register_blueprint(module.blueprint(world), url_prefix=mount, name=name)
    app.register_blueprint(control.blueprint(world), url_prefix="/control")

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


def _part(name: str) -> ModuleType | None:
    """Only while the parts are being built: one that is not there yet is left out, and says so."""
    full = f"roombooker_sandbox.{name}"
    try:
        module = importlib.import_module(full)
        module.blueprint  # noqa: B018
    except (ImportError, AttributeError) as error:
        _log.warning("part %s is not there yet: %s", name, error)
        return None
    return module
