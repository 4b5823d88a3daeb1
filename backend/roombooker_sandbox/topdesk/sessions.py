"""Login tokens and versions: the calls of TOPdesk's General API that every client starts with."""

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.locations import looked_up
from roombooker_sandbox.topdesk.system import API, Topdesk
from roombooker_sandbox.topdesk.windows import WINDOWS

OPEN = ("topdesk.login", "topdesk.logout")


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    @blueprint.route(f"{API}/login/operator", methods=["GET"], endpoint="login")
    def login() -> Response:
        """The bare token, not in quotes; deprecated by TOPdesk, still used by old scripts."""
        given = request.authorization
        operator = topdesk.signin.by_password(given.username, given.password) if given and given.type == "basic" else None
        if operator is None:
            return topdesk.signin.challenge()
        return Response(topdesk.signin.issue(operator), content_type="text/plain;charset=UTF-8")

    @blueprint.route(f"{API}/logout", methods=["GET"], endpoint="logout")
    def logout() -> Response:
        topdesk.signin.forget(request.authorization)
        return Response(status=204)

    @blueprint.get(f"{API}/version")
    def get_version() -> Response:
        return topdesk.answer({"version": "3.7.4"})

    @blueprint.get(f"{API}/productVersion")
    def get_product_version() -> Response:
        return topdesk.answer({"major": 13, "minor": 7, "patch": 2})

    @blueprint.get(f"{API}/serviceWindow/lookup")
    def get_service_windows() -> Response:
        """Names alone: the hours themselves cannot be read by API (documented)."""
        return topdesk.answer(looked_up([{"id": w.id, "name": w.name, "archived": False} for w in WINDOWS.values()]))
