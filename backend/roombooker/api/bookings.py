"""/api/v1/bookings: book, mine, one, move, cancel, extend the hold."""

from typing import Any

from flask import Response
from flask.views import MethodView

from roombooker.api.auth import caller, signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response
from roombooker.api.schemas import BookingIn, BookingOut, BookingsOut, HoldOut, IdempotencyIn, MoveIn

part = Part("bookings", __name__, url_prefix="/api/v1/bookings", description="Book, move and cancel")
_WRITE_ERRORS = (400, 409, 413, 422, 502, 503)
_UNKNOWN = {202: "The outcome is not known yet: ask again by its id."}


@part.at("")
class Bookings(MethodView):
    @signed_in()
    @part.answers(200, BookingsOut)
    def get(self) -> Response:
        """My bookings from today on, soonest first."""
        return json_response({"bookings": services().bookings.mine(caller())})

    @signed_in()
    @part.takes(IdempotencyIn, location="headers")
    @part.takes(BookingIn)
    @part.answers(201, BookingOut, also=_UNKNOWN, errors=(*_WRITE_ERRORS, 404))
    def post(self, body: dict[str, Any], key: str) -> Response:
        """Reserve rooms in TOPdesk for an appointment that is being written."""
        status, answer = services().bookings.book(caller(), key, body)
        return json_response(answer, status)


@part.at("/<string(maxlength=40):booking_id>")
class Booking(MethodView):
    @signed_in()
    @part.answers(200, BookingOut, errors=(404,))
    def get(self, booking_id: str) -> Response:
        """One of my bookings with its timeline across both systems."""
        return json_response(services().bookings.one(caller(), booking_id))

    @signed_in()
    @part.takes(IdempotencyIn, location="headers")
    @part.takes(MoveIn)
    @part.answers(200, BookingOut, also=_UNKNOWN, errors=(*_WRITE_ERRORS, 404))
    def patch(self, body: dict[str, Any], key: str, booking_id: str) -> Response:
        """Secure the new time or room first, then give up the old."""
        status, answer = services().bookings.move(caller(), key, booking_id, body)
        return json_response(answer, status)

    @signed_in()
    @part.takes(IdempotencyIn, location="headers")
    @part.answers(200, BookingOut, also=_UNKNOWN, errors=(*_WRITE_ERRORS, 404))
    def delete(self, key: str, booking_id: str) -> Response:
        """Cancel my booking."""
        status, answer = services().bookings.cancel(caller(), key, booking_id)
        return json_response(answer, status)


@part.at("/<string(maxlength=40):booking_id>/hold")
class Hold(MethodView):
    @signed_in()
    @part.answers(200, HoldOut, errors=(404, 409))
    def post(self, booking_id: str) -> Response:
        """An open pane keeps the reservation a little longer."""
        return json_response({"held_until": services().bookings.extend_hold(caller(), booking_id)})
