"""The hooks: only a reason to look, let in by their secret, stored and answered at once."""

import json
import time
from typing import Any

import pytest
from sqlalchemy import delete, select

from api.conftest import House
from roombooker.store.models import CursorRow, NoticeRow, SubscriptionRow
from roombooker_sandbox.world import HOOK_SECRET

_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def _topdesk(house: House, body: Any = None, *, secret: str | None = HOOK_SECRET, **more: Any) -> Any:
    headers = {"X-Room-Booker-Secret": secret} if secret is not None else {}
    return house.product.web.test_client().post(
        "/hooks/topdesk", json={"reservationId": _ID} if body is None and not more else body, headers=headers, **more
    )


def _notices(house: House, ref: str) -> list[NoticeRow]:
    with house.product.database.read() as session:
        return list(session.scalars(select(NoticeRow).where(NoticeRow.ref == ref)))


@pytest.fixture
def subscription(house: House) -> SubscriptionRow:
    room = house.rooms[0]
    now = house.product.work._clock()
    row = SubscriptionRow(
        id="subscription-of-this-test", room_id=room["id"], client_state="only-we-know-this", expires_at=now, renew_at=now
    )
    with house.product.database.write() as session:
        session.execute(delete(SubscriptionRow))
        session.execute(delete(NoticeRow))
        session.add(row)
    return row


def _graph(house: House, *notices: dict[str, Any]) -> Any:
    return house.product.web.test_client().post("/hooks/graph", json={"value": list(notices)})


def test_topdesk_is_heard(house: House) -> None:
    answer = _topdesk(house, {"reservationId": _ID, "event": "changed", "number": "", "more": {"deep": [1]}})
    assert (answer.status_code, answer.data) == (202, b"")
    assert [n.side for n in _notices(house, _ID)][-1:] == ["topdesk"]


def test_an_id_is_kept_as_topdesk_writes_it(house: House) -> None:
    ident = "22222222-d9cb-469f-a165-70867728950e"
    assert _topdesk(house, {"reservationId": "urn:uuid:{" + ident.upper().replace("-", "-" * 200) + "}"}).status_code == 202
    assert len(_notices(house, ident)) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", HOOK_SECRET + "x", HOOK_SECRET[:-1], HOOK_SECRET.upper(), "é"])
def test_without_the_secret_nothing_is_stored(house: House, secret: str | None) -> None:
    ref = "11111111-d9cb-469f-a165-70867728950e"
    answer = _topdesk(house, {"reservationId": ref}, secret=secret.encode().decode("latin-1") if secret else secret)
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "not_signed_in"
    assert _notices(house, ref) == []


def test_a_refusal_is_remembered_for_the_doctor(house: House) -> None:
    _topdesk(house, secret="wrong")
    with house.product.database.read() as session:
        assert session.get(CursorRow, "hook:refused") is not None


@pytest.mark.parametrize(
    "body",
    [{}, {"reservationId": "no uuid"}, {"reservationId": None}, {"reservationId": [_ID]}, [], "text", {"reservationId": _ID + "x" * 600}],
)
def test_a_notice_about_nothing_is_refused(house: House, body: Any) -> None:
    answer = _topdesk(house, data=json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_input")


@pytest.mark.parametrize("path", ["/hooks/topdesk", "/hooks/graph"])
def test_over_64_kb_is_too_much(house: House, path: str) -> None:
    body = json.dumps({"reservationId": _ID, "value": [], "padding": "x" * 64_000}).encode()
    answer = house.product.web.test_client().post(
        path, data=body, content_type="application/json", headers={"X-Room-Booker-Secret": HOOK_SECRET}
    )
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "invalid_input"


def test_topdesk_s_body_counts_whatever_its_content_type_says(house: House) -> None:
    assert _topdesk(house, data=json.dumps({"reservationId": _ID}), content_type="text/plain").status_code == 202


@pytest.mark.parametrize(
    "token", ["Validation: Testing client application reachability for subscription Request-Id: 3", "<script>alert(1)</script>", "é&=ü"]
)
def test_graph_s_handshake_is_echoed_as_plain_text(house: House, token: str) -> None:
    answer = house.product.web.test_client().post("/hooks/graph", query_string={"validationToken": token})
    assert answer.status_code == 200
    assert answer.get_data(as_text=True) == token
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_notice_with_our_client_state_is_kept_and_one_without_is_dropped(house: House, subscription: SubscriptionRow) -> None:
    good = {"subscriptionId": subscription.id, "clientState": subscription.client_state, "changeType": "updated", "resource": "whatever"}
    assert _graph(house, good | {"clientState": "guessed"}).status_code == 202
    assert _graph(house, good | {"subscriptionId": "unknown"}).status_code == 202
    assert _graph(house, good | {"clientState": None}).status_code == 202
    assert _notices(house, subscription.room_id) == []
    assert _graph(house, good, good, good | {"clientState": "guessed"}).status_code == 202
    assert [n.kind for n in _notices(house, subscription.room_id)] == ["changed"]


@pytest.mark.parametrize("kind", ["missed", "subscriptionRemoved", "reauthorizationRequired"])
def test_lifecycle_notices_are_kept_by_their_kind(house: House, subscription: SubscriptionRow, kind: str) -> None:
    _graph(house, {"subscriptionId": subscription.id, "clientState": subscription.client_state, "lifecycleEvent": kind})
    assert [n.kind for n in _notices(house, subscription.room_id)] == [kind]


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": [{}] * 1001}, []])
def test_what_is_no_notice_of_graph_is_refused(house: House, body: Any) -> None:
    answer = house.product.web.test_client().post("/hooks/graph", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_input")


def test_strays_among_the_notices_do_no_harm(house: House) -> None:
    assert (
        house.product.web.test_client().post("/hooks/graph", json={"value": [1, "x", None, {"clientState": {"a": 1}}]}).status_code == 202
    )


def test_both_hooks_answer_within_a_second(house: House, subscription: SubscriptionRow) -> None:
    """Also with both sides away: nothing is read before the answer."""
    house.sandbox.control.patch("", json={"latency_ms": 3000}).raise_for_status()
    try:
        began = time.monotonic()
        assert _topdesk(house).status_code == 202
        assert _graph(house, {"subscriptionId": subscription.id, "clientState": subscription.client_state}).status_code == 202
        assert time.monotonic() - began < 1
    finally:
        house.sandbox.control.post("/reset").raise_for_status()
