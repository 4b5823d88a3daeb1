"""A TOPdesk of its own for these tests, whose every exchange is checked against the contracts."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from roombooker_sandbox import topdesk
from roombooker_sandbox.directory import make_directory
from roombooker_sandbox.store import Store
from roombooker_sandbox.world import OPERATOR_LOGIN, OPERATOR_PASSWORD, Options, World

from .contracts import judge

Card = dict[str, Any]
OPERATOR = (OPERATOR_LOGIN, OPERATOR_PASSWORD)
V2 = "application/x.topdesk-collection-person-v2+json"


class Topdesk:
    """The stand-in behind Flask's test client; `call` answers the response after the contract has seen it."""

    def __init__(self, world: World) -> None:
        app = Flask("topdesk-tests")
        app.register_blueprint(topdesk.blueprint(world))
        self.world = world
        self._client = app.test_client()
        self.judged = True

    def call(
        self, method: str, path: str, *, accept: str = "application/json", auth: Any = OPERATOR, wrong: bool = False, **more: Any
    ) -> TestResponse:
        """`wrong`: the request is meant to break the contract."""
        headers = {"Accept": accept} | more.pop("headers", {})
        if "json" in more:
            more |= {"data": json.dumps(more.pop("json")), "content_type": "application/json"}
        response = self._client.open(f"/topdesk/tas/api{path}", method=method, auth=auth, headers=headers, **more)
        if self.judged:
            body = more.get("data", b"")
            judge(response, body.encode() if isinstance(body, str) else b"", request_too=not wrong)
        return response

    def get(self, path: str, **query: Any) -> Any:
        response = self.call("GET", path, query_string={name.replace("__", "$"): value for name, value in query.items()})
        assert response.status_code in (200, 206), response.text
        return response.json

    def post(self, path: str, body: Any = None, status: int | None = None, *, wrong: bool = False) -> Any:
        """Answers the body; a status from 400 on is only fine when it is expected."""
        more = {} if body is None else {"json": body}
        response = self.call("POST", path, wrong=wrong or status == 400, **more)
        assert response.status_code == status if status else response.status_code < 300, response.text
        return response.json if response.data else None

    def find(self, query: str, **more: Any) -> list[Card]:
        found: list[Card] = self.get("/reservations", query=query, **more)["results"]
        return found

    @property
    def person(self) -> Card:
        card: Card = self.get("/persons", query="email==alice.jansen@contoso.example")[0]
        return card

    def room(self, *, block: int = 0, window: bool = False) -> str:
        """The id of a room with this block time and with or without a service window."""
        number = next(r.number for r in self.world.directory.rooms if r.block_minutes == block and (r.number % 10 == 3) == window)
        return self.world.directory.rooms[number].location_id

    def draft(self, room: str, start: str = "09:00", end: str = "10:00", day: str = "", **more: Any) -> Card:
        day = day or tomorrow_but(100).strftime("%Y-%m-%d")
        return {
            "requester": {"id": self.world.directory.people[0].card_id}, "plannedStartDate": f"{day}T{start}:00Z", "plannedEndDate": f"{day}T{end}:00Z",
            "reservedFacilities": [{"location": {"id": room}}], **more,
        }  # fmt: skip

    def book(self, room: str, *times: str, **more: Any) -> Card:
        card: Card = self.post("/reservations", self.draft(room, *times, **more), 201)
        return card


def tomorrow_but(days: int) -> datetime:
    """A day that the seed does not reach."""
    return datetime.now(UTC) + timedelta(days=days)


def make_world(**options: Any) -> World:
    chosen = Options(**{"product_url": ""} | options)
    return World(chosen, make_directory(chosen.rooms, chosen.people, chosen.seed), Store())


@pytest.fixture
def topdesk_api() -> Iterator[Topdesk]:
    world = make_world(days=7)
    topdesk.seed(world)
    yield Topdesk(world)
    world.close()


@pytest.fixture
def alone() -> Callable[..., World]:
    return make_world
