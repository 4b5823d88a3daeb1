"""GET /api/v1/rooms and POST /api/v1/availability."""

from typing import Any

from flask import Response
from flask.views import MethodView

from roombooker.api.auth import caller, signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response
from roombooker.api.schemas import AvailabilityIn, AvailabilityOut, RoomsOut
from roombooker.services.availability import question_from

part = Part("rooms", __name__, url_prefix="/api/v1", description="Rooms and when they are free")


@part.at("/rooms")
class Rooms(MethodView):
    @signed_in()
    @part.answers(200, RoomsOut)
    def get(self) -> Response:
        """All mapped rooms that are switched on, with their attributes."""
        return json_response(services().availability.rooms())


@part.at("/availability")
class Availability(MethodView):
    @signed_in()
    @part.takes(AvailabilityIn)
    @part.answers(200, AvailabilityOut, errors=(400, 413))
    def post(self, question: dict[str, Any]) -> Response:
        """Which rooms fit a slot, several slots or a series; ranked, each free, busy or not bookable with its reason."""
        return json_response(services().availability.search(caller().email, question_from(question)))
