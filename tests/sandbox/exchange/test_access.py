"""Who may read and write which mailbox, and how often."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from roombooker_sandbox.exchange.throttle import Throttle
from sandboxes import ALICE

from .conftest import Graph

Day = Callable[[], datetime]


def status(graph: Graph, address: str, day: datetime) -> int:
    window = {"startDateTime": day.isoformat(), "endDateTime": day.replace(hour=23).isoformat()}
    return graph.app.get(f"/users/{address}/calendarView", params=window).status_code


def test_the_app_reads_rooms_by_id_or_address_and_people_only_with_the_optional_scope(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.world.directory.rooms[0]
    alice = graph.world.directory.people[0]
    assert status(graph, room.mailbox, day) == status(graph, room.mailbox_oid, day) == status(graph, room.mailbox.upper(), day) == 200
    assert status(graph, ALICE, day) == 403
    graph.sandbox.control.post("/rights", json={"restore": ["people_calendars"]}).raise_for_status()
    assert status(graph, ALICE, day) == status(graph, alice.proxy, day) == status(graph, alice.oid, day) == 200
    assert status(graph, "nobody@contoso.example", day) == 404


@pytest.mark.parametrize(("right", "reads", "writes"), [
    ("mailbox:{room}", 403, 403), ("write:{room}", 200, 403), ("Calendars", 403, 403), ("Calendars.ReadWrite", 200, 403),
])  # fmt: skip
def test_rights_taken_away_are_denied_at_once(graph: Graph, free_day: Day, right: str, reads: int, writes: int) -> None:
    day, room = free_day(), graph.rooms[0]
    graph.sandbox.control.post("/rights", json={"remove": [right.format(room=room)]}).raise_for_status()
    assert status(graph, room, day) == reads
    body = {"subject": "x", "start": {"dateTime": day.isoformat()}, "end": {"dateTime": day.isoformat()}}
    refused = graph.app.post(f"/users/{room}/events", json=body)
    assert refused.status_code == writes
    assert refused.json()["error"]["code"] == "ErrorAccessDenied"


def test_without_a_good_token_there_is_no_data(graph: Graph) -> None:
    for token in ("", "Bearer nonsense", f"Bearer {graph.sandbox.person_token(ALICE)}"):
        answer = graph.sandbox.control.get(f"{graph.sandbox.url}/graph/v1.0/users", headers={"Authorization": token})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_a_person_reaches_their_own_calendar_and_no_other(graph: Graph, free_day: Day) -> None:
    day = free_day()
    window = {"startDateTime": day.isoformat(), "endDateTime": day.replace(hour=23).isoformat()}
    assert graph.alice.get(f"/users/{ALICE}/calendarView", params=window).status_code == 200
    for other in (graph.rooms[0], "bob.devries@contoso.example"):
        assert graph.alice.get(f"/users/{other}/calendarView", params=window).status_code == 403
    assert graph.app.get("/me/calendarView", params=window).status_code == 400


@pytest.mark.parametrize(("right", "path"), [("Place.Read.All", "/places/microsoft.graph.room"), ("User.Read.All", "/users")])
def test_directory_rights_can_be_missing(graph: Graph, right: str, path: str) -> None:
    assert graph.app.get(path).status_code == 200
    graph.sandbox.control.post("/rights", json={"remove": [right]}).raise_for_status()
    assert graph.app.get(path).json()["error"]["code"] == "Authorization_RequestDenied"


def test_mail_is_sent_when_allowed_and_kept_in_the_outbox(graph: Graph) -> None:
    message = {
        "subject": "Moved",
        "body": {"contentType": "text", "content": "Your room changed."},
        "toRecipients": [{"emailAddress": {"address": ALICE}}],
    }
    path = "/users/room.booker@contoso.example/sendMail"
    assert graph.app.post(path, json={"message": message, "saveToSentItems": False}).status_code == 202
    sent = graph.outbox(to=ALICE, kind="mail")[-1]
    assert (sent["from"], sent["subject"], sent["body"]) == ("room.booker@contoso.example", "Moved", "Your room changed.")
    graph.sandbox.control.post("/rights", json={"remove": ["Mail.Send"]}).raise_for_status()
    assert graph.app.post(path, json={"message": message}).status_code == 403
    assert graph.app.post(path, json={"message": {**message, "toRecipients": []}}).status_code == 403


def test_the_fifth_request_at_once_to_one_mailbox_is_throttled_and_places_come_back() -> None:
    throttle = Throttle()
    for _ in range(4):
        throttle.enter("app", 1)
    with pytest.raises(Exception, match="over its") as refused:
        throttle.enter("app", 1)
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})  # type: ignore[attr-defined]
    throttle.enter("app", 2)
    throttle.leave("app", 1)
    throttle.enter("app", 1)


def test_parallel_readers_end_with_all_places_free(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: status(graph, room, day), range(40)))
    assert set(found) <= {200, 429}
    assert status(graph, room, day) == 200


def test_a_page_of_another_origin_may_call(graph: Graph) -> None:
    asked = {"Origin": "https://pane.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    preflight = graph.sandbox.control.options(f"{graph.sandbox.url}/graph/v1.0/me/events", headers=asked)
    assert preflight.status_code == 200
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"


def test_the_case_of_segments_and_parameters_does_not_matter(graph: Graph, free_day: Day) -> None:
    day = free_day()
    window = {"startdatetime": day.isoformat(), "ENDDATETIME": day.replace(hour=23).isoformat()}
    url = f"{graph.sandbox.url}/graph/v1.0/users/{graph.rooms[0]}/calendarview"
    answer = graph.sandbox.control.get(url, params=window, headers={"Authorization": f"Bearer {graph.sandbox.app_token()}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json;odata.metadata=minimal")
