"""GET /api/v1/appointments: an attendee learns how the room stands, and nothing else."""

from datetime import timedelta

from api.conftest import House, zulu
from sandboxes import BOB


def _asked(house: House, mail: str, **asked: str) -> dict[str, object]:
    answer = house.person(mail).call("GET", "/api/v1/appointments", query_string=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_an_attendee_sees_the_state_of_the_room_and_nothing_else(house: House) -> None:
    room, start = house.plain_room, house.a_moment()
    assert house.person().book(room["id"], start).status_code == 201
    told = _asked(house, BOB, room=room["mailbox"].upper(), start=zulu(start))
    assert told == {"room": room["mailbox"], "state": "awaiting_appointment"}


def test_another_start_and_a_mailbox_that_is_no_room_look_alike(house: House) -> None:
    room, start = house.plain_room, house.a_moment()
    assert house.person().book(room["id"], start).status_code == 201
    later = zulu(start + timedelta(minutes=5))
    assert _asked(house, BOB, room=room["mailbox"], start=later)["state"] is None
    assert _asked(house, BOB, room="somebody@contoso.example", start=zulu(start))["state"] is None


def test_what_is_asked_is_checked_and_a_token_is_needed(house: House) -> None:
    for asked in ({}, {"room": "x"}, {"room": house.rooms[0]["mailbox"], "start": "2026-12-01T09:00"}):
        assert house.person().call("GET", "/api/v1/appointments", query_string=asked).status_code == 400
    assert house.nobody().get("/api/v1/appointments").status_code == 401
