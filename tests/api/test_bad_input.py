"""Bad input and bad luck: what a schema refuses is `invalid_input` with the field named, and odd but honest input books."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.conftest import House, Person, zulu
from api.shapes import assert_shape
from roombooker.api import schemas
from sandboxes import ALICE

START = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)
END = START + timedelta(hours=1)


def _past() -> dict[str, str]:
    start = datetime.now(UTC) - timedelta(days=2)
    return {"start": zulu(start), "end": zulu(start + timedelta(hours=1))}


def _long() -> dict[str, str]:
    start = datetime.now(UTC) + timedelta(days=3)
    return {"start": zulu(start), "end": zulu(start + timedelta(days=400))}


BOOKINGS: dict[str, tuple[dict[str, Any], str]] = {
    "end before start": ({"start": zulu(END), "end": zulu(START)}, "end"),
    "end at start": ({"end": zulu(START)}, "end"),
    "seconds only": ({"end": "2027-03-02T09:00:30Z"}, "end"),
    "naive start": ({"start": "2027-03-02T09:00:00"}, "start"),
    "naive end": ({"end": "2027-03-02T10:00:00"}, "end"),
    "not a time": ({"start": "tomorrow"}, "start"),
    "a number for a time": ({"start": 1_800_000_000}, "start"),
    "null start": ({"start": None}, "start"),
    "a date before all calendars": ({"start": "0000-00-00T00:00:00Z"}, "start"),
    "at the end of all calendars": ({"start": "9999-12-31T23:00:00Z", "end": "9999-12-31T23:59:00Z"}, "end|start"),
    "out of UTC's range": ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
    "past": (_past(), "start|end"),
    "400 days": (_long(), "start|end"),
    "beyond the horizon": ({"start": "2029-03-02T09:00:00Z", "end": "2029-03-02T10:00:00Z"}, "start|end"),
    "no rooms": ({"rooms": []}, "rooms"),
    "unknown room": ({"rooms": ["room-nobody-knows"]}, "rooms"),
    "a room's mailbox instead of its id": ({"rooms": ["room@contoso.example"]}, "rooms"),
    "twenty-one rooms": ({"rooms": [f"room-{n}" for n in range(21)]}, "rooms"),
    "a room that is a number": ({"rooms": [1]}, "rooms"),
    "rooms as text": ({"rooms": "room-1"}, "rooms"),
    "a room with NUL": ({"rooms": ["room\x00"]}, "rooms"),
    "a room with half a character": ({"rooms": ["room\ud800"]}, "rooms"),
    "an organizer with half a character": ({"organizer": "\ud800@contoso.example"}, "organizer"),
    "null in rooms": ({"rooms": [None]}, "rooms"),
    "10,001 attendees": ({"attendees": 10_001}, "attendees"),
    "minus one attendee": ({"attendees": -1}, "attendees"),
    "half an attendee": ({"attendees": 2.5}, "attendees"),
    "true attendees": ({"attendees": True}, "attendees"),
    "attendees as text": ({"attendees": "five"}, "attendees"),
    "no address": ({"organizer": "Alice Jansen"}, "organizer"),
    "an address with angle brackets": ({"organizer": "<script>@contoso.example"}, "organizer"),
    "an address with a line break": ({"organizer": "alice@contoso.example\nBcc: x@y.example"}, "organizer"),
    "two addresses": ({"organizer": "a@b.example@c.example"}, "organizer"),
    "an organizer of 400 characters": ({"organizer": "a" * 400 + "@contoso.example"}, "organizer"),
    "null organizer": ({"organizer": None}, "organizer"),
    "a subject that is a list": ({"subject": ["Budget"]}, "subject"),
    "a subject of 10,001 characters": ({"subject": "x" * 10_001}, "subject"),
    "private as text": ({"private": "perhaps"}, "private"),
    "a member nobody knows": ({"colour": "blue"}, "colour"),
    "services": ({"services": ["coffee"]}, "services"),
    "a wrong recurrence": ({"recurrence": {"pattern": {"type": "hourly", "interval": 1}}}, "recurrence"),
}


def _body(house: House, **changed: Any) -> dict[str, Any]:
    return {
        "rooms": [house.plain_room["id"]],
        "start": zulu(START),
        "end": zulu(END),
        "subject": "Budget",
        "organizer": ALICE,
        "attendees": 2,
    } | changed


def _refused(answer: Any, field: str) -> None:
    assert answer.status_code == 400, answer.text
    body = answer.get_json()
    assert_shape(schemas.ErrorOut(), body)
    assert body["code"] == "invalid_input"
    assert any(one in body["errors"] for one in field.split("|")), body


@pytest.mark.parametrize("name", BOOKINGS)
def test_a_booking_that_cannot_be_is_refused_with_its_field_named(alice: Person, house: House, name: str) -> None:
    changed, field = BOOKINGS[name]
    before = house.sandbox.world.counters["topdesk POST /reservations"]
    _refused(alice.call("POST", "/api/v1/bookings", json=_body(house, **changed)), field)
    assert house.sandbox.world.counters["topdesk POST /reservations"] == before


@pytest.mark.parametrize("field", ["rooms", "start", "end", "organizer"])
def test_what_is_required_is_named_when_it_is_missing(alice: Person, house: House, field: str) -> None:
    body = _body(house)
    del body[field]
    _refused(alice.call("POST", "/api/v1/bookings", json=body), field)


def test_a_room_that_is_switched_off_is_not_mapped(alice: Person, house: House) -> None:
    room = next(r for r in house.rooms if r["id"] != house.plain_room["id"])
    house.product.services.rooms.disable([room["id"]])
    try:
        _refused(alice.call("POST", "/api/v1/bookings", json=_body(house, rooms=[room["id"]])), "rooms")
    finally:
        house.product.services.rooms.enable([room["id"]])


@pytest.mark.parametrize("key", ["short", "with space in it", "ключ-ключ-ключ", "x" * 201, ""])
def test_a_key_that_is_none_is_refused(alice: Person, house: House, key: str) -> None:
    header = {"Idempotency-Key": key.encode().decode("latin-1")}
    _refused(alice.call("POST", "/api/v1/bookings", json=_body(house), headers=header), "Idempotency-Key")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"42", b'"text"', b"\xff\xfe\x00", b'{"start": NaN}', b'{"rooms":' + b"[" * 3000 + b"]" * 3000 + b"}"],
    ids=["empty", "broken", "list", "null", "number", "text", "not utf-8", "NaN", "deep"],
)
@pytest.mark.parametrize("path", ["/api/v1/bookings", "/api/v1/availability"])
def test_a_body_that_is_no_json_object_is_refused(alice: Person, path: str, body: bytes) -> None:
    answer = alice.call("POST", path, data=body, content_type="application/json")
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["code"] == "invalid_input"


def test_a_body_of_another_kind_is_refused(alice: Person) -> None:
    answer = alice.call("POST", "/api/v1/bookings", data={"rooms": "room-1"})
    assert answer.status_code in (400, 415)
    assert answer.get_json()["code"] == "invalid_input"


def test_a_giant_body_is_refused_before_it_is_read(alice: Person) -> None:
    answer = alice.call("POST", "/api/v1/bookings", data=b'{"subject": "' + b"x" * 2_000_000 + b'"}', content_type="application/json")
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "invalid_input"


SUBJECTS = {
    "5,000 characters": "Budget " * 714,
    "emoji": "Planning 🎉👩‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "\u202eتخطيط الميزانية\u202c",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "FIQL": "a==b;c=gt=d,(e)'\"*%",
    "line breaks": "one\r\ntwo\tthree",
    "control characters": "bell\x07 null\x00 half \ud83c end",
    "only spaces": "   ",
    "empty": "",
}


def _printable(text: str) -> str:
    return "".join(c for c in text if c not in "\x00\ud83c")


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_odd_subject_books_and_comes_back_as_data(alice: Person, house: House, name: str) -> None:
    subject = SUBJECTS[name]
    made = alice.book(house.plain_room["id"], house.a_moment(), subject=subject)
    assert made.status_code == 201, made.text
    told = alice.get(f"/api/v1/bookings/{made.get_json()['id']}")
    assert told.content_type == "application/json"
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert (told.get_json()["subject"] or "").strip()[:20] == _printable(subject).strip()[:20]
    ref = made.get_json()["rooms"][0]["reservation"]["id"]
    card = house.sandbox.topdesk.get(f"/reservations/{ref}", headers={"Accept": "application/json"}).json()
    assert len(card.get("briefDescription") or "") <= 100


@pytest.mark.parametrize(
    "organizer",
    ["o'brien@contoso.example", "a;b==c@contoso.example", "(x),y@contoso.example", "a%2B*+b@contoso.example", "ünï@contoso.example"],
)
def test_query_characters_in_an_address_are_data(house: House, organizer: str) -> None:
    """Not the caller's own, so refused; but looked up as what it is, and never a broken query."""
    answer = house.person(ALICE).call("POST", "/api/v1/bookings", json=_body(house, organizer=organizer))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "not_allowed")


AVAILABILITY: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "slots"),
    "start alone": ({"start": zulu(START)}, "end"),
    "end alone": ({"end": zulu(END)}, "start"),
    "both ways": ({"start": zulu(START), "end": zulu(END), "slots": [{"start": zulu(START), "end": zulu(END)}]}, "slots"),
    "no slots": ({"slots": []}, "slots"),
    "401 slots": ({"slots": [{"start": zulu(START), "end": zulu(END)}] * 401}, "slots"),
    "a backward slot": ({"slots": [{"start": zulu(END), "end": zulu(START)}]}, "slots"),
    "a capacity of none": ({"start": zulu(START), "end": zulu(END), "filters": {"capacity": 0}}, "filters"),
    "an unknown filter": ({"start": zulu(START), "end": zulu(END), "filters": {"view": "sea"}}, "filters"),
    "filters as a list": ({"start": zulu(START), "end": zulu(END), "filters": []}, "filters"),
    "too long a text": ({"start": zulu(START), "end": zulu(END), "filters": {"text": "x" * 201}}, "filters"),
    "a limit of 0": ({"start": zulu(START), "end": zulu(END), "limit": 0}, "limit"),
    "an unknown zone": (
        {"start": zulu(START), "end": zulu(END), "recurrence": {"pattern": {"type": "daily", "interval": 1},
         "range": {"type": "numbered", "startDate": "2027-03-02", "numberOfOccurrences": 2, "recurrenceTimeZone": "Mars/Olympus"}}}, "recurrence",
    ),
    "a zone that is a path": (
        {"start": zulu(START), "end": zulu(END), "recurrence": {"pattern": {"type": "daily", "interval": 1},
         "range": {"type": "numbered", "startDate": "2027-03-02", "numberOfOccurrences": 2, "recurrenceTimeZone": "../../etc/passwd"}}}, "recurrence",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AVAILABILITY)
def test_a_question_that_cannot_be_is_refused_with_its_field_named(alice: Person, name: str) -> None:
    body, field = AVAILABILITY[name]
    _refused(alice.call("POST", "/api/v1/availability", json=body), field)


MOVES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "start"),
    "start alone": ({"start": zulu(START)}, "end"),
    "backward": ({"start": zulu(END), "end": zulu(START)}, "end"),
    "past": (_past(), "start|end"),
    "unknown room": ({"rooms": ["room-nobody-knows"]}, "rooms"),
    "a member nobody knows": ({"subject": "new"}, "subject"),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_move_that_cannot_be_is_refused_with_its_field_named(alice: Person, house: House, name: str) -> None:
    booking = alice.book(house.plain_room["id"], house.a_moment()).get_json()
    changes, field = MOVES[name]
    _refused(alice.call("PATCH", f"/api/v1/bookings/{booking['id']}", json=changes), field)
    assert alice.get(f"/api/v1/bookings/{booking['id']}").get_json()["state"] == "awaiting_appointment"


@pytest.mark.parametrize("booking_id", ["nobody-knows", "nul%00", "' OR 1=1 --", "%2e%2e%2f", "ORB-01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_a_booking_that_is_not_there(alice: Person, booking_id: str) -> None:
    for method in ("GET", "DELETE"):
        answer = alice.call(method, f"/api/v1/bookings/{booking_id}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("PUT", "/api/v1/bookings", 405, "invalid_input"),
        ("DELETE", "/api/v1/rooms", 405, "invalid_input"),
        ("GET", "/", 404, "not_found"),
    ],
)
def test_errors_have_one_shape_also_where_no_view_is(alice: Person, method: str, path: str, status: int, code: str) -> None:
    answer = alice.call(method, path)
    assert answer.status_code == status
    assert_shape(schemas.ErrorOut(), answer.get_json())
    assert answer.get_json()["code"] == code
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]
