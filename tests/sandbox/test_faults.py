"""/control/fail: the call that was meant fails, before or after its effect, as often as asked and not once more."""

import time

import pytest
import requests

from roombooker_sandbox.directory import make_directory
from roombooker_sandbox.faults import shape, take_fault
from roombooker_sandbox.store import Store
from roombooker_sandbox.switches import Fault
from roombooker_sandbox.world import CLIENT_ID, PERSON_PASSWORD, Options, World
from sandboxes import BOOKING_SCOPE, RunningSandbox

KEYS = "/discovery/v2.0/keys"


def _statuses(sandbox: RunningSandbox, count: int) -> list[int]:
    return [sandbox.entra.get(KEYS).status_code for _ in range(count)]


def _refresh_tokens(sandbox: RunningSandbox) -> int:
    with sandbox.world.store.transaction() as rows:
        return int(rows.execute("SELECT COUNT(*) FROM entra_grants WHERE kind = 'refresh'").fetchone()[0])


def _sign_in(sandbox: RunningSandbox) -> requests.Response:
    form = {"client_id": CLIENT_ID, "grant_type": "password", "username": "alice.jansen@contoso.example", "password": PERSON_PASSWORD}
    return sandbox.entra.post("/oauth2/v2.0/token", data=form | {"scope": f"{BOOKING_SCOPE} offline_access"})


def test_only_the_nth_matching_call_fails(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/fail", json={"side": "entra", "nth": 2, "status": 500}).raise_for_status()
    assert _statuses(sandbox, 4) == [200, 500, 200, 200]


def test_a_fault_can_strike_several_times_in_a_row(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/fail", json={"side": "entra", "nth": 2, "times": 2})
    assert _statuses(sandbox, 5) == [200, 503, 503, 200, 200]
    assert sandbox.control.get("").json()["faults"] == []


@pytest.mark.parametrize(
    ("asked", "struck"),
    [
        ({"method": "GET"}, True),
        ({"method": "POST"}, False),
        ({"path": "/keys$"}, True),
        ({"path": "^/discovery"}, True),
        ({"path": "^/entra/.*/keys$"}, True),
        ({"path": "/token"}, False),
    ],
)
def test_method_and_path_say_which_calls_are_meant(sandbox: RunningSandbox, asked: dict[str, str], struck: bool) -> None:
    sandbox.control.post("/fail", json={"side": "entra", **asked}).raise_for_status()
    assert _statuses(sandbox, 1) == [503 if struck else 200]


def test_a_path_may_be_written_plainly_although_a_dollar_means_something_else() -> None:
    with_fault = Fault("graph", path="/$batch")
    world = World(Options(), make_directory(1, 5, 1), Store(), faults=[with_fault])
    struck = take_fault(world, "graph", "POST", "/graph/v1.0/$batch")
    world.close()
    assert struck is with_fault


def test_a_call_that_fails_before_its_effect_has_none(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/fail", json={"side": "entra", "path": "/token", "when": "before"})
    before = _refresh_tokens(sandbox)
    assert _sign_in(sandbox).status_code == 503
    assert _refresh_tokens(sandbox) == before


def test_a_call_that_fails_after_its_effect_has_had_it(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/fail", json={"side": "entra", "path": "/token", "when": "after", "status": 504})
    before = _refresh_tokens(sandbox)
    assert _sign_in(sandbox).status_code == 504
    assert _refresh_tokens(sandbox) == before + 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_status_0_closes_the_connection_without_a_word(sandbox: RunningSandbox, when: str) -> None:
    sandbox.control.post("/fail", json={"side": "entra", "status": 0, "when": when})
    with pytest.raises(requests.ConnectionError):
        sandbox.entra.get(KEYS)
    assert _statuses(sandbox, 1) == [200]


def test_a_fault_can_keep_the_caller_waiting_past_its_patience(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/fail", json={"side": "entra", "delay_ms": 600})
    with pytest.raises(requests.ReadTimeout):
        sandbox.entra.get(KEYS, timeout=0.2)


def test_each_side_fails_in_its_own_words(sandbox: RunningSandbox) -> None:
    for side in ("topdesk", "graph", "entra"):
        sandbox.control.post("/fail", json={"side": side, "status": 503})
    assert sandbox.topdesk.get("/version").text.startswith("<!DOCTYPE html>")
    assert requests.get(f"{sandbox.url}/graph/v1.0/users", timeout=5).json()["error"]["code"] == "ErrorServerBusy"
    assert sandbox.entra.get(KEYS).json()["error"] == "temporarily_unavailable"


def test_429_says_when_to_come_back(sandbox: RunningSandbox) -> None:
    sandbox.control.post("/fail", json={"side": "graph", "status": 429, "retry_after_s": 7})
    answer = requests.get(f"{sandbox.url}/graph/v1.0/users", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_call_inside_a_batch_fails_alone_and_is_counted_apart(sandbox: RunningSandbox) -> None:
    rooms = [room.mailbox for room in sandbox.world.directory.rooms[:2]]
    sandbox.control.post("/fail", json={"side": "graph", "path": f"/users/{rooms[1]}", "status": 0})
    steps = [{"id": str(number), "method": "GET", "url": f"/users/{room}/calendar"} for number, room in enumerate(rooms)]
    answers = sandbox.graph.post("/$batch", json={"requests": steps}).json()["responses"]
    assert {answer["id"]: answer["status"] for answer in answers} == {"0": 200, "1": 504}
    counters = sandbox.control.get("").json()["counters"]
    assert (counters["graph POST /$batch"], counters["graph batched GET /users/{id}/calendar"]) == (1, 2)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"side": "ews"},
        {"side": "entra", "path": "("},
        {"side": "entra", "status": 200},
        {"side": "entra", "nth": 0},
        {"side": "entra", "soon": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: RunningSandbox, body: dict[str, object]) -> None:
    assert sandbox.control.post("/fail", json=body).status_code == 400
    assert sandbox.world.faults == []


def test_maintenance_closes_topdesk_alone(sandbox: RunningSandbox) -> None:
    sandbox.control.patch("", json={"maintenance": True})
    answer = sandbox.topdesk.get("/version")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html;charset=utf-8")
    assert _statuses(sandbox, 1) == [200]


def test_latency_is_added_to_every_side_but_not_to_control(sandbox: RunningSandbox) -> None:
    sandbox.control.patch("", json={"latency_ms": 150})
    begun = time.monotonic()
    sandbox.entra.get(KEYS)
    assert time.monotonic() - begun >= 0.15
    begun = time.monotonic()
    sandbox.control.get("/idle")
    assert time.monotonic() - begun < 0.15


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/topdesk/tas/api/reservations", "/reservations"),
        ("/topdesk/tas/api/reservations/66b370de-6d9a-5ab1-a979-3c29e6a8b329/cancel", "/reservations/{id}/cancel"),
        ("/graph/v1.0/users/room.amber@contoso.example/calendarView/delta", "/users/{id}/calendarView/delta"),
        ("/graph/v1.0/$batch", "/$batch"),
        ("/topdesk/tas/api/reservationCancellationReasons", "/reservationCancellationReasons"),
        ("/graph/v1.0/users/alice.jansen@contoso.example/events/AAMkAGUwNjQ4ZjIxLTQ3Y2YtNDViMi1i", "/users/{id}/events/{id}"),
    ],
)
def test_calls_are_counted_by_kind(path: str, kind: str) -> None:
    assert shape(path) == kind
