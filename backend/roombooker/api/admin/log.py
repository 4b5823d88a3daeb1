"""/api/v1/admin/log and /api/v1/admin/bookings/<id>: what happened, and why."""

from typing import Any

from flask import Response
from flask.views import MethodView

from roombooker.api.admin.schemas import AdminBookingOut, LogOut, LogQuery
from roombooker.api.auth import Role, signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response

part = Part("log", __name__, url_prefix="/api/v1/admin", description="Every change, with what caused it")


@part.at("/log")
class Log(MethodView):
    @signed_in(Role.SUPPORT)
    @part.takes(LogQuery, location="query")
    @part.answers(200, LogOut, errors=(400,))
    def get(self, query: dict[str, Any]) -> Response:
        """By date, address, room and kind; newest first, `next` is the following page's `before`."""
        found = services().record.search(
            since=query["since"], until=query["until"], email=query["email"], room_id=query["room"], kind=query["kind"],
            before_id=query["before"], limit=query["limit"],
        )  # fmt: skip
        return json_response(found)


@part.at("/bookings/<string(maxlength=40):booking_id>")
class AdminBooking(MethodView):
    @signed_in(Role.SUPPORT)
    @part.answers(200, AdminBookingOut, errors=(404,))
    def get(self, booking_id: str) -> Response:
        """Anybody's booking as one timeline across both systems."""
        return json_response(services().record.booking(booking_id))
