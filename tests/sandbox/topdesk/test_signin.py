"""Who gets in, what a permission group can lack, and what filters hide."""

from datetime import timedelta

import pytest

from roombooker_sandbox.topdesk.signin import FACILITIES_LOGIN, FACILITIES_PASSWORD

from .conftest import OPERATOR, Topdesk

FACILITIES = (FACILITIES_LOGIN, FACILITIES_PASSWORD)


@pytest.mark.parametrize("auth", [None, ("roombooker", "wrong"), ("nobody", "sandbox-app-password"), ("", "")])
def test_nobody_gets_in_without_the_right_password(topdesk_api: Topdesk, auth: tuple[str, str] | None) -> None:
    response = topdesk_api.call("GET", "/reservations", auth=auth)
    assert response.status_code == 401
    assert response.mimetype == "text/html"
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    topdesk_api.world.switches.unauthorized_style = "json"
    response = topdesk_api.call("GET", "/version", auth=auth)
    assert (response.status_code, response.json) == (401, [{"message": "No authentication token provided"}])


def test_an_expired_application_password_looks_like_a_wrong_one(topdesk_api: Topdesk) -> None:
    topdesk_api.world.password_expired = True
    assert topdesk_api.call("GET", "/version").status_code == 401
    assert topdesk_api.call("GET", "/version", auth=FACILITIES).status_code == 200


def test_the_name_of_the_scheme_may_be_written_in_capitals(topdesk_api: Topdesk) -> None:
    headers = {"Authorization": "BASIC cm9vbWJvb2tlcjpzYW5kYm94LWFwcC1wYXNzd29yZA=="}
    assert topdesk_api.call("GET", "/version", auth=None, headers=headers).json == {"version": "3.7.4"}


def test_a_login_token_works_until_logout_or_until_it_idles_away(topdesk_api: Topdesk) -> None:
    token = topdesk_api.call("GET", "/login/operator").text
    assert '"' not in token
    headers = {"Authorization": f'TOKEN id="{token}"'}
    assert topdesk_api.call("GET", "/productVersion", auth=None, headers=headers).status_code == 200
    topdesk_api.world.clock.advance(timedelta(minutes=31))
    assert topdesk_api.call("GET", "/version", auth=None, headers=headers).status_code == 401
    headers = {"Authorization": f'TOKEN id="{topdesk_api.call("GET", "/login/operator").text}"'}
    assert topdesk_api.call("GET", "/logout", auth=None, headers=headers).status_code == 204
    assert topdesk_api.call("GET", "/version", auth=None, headers=headers).status_code == 401
    assert topdesk_api.call("GET", "/login/operator", auth=("roombooker", "wrong")).status_code == 401


@pytest.mark.parametrize(
    ("right", "path"),
    [
        ("rest_api", "/version"),
        ("locations", "/reservableLocations"),
        ("locations", "/locations"),
        ("persons", "/persons"),
        ("branches", "/branches"),
        ("reservations_read", "/reservations"),
        ("cancellation_reasons", "/reservationCancellationReasons"),
        ("rejection_reasons", "/reservationRejectionReasons"),
    ],
)
def test_a_missing_right_is_a_403_for_our_operator_alone(topdesk_api: Topdesk, right: str, path: str) -> None:
    topdesk_api.world.removed_rights.add(right)
    assert topdesk_api.call("GET", path).status_code == 403
    assert topdesk_api.call("GET", path, auth=FACILITIES).status_code in (200, 206)


def test_a_reader_cannot_write(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room())
    topdesk_api.world.removed_rights.add("reservations_write")
    path = f"/reservations/{made['id']}"
    for method, call in (("POST", "/reservations"), ("PATCH", path), ("POST", f"{path}/cancel"), ("POST", f"{path}/reschedule")):
        assert topdesk_api.call(method, call, json={}, wrong=True).status_code == 403
    assert topdesk_api.get(path) == made


@pytest.mark.parametrize("filtered", ["branch:Harbour House", "room_type:Meeting room"])
def test_a_filter_hides_rooms_and_their_reservations_without_an_error(topdesk_api: Topdesk, filtered: str) -> None:
    room = topdesk_api.room()
    made = topdesk_api.book(room)
    before = topdesk_api.get("/reservableLocations")["results"]
    topdesk_api.world.removed_rights.add(filtered)
    after = topdesk_api.get("/reservableLocations")["results"]
    assert {r["id"] for r in after} < {r["id"] for r in before}
    assert topdesk_api.find(f"reservedFacilities.location.id=={room}") == []
    assert topdesk_api.call("GET", f"/reservations/{made['id']}").status_code == 404
    assert topdesk_api.call("GET", f"/reservableLocations/{room}").status_code == 404
    topdesk_api.post("/reservations", topdesk_api.draft(room, "12:00", "13:00"), 400)
    assert topdesk_api.call("GET", f"/reservations/{made['id']}", auth=FACILITIES).status_code == 200


def test_both_operators_are_known(topdesk_api: Topdesk) -> None:
    assert topdesk_api.get("/operators/current")["loginName"] == OPERATOR[0]
    assert topdesk_api.call("GET", "/operators/current", auth=FACILITIES).json["loginName"] == FACILITIES_LOGIN
    operator_id = topdesk_api.get("/operators/current/id")["id"]
    assert topdesk_api.get(f"/operators/id/{operator_id}")["apiAccount"] is True
    assert topdesk_api.get(f"/operators/id/{operator_id}/permissiongroups")[0]["name"] == "Room Booker"
    assert {o["loginName"] for o in topdesk_api.get("/operators", query="loginPermission==true", fields="id,loginName")} == {
        "roombooker",
        "facilities",
    }
    assert topdesk_api.get("/operators/current/settings")["localization"]["language"] == "en"
    assert len(topdesk_api.get("/operators/lookup")["results"]) == 2
    topdesk_api.world.removed_rights.add("branch:Canal Court")
    assert [f["name"] for f in topdesk_api.get("/operators/filters/branch")] == ["Not Canal Court"]
