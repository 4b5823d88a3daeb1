"""/api/v1/admin/rooms: all pairs; preview, switch on, switch off."""

from typing import Any

from flask import Response
from flask.views import MethodView

from roombooker.api.admin.schemas import AdminRoomsOut, DisabledOut, GoLiveOut, PolicyIn, PolicyOut
from roombooker.api.auth import Role, signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response

part = Part("admin-rooms", __name__, url_prefix="/api/v1/admin/rooms", description="Pairs of TOPdesk location and room mailbox")


@part.at("")
class AdminRooms(MethodView):
    @signed_in(Role.SUPPORT)
    @part.answers(200, AdminRoomsOut)
    def get(self) -> Response:
        """All pairs, those that are off too, each with where it is kept and what is wrong with it."""
        return json_response({"rooms": services().rooms.listed()})


@part.at("/<string(maxlength=40):room_id>")
class AdminRoom(MethodView):
    @signed_in(Role.ADMIN)
    @part.takes(PolicyIn)
    @part.answers(200, PolicyOut, errors=(400, 404, 413))
    def patch(self, body: dict[str, Any], room_id: str) -> Response:
        """Set rules of a room; those that are not named stay."""
        return json_response(services().rooms.set_policy(room_id, body))


@part.at("/<string(maxlength=40):room_id>/preview")
class Preview(MethodView):
    @signed_in(Role.SUPPORT)
    @part.answers(200, GoLiveOut, errors=(404, 502, 503))
    def get(self, room_id: str) -> Response:
        """Both sides laid over each other: what matches, what is on one side only, what conflicts. Writes nothing."""
        return json_response(services().golive.preview(room_id))


@part.at("/<string(maxlength=40):room_id>/enable")
class Enable(MethodView):
    @signed_in(Role.ADMIN)
    @part.answers(200, GoLiveOut, errors=(400, 404))
    def post(self, room_id: str) -> Response:
        """Switch on: what is on both sides is adopted, never wiped. Where a side is away, the room is on, and `reason` says so."""
        return json_response(services().golive.enable([room_id]))


@part.at("/<string(maxlength=40):room_id>/disable")
class Disable(MethodView):
    @signed_in(Role.ADMIN)
    @part.answers(200, DisabledOut, errors=(404,))
    def post(self, room_id: str) -> Response:
        """Switch off: both sides stay as they are."""
        return json_response({"disabled": services().golive.disable([room_id])})
