"""Subscriptions and what is posted to them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from roombooker_sandbox.exchange.service import exchange_of

from .conftest import Graph, at

Day = Callable[[], datetime]


class Receiver:
    """A subscriber's endpoint; `statuses` are answered first, one per notice, then 202."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.echoes = True
        self.posts = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                if token:
                    answer, status = token[0].encode() if receiver.echoes else b"hello", 200
                else:
                    receiver.posts += 1
                    answer, status = b"", receiver.statuses.pop(0) if receiver.statuses else 202
                    if status < 300:
                        receiver.notices += json.loads(body)["value"]
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/graph"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver(graph: Graph) -> Iterator[Receiver]:
    found = Receiver()
    yield found
    for subscription in graph.app.get("/subscriptions").json()["value"]:
        graph.app.delete(f"/subscriptions/{subscription['id']}")
    graph.settle()
    found.close()


def subscribe(graph: Graph, receiver: Receiver, room: str, **more: Any) -> dict[str, Any]:
    body = {
        "changeType": "created,updated,deleted", "resource": f"/users/{room}/events", "notificationUrl": receiver.url, "clientState": "s3cret",
        "lifecycleNotificationUrl": receiver.url, "expirationDateTime": in_minutes(graph, 1000),
    }  # fmt: skip
    answer = graph.app.post("/subscriptions", json=body | more, headers={"Prefer": 'IdType="ImmutableId"'})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def in_minutes(graph: Graph, minutes: int) -> str:
    return (graph.world.clock.now() + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_created_updated_and_deleted_are_told_with_the_client_state(graph: Graph, free_day: Day, receiver: Receiver) -> None:
    day, room = free_day(), graph.rooms[0]
    subscription = subscribe(graph, receiver, room)
    graph.meet(day, room)
    graph.settle()
    copy = graph.view(room, day, Prefer='IdType="ImmutableId"')[0]
    graph.app.patch(f"/users/{room}/events/{copy['id']}", json={"categories": ["Red"]})
    graph.app.delete(f"/users/{room}/events/{copy['id']}")
    graph.settle()
    assert sorted(n["changeType"] for n in receiver.notices) == ["created", "deleted", "updated"]
    notice = receiver.notices[0]
    assert (notice["subscriptionId"], notice["clientState"], notice["resourceData"]["id"]) == (subscription["id"], "s3cret", copy["id"])
    assert notice["resource"].endswith(f"/Events/{copy['id']}")


def test_an_endpoint_that_does_not_echo_or_is_not_local_or_https_gets_no_subscription(graph: Graph, receiver: Receiver) -> None:
    body = {
        "changeType": "updated", "resource": f"users/{graph.rooms[0]}/events", "notificationUrl": receiver.url,
        "expirationDateTime": in_minutes(graph, 1000),
    }  # fmt: skip
    receiver.echoes = False
    for change in ({}, {"notificationUrl": "http://192.0.2.1/x"}, {"changeType": "moved"}, {"resource": "/teams"}, {"clientState": "x" * 129},
                   {"expirationDateTime": in_minutes(graph, -1)}, {"expirationDateTime": in_minutes(graph, 10_100)}):  # fmt: skip
        assert graph.app.post("/subscriptions", json=body | change).status_code == 400, change
    assert graph.app.get("/subscriptions").json()["value"] == []


def test_a_subscription_lives_at_least_45_minutes_is_renewed_and_ends(graph: Graph, receiver: Receiver) -> None:
    subscription = subscribe(graph, receiver, graph.rooms[0], expirationDateTime=in_minutes(graph, 5))
    left = datetime.fromisoformat(subscription["expirationDateTime"]) - datetime.now(UTC)
    assert timedelta(minutes=44) < left <= timedelta(minutes=45)
    path = f"/subscriptions/{subscription['id']}"
    renewed = graph.app.patch(path, json={"expirationDateTime": in_minutes(graph, 10_000)})
    assert renewed.json()["expirationDateTime"] == in_minutes(graph, 10_000)[:16] + renewed.json()["expirationDateTime"][16:]
    assert graph.app.post(f"{path}/reauthorize").status_code == 204
    graph.sandbox.control.post("/clock", json={"advance_s": 10_001 * 60}).raise_for_status()
    assert graph.app.get(path).status_code == 404


def test_a_receiver_that_fails_is_tried_again(graph: Graph, free_day: Day, receiver: Receiver) -> None:
    subscribe(graph, receiver, graph.rooms[0])
    receiver.statuses = [503]
    graph.meet(free_day(), graph.rooms[0])
    graph.settle()
    assert receiver.posts == 2
    assert [n["changeType"] for n in receiver.notices] == ["created"]


def test_a_receiver_that_keeps_failing_is_told_that_it_missed_something(graph: Graph, free_day: Day, receiver: Receiver) -> None:
    exchange_of(graph.world).notices.retry_delays_s = (0.05, 0.1)
    subscription = subscribe(graph, receiver, graph.rooms[0])
    receiver.statuses = [500] * 3
    graph.meet(free_day(), graph.rooms[0])
    graph.settle()
    assert [(n.get("lifecycleEvent"), n["subscriptionId"], n["clientState"]) for n in receiver.notices] == [
        ("missed", subscription["id"], "s3cret")
    ]


def test_expired_subscriptions_are_gone_and_say_so(graph: Graph, free_day: Day, receiver: Receiver) -> None:
    subscription = subscribe(graph, receiver, graph.rooms[0])
    graph.sandbox.control.post("/expire", json={"what": "subscriptions"}).raise_for_status()
    graph.meet(free_day(), graph.rooms[0])
    graph.settle()
    assert [n.get("lifecycleEvent") for n in receiver.notices] == ["subscriptionRemoved"]
    assert graph.app.get(f"/subscriptions/{subscription['id']}").status_code == 404


def test_changed_rights_ask_for_a_new_authorization(graph: Graph, receiver: Receiver) -> None:
    subscribe(graph, receiver, graph.rooms[0])
    graph.sandbox.control.post("/rights", json={"remove": [f"mailbox:{graph.rooms[1]}"]}).raise_for_status()
    graph.settle()
    assert [n.get("lifecycleEvent") for n in receiver.notices] == ["reauthorizationRequired"]


@pytest.mark.parametrize(("switch", "expected"), [({"drop": 1.0}, 0), ({"double": 1.0}, 2)])
def test_notices_are_dropped_and_doubled_on_request(
    graph: Graph, free_day: Day, receiver: Receiver, switch: dict[str, float], expected: int
) -> None:
    subscribe(graph, receiver, graph.rooms[0])
    graph.sandbox.control.patch("", json={"notices": switch}).raise_for_status()
    graph.meet(free_day(), graph.rooms[0])
    graph.settle()
    assert len(receiver.notices) == expected


def test_notices_wait_for_the_delay_and_never_hold_up_the_request(graph: Graph, free_day: Day, receiver: Receiver) -> None:
    room = graph.rooms[0]
    subscribe(graph, receiver, room)
    graph.sandbox.control.patch("", json={"notices": {"delay_ms": 700}}).raise_for_status()
    begun = time.monotonic()
    graph.meet(free_day(), room)
    graph.view(room, free_day())
    assert time.monotonic() - begun < 0.6
    assert receiver.notices == []
    graph.settle()
    assert time.monotonic() - begun >= 0.7
    assert len(receiver.notices) == 1


def test_a_reordered_notice_is_overtaken_by_the_next(graph: Graph, free_day: Day, receiver: Receiver) -> None:
    day, room = free_day(), graph.rooms[0]
    subscribe(graph, receiver, room)
    graph.sandbox.control.patch("", json={"notices": {"reorder": 1.0}}).raise_for_status()
    body = {"subject": "x", "start": at(day), "end": at(day)}
    event = graph.app.post(f"/users/{room}/events", json=body).json()
    graph.sandbox.control.patch("", json={"notices": {"reorder": 0.0}}).raise_for_status()
    graph.app.delete(f"/users/{room}/events/{event['id']}")
    graph.settle()
    assert [n["changeType"] for n in receiver.notices] == ["deleted", "created"]


def test_a_person_subscribes_to_their_own_calendar_only(graph: Graph, receiver: Receiver) -> None:
    body = {"changeType": "updated", "notificationUrl": receiver.url, "expirationDateTime": in_minutes(graph, 100)}
    mine = graph.alice.post("/subscriptions", json=body | {"resource": "/me/events"})
    assert mine.status_code == 201
    graph.alice.delete(f"/subscriptions/{mine.json()['id']}")
    assert graph.alice.post("/subscriptions", json=body | {"resource": f"/users/{graph.rooms[0]}/events"}).status_code == 403
