"""Reading lists to their end, against a TOPdesk that pages in awkward places."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roombooker.topdesk.client import TopdeskClient, api_address
from roombooker.topdesk.reservations import Reservations
from roombooker.transport import Answer

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class PagingTransport:
    """Holds cards in start order and gives `page` of them at most, with 206 while there are more; understands the continuation alone."""

    def __init__(self, stored: list[dict[str, Any]], page: int) -> None:
        self.stored = stored
        self.page = page
        self.queries: list[str] = []

    def call(self, _method: str, _route: str, *, params: dict[str, Any], **_: Any) -> Answer:
        self.queries.append(params["query"])
        found = self.stored
        step = re.search(r"plannedStartDate=(ge|gt)=(\S+)$", params["query"])
        if step:
            found = [c for c in found if c["plannedStartDate"] > step[2] or (step[1] == "ge" and c["plannedStartDate"] == step[2])]
        body = json.dumps({"results": found[: self.page]}).encode()
        return Answer("topdesk", 206 if len(found) > self.page else 200, {}, body)


def cards(*minutes: int) -> list[dict[str, Any]]:
    return [
        {"id": f"r{n}", "plannedStartDate": (START + timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M:%SZ")} for n, m in enumerate(minutes)
    ]


def read(stored: list[dict[str, Any]], page: int) -> tuple[list[str], bool, PagingTransport]:
    transport = PagingTransport(stored, page)
    reservations = Reservations(TopdeskClient(transport), None)  # type: ignore[arg-type]
    found, complete = [], True
    for some, is_whole in reservations.pages("archived==false"):
        found += [c["id"] for c in some]
        complete = complete and is_whole
    return found, complete, transport


@pytest.mark.parametrize("page", [3, 4, 7, 100])
def test_every_page_is_read_and_nothing_twice(page: int) -> None:
    stored = cards(0, 0, 1, 2, 2, 3, 4, 4, 5, 6)
    found, complete, _ = read(stored, page)
    assert (found, complete) == ([c["id"] for c in stored], True)


def test_a_minute_that_fills_a_page_ends_the_reading_incomplete_and_never_goes_in_circles() -> None:
    stored = cards(0, 1, 1, 1, 1, 1, 2, 3)
    found, complete, transport = read(stored, 3)
    assert not complete
    assert found[0] == "r0"
    assert found[-2:] == ["r6", "r7"]
    assert len(transport.queries) < 12


def test_an_empty_answer_is_complete() -> None:
    assert read([], 5)[:2] == ([], True)


def test_a_partial_answer_without_any_rows_ends() -> None:
    found, _, transport = read(cards(0), 0)
    assert found == []
    assert len(transport.queries) == 1


@pytest.mark.parametrize(
    ("given", "address"),
    [("https://x.topdesk.net", "https://x.topdesk.net/tas/api"), (" https://x.topdesk.net/ ", "https://x.topdesk.net/tas/api"),
     ("https://x.topdesk.net/tas/public/ssp/", "https://x.topdesk.net/tas/api"), ("http://localhost:8090/topdesk", "http://localhost:8090/topdesk/tas/api"),
     ("https://host/tasks", "https://host/tasks/tas/api")],
)  # fmt: skip
def test_the_address_is_what_people_mean(given: str, address: str) -> None:
    assert api_address(given) == address
