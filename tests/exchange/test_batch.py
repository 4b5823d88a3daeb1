"""Batches whose inner requests fail one by one."""

import json
from datetime import timedelta
from typing import Any

from roombooker.errors import Denied, Garbled, NotFound, Unavailable
from roombooker.exchange.graph.client import GraphClient, Inner
from roombooker.transport import Answer

ASK = Inner("/users/{mailbox}/calendarView", {"mailbox": "amber@contoso.example"})


class Scripted:
    """A transport that answers each $batch by a function of the request's id and of how often it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[list[str]] = []
        self.weights: list[int] = []

    def relative(self, link: str) -> str:
        return link

    def call(self, _method: str, _route: str, *, json: Any, weight: int, **_: Any) -> Answer:
        self.asked.append([r["id"] for r in json["requests"]])
        self.weights.append(weight)
        times = {ident: sum(ident in asked for asked in self.asked) for ident in self.asked[-1]}
        found = [a for ident in reversed(self.asked[-1]) if (a := self.answer(ident, times[ident])) is not None]
        return Answer("exchange", 200, {}, _dump({"responses": found}))


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def inner(ident: str, status: int, body: Any = None, **headers: str) -> dict[str, Any]:
    return {"id": ident, "status": status, "headers": headers, "body": body}


def run(answer: Any, count: int) -> tuple[list[Any], Scripted]:
    transport = Scripted(answer)
    return GraphClient(transport, lambda: "t").batch([ASK] * count), transport  # type: ignore[arg-type]


def test_answers_come_in_the_order_of_the_asks() -> None:
    found, transport = run(lambda ident, _: inner(ident, 200, {"number": ident}), 45)
    assert [len(asked) for asked in transport.asked] == [20, 20, 5]
    assert [f.record()["number"] for f in found] == [str(n % 20) for n in range(45)]
    assert set(transport.weights) == {4}


def test_only_throttled_requests_are_asked_again() -> None:
    def answer(ident: str, times: int) -> dict[str, Any]:
        return inner(ident, 429, None, **{"Retry-After": "0"}) if ident in "12" and times < 3 else inner(ident, 200, {})

    found, transport = run(answer, 4)
    assert all(isinstance(f, Answer) for f in found)
    assert transport.asked == [["0", "1", "2", "3"], ["1", "2"], ["1", "2"]]


def test_a_request_that_stays_throttled_is_unavailable() -> None:
    found, transport = run(lambda ident, _: inner(ident, 503, None, **{"Retry-After": "0"}), 2)
    assert [type(f) for f in found] == [Unavailable, Unavailable]
    assert len(transport.asked) == 4


def test_a_long_wait_is_told_and_not_waited_for() -> None:
    found, transport = run(lambda ident, _: inner(ident, 429, None, **{"Retry-After": "300"}), 1)
    assert found[0].retry_after == timedelta(minutes=5)
    assert len(transport.asked) == 1


def test_each_failure_is_its_own() -> None:
    statuses = {"0": 200, "1": 403, "2": 404, "3": 200}
    found, _ = run(lambda ident, _: inner(ident, statuses[ident], {"value": []}), 4)
    assert [type(f) for f in found] == [Answer, Denied, NotFound, Answer]
    assert found[1].right == "mailbox_out_of_scope"


def test_a_request_without_an_answer_is_garbled() -> None:
    found, _ = run(lambda ident, _: None if ident == "1" else inner(ident, 200, {}), 2)
    assert [type(f) for f in found] == [Answer, Garbled]
