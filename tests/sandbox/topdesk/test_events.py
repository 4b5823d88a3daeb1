"""Changes that a TOPdesk administrator's action sequence tells the product about, by real posts."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from roombooker_sandbox import topdesk
from roombooker_sandbox.world import HOOK_SECRET

from .conftest import Topdesk, make_world


class Receiver:
    """Listens where the product would and keeps what arrives."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, str | None, object]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.arrived.append((self.path, self.headers["X-Room-Booker-Secret"], body))
                self.send_response(202)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def ids(self) -> list[str]:
        return [body["reservationId"] for _, _, body in self.arrived if isinstance(body, dict)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def told(receiver: Receiver) -> Iterator[Topdesk]:
    world = make_world(days=0, product_url=receiver.url)
    world.switches.notices.delay_ms = 0
    topdesk.seed(world)
    yield Topdesk(world)
    world.close()


def rest(told: Topdesk) -> None:
    end = time.monotonic() + 10
    while told.world.scheduler.pending and time.monotonic() < end:
        time.sleep(0.005)


def test_every_change_is_told_with_the_secret(told: Topdesk, receiver: Receiver) -> None:
    made = told.book(told.room())
    told.call("PATCH", f"/reservations/{made['id']}", json={"notes": "x"})
    told.post(f"/reservations/{made['id']}/cancel", None, 204)
    told.post(f"/reservations/{made['id']}/cancel", None, 400)
    rest(told)
    assert receiver.arrived == [("/hooks/topdesk", HOOK_SECRET, {"reservationId": made["id"]})] * 3


def test_a_booking_that_heals_is_told_too(told: Topdesk, receiver: Receiver) -> None:
    told.world.switches.conflict_mode = "flag"
    room = told.room()
    first, second = told.book(room), told.book(room)
    told.post(f"/reservations/{first['id']}/cancel", None, 204)
    rest(told)
    assert sorted(receiver.ids) == sorted([first["id"], second["id"], first["id"], second["id"]])


def test_events_are_dropped_doubled_and_delayed_as_switched(told: Topdesk, receiver: Receiver) -> None:
    told.world.switches.notices.drop = 1.0
    told.book(told.room(), "08:00", "09:00")
    rest(told)
    assert receiver.ids == []
    told.world.switches.notices.drop, told.world.switches.notices.double = 0.0, 1.0
    made = told.book(told.room(), "09:00", "10:00")
    rest(told)
    assert receiver.ids == [made["id"]] * 2
    told.world.switches.notices.double, told.world.switches.notices.delay_ms = 0.0, 300
    begun = time.monotonic()
    told.book(told.room(), "10:00", "11:00")
    assert time.monotonic() - begun < 0.25
    rest(told)
    assert time.monotonic() - begun > 0.28


def test_a_reordered_event_arrives_after_a_later_one(told: Topdesk, receiver: Receiver) -> None:
    told.world.switches.notices.reorder = 1.0
    first = told.book(told.room(), "08:00", "09:00")
    told.world.switches.notices.reorder = 0.0
    second = told.book(told.room(), "09:00", "10:00")
    rest(told)
    assert receiver.ids == [second["id"], first["id"]]


def test_a_product_that_is_away_is_not_waited_for(told: Topdesk, receiver: Receiver) -> None:
    receiver.close()
    assert told.book(told.room())["status"] == "planned"
    rest(told)
    assert told.world.counters["topdesk events sent"] == 1
