"""GET /api/v1/appointments: what somebody who is invited may know of the appointment's room."""

from datetime import datetime

from flask import Response
from flask.views import MethodView

from roombooker.api.auth import signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response
from roombooker.api.schemas import AppointmentIn, AppointmentOut

part = Part("appointments", __name__, url_prefix="/api/v1/appointments", description="How the room of an appointment stands")


@part.at("")
class Appointments(MethodView):
    @signed_in()
    @part.takes(AppointmentIn, location="query")
    @part.answers(200, AppointmentOut, errors=(400,))
    def get(self, asked: dict[str, object]) -> Response:
        """The state of the booking of that room at that start: no subject, no names."""
        start = asked["start"]
        assert isinstance(start, datetime)  # noqa: S101  the schema has made it one
        return json_response(services().appointments.look_up(str(asked["room"]).lower(), start))
