"""Everything around the views: headers, limits, request ids, no other origin, and that a side's failure is told in words."""

from datetime import timedelta
from pathlib import Path

import pytest

from api.conftest import House, Person, api_settings, zulu
from api.shapes import assert_shape
from roombooker.api import schemas
from roombooker.app import build
from roombooker.store.migrate import upgrade
from sandboxes import ALICE, BOB, RunningSandbox


@pytest.mark.parametrize("path", ["/api/v1/rooms", "/healthz", "/readyz", "/metrics", "/openapi.json", "/manifest.xml", "/nowhere"])
def test_every_answer_bears_the_headers_that_keep_browsers_in_line(house: House, path: str) -> None:
    headers = house.nobody().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Request-Id"]


def test_answers_of_the_api_are_never_kept_by_anybody(alice: Person) -> None:
    assert alice.get("/api/v1/rooms").headers["Cache-Control"] == "no-store"


def test_no_page_of_another_origin_may_call_us(alice: Person) -> None:
    for method in ("GET", "OPTIONS"):
        answer = alice.call(method, "/api/v1/rooms", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"})
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_transport_security_is_asked_for_on_https_alone(house: House) -> None:
    client = house.product.web.test_client()
    assert "Strict-Transport-Security" in client.get("/healthz", base_url="https://rooms.example").headers
    assert "Strict-Transport-Security" not in client.get("/healthz").headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abcdef-123456", True), ("x", False), ("with space and more", False), ("<script>alert</script>", False), ("x" * 65, False)],
)
def test_a_request_keeps_the_id_it_came_with_if_it_is_one(house: House, given: str, kept: bool) -> None:
    answer = house.nobody().call("GET", "/nowhere", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]


def test_who_asks_too_often_waits_and_nobody_else_does(sandbox: RunningSandbox, tmp_path: Path) -> None:
    product = build(api_settings(sandbox, tmp_path, rate_limit="5 per minute"))
    upgrade(product.database)
    alice, bob = (Person(product, sandbox.person_token(mail), mail) for mail in (ALICE, BOB))
    answers = [alice.get("/api/v1/rooms") for _ in range(7)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert_shape(schemas.ErrorOut(), answers[-1].get_json())
    assert answers[-1].get_json()["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert bob.get("/api/v1/rooms").status_code == 200
    assert product.web.test_client().get("/healthz").status_code == 200
    product.database.engine.dispose()


@pytest.mark.parametrize(
    ("status", "code"), [(500, "side_unavailable"), (503, "side_unavailable"), (403, "side_denied"), (401, "side_denied"), (404, "side_refused"), (400, "side_refused")],
)  # fmt: skip
def test_a_side_that_fails_is_told_in_words_and_nothing_is_left_behind(
    house: House, alice: Person, calm: RunningSandbox, status: int, code: str
) -> None:
    start = house.a_moment()
    for _ in range(8):
        calm.control.post(
            "/fail", json={"side": "topdesk", "method": "POST", "path": "/reservations", "nth": 1, "when": "before", "status": status}
        )
    answer = alice.book(house.plain_room["id"], start)
    calm.control.delete("/fail").raise_for_status()
    if answer.status_code == 202:
        assert status >= 500  # it may have gone through: looked up later
        return
    body = answer.get_json()
    assert_shape(schemas.ErrorOut(), body)
    assert body["code"] == code
    assert body["message"].endswith(".")
    assert zulu(start) not in alice.get("/api/v1/bookings").text


def test_an_unknown_outcome_is_answered_202_and_finished_later_once(house: House, alice: Person, calm: RunningSandbox) -> None:
    start = house.a_moment()
    calm.control.post(
        "/fail", json={"side": "topdesk", "method": "POST", "path": "/reservations", "nth": 1, "when": "after", "status": 0}
    ).raise_for_status()
    answer = alice.book(house.plain_room["id"], start, key="answer-lost-after-the-create")
    calm.control.delete("/fail")
    assert answer.status_code in (201, 202), answer.text
    assert_shape(schemas.BookingOut(), answer.get_json())
    house.product.work.settle(timedelta(seconds=20))
    told = alice.get(f"/api/v1/bookings/{answer.get_json()['id']}").get_json()
    assert told["state"] == "awaiting_appointment"
    query = f"plannedEndDate=gt={zulu(start)};plannedStartDate=lt={zulu(start + timedelta(hours=1))};requester.email=={ALICE}"
    listed = house.sandbox.topdesk.get("/reservations", params={"query": query}, headers={"Accept": "application/json"})
    keys = [
        r["optionalFields1"]["text1"]
        for r in (listed.json() if listed.status_code == 200 else {"results": []})["results"]
        if r["status"] == "planned"
    ]
    assert len([k for k in keys if k == told["rooms"][0]["match_key"]]) == 1
