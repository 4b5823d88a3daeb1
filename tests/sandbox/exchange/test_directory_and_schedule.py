"""Places, users, settings, free/busy and batches."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandboxes import ALICE

from .conftest import Graph, at

Day = Callable[[], datetime]


def test_rooms_and_room_lists_describe_the_directory(graph: Graph) -> None:
    rooms = graph.app.get("/places/microsoft.graph.room", params={"$count": "true"}).json()
    assert rooms["@odata.count"] == 10
    first, wanted = rooms["value"][0], graph.world.directory.rooms[0]
    assert (first["id"], first["emailAddress"], first["capacity"], first["building"]) == (
        wanted.place_id, wanted.mailbox, wanted.capacity, wanted.building.name)  # fmt: skip
    lists = graph.app.get("/places/microsoft.graph.roomlist").json()["value"]
    inside = [
        r for place in lists for r in graph.app.get(f"/places/{place['emailAddress']}/microsoft.graph.roomlist/rooms").json()["value"]
    ]
    assert {r["id"] for r in inside} == {r["id"] for r in rooms["value"]}
    assert graph.app.get(f"/places/{wanted.mailbox}").json()["id"] == wanted.place_id
    assert graph.app.get("/places/nowhere").status_code == 404
    page = graph.app.get("/places/microsoft.graph.room", params={"$top": "4", "$skip": "8"}).json()
    assert len(page["value"]) == 2
    big = graph.app.get("/places/microsoft.graph.room", params={"$filter": f"capacity ge {wanted.capacity}"}).json()["value"]
    assert first["id"] in {r["id"] for r in big}


def test_a_user_is_found_by_id_name_and_any_address(graph: Graph) -> None:
    alice = graph.world.directory.people[0]
    fields = {"$select": "id,mail,proxyAddresses"}
    shown = graph.app.get(f"/users/{alice.mail}", params=fields).json()
    assert shown["proxyAddresses"] == [f"SMTP:{alice.mail}", f"smtp:{alice.proxy}"]
    assert graph.app.get(f"/users/{alice.oid}").json()["userPrincipalName"] == alice.mail
    assert graph.app.get(f"/users/{alice.proxy}").json()["error"]["code"] == "Request_ResourceNotFound"
    for text in (f"mail eq '{alice.mail}'", f"proxyAddresses/any(p:p eq 'smtp:{alice.proxy}')", "startswith(displayName,'Alice Jan')"):
        assert [u["id"] for u in graph.app.get("/users", params={"$filter": text}).json()["value"]] == [alice.oid]
    search = {"$search": '"displayName:jans"'}
    assert graph.app.get("/users", params=search).status_code == 400
    assert graph.app.get("/users", params=search, headers={"ConsistencyLevel": "eventual"}).json()["value"][0]["id"] == alice.oid


def test_mailbox_settings_tell_zone_hours_and_purpose(graph: Graph) -> None:
    settings = graph.app.get(f"/users/{graph.rooms[0]}/mailboxSettings").json()
    assert (settings["timeZone"], settings["userPurpose"]) == ("W. Europe Standard Time", "room")


def ask(graph: Graph, day: datetime, schedules: list[str], hours: float = 4, **more: Any) -> Any:
    body = {"schedules": schedules, "startTime": at(day), "endTime": at(day + timedelta(hours=hours)), "availabilityViewInterval": 60}
    return graph.app.post(f"/users/{graph.rooms[0]}/calendar/getSchedule", json=body | more)


def test_free_busy_of_rooms_people_and_strangers(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    graph.meet(day + timedelta(hours=1), room)
    graph.settle()
    own, alice, stranger = ask(graph, day, [room, ALICE, "nobody@contoso.example"]).json()["value"]
    assert own["availabilityView"] == alice["availabilityView"] == "0200"
    assert own["scheduleItems"][0]["subject"] == "Alice Jansen"
    assert "subject" not in alice["scheduleItems"][0]
    assert stranger["error"]["responseCode"] == "ErrorMailRecipientNotFound"


def test_free_busy_has_its_limits(graph: Graph, free_day: Day) -> None:
    day = free_day()
    assert ask(graph, day, [f"a{n}@contoso.example" for n in range(21)]).json()["error"]["code"] == "ErrorMailboxDataArrayTooBig"
    assert ask(graph, day, graph.rooms, hours=63 * 24).json()["error"]["code"] == "ErrorTimeIntervalTooBig"
    assert ask(graph, day, graph.rooms, hours=-1).status_code == 400
    assert ask(graph, day, graph.rooms, availabilityViewInterval=4).status_code == 400


def test_a_batch_gives_each_request_its_own_status(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    json_header = {"Content-Type": "application/json"}
    event = {"subject": "Batch", "start": at(day), "end": at(day + timedelta(hours=1))}
    window = f"startDateTime={day.strftime('%Y-%m-%dT%H:%M:%SZ')}&endDateTime={(day + timedelta(hours=9)).strftime('%Y-%m-%dT%H:%M:%SZ')}"
    answer = graph.app.post("/$batch", json={"requests": [
        {"id": "1", "method": "POST", "url": f"/users/{room}/events", "body": event, "headers": json_header},
        {"id": "2", "method": "GET", "url": f"/users/{room}/calendarView?{window}", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": f"/users/{ALICE}/calendarView?{window}"},
        {"id": "4", "method": "GET", "url": f"/users/{room}", "dependsOn": ["3"]},
        {"id": "5", "method": "GET", "url": f"users/{room}/calendarView/delta?{window}"},
    ]})  # fmt: skip
    assert answer.status_code == 200
    found = {r["id"]: r for r in answer.json()["responses"]}
    assert {name: r["status"] for name, r in found.items()} == {"1": 201, "2": 200, "3": 403, "4": 424, "5": 200}
    assert [e["subject"] for e in found["2"]["body"]["value"]] == ["Batch"]
    link = found["5"]["body"]["@odata.deltaLink"]
    assert graph.app.get(link).status_code == 200


def test_a_batch_of_more_than_twenty_or_with_loose_ends_is_refused(graph: Graph) -> None:
    one = {"id": "1", "method": "GET", "url": "/users"}
    for requests in ([{**one, "id": str(n)} for n in range(21)], [one, one], [{**one, "dependsOn": ["9"]}], []):
        assert graph.app.post("/$batch", json={"requests": requests}).status_code == 400


def test_a_fault_strikes_inside_a_batch_and_only_there(graph: Graph) -> None:
    graph.sandbox.control.post("/fail", json={"side": "graph", "path": "/places/microsoft.graph.room$", "status": 429}).raise_for_status()
    steps = [{"id": "1", "method": "GET", "url": "/places/microsoft.graph.room"}, {"id": "2", "method": "GET", "url": "/users?$top=1"}]
    found = {r["id"]: r for r in graph.app.post("/$batch", json={"requests": steps}).json()["responses"]}
    assert (found["1"]["status"], found["2"]["status"]) == (429, 200)
    assert found["1"]["headers"]["Retry-After"] == "1"
