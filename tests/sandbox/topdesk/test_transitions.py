"""Cancel, reject, approve, reschedule and move, and what two bookings of one slot become in each conflict mode."""

from typing import Any

import pytest

from roombooker_sandbox.topdesk.reservation import find, save

from .conftest import Topdesk


def test_a_planned_reservation_is_cancelled_once(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room())
    assert topdesk_api.post(f"/reservations/{made['number']}/cancel", {"name": "No longer needed"}, 204) is None
    assert topdesk_api.get(f"/reservations/{made['id']}")["status"] == "cancelled"
    topdesk_api.post(f"/reservations/{made['id']}/cancel", {"name": "No longer needed"}, 400)
    topdesk_api.post(f"/reservations/{made['id']}/reject", None, 400)


def test_a_request_is_rejected_or_approved_but_never_cancelled(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    made = topdesk_api.book(room, status="request")
    topdesk_api.post(f"/reservations/{made['id']}/cancel", None, 400)
    assert topdesk_api.post(f"/reservations/{made['id']}/reject", {"name": "Not approved"}, 200)["status"] == "rejectedRequest"
    again = topdesk_api.book(room, status="request")
    assert topdesk_api.post(f"/reservations/{again['id']}/approve", None, 200)["status"] == "planned"
    topdesk_api.post(f"/reservations/{again['id']}/approve", None, 400)


def test_a_reason_is_needed_when_no_default_is_configured(topdesk_api: Topdesk) -> None:
    first, second = (topdesk_api.book(topdesk_api.room(), start, end) for start, end in (("09:00", "10:00"), ("11:00", "12:00")))
    topdesk_api.post(f"/reservations/{first['id']}/cancel", None, 204)
    topdesk_api.world.switches.default_cancel_reason = False
    topdesk_api.post(f"/reservations/{second['id']}/cancel", None, 400)
    topdesk_api.post(f"/reservations/{second['id']}/cancel", {"name": "Moved to another building"}, 400)  # archived
    topdesk_api.post(f"/reservations/{second['id']}/cancel", {"id": "00000000-0000-0000-0000-000000000001"}, 400)
    assert topdesk_api.get(f"/reservations/{second['id']}")["status"] == "planned"
    reason = topdesk_api.get("/reservationCancellationReasons")["results"][0]
    topdesk_api.post(f"/reservations/{second['id']}/cancel", {"id": reason["id"]}, 204)


def test_a_taken_slot_is_refused(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    topdesk_api.book(room, "09:00", "10:00")
    topdesk_api.post("/reservations", topdesk_api.draft(room, "09:59", "10:30"), 400)
    topdesk_api.book(room, "10:00", "10:30")
    topdesk_api.book(room, "08:00", "09:00")


def test_a_taken_slot_is_flagged_and_heals_when_the_other_goes(topdesk_api: Topdesk) -> None:
    topdesk_api.world.switches.conflict_mode = "flag"
    room = topdesk_api.room()
    first, second, third = (topdesk_api.book(room, status=status) for status in ("planned", "planned", "request"))
    assert [r["status"] for r in (first, second, third)] == ["planned", "conflictingPlanned", "conflictingRequest"]
    topdesk_api.post(f"/reservations/{third['id']}/approve", None, 400)
    topdesk_api.post(f"/reservations/{first['id']}/cancel", None, 204)
    assert _status(topdesk_api, second) == "planned"
    assert _status(topdesk_api, third) == "conflictingRequest"
    topdesk_api.post(f"/reservations/{second['id']}/cancel", None, 204)
    assert _status(topdesk_api, third) == "request"


def test_a_flagged_booking_is_cancelled_or_moved_out_of_the_way(topdesk_api: Topdesk) -> None:
    topdesk_api.world.switches.conflict_mode = "flag"
    room, other = topdesk_api.world.directory.rooms[0].location_id, topdesk_api.world.directory.rooms[1].location_id
    topdesk_api.book(room)
    second, third = topdesk_api.book(room), topdesk_api.book(room)
    topdesk_api.post(f"/reservations/{second['id']}/reschedule", {"plannedStartDate": "2027-01-01T00:00:00Z"}, 400)
    topdesk_api.post(f"/reservations/{second['id']}/cancel", None, 204)
    moved = topdesk_api.post(f"/reservations/{third['id']}/reservedFacilities/move", _move(room, other), 200)
    assert moved["status"] == "planned"
    assert [f["location"]["id"] for f in moved["reservedFacilities"]] == [other]


def test_a_taken_slot_is_not_even_noticed_in_silent_mode(topdesk_api: Topdesk) -> None:
    topdesk_api.world.switches.conflict_mode = "silent"
    room = topdesk_api.room()
    assert topdesk_api.book(room)["status"] == topdesk_api.book(room)["status"] == "planned"


def test_block_times_hold_the_room_before_and_after(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room(block=15)
    made = topdesk_api.book(room, "09:00", "10:00")
    facility = made["reservedFacilities"][0]
    assert (facility["startDateBlock"][11:16], facility["endDateBlock"][11:16]) == ("08:45", "10:15")
    topdesk_api.post("/reservations", topdesk_api.draft(room, "10:15", "11:00"), 400)
    topdesk_api.book(room, "10:30", "11:00")


def test_block_times_may_overlap_each_other_where_the_switch_says_so(topdesk_api: Topdesk) -> None:
    topdesk_api.world.switches.blocks_may_overlap = True
    room = topdesk_api.room(block=15)
    topdesk_api.book(room, "09:00", "10:00")
    topdesk_api.post("/reservations", topdesk_api.draft(room, "10:14", "11:00"), 400)
    topdesk_api.book(room, "10:15", "11:00")


@pytest.mark.parametrize(("day", "start", "end", "fits"), [
    ("2027-01-15", "06:00", "06:30", True), ("2027-01-15", "05:59", "06:30", False), ("2027-01-15", "20:00", "21:00", True),
    ("2027-01-15", "20:00", "21:01", False), ("2027-07-15", "05:00", "06:00", True), ("2027-07-15", "20:00", "20:30", False),
])  # fmt: skip
def test_a_service_window_is_local_time_in_summer_and_winter(topdesk_api: Topdesk, day: str, start: str, end: str, fits: bool) -> None:
    room = topdesk_api.room(window=True)
    topdesk_api.post("/reservations", topdesk_api.draft(room, start, end, day), 201 if fits else 400)


def test_rescheduling_moves_one_or_both_ends(topdesk_api: Topdesk) -> None:
    room, day = topdesk_api.room(), "2027-03-01"
    topdesk_api.book(room, "12:00", "13:00", day)
    made = topdesk_api.book(room, "09:00", "10:00", day)
    path = f"/reservations/{made['id']}/reschedule"
    moved = topdesk_api.post(path, {"plannedStartDate": f"{day}T10:00:00Z", "plannedEndDate": f"{day}T11:00:30Z"}, 200)
    assert (moved["plannedStartDate"], moved["plannedEndDate"]) == (f"{day}T10:00:00Z", f"{day}T11:00:00Z")
    longer = topdesk_api.post(path, {"plannedStartDate": "", "plannedEndDate": f"{day}T11:30:00Z"}, 200, wrong=True)
    assert (longer["plannedStartDate"], longer["plannedEndDate"]) == (f"{day}T10:00:00Z", f"{day}T11:30:00Z")
    topdesk_api.post(path, {"plannedEndDate": f"{day}T12:30:00Z"}, 400)
    topdesk_api.post(path, {"plannedEndDate": f"{day}T09:30:00Z"}, 400)
    assert topdesk_api.get(f"/reservations/{made['id']}") == longer
    assert topdesk_api.book(room, "09:00", "10:00", day)["status"] == "planned"


def test_rooms_are_added_and_removed_but_never_all(topdesk_api: Topdesk) -> None:
    rooms = [room.location_id for room in topdesk_api.world.directory.rooms[:3]]
    made = topdesk_api.book(rooms[0])
    path = f"/reservations/{made['id']}/reservedFacilities"
    added = topdesk_api.post(f"{path}/add", {"add": [_ref(room) for room in rooms[1:]]}, 200)
    assert [f["location"]["id"] for f in added["reservedFacilities"]] == rooms
    assert len(topdesk_api.find(f"reservedFacilities.location.id=={rooms[2]};plannedStartDate=={made['plannedStartDate']}")) == 1
    topdesk_api.post(f"{path}/add", {"add": [_ref(rooms[1])]}, 400)
    topdesk_api.post("/reservations", topdesk_api.draft(rooms[2]), 400)
    topdesk_api.post(f"{path}/remove", {"remove": [_ref(rooms[1]), _ref(rooms[2])]}, 200)
    topdesk_api.book(rooms[2])
    topdesk_api.post(f"{path}/remove", {"remove": [_ref(rooms[0])]}, 400)
    topdesk_api.post(f"{path}/move", _move(rooms[1], rooms[0]), 400)


def test_a_divisible_room_and_its_halves_cannot_both_be_had(topdesk_api: Topdesk) -> None:
    whole, half, other = (room.location_id for room in topdesk_api.world.directory.rooms[:3])
    for part in (half, other):
        setup = {"roomSetup": "isASubLocation", "majorLocation": {"id": whole, "name": "Amber"}}
        assert topdesk_api.call("PATCH", f"/locations/id/{part}", json=setup).status_code == 200
    topdesk_api.book(half)
    topdesk_api.book(other)
    topdesk_api.post("/reservations", topdesk_api.draft(whole), 400)


def test_participants_are_added_once(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room(), participants={"persons": [{"id": topdesk_api.world.directory.people[1].card_id}]})
    people = [{"id": person.card_id} for person in topdesk_api.world.directory.people[1:3]]
    card = topdesk_api.post(f"/reservations/{made['id']}/participants/add", {"persons": people}, 200)
    assert [p["id"] for p in card["participants"]["persons"]] == [p["id"] for p in people]
    assert topdesk_api.find("participants.persons.email==bob.devries@contoso.example")[0]["id"] == made["id"]
    card = topdesk_api.post(f"/reservations/{made['id']}/participants/remove", {"persons": people[:1]}, 200)
    assert [p["id"] for p in card["participants"]["persons"]] == [people[1]["id"]]


def test_services_block_approval_and_mind_their_lead_time(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    draft = topdesk_api.draft(room, status="request")
    draft["reservedFacilities"][0]["services"] = [{"name": "Lunch"}]
    made = topdesk_api.post("/reservations", draft, 201)
    topdesk_api.post(f"/reservations/{made['id']}/approve", None, 400)
    reserved = made["reservedFacilities"][0]["reservedServices"][0]["id"]
    path = f"/reservations/{made['id']}/reservedServices"
    topdesk_api.post(path, {"facility": _ref(room), "addServices": [{"name": "Lunch"}]}, 400)
    topdesk_api.post(path, {"facility": _ref(room), "removeServices": [{"id": reserved}]}, 200)
    topdesk_api.post(f"/reservations/{made['id']}/approve", None, 200)
    soon = topdesk_api.world.clock.now().strftime("%Y-%m-%d")
    draft = topdesk_api.draft(room, "23:58", "23:59", soon)
    draft["reservedFacilities"][0]["services"] = [{"name": "Lunch"}]
    topdesk_api.post("/reservations", draft, 400)
    topdesk_api.post("/reservations?allowPassedLeadTimes=true", draft, 201)


def test_a_series_keeps_its_clock_time_across_summer_time(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room(), "09:00", "10:00", "2027-03-22")
    days = ["2027-03-22", "2027-03-29", "2027-04-05"]
    series = topdesk_api.post(f"/reservations/{made['id']}/makeRecurrent/dates", {"dates": days}, 200)["results"]
    assert [card["plannedStartDate"] for card in series] == ["2027-03-22T09:00:00Z", "2027-03-29T08:00:00Z", "2027-04-05T08:00:00Z"]
    assert set(series[0]) == {"id", "number", "status", "series", "plannedStartDate", "plannedEndDate"}
    assert len(topdesk_api.find(f"series.id=={series[0]['series']['id']}")) == 3
    topdesk_api.post(f"/reservations/{series[1]['id']}/approve", None, 400)
    topdesk_api.post(f"/reservations/{made['id']}/makeRecurrent/dates", {"dates": days}, 400)


def test_a_series_grows_and_shrinks_and_refuses_conflicts_unless_told(topdesk_api: Topdesk) -> None:
    room = topdesk_api.room()
    made = topdesk_api.book(room, "09:00", "10:00", "2027-03-01")
    topdesk_api.post(f"/reservations/{made['id']}/makeRecurrent/dates", {"dates": ["2027-03-02", "2027-03-03"]}, 200)
    topdesk_api.book(room, "09:00", "10:00", "2027-03-04")
    path = f"/reservations/{made['id']}/occurrences/dates"
    topdesk_api.post(path, {"dates": ["2027-03-04"]}, 400)
    grown = topdesk_api.post(f"{path}?allowConflicts=true", {"dates": ["2027-03-03", "2027-03-04"]}, 200)["results"]
    assert [card["status"] for card in grown] == ["planned", "planned", "planned", "conflictingPlanned"]
    shrunk = topdesk_api.call("PUT", path, json={"dates": ["2027-03-02"]}).json["results"]
    assert [card["plannedStartDate"][:10] for card in shrunk] == ["2027-03-01", "2027-03-02"]
    assert topdesk_api.call("GET", f"/reservations/{grown[2]['id']}").status_code == 404
    patched = topdesk_api.call("PATCH", f"/reservations/{made['id']}?occurrences=future", json={"briefDescription": "All"})
    assert patched.status_code == 200
    assert {card["briefDescription"] for card in topdesk_api.find(f"series.id=={shrunk[0]['series']['id']}")} == {"All"}


@pytest.mark.parametrize("dates", [[], ["2027-03-02", "2027-03-02"], ["2027-02-27"], ["soon"], ["20270302"], None])
def test_wrong_dates_make_no_series(topdesk_api: Topdesk, dates: Any) -> None:
    made = topdesk_api.book(topdesk_api.room(), "09:00", "10:00", "2027-03-01")
    topdesk_api.post(f"/reservations/{made['id']}/makeRecurrent/dates", {"dates": dates}, 400)


def test_a_file_can_be_attached(topdesk_api: Topdesk) -> None:
    made = topdesk_api.book(topdesk_api.room())
    path = f"/reservations/{made['id']}/attachments"
    kept = topdesk_api.call("POST", path, data=b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"plan.txt\"\r\n\r\nseats\r\n--b--\r\n",
                            content_type="multipart/form-data; boundary=b", wrong=True).json  # fmt: skip
    assert (kept["fileName"], kept["size"]) == ("plan.txt", 5)
    assert topdesk_api.get(path)["results"] == [kept]


def _status(topdesk_api: Topdesk, card: dict[str, Any]) -> str:
    status: str = topdesk_api.get(f"/reservations/{card['id']}")["status"]
    return status


def _ref(room: str) -> dict[str, Any]:
    return {"location": {"id": room}}


def _move(old: str, new: str) -> dict[str, Any]:
    return {"from": _ref(old), "to": _ref(new)}


def test_an_issued_or_archived_reservation_is_not_touched(topdesk_api: Topdesk) -> None:
    """What only a person at the desk does, is done here in the database."""
    room = topdesk_api.room()
    issued, archived = topdesk_api.book(room, "09:00", "10:00"), topdesk_api.book(room, "10:00", "11:00")
    with topdesk_api.world.store.transaction() as db:
        handed_out, put_away = find(db, issued["id"]), find(db, archived["id"])
        assert handed_out
        assert put_away
        handed_out.facilities[0].issued, put_away.archived = 1_800_000_000, True
        save(db, handed_out)
        save(db, put_away)
    for card in (issued, archived):
        topdesk_api.post(f"/reservations/{card['id']}/cancel", None, 400)
        topdesk_api.post(f"/reservations/{card['id']}/reschedule", {"plannedEndDate": card["plannedEndDate"]}, 400)
    assert topdesk_api.get(f"/reservations/{issued['id']}")["reservedFacilities"][0]["issueDate"] == "2027-01-15T08:00:00Z"
    assert [card["id"] for card in topdesk_api.find("archived==true")] == [archived["id"]]
