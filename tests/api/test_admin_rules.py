"""PATCH /api/v1/admin/rooms/<id>: an administrator sets how one room is kept."""

import pytest

from .conftest import House, Person


def test_an_administrator_sets_a_rule_and_the_others_stay(house: House, carol: Person) -> None:
    path = f"/api/v1/admin/rooms/{house.plain_room['id']}"
    answer = carol.call("PATCH", path, json={"series_mode": "series"})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["policy"]["series_mode"] == "series"
    again = carol.call("PATCH", path, json={"series_mode": "singles"}).get_json()["policy"]
    assert (again["series_mode"], again["cancellation"]) == ("singles", "automatic")


def test_an_employee_may_not(house: House, alice: Person) -> None:
    path = f"/api/v1/admin/rooms/{house.plain_room['id']}"
    assert alice.call("PATCH", path, json={"series_mode": "series"}).status_code == 403
    assert house.nobody().call("PATCH", path, json={"series_mode": "series"}).status_code == 401


@pytest.mark.parametrize("body", [{"series_mode": "sometimes"}, {"colour": "red"}, {"horizon_days": 0}, {"topdesk_leads": "perhaps"}, {}])
def test_what_makes_no_sense_is_invalid_input(house: House, carol: Person, body: dict[str, object]) -> None:
    answer = carol.call("PATCH", f"/api/v1/admin/rooms/{house.plain_room['id']}", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_input")


def test_an_unknown_room_is_not_found(carol: Person) -> None:
    assert carol.call("PATCH", "/api/v1/admin/rooms/room-nowhere", json={"series_mode": "series"}).status_code == 404
