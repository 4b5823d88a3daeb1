"""Reservations as a third-party client makes, reads, lists and edits them."""

from datetime import UTC, datetime

import pytest

from .conftest import Topdesk


def test_a_reservation_is_answered_whole_with_its_address_and_date(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    response = topdesk_api.call(
        "POST", "/reservations", json=topdesk_api.draft(room, briefDescription="Board", notes="Bring cake", numberOfPersons=6)
    )
    made = response.json
    assert response.status_code == 201
    assert (made["status"], made["briefDescription"], made["numberOfPersons"]) == ("planned", "Board", 6)
    assert made["requester"]["email"] == "alice.jansen@contoso.example"
    assert made["reservedFacilities"][0]["location"]["id"] == room
    assert response.headers["Location"].endswith(f"/topdesk/tas/api/reservations/{made['id']}")
    assert datetime.strptime(response.headers["Last-Modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert topdesk_api.get(f"/reservations/{made['id']}") == made
    assert topdesk_api.get(f"/reservations/{made['number']}") == made
    assert topdesk_api.get(f"/reservations/number/{made['number']}") == made


def test_dates_are_cut_to_whole_minutes_and_read_in_any_offset(topdesk_api: Topdesk) -> None:
    draft = topdesk_api.draft(topdesk_api.room()) | {
        "plannedStartDate": "2027-03-01T10:00:59.999+01:00",
        "plannedEndDate": "2027-03-01T10:30:00",
    }
    made = topdesk_api.post("/reservations", draft, wrong=True)
    assert (made["plannedStartDate"], made["plannedEndDate"]) == ("2027-03-01T09:00:00Z", "2027-03-01T10:30:00Z")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"requester": None}, "value_mandatory", "requester"),
        ({"requester": {"id": "00000000-0000-0000-0000-000000000001"}}, "value_unknown", "requester.id"),
        ({"requester": {"id": "nobody"}}, "value_invalid", "requester.id"),
        ({"plannedStartDate": "yesterday"}, "value_invalid", "plannedStartDate"),
        ({"plannedEndDate": "2001-01-01T00:00:00Z"}, "value_invalid", "plannedStartDate"),
        ({"briefDescription": "x" * 101}, "value_too_long", "briefDescription"),
        ({"numberOfPersons": -1}, "value_too_small", "numberOfPersons"),
        ({"numberOfPersons": True}, "value_invalid", "numberOfPersons"),
        ({"status": "conflictingPlanned"}, "value_invalid", "status"),
        ({"reservedFacilities": []}, "value_invalid", "reservedFacilities"),
        (
            {"reservedFacilities": [{"location": {"id": "00000000-0000-0000-0000-000000000001"}}]},
            "value_unknown",
            "reservedFacilities.location.id",
        ),
        ({"reservedFacilities": [{"asset": {"name": "Beamer"}}]}, "value_unknown", "reservedFacilities.asset"),
        ({"optionalFields1": {"text1": "x" * 101}}, "value_too_long", "optionalFields1.text1"),
        ({"optionalFields1": {"text6": "x"}}, "value_invalid", "optionalFields1.text6"),
        ({"externalLink": {"id": "a", "type": "0"}}, "value_invalid", "externalLink.type"),
        ({"externalLink": {"id": "a" * 451, "type": "1"}}, "value_too_long", "externalLink.id"),
        ({"subject": "x"}, "value_invalid", "subject"),
        ({"processingStatus": {"name": "Nonsense"}}, "value_unknown", "processingStatus.name"),
    ],
)
def test_a_wrong_member_is_refused_and_named(topdesk_api: Topdesk, change: dict[str, object], code: str, field: str) -> None:
    errors = topdesk_api.post("/reservations", topdesk_api.draft(topdesk_api.room()) | change, 400)["errors"]
    assert (code, field) in {(problem["errorCode"], named) for problem in errors for named in problem["appliesTo"]}


def test_an_archived_person_cannot_be_a_requester(topdesk_api: Topdesk) -> None:
    leaver = topdesk_api.get("/persons", query="archived==true")[0]
    assert leaver["email"] == "larry.leaver@contoso.example"
    draft = topdesk_api.draft(topdesk_api.room()) | {"requester": {"id": leaver["id"]}}
    assert topdesk_api.post("/reservations", draft, 400)["errors"][0]["appliesTo"] == ["requester.id"]


@pytest.mark.parametrize("body", ["", "not json", "[]", '"text"', "null"])
def test_a_body_that_is_no_object_is_refused(topdesk_api: Topdesk, body: str) -> None:
    response = topdesk_api.call("POST", "/reservations", data=body, content_type="application/json", wrong=True)
    assert response.status_code == 400
    assert response.json["errors"]


def test_a_room_that_nobody_may_book_is_refused(topdesk_api: Topdesk) -> None:
    reception = topdesk_api.get("/locations", query="name==Reception")[0]["id"]
    errors = topdesk_api.post("/reservations", topdesk_api.draft(reception), 400)["errors"]
    assert errors[0]["errorCode"] == "facility_not_reservable"


def test_the_list_comes_in_start_order_and_says_when_there_is_more(topdesk_api: Topdesk) -> None:
    part = topdesk_api.call("GET", "/reservations", query_string={"$top": 50, "$fields": "id,plannedStartDate"})
    starts = [card["plannedStartDate"] for card in part.json["results"]]
    assert part.status_code == 206
    assert len(starts) == 50
    assert starts == sorted(starts)
    assert topdesk_api.call("GET", "/reservations", query_string={"$top": 10_000}).status_code == 200


def test_paging_by_start_reaches_every_reservation_once(topdesk_api: Topdesk) -> None:
    whole = {card["id"] for card in topdesk_api.get("/reservations", __top=10_000)["results"]}
    seen: set[str] = set()
    query = "plannedStartDate=ge=2000-01-01T00:00:00Z"
    for _ in range(1000):
        response = topdesk_api.call("GET", "/reservations", query_string={"query": query, "$top": 60, "$fields": "id,plannedStartDate"})
        cards = response.json["results"]
        seen |= {card["id"] for card in cards}
        if response.status_code == 200:
            break
        query = f"plannedStartDate=ge={cards[-1]['plannedStartDate']}"
    assert seen == whole


@pytest.mark.parametrize("top", ["0", "10001", "many", "-1"])
def test_top_has_bounds(topdesk_api: Topdesk, top: str) -> None:
    assert topdesk_api.call("GET", "/reservations", query_string={"$top": top}, wrong=True).status_code == 400


def test_a_patch_changes_what_it_names_and_nothing_else(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room(), notes="keep", optionalFields1={"text1": "ORB-1", "boolean2": True})
    body = {"briefDescription": "New", "optionalFields1": {"text2": "b"}, "processingStatus": {"name": "Confirmed"}}
    changed = topdesk_api.call("PATCH", f"/reservations/{made['id']}", json=body).json
    assert (changed["briefDescription"], changed["notes"]) == ("New", "keep")
    assert changed["optionalFields1"] == {"text1": "ORB-1", "boolean2": True, "text2": "b"}
    assert changed["processingStatus"]["name"] == "Confirmed"


def test_a_patch_cannot_touch_status_dates_or_facilities(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room())
    for body in ({"status": "cancelled"}, {"plannedStartDate": "2027-01-01T00:00:00Z"}, {"reservedFacilities": []}):
        assert topdesk_api.call("PATCH", f"/reservations/{made['id']}", json=body, wrong=True).status_code == 400
    assert topdesk_api.get(f"/reservations/{made['id']}") == made


def test_an_external_link_is_written_once(topdesk_api: Topdesk) -> None:
    link = {"externalLink": {"id": "AAMkAD=", "type": "7421"}}
    made = topdesk_api.book(topdesk_api.room(), **link)
    assert made["externalLinks"][0]["id"] == "AAMkAD="
    assert topdesk_api.call("PATCH", f"/reservations/{made['id']}", json=link).status_code == 400
    assert [card["id"] for card in topdesk_api.find('externalLinks.type==7421;externalLinks.id=="AAMkAD="')] == [made["id"]]


def test_an_unknown_reservation_is_not_found(topdesk_api: Topdesk) -> None:
    for identifier in ("00000000-0000-0000-0000-000000000001", "R 2611 999999", "nonsense", "R 0000 001"):
        assert topdesk_api.call("GET", f"/reservations/{identifier}").status_code == 404
        assert topdesk_api.call("POST", f"/reservations/{identifier}/approve").status_code == 404


def test_the_legacy_filters_work_until_a_query_is_given(topdesk_api: Topdesk) -> None:
    room, day = topdesk_api.room(), "2027-03-01"
    made = topdesk_api.book(room, "09:00", "10:00", day)
    window = {"plannedFrom": f"{day}T09:30:00Z", "plannedTo": f"{day}T09:45:00Z", "locationId": room}
    for path in ("/reservations", "/overviewReservations"):
        response = topdesk_api.call("GET", path, query_string=window, wrong=True)
        assert [card["id"] for card in response.json["results"]] == [made["id"]]
    assert topdesk_api.call("GET", "/reservations", query_string=window | {"query": "status==cancelled"}, wrong=True).json["results"] == []


def test_a_typo_in_a_parameter_is_ignored_or_refused_as_switched(topdesk_api: Topdesk) -> None:
    assert topdesk_api.call("GET", "/reservations", query_string={"qeury": "x"}).status_code in (200, 206)
    topdesk_api.world.switches.unknown_parameter = "400"
    assert topdesk_api.call("GET", "/reservations", query_string={"qeury": "x"}).status_code == 400


@pytest.mark.parametrize(("style", "ending"), [("Z", "00Z"), (".000Z", "00.000Z"), (".000+0000", "00.000+0000")])
def test_dates_come_in_the_style_that_is_switched_on(topdesk_api: Topdesk, style: str, ending: str) -> None:
    made = topdesk_api.book(topdesk_api.room())
    topdesk_api.world.switches.date_style = style
    topdesk_api.judged = style != ".000+0000"  # seen in siblings, though no RFC 3339 date-time
    card = topdesk_api.get(f"/reservations/{made['id']}")
    assert card["plannedStartDate"].endswith(ending)
    assert card["reservedFacilities"][0]["startDateBlock"].endswith(ending)


def test_unset_members_are_left_out_or_null_or_empty_as_switched(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room(), optionalFields1={"text1": "ORB-1"})
    path = f"/reservations/{made['id']}"
    assert "notes" not in made
    assert "series" not in made
    topdesk_api.judged = False  # the contract knows no nulls; siblings send them
    topdesk_api.world.switches.nulls = "null"
    card = topdesk_api.get(path)
    assert card["notes"] is None
    assert card["series"] is None
    assert card["optionalFields1"]["memo1"] is None
    topdesk_api.world.switches.nulls = "empty"
    card = topdesk_api.get(path)
    assert card["notes"] == ""
    assert card["series"] is None
    assert card["optionalFields2"]["text5"] == ""
    assert card["optionalFields1"]["text1"] == "ORB-1"
