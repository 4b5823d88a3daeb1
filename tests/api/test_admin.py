"""The administrators' addresses: roles, the work list whose actions are carried out on both sides, preview, log, people."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.conftest import House, Person, zulu
from api.shapes import assert_shape
from roombooker.api.admin import schemas
from roombooker.domain.room import Cancellation
from roombooker.domain.slot import Slot
from roombooker.store import rooms, work_items
from roombooker_sandbox.entra.tokens import person_token
from roombooker_sandbox.world import CLIENT_ID
from sandboxes import ALICE, BOB

_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
READ = ["/work-items", f"/work-items/{_ID}", f"/work-items/{_ID}/status", "/rooms", f"/rooms/{_ID}/preview", "/log", f"/bookings/{_ID}"]
WRITE = [f"/work-items/{_ID}/settle", f"/rooms/{_ID}/enable", f"/rooms/{_ID}/disable", "/people/export", "/people/erase"]


@pytest.fixture
def support(house: House) -> Person:
    """Bob, with the role that may only read."""
    bob = next(p for p in house.sandbox.world.directory.people if p.mail == BOB)
    token = person_token(house.sandbox.world, replace(bob, app_roles=("RoomBooker.Support",)), CLIENT_ID, CLIENT_ID, ["Booking.ReadWrite"])
    return Person(house.product, token, BOB)


def _admin(who: Person, method: str, path: str, **more: Any) -> Any:
    return who.call(method, f"/api/v1/admin{path}", **more)


@pytest.mark.parametrize(("method", "path"), [*(("GET", p) for p in READ), *(("POST", p) for p in WRITE)])
def test_an_employee_may_not_look_behind_the_scenes(alice: Person, house: House, method: str, path: str) -> None:
    assert _admin(house.nobody(), method, path).status_code == 401
    answer = _admin(alice, method, path, json={} if method == "POST" else None)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", READ)
def test_support_may_read(support: Person, path: str) -> None:
    assert _admin(support, "GET", path).status_code in (200, 404)


@pytest.mark.parametrize("path", WRITE)
def test_support_may_change_nothing(support: Person, path: str) -> None:
    assert _admin(support, "POST", path, json={}).status_code == 403


def test_the_table_of_admin_addresses_is_complete(house: House) -> None:
    ours = {
        rule.rule.split("/admin", 1)[1].split("<")[0]
        for rule in house.product.web.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/admin/")
    }
    assert ours == {path.split(_ID)[0] for path in (*READ, *WRITE)}


def _invited(house: House, start: datetime) -> tuple[str, dict[str, Any]]:
    """Alice invites the room from her phone; (event id, room)."""
    room = house.plain_room
    body = {
        "subject": "Phone", "start": {"dateTime": start.replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": (start + timedelta(hours=1)).replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
        "attendees": [{"type": "resource", "emailAddress": {"address": room["mailbox"]}}],
    }  # fmt: skip
    answer = house.sandbox.graph_as(ALICE).post("/me/events", json=body)
    assert answer.status_code == 201, answer.text
    _look(house, start)
    return str(answer.json()["id"]), room


def _look(house: House, start: datetime) -> None:
    house.sandbox.idle()
    done = house.product.services.sync.sync_room(house.plain_room["id"], windows=[Slot(start, start + timedelta(hours=1))], cause="test")
    assert done.is_clean, done


def _reservations(house: House, start: datetime) -> list[dict[str, Any]]:
    location = next(r.location_id for r in house.sandbox.world.directory.rooms if r.mailbox == house.plain_room["mailbox"])
    query = (
        f"reservedFacilities.location.id=={location};plannedEndDate=gt={zulu(start)};plannedStartDate=lt={zulu(start + timedelta(hours=1))}"
    )
    answer = house.sandbox.topdesk.get("/reservations", params={"query": query, "$top": 100})
    return list(answer.json()["results"]) if answer.status_code in (200, 206) else []


def _meetings(house: House, start: datetime) -> list[dict[str, Any]]:
    answer = house.sandbox.graph.get(
        f"/users/{house.plain_room['mailbox']}/calendarView",
        params={"startDateTime": zulu(start), "endDateTime": zulu(start + timedelta(hours=1))},
    )
    return [e for e in answer.json()["value"] if not e["isCancelled"]]


@pytest.fixture
def request_item(house: House, carol: Person) -> Iterator[Callable[[], tuple[datetime, dict[str, Any]]]]:
    """A meeting was cancelled in a room that asks for approval of cancellations; other tests find the room as it was."""

    def set_to(cancellation: Cancellation) -> Cancellation:
        with house.product.database.write() as session:
            room = rooms.get(session, house.plain_room["id"])
            rooms.save(session, replace(room, cancellation=cancellation), at=datetime.now(UTC))
        return room.cancellation

    before = set_to(Cancellation.MANUAL)

    def make() -> tuple[datetime, dict[str, Any]]:
        start = house.a_moment()
        event, _room = _invited(house, start)
        assert [r["status"] for r in _reservations(house, start)] == ["planned"]
        assert house.sandbox.graph_as(ALICE).delete(f"/me/events/{event}").status_code == 204
        _look(house, start)
        items = _admin(carol, "GET", "/work-items?kind=cancellation_request").get_json()["items"]
        return start, next(i for i in items if i["candidates"][0]["start"] == zulu(start))

    yield make
    set_to(before)


def test_a_cancellation_request_is_approved(
    house: House, carol: Person, request_item: Callable[[], tuple[datetime, dict[str, Any]]]
) -> None:
    start, item = request_item()
    assert_shape(schemas.WorkItemOut(), item)
    assert {"approve", "refuse", "status"} <= set(item["actions"])
    assert item["room"]["id"] == house.plain_room["id"]

    status = _admin(carol, "GET", f"/work-items/{item['id']}/status").get_json()
    assert_shape(schemas.WorkItemStatusOut(), status)
    assert {o["side"]: o["record"]["standing"] for o in status["originals"] if o["record"]}["topdesk"] == "planned"

    done = _admin(carol, "POST", f"/work-items/{item['id']}/settle", json={"action": "approve"})
    assert done.status_code == 200, done.text
    assert done.get_json()["settled_at"]
    assert done.get_json()["actions"] == []
    assert [r["status"] for r in _reservations(house, start)] == ["cancelled"]
    again = _admin(carol, "POST", f"/work-items/{item['id']}/settle", json={"action": "approve"})
    assert (again.status_code, again.get_json()["errors"].keys()) == (400, {"action"})
    told = _admin(carol, "GET", f"/bookings/{item['booking_id']}")
    assert_shape(schemas.AdminBookingOut(), told.get_json())
    assert told.get_json()["state"] == "cancelled"


def test_a_cancellation_request_is_refused_and_the_room_shows_it(
    house: House, carol: Person, request_item: Callable[[], tuple[datetime, dict[str, Any]]]
) -> None:
    start, item = request_item()
    assert _meetings(house, start) == []
    done = _admin(carol, "POST", f"/work-items/{item['id']}/settle", json={"action": "refuse"})
    assert done.status_code == 200, done.text
    house.sandbox.idle()
    assert [r["status"] for r in _reservations(house, start)] == ["planned"]
    assert len(_meetings(house, start)) == 1
    assert _admin(carol, "GET", f"/bookings/{item['booking_id']}").get_json()["state"] == "confirmed"


def test_a_request_whose_cause_is_gone_closes_by_itself(
    house: House, carol: Person, request_item: Callable[[], tuple[datetime, dict[str, Any]]]
) -> None:
    start, item = request_item()
    ref = item["candidates"][0]["ref"]
    assert house.sandbox.topdesk.post(f"/reservations/{ref}/cancel", json={}).status_code < 300
    _look(house, start)
    house.product.services.worklist.tidy()
    closed = _admin(carol, "GET", f"/work-items/{item['id']}").get_json()
    assert closed["settled_by"] == "room booker"


@pytest.mark.parametrize(
    ("body", "field"), [({}, "action"), ({"action": "explode"}, "action"), ({"action": 1}, "action"), ({"action": "approve", "x": 1}, "x")]
)
def test_what_does_not_settle_is_refused(
    carol: Person, request_item: Callable[[], tuple[datetime, dict[str, Any]]], body: dict[str, Any], field: str
) -> None:
    _start, item = request_item()
    answer = _admin(carol, "POST", f"/work-items/{item['id']}/settle", json=body)
    assert (answer.status_code, field in answer.get_json()["errors"]) == (400, True)


def test_rooms_are_previewed_and_switched(house: House, carol: Person) -> None:
    listed = _admin(carol, "GET", "/rooms").get_json()
    assert_shape(schemas.AdminRoomsOut(), listed)
    room = listed["rooms"][-1]
    off = _admin(carol, "POST", f"/rooms/{room['id']}/disable")
    assert_shape(schemas.DisabledOut(), off.get_json())
    preview = _admin(carol, "GET", f"/rooms/{room['id']}/preview")
    assert preview.status_code == 200, preview.text
    assert_shape(schemas.GoLiveOut(), preview.get_json())
    on = _admin(carol, "POST", f"/rooms/{room['id']}/enable")
    assert on.status_code == 200, on.text
    assert_shape(schemas.GoLiveOut(), on.get_json())
    assert room["id"] in [r["id"] for r in _admin(carol, "GET", "/rooms").get_json()["rooms"] if r["enabled"]]


def test_the_log_is_searched_by_person_room_kind_and_date_page_by_page(house: House, alice: Person, carol: Person) -> None:
    booking = alice.book(house.plain_room["id"], house.a_moment()).get_json()
    first = _admin(carol, "GET", f"/log?email={ALICE.upper()}&limit=1").get_json()
    assert_shape(schemas.LogOut(), first)
    assert len(first["entries"]) == 1
    assert first["next"] == first["entries"][0]["id"]
    second = _admin(carol, "GET", f"/log?email={ALICE}&limit=1&before={first['next']}").get_json()
    assert second["entries"][0]["id"] < first["entries"][0]["id"]
    assert _admin(carol, "GET", "/log?email=nobody@contoso.example").get_json()["entries"] == []
    assert _admin(carol, "GET", "/log?until=2020-01-01T00:00:00Z").get_json()["entries"] == []
    assert any(e["booking_id"] == booking["id"] for e in _admin(carol, "GET", "/log").get_json()["entries"])
    naive = _admin(carol, "GET", "/log?since=2020-01-01T00:00:00")
    assert (naive.status_code, "since" in naive.get_json()["errors"]) == (400, True)


def test_the_work_list_is_read_page_by_page(house: House, carol: Person) -> None:
    """Found by an audit: it ended at 200, and nobody could see the rest."""
    with house.product.database.write() as session:
        opened = [
            work_items.open_item(session, kind="paged", dedupe=f"paged:{number}", reason="Why", at=datetime.now(UTC)).id
            for number in range(5)
        ]
    asked, seen = "/work-items?kind=paged&limit=2", []
    while asked:
        page = _admin(carol, "GET", asked).get_json()
        assert_shape(schemas.WorkItemsOut(), page)
        seen.append([item["id"] for item in page["items"]])
        asked = f"/work-items?kind=paged&limit=2&before={page['next']}" if page["next"] else ""
    newest_first = sorted(opened, reverse=True)
    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert _admin(carol, "GET", "/work-items?limit=0").status_code == 400


def test_a_private_subject_is_told_to_nobody(house: House, alice: Person, carol: Person) -> None:
    booking = alice.book(house.plain_room["id"], house.a_moment(), subject="My very private matter", private=True).get_json()
    for answer in (
        _admin(carol, "GET", f"/bookings/{booking['id']}"),
        _admin(carol, "GET", "/log?limit=500"),
        _admin(carol, "POST", "/people/export", json={"email": ALICE}),
    ):
        assert answer.status_code == 200
        assert "very private" not in answer.text
    ref = booking["rooms"][0]["reservation"]["id"]
    assert "very private" not in house.sandbox.topdesk.get(f"/reservations/{ref}").text


def test_a_person_is_exported_and_erased(house: House, carol: Person, bob: Person) -> None:
    bob.book(house.plain_room["id"], house.a_moment())
    told = _admin(carol, "POST", "/people/export", json={"email": BOB})
    assert_shape(schemas.PersonOut(), told.get_json())
    assert told.get_json()["bookings"]
    erased = _admin(carol, "POST", "/people/erase", json={"email": BOB})
    assert_shape(schemas.ErasedOut(), erased.get_json())
    assert erased.get_json()["kept"] >= 1
