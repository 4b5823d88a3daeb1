"""Persons in both versions, locations, branches, drop-down lists, and what can be reserved."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from .conftest import V2, Topdesk


def test_persons_come_in_two_shapes_chosen_by_accept(topdesk_api: Topdesk) -> None:
    query = {"query": "email==ALICE.jansen@contoso.example;archived==false"}
    old = topdesk_api.call("GET", "/persons", query_string=query).json
    new = topdesk_api.call("GET", "/persons", query_string=query, accept=V2).json
    assert [p["id"] for p in old] == [p["id"] for p in new["item"]]
    assert new["size"] == 1
    assert (old[0]["birthName"], old[0]["location"], old[0]["optionalFields1"]["number1"], old[0]["status"]) == ("", None, 0.0, "person")
    assert "archived" not in old[0]
    assert new["item"][0]["archived"] is False
    one = topdesk_api.call("GET", f"/persons/{old[0]['id']}", accept="application/x.topdesk-person-v2+json").json
    assert one["email"] == "alice.jansen@contoso.example"


@pytest.mark.parametrize(("versions", "v1", "v2"), [("both", 206, 206), ("v1", 206, 406), ("v2", 406, 206)])
def test_a_topdesk_can_lack_a_version_of_persons(topdesk_api: Topdesk, versions: str, v1: int, v2: int) -> None:
    topdesk_api.world.switches.persons_versions = versions
    assert topdesk_api.call("GET", "/persons").status_code == v1
    assert topdesk_api.call("GET", "/persons", accept=V2).status_code == v2
    assert topdesk_api.call("GET", "/persons", accept="*/*").status_code == 206


def test_pages_of_persons_reach_everybody_once(topdesk_api: Topdesk) -> None:
    total = topdesk_api.get("/persons/count")["numberOfPersons"]
    seen: list[str] = []
    query: dict[str, str] | None = {"pageSize": "80", "fields": "id,dynamicName"}
    while query:
        response = topdesk_api.call("GET", "/persons", query_string=query, accept=V2)
        seen += [p["id"] for p in response.json["item"]]
        query = dict(parse_qsl(urlsplit(response.json["next"]).query)) if "next" in response.json else None
        assert response.status_code == (206 if query else 200)
    assert len(seen) == len(set(seen)) == total
    old = topdesk_api.call("GET", "/persons/", query_string={"start": 100, "page_size": 100, "$fields": "id"}, wrong=True)
    assert [p["id"] for p in old.json] == seen[100:200]


def test_persons_are_sorted_and_searched(topdesk_api: Topdesk) -> None:
    names = [
        p["dynamicName"] for p in topdesk_api.call("GET", "/persons", query_string={"sort": "dynamicName:desc"}, accept=V2).json["item"]
    ]
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert len(topdesk_api.get("/persons", query="email==reception@contoso.example")) == 2
    assert topdesk_api.call("GET", "/persons", query_string={"query": "email==erin.visser@contoso.example"}).status_code == 204
    assert topdesk_api.get("/persons", query="surName=='Outlook Room Booker'")[0]["id"] == topdesk_api.world.directory.person_account_id
    assert topdesk_api.get("/persons/lookup", name="Jansen, A")["results"][0]["name"] == "Jansen, Alice"
    assert topdesk_api.call("GET", "/persons", query_string={"query": "nobody==x"}).status_code == 400
    assert topdesk_api.call("GET", "/persons/current").status_code == 403


def test_a_person_can_be_made_and_changed(topdesk_api: Topdesk) -> None:
    branch = topdesk_api.world.directory.buildings[0].branch_id
    accept = "application/x.topdesk-person-v2+json"
    made = topdesk_api.call(
        "POST",
        "/persons",
        json={"surName": "New", "firstName": "Ned", "email": "ned@contoso.example", "branch": {"id": branch}},
        accept=accept,
    )
    assert (made.status_code, made.json["dynamicName"]) == (201, "New, Ned")
    changed = topdesk_api.call("PATCH", f"/persons/{made.json['id']}", json={"email": "ned.new@contoso.example"}, accept=accept)
    assert changed.json["email"] == "ned.new@contoso.example"
    assert topdesk_api.get("/persons", query="email==ned.new@contoso.example")[0]["id"] == made.json["id"]
    assert topdesk_api.call("PATCH", f"/persons/{made.json['id']}", json={"email": "x" * 101}, accept=accept, wrong=True).status_code == 400


def test_locations_tell_their_mailbox_and_how_they_are_reserved(topdesk_api: Topdesk) -> None:
    query = {"query": "reservationManagement.reservable==true;archived==false", "$fields": "id,name,reservationManagement,optionalFields1"}
    rooms = topdesk_api.call("GET", "/locations", query_string=query).json
    assert {room["optionalFields1"]["text1"] for room in rooms} == {room.mailbox for room in topdesk_api.world.directory.rooms}
    approved = {room["id"] for room in rooms if room["reservationManagement"]["requiresApproval"]}
    assert approved == {room.location_id for room in topdesk_api.world.directory.rooms if room.requires_approval}
    assert set(topdesk_api.get("/locations")[0]) == {"id", "name", "roomNumber", "branch"}
    assert topdesk_api.get("/locations", query="archived==true")
    found = topdesk_api.get("/locations", query="optionalFields1.text1==room.amber@contoso.example")
    assert [room["name"] for room in found] == ["Amber"]
    assert topdesk_api.get("/locations/types")


def test_a_location_can_be_changed(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    body = {"capacity": 99, "optionalFields1": {"text1": "other@contoso.example"}, "reservationManagement": {"requiresApproval": True}}
    changed = topdesk_api.call("PATCH", f"/locations/id/{room}", json=body).json
    assert (changed["capacity"], changed["optionalFields1"]["text1"]) == (99, "other@contoso.example")
    assert topdesk_api.get(f"/locations/id/{room}")["reservationManagement"]["requiresApproval"] is True
    for wrong in (
        {"nonsense": 1},
        {"capacity": "many"},
        {"optionalFields1": {"text1": "x" * 101}},
        {"reservationManagement": {"pricePer": "week"}},
    ):
        assert topdesk_api.call("PATCH", f"/locations/id/{room}", json=wrong).status_code == 400
    assert topdesk_api.call("PATCH", f"/locations/id/{room}", json={"reservationManagement": {"reservable": False}}).status_code == 200
    assert room not in {r["id"] for r in topdesk_api.get("/reservableLocations")["results"]}


def test_branches_have_names_and_zones(topdesk_api: Topdesk) -> None:
    assert [b["name"] for b in topdesk_api.get("/branches")] == ["Canal Court", "Harbour House", "Thames Yard"]
    london = topdesk_api.get("/branches", query="name=='Thames Yard'", __fields="id,timeZone")[0]
    assert london["timeZone"] == "Europe/London"
    assert topdesk_api.get(f"/branches/id/{london['id']}")["name"] == "Thames Yard"
    assert topdesk_api.get("/branches/lookup", name="th")["results"][0]["id"] == london["id"]
    rooms = topdesk_api.get("/reservableLocations", branchId=london["id"])["results"]
    assert {room["branch"]["id"] for room in rooms} == {london["id"]}


def test_the_next_free_stretch_of_a_room(topdesk_api: Topdesk) -> None:
    room, day = topdesk_api.room(), "2027-03-01"
    topdesk_api.book(room, "09:00", "10:00", day)
    path = f"/reservableLocations/{room}/reservableInterval"
    before = topdesk_api.get(path, **{"from": f"{day}T08:00:00Z"})
    assert (before["start"], before["end"]) == (f"{day}T08:00:00Z", f"{day}T09:00:00Z")
    assert topdesk_api.get(path, **{"from": f"{day}T09:30:00Z"})["start"] == f"{day}T10:00:00Z"
    assert topdesk_api.call("GET", path, query_string={"from": "soon"}, wrong=True).status_code == 400


def test_occupancy_is_averaged_by_the_hour(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    topdesk_api.book(room, "09:00", "09:30", "2027-03-01")
    query = {
        "locationId": room,
        "periodStartDate": "2027-03-01",
        "periodEndDate": "2027-03-02",
        "timeStart": "8:00",
        "timeEnd": "24:00",
        "timeZone": "UTC",
    }
    hours = topdesk_api.call("GET", "/facilityOccupancies", query_string=query, wrong=True).json["results"][0]["occupancy"]
    assert [hour["rate"] for hour in hours] == [0.0, 0.25] + [0.0] * 14
    assert topdesk_api.get("/facilityOccupancies")["results"] == []


@pytest.mark.parametrize("name", ["reservationCancellationReasons", "reservationRejectionReasons", "reservationProcessingStatus", "serviceTypes",
                                  "reservationsOptionalSearchlist/1/2"])  # fmt: skip
def test_drop_down_lists_can_be_kept(topdesk_api: Topdesk, name: str) -> None:
    made = topdesk_api.post(f"/{name}", {"name": "Brand new"}, 200)
    topdesk_api.post(f"/{name}", {"name": "BRAND NEW"}, 400)
    assert topdesk_api.call("PATCH", f"/{name}/{made['id']}", json={"name": "Newer"}).json["name"] == "Newer"
    assert "Newer" in {e["name"] for e in topdesk_api.get(f"/{name}")["results"]}
    topdesk_api.post(f"/{name}/Newer/archive", None, 200)
    assert "Newer" not in {e["name"] for e in topdesk_api.get(f"/{name}", archived="false")["results"]}
    assert "Newer" in {e["name"] for e in topdesk_api.get(f"/{name}", archived="true")["results"]}
    topdesk_api.post(f"/{name}/{made['id']}/unarchive", None, 200)


def test_services_are_listed_and_assets_are_not_for_operators(topdesk_api: Topdesk) -> None:
    services = topdesk_api.get("/reservableServices")["results"]
    assert {s["name"] for s in services} >= {"Lunch", "Coffee and tea"}
    assert topdesk_api.get(f"/reservableServices/{services[0]['id']}") == services[0]
    window = {"templateName": "Beamer", "from": "2027-03-01T00:00:00Z", "to": "2027-03-02T00:00:00Z"}
    assert topdesk_api.call("GET", "/reservableAssets", query_string=window).status_code == 501
    assert topdesk_api.call("POST", "/requester/reservations", json={}, wrong=True).status_code == 403


def test_a_branch_and_a_location_can_be_made(topdesk_api: Topdesk) -> None:
    branch = topdesk_api.post("/branches", {"name": "Hill Farm", "timeZone": "Europe/London", "address": {"city": "York"}}, 201)
    assert topdesk_api.call("PATCH", f"/branches/id/{branch['id']}", json={"phone": "+44 1"}).json["phone"] == "+44 1"
    room = topdesk_api.post(
        "/locations", {"name": "Barn", "branch": {"id": branch["id"]}, "reservationManagement": {"reservable": True}}, 201
    )
    assert topdesk_api.book(room["id"])["reservedFacilities"][0]["location"]["branch"]["name"] == "Hill Farm"
    topdesk_api.post("/locations", {"name": "Nowhere"}, 400)
    topdesk_api.post("/branches", {"name": "", "timeZone": "Europe/London"}, 400)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/branches", {"query": "nobody==x"}), ("/locations", {"query": "branch==Amber"}), ("/locations", {"query": "name=="}), ("/locations", {"pageSize": "0"}), ("/persons", {"pageSize": "0"}),
        ("/persons/nonsense", {}), ("/persons/00000000-0000-0000-0000-000000000001", {}), ("/persons/count", {"query": "("}),
        ("/persons/lookup", {"$top": "0"}), ("/operators", {"page_size": "101"}), ("/operators/id/00000000-0000-0000-0000-000000000001", {}),
        ("/locations/id/00000000-0000-0000-0000-000000000001", {}), ("/locations/id/nonsense", {}), ("/reservations", {"query": "modificationDate==null"}),
        ("/reservableLocations", {"branchId": "x"}), ("/facilityOccupancies", {"periodStartDate": "soon"}),
    ],
)  # fmt: skip
def test_each_call_refuses_in_the_shape_of_its_contract(topdesk_api: Topdesk, path: str, query: dict[str, str]) -> None:
    for accept in (V2, "application/x.topdesk-person-v2+json") if path.startswith("/persons") else ("application/json",):
        assert topdesk_api.call("GET", path, query_string=query, accept=accept, wrong=True).status_code in (400, 404)


@pytest.mark.parametrize("path", ["/persons", "/persons/count", "/persons/00000000-0000-0000-0000-000000000001", "/branches", "/locations"])
def test_each_call_forbids_in_the_shape_of_its_contract(topdesk_api: Topdesk, path: str) -> None:
    topdesk_api.world.removed_rights.add("rest_api")
    assert topdesk_api.call("GET", path, accept=V2).status_code == 403


def test_service_windows_show_their_names_and_persons_their_groups(topdesk_api: Topdesk) -> None:
    windows = {window["id"] for window in topdesk_api.get("/serviceWindow/lookup/")["results"]}
    used = topdesk_api.get("/locations", query="reservationManagement.serviceWindow!=null", __fields="reservationManagement")
    assert {room["reservationManagement"]["serviceWindow"]["id"] for room in used} <= windows
    assert {room["reservationManagement"]["serviceWindowAppliesTo"] for room in used} == {"sspAndOperatorRealm", "sspOnly"}
    person = topdesk_api.person["id"]
    assert topdesk_api.call("GET", f"/persons/{person}/persongroups", accept="*/*").json == {"item": [], "size": 0}


def test_one_room_is_for_one_person_group_whose_members_say_so(topdesk_api: Topdesk) -> None:
    (room,) = topdesk_api.get(
        "/locations", query="reservationManagement.reservableBy==specificPersonGroup", __fields="reservationManagement"
    )
    group = room["reservationManagement"]["reservableByPersonGroup"]
    bob = topdesk_api.get("/persons", query="email==bob.devries@contoso.example")[0]["id"]
    path, asked = f"/persons/{bob}/persongroups", {"query": "archived==false", "fields": "id,name"}
    assert topdesk_api.call("GET", path, accept="*/*", query_string=asked).json == {"item": [group], "size": 1}
    assert topdesk_api.call("GET", path, accept="*/*", query_string={"query": "archived==true"}).json == {"item": [], "size": 0}
    topdesk_api.world.removed_rights.add("person_groups")
    assert topdesk_api.call("GET", path, accept="*/*").status_code == 403
