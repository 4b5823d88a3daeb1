"""/api/v1/admin/people: one person's data, exported or erased. The address travels in the body, so that no log of addresses keeps it."""

from typing import Any

from flask import Response
from flask.views import MethodView

from roombooker.api.admin.schemas import EmailIn, ErasedOut, PersonOut
from roombooker.api.auth import Role, signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response

part = Part("people", __name__, url_prefix="/api/v1/admin/people", description="One person's data")


@part.at("/export")
class Export(MethodView):
    @signed_in(Role.ADMIN)
    @part.takes(EmailIn)
    @part.answers(200, PersonOut, errors=(400,))
    def post(self, body: dict[str, Any]) -> Response:
        """All that is kept about an address."""
        return json_response(services().retention.export(body["email"]))


@part.at("/erase")
class Erase(MethodView):
    @signed_in(Role.ADMIN)
    @part.takes(EmailIn)
    @part.answers(200, ErasedOut, errors=(400,))
    def post(self, body: dict[str, Any]) -> Response:
        """Forget an address, except in bookings that are still ahead."""
        return json_response(services().retention.erase(body["email"]))
