"""/api/v1/bookings: book, mine, one, move, cancel, extend the hold."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from roombooker.api.auth import caller, signed_in
from roombooker.api.context import services
from roombooker.api.responses import json_response
from roombooker.api.schemas import BookingIn, BookingOut, BookingsOut, ErrorOut, HoldOut, IdempotencyIn, MoveIn

blueprint = Blueprint("bookings", __name__, url_prefix="/api/v1/bookings", description="Book, move and cancel")


@blueprint.route("")
class Bookings(MethodView):
    @blueprint.response(200, BookingsOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @signed_in()
    def get(self) -> Response:
        """My bookings from today on, soonest first."""
        return json_response({"bookings": services().bookings.mine(caller())})

    @blueprint.arguments(IdempotencyIn, location="headers", as_kwargs=True)
    @blueprint.arguments(BookingIn)
    @blueprint.response(201, BookingOut)
    @blueprint.alt_response(202, schema=BookingOut, description="The outcome is not known yet; state `reserving`: ask again by its id.")
    @blueprint.alt_response(400, schema=ErrorOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @blueprint.alt_response(403, schema=ErrorOut)
    @blueprint.alt_response(409, schema=ErrorOut, description="slot_taken with alternatives, key_reused or in_progress")
    @blueprint.alt_response(422, schema=ErrorOut)
    @blueprint.alt_response(503, schema=ErrorOut)
    @signed_in()
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Reserve rooms in TOPdesk for an appointment that is being written."""
        status, answer = services().bookings.book(caller(), key, body)
        return json_response(answer, status)


@blueprint.route("/<string(maxlength=40):booking_id>")
class Booking(MethodView):
    @blueprint.response(200, BookingOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @blueprint.alt_response(404, schema=ErrorOut)
    @signed_in()
    def get(self, booking_id: str) -> Response:
        """One of my bookings with its timeline across both systems."""
        return json_response(services().bookings.one(caller(), booking_id))

    @blueprint.arguments(IdempotencyIn, location="headers", as_kwargs=True)
    @blueprint.arguments(MoveIn)
    @blueprint.response(200, BookingOut)
    @blueprint.alt_response(202, schema=BookingOut)
    @blueprint.alt_response(400, schema=ErrorOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @blueprint.alt_response(404, schema=ErrorOut)
    @blueprint.alt_response(409, schema=ErrorOut)
    @blueprint.alt_response(422, schema=ErrorOut)
    @blueprint.alt_response(503, schema=ErrorOut)
    @signed_in()
    def patch(self, body: dict[str, Any], key: str, booking_id: str) -> Response:
        """Secure the new time or room first, then give up the old."""
        status, answer = services().bookings.move(caller(), key, booking_id, body)
        return json_response(answer, status)

    @blueprint.arguments(IdempotencyIn, location="headers", as_kwargs=True)
    @blueprint.response(200, BookingOut)
    @blueprint.alt_response(202, schema=BookingOut)
    @blueprint.alt_response(400, schema=ErrorOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @blueprint.alt_response(404, schema=ErrorOut)
    @blueprint.alt_response(409, schema=ErrorOut)
    @blueprint.alt_response(422, schema=ErrorOut)
    @blueprint.alt_response(503, schema=ErrorOut)
    @signed_in()
    def delete(self, key: str, booking_id: str) -> Response:
        """Cancel my booking."""
        status, answer = services().bookings.cancel(caller(), key, booking_id)
        return json_response(answer, status)


@blueprint.route("/<string(maxlength=40):booking_id>/hold")
class Hold(MethodView):
    @blueprint.response(200, HoldOut)
    @blueprint.alt_response(401, schema=ErrorOut)
    @blueprint.alt_response(404, schema=ErrorOut)
    @blueprint.alt_response(409, schema=ErrorOut)
    @signed_in()
    def post(self, booking_id: str) -> Response:
        """An open pane keeps the reservation a little longer."""
        return json_response({"held_until": services().bookings.extend_hold(caller(), booking_id)})
