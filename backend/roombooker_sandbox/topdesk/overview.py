"""The deprecated overviewReservations, and the self-service call that refuses operators' rooms."""

from flask import Blueprint, Response

from roombooker_sandbox.topdesk.answers import Refused, check_parameters, truth, whole_number
from roombooker_sandbox.topdesk.reservations import LEGACY, asked_query, known, listed
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.get(f"{API}/overviewReservations")
    @needs(world, "reservations_read")
    def get_overview() -> Response:
        check_parameters(world.switches, "$fields", "$top", *LEGACY)
        truth("archived")
        cards, _ = listed(topdesk, asked_query(), whole_number("$top", 1000, 1, 10_000))
        return topdesk.answer({"results": cards})

    @blueprint.get(f"{API}/overviewReservations/<identifier>")
    @blueprint.get(f"{API}/overviewReservations/number/<identifier>")
    @needs(world, "reservations_read")
    def get_overview_of_one(identifier: str) -> Response:
        with world.store.transaction() as db:
            return topdesk.answer_reservation(db, known(topdesk, db, identifier))

    @blueprint.post(f"{API}/requester/reservations")
    def post_for_requester() -> Response:
        """For self-service users alone, and this sandbox signs in operators alone."""
        raise Refused(403, [{"message": "No permission to access requester endpoints"}])
