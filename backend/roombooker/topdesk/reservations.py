"""Reservations as TOPdesk's API has them: lists with paging, single ones, and every way to change or end one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import structlog

from roombooker.domain.slot import Slot
from roombooker.errors import Garbled, Refused
from roombooker.settings import Settings
from roombooker.topdesk import fiql
from roombooker.topdesk.client import SIDE, TopdeskClient
from roombooker.topdesk.mapping import read_moment, value_at, write_moment

READ, WRITE = "Reservations: read", "Reservations: create and write"
_MOST = 10_000  # a page's largest size
_MOST_DATES = 999  # occurrences in a series
_REASONS_SECONDS = 3600.0

_log = structlog.get_logger(__name__)


class Reservations:
    def __init__(self, client: TopdeskClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    def pages(self, query: str) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """All that the query finds, in start order: pages of new cards, each with whether the reading is still complete."""
        for new, is_complete, _ in self.pages_with_last(query):
            yield new, is_complete

    def pages_with_last(self, query: str) -> Iterator[tuple[list[dict[str, Any]], bool, datetime | None]]:
        """Also the last start of each page (all that start before it have been told by then); None for the last page.

        A full page answers 206 and goes on from its last start; ids of that minute are dropped, so that nothing that starts in it
        is lost. Where even that brings nothing new, the reading steps over that minute and is no longer complete."""
        seen: set[str] = set()
        from_on, is_complete = "", True
        while True:
            answer = self._client.call(
                "GET", "/reservations", right=READ, params={"$top": _MOST, "query": fiql.all_of(query, from_on)}
            )  # fmt: skip
            cards = answer.records("results")
            new = [[card for card in cards if card.get("id") not in seen]]  # given away: a page and its text are large
            if answer.status != 206 or not cards:
                del answer, cards
                yield new.pop(), is_complete, None
                return
            start = cards[-1].get("plannedStartDate")
            last = read_moment(start)
            step = fiql.from_on("plannedStartDate", last)
            same = {str(card.get("id")) for card in cards if card.get("plannedStartDate") == start}
            seen = seen | same if step == from_on else same
            if not new[0] or step == from_on:
                is_complete = False
                _log.warning("more reservations start in one minute than one page holds", side=SIDE)
                step = fiql.after("plannedStartDate", last)
            from_on = step
            del answer, cards
            yield new.pop(), is_complete, last

    def get(self, ident: str) -> dict[str, Any]:
        return self._client.call("GET", "/reservations/{id}", at={"id": ident}, right=READ).record()

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.call("POST", "/reservations", json=body, right=WRITE).record()

    def patch(self, ident: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.call("PATCH", "/reservations/{id}", at={"id": ident}, json=body, right=WRITE).record()

    def reschedule(self, ident: str, slot: Slot) -> dict[str, Any]:
        body = {"plannedStartDate": write_moment(slot.start), "plannedEndDate": write_moment(slot.end)}
        return self._client.call("POST", "/reservations/{id}/reschedule", at={"id": ident}, json=body, right=WRITE).record()

    def move(self, ident: str, from_location: str, to_location: str) -> dict[str, Any]:
        body = {"from": {"location": {"id": from_location}}, "to": {"location": {"id": to_location}}}
        return self._client.call("POST", "/reservations/{id}/reservedFacilities/move", at={"id": ident}, json=body, right=WRITE).record()

    def leave(self, ident: str, location: str) -> dict[str, Any]:
        """Take one room out of a reservation that holds several."""
        body = {"remove": [{"location": {"id": location}}]}
        return self._client.call("POST", "/reservations/{id}/reservedFacilities/remove", at={"id": ident}, json=body, right=WRITE).record()

    def make_recurrent(self, ident: str, dates: Sequence[date], *, is_series: bool = False) -> str:
        """The series' id; `is_series`: it is in one already, which gets further dates. Refused for more than 999 dates, and by TOPdesk
        where one of them is taken."""
        if len(dates) > _MOST_DATES:
            raise Refused(SIDE, f"TOPdesk takes at most {_MOST_DATES} dates in one series.")
        body = {"dates": [day.isoformat() for day in dates]}
        how = "occurrences" if is_series else "makeRecurrent"
        answer = self._client.call("POST", f"/reservations/{{id}}/{how}/dates", at={"id": ident}, json=body, right=WRITE)
        series = next((value_at(card, "series.id") for card in answer.records("results") if value_at(card, "series.id")), None)
        if not isinstance(series, str):
            raise Garbled(SIDE, "TOPdesk did not say which series it made.")
        return series

    def cancel(self, ident: str) -> None:
        """For planned and conflictingPlanned; Refused for every other status."""
        self._end(ident, "cancel", "/reservationCancellationReasons", self._settings.topdesk_cancel_reason)

    def reject(self, ident: str) -> None:
        """For request and conflictingRequest; Refused for every other status, for occurrences of a series, and with services."""
        self._end(ident, "reject", "/reservationRejectionReasons", self._settings.topdesk_reject_reason)

    def _end(self, ident: str, how: str, reasons: str, name: str | None) -> None:
        """With the configured reason; else with TOPdesk's default one; where that is not set up, with the first of its list."""
        route = f"/reservations/{{id}}/{how}"
        try:
            self._client.call("POST", route, at={"id": ident}, json={"name": name} if name else None, right=WRITE)
        except Refused:
            first = self._first_reason(reasons)
            if name or first is None:
                raise
            self._client.call("POST", route, at={"id": ident}, json={"id": first}, right=WRITE)

    def _first_reason(self, route: str) -> str | None:
        right = "Reservations: read cancellation and rejection reasons"
        found = self._client.kept(route, _REASONS_SECONDS, lambda: self._client.call("GET", route, right=right).records("results"))
        return str(found[0]["id"]) if found and found[0].get("id") else None
