"""/api/v1/admin/work-items: what waits for a person, live status, settling."""

from typing import Any

from flask import Response
from flask.views import MethodView

from roombooker.api.admin.schemas import SettleIn, WorkItemOut, WorkItemsOut, WorkItemsQuery, WorkItemStatusOut
from roombooker.api.auth import Role, caller, signed_in
from roombooker.api.context import services
from roombooker.api.part import Part
from roombooker.api.responses import json_response

part = Part("work-items", __name__, url_prefix="/api/v1/admin/work-items", description="What only a person can settle")


@part.at("")
class WorkItems(MethodView):
    @signed_in(Role.SUPPORT)
    @part.takes(WorkItemsQuery, location="query")
    @part.answers(200, WorkItemsOut, errors=(400,))
    def get(self, query: dict[str, Any]) -> Response:
        """Open ones, or settled ones; by kind and room; newest first, `next` is the following page's `before`."""
        found = services().worklist.page(
            settled=query["settled"], kind=query["kind"], room_id=query["room"], before_id=query["before"], limit=query["limit"]
        )
        return json_response(found)


@part.at("/<string(maxlength=40):item_id>")
class WorkItem(MethodView):
    @signed_in(Role.SUPPORT)
    @part.answers(200, WorkItemOut, errors=(404,))
    def get(self, item_id: str) -> Response:
        """One, with its candidates and the actions that can settle it."""
        return json_response(services().worklist.one(item_id))


@part.at("/<string(maxlength=40):item_id>/status")
class Status(MethodView):
    @signed_in(Role.SUPPORT)
    @part.answers(200, WorkItemStatusOut, errors=(404, 502, 503))
    def get(self, item_id: str) -> Response:
        """Get status info: both originals, read again now."""
        return json_response(services().worklist.status(item_id))


@part.at("/<string(maxlength=40):item_id>/settle")
class Settle(MethodView):
    @signed_in(Role.ADMIN)
    @part.takes(SettleIn)
    @part.answers(200, WorkItemStatusOut, errors=(400, 404, 409, 422, 502, 503))
    def post(self, body: dict[str, Any], item_id: str) -> Response:
        """Carry out one of its actions; the item as it is then, still open where a side refused again."""
        return json_response(services().worklist.settle(caller(), item_id, body["action"], body["candidate"]))
