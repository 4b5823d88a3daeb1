"""GET /api/v1/rooms and POST /api/v1/availability."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from roombooker.api.auth import caller, signed_in
from roombooker.api.context import services
from roombooker.api.responses import json_response
from roombooker.api.schemas import AvailabilityIn, AvailabilityOut, ErrorOut, RoomsOut
from roombooker.services.availability import question_from

blueprint = Blueprint("rooms", __name__, url_prefix="/api/v1", description="Rooms and when they are free")


@blueprint.route("/rooms")
class Rooms(MethodView):
    @blueprint.response(200, RoomsOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @signed_in()
    def get(self) -> Response:
        """All mapped rooms that are switched on, with their attributes."""
        return json_response(services().availability.rooms())


@blueprint.route("/availability")
class Availability(MethodView):
    @blueprint.arguments(AvailabilityIn)
    @blueprint.response(200, AvailabilityOut)
    @blueprint.alt_response(400, schema=ErrorOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @signed_in()
    def post(self, question: dict[str, Any]) -> Response:
        """Which rooms fit a slot, several slots or a series; ranked, each free, busy or not bookable with its reason."""
        return json_response(services().availability.search(caller().email, question_from(question)))
