"""Small questions for the doctor: each asks for one thing that Room Booker needs and raises what is missing (Denied with its right)."""

from contextlib import suppress
from typing import Any

from roombooker.errors import Refused
from roombooker.settings import Settings
from roombooker.topdesk import fiql
from roombooker.topdesk.client import TopdeskClient
from roombooker.topdesk.directory import BRANCHES, LOCATIONS, PERSONS
from roombooker.topdesk.reservations import READ, WRITE

REST, REASONS = "API access: REST API, and use application passwords", "Reservations: read cancellation and rejection reasons"


class Probe:
    def __init__(self, client: TopdeskClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def version(self) -> str:
        """REST API version. Garbled or NotFound: the address is wrong. Denied (401): the sign-in."""
        return str(self._client.call("GET", "/version", right=REST).record().get("version", ""))

    def current_operator(self) -> dict[str, Any]:
        return self._client.call("GET", "/operators/current", right=REST).record()

    def read_reservations(self) -> None:
        self._client.call("GET", "/reservations", params={"$top": 1}, right=READ).records("results")

    def write_reservations(self) -> None:
        """An empty reservation, which TOPdesk refuses (400) to whom it would let make a whole one, and denies (403) to others."""
        with suppress(Refused):
            self._client.call("POST", "/reservations", json={}, right=WRITE)

    def read_locations(self) -> None:
        self._client.call("GET", "/locations", params={"$fields": "id", "pageSize": 1}, right=LOCATIONS).records()

    def room_types(self) -> list[str]:
        """Names as this operator sees them: a category filter hides the others without a word."""
        cards = self._client.call("GET", "/locations/types", right=LOCATIONS).records()
        return [str(c.get("name")) for c in cards]

    def branches(self) -> dict[str, str]:
        """Id -> name as this operator sees them: a branch filter hides the others without a word."""
        cards = self._client.call("GET", "/branches", params={"$fields": "id,name"}, right=BRANCHES).records()
        return {str(c.get("id")): str(c.get("name")) for c in cards}

    def read_persons(self) -> None:
        self._client.call(
            "GET", "/persons", params={"pageSize": 1}, right=PERSONS, accept="application/x.topdesk-collection-person-v2+json"
        )

    def cancellation_reasons(self) -> list[str]:
        return self._names("/reservationCancellationReasons")

    def rejection_reasons(self) -> list[str]:
        return self._names("/reservationRejectionReasons")

    def match_field(self) -> None:
        """Refused where the configured field cannot be searched."""
        field = self._settings.topdesk_match_field
        is_memo = field.rpartition(".")[2].startswith("memo")
        query = fiql.starts_with(field, "ORB-none") if is_memo else fiql.equals(field, "ORB-none")
        self._client.call("GET", "/reservations", params={"$top": 1, "query": query}, right=READ).records("results")

    def _names(self, route: str) -> list[str]:
        return [str(c.get("name")) for c in self._client.call("GET", route, right=REASONS).records("results")]
