"""Graph sessions whose every exchange is held against the contract, and the few words that calendar tests need."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph_contract import Contract
from sandboxes import ALICE, BOB, Calls, RunningSandbox, start_sandbox


class Graph:
    """The calls of a test, in its own words; `app`, `alice` and `bob` are checked sessions."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.app, self.alice, self.bob = sandbox.graph, sandbox.graph_as(ALICE), sandbox.graph_as(BOB)
        self.rooms = [room.mailbox for room in self.world.directory.rooms]
        self.contract = Contract(f"{sandbox.url}/graph/v1.0")
        for calls in (self.app, self.alice, self.bob):
            calls.hooks["response"] = [self.contract]

    def meet(self, start: datetime, *addresses: str, minutes: int = 60, calls: Calls | None = None, **more: Any) -> dict[str, Any]:
        """Alice (or whose `calls` these are) invites; rooms are attendees of type resource."""
        body = {
            "subject": "Budget", "start": at(start), "end": at(start + timedelta(minutes=minutes)),
            "attendees": [
                {"emailAddress": {"address": a}, "type": "resource" if a.startswith("room.") else "required"} for a in addresses
            ],
            **more,
        }  # fmt: skip
        answer = (calls or self.alice).post("/me/events", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def settle(self) -> None:
        self.sandbox.idle()

    def view(self, address: str, start: datetime, days: float = 1, calls: Calls | None = None, **headers: str) -> list[dict[str, Any]]:
        """A calendar's rows from `start` on, all pages."""
        session = calls or self.app
        window = {"startDateTime": start.isoformat(), "endDateTime": (start + timedelta(days=days)).isoformat(), "$top": "100"}
        answer = session.get(f"{'/me' if address == 'me' else '/users/' + address}/calendarView", params=window, headers=headers)
        rows: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            rows += answer.json()["value"]
            if "@odata.nextLink" not in answer.json():
                return rows
            answer = session.get(answer.json()["@odata.nextLink"], headers=headers)

    def copy(self, address: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """The copy of a meeting in somebody else's calendar."""
        found = self.app.get(f"/users/{address}/events", params={"$filter": f"iCalUId eq '{event['iCalUId']}'"})
        assert found.status_code == 200, found.text
        return next(iter(found.json()["value"]), None)

    def answer_of(self, address: str, event: dict[str, Any]) -> str:
        """What the organizer's copy says that an attendee answered."""
        attendees = self.alice.get(f"/me/events/{event['id']}").json()["attendees"]
        return next(str(a["status"]["response"]) for a in attendees if a["emailAddress"]["address"] == address)

    def outbox(self, **params: str) -> list[dict[str, Any]]:
        return list(self.sandbox.control.get(f"{self.sandbox.url}/graph/outbox", params=params).json()["value"])


def at(moment: datetime, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": zone}


@pytest.fixture(scope="module")
def shared_graph() -> Iterator[Graph]:
    """Empty calendars: what a test finds in them, a test has put there."""
    with start_sandbox(days=0, rooms=10) as running:
        yield Graph(running)


@pytest.fixture
def graph(shared_graph: Graph) -> Iterator[Graph]:
    shared_graph.sandbox.control.post("/reset").raise_for_status()
    shared_graph.sandbox.control.patch("", json={"room_answer_ms": 0, "notices": {"delay_ms": 0}}).raise_for_status()
    yield shared_graph
    shared_graph.settle()


@pytest.fixture
def free_day() -> Callable[[], datetime]:
    """A day that no other test of the module uses, at 09:00 UTC; within the booking window of rooms."""
    return lambda: next(_days)


def _free_days() -> Iterator[datetime]:
    first = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=2)
    for offset in range(170):
        yield first + timedelta(days=offset)


_days = _free_days()
