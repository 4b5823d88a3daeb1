"""Events as a person and an app write and read them."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sandboxes import ALICE, BOB

from .conftest import Graph, at

Day = Callable[[], datetime]


def test_a_meeting_has_a_copy_of_its_own_in_each_calendar_under_one_ical_uid(graph: Graph, free_day: Day) -> None:
    day = free_day()
    event = graph.meet(day, BOB, graph.rooms[0])
    graph.settle()
    bobs = graph.view("me", day, calls=graph.bob)[0]
    rooms = graph.view(graph.rooms[0], day)[0]
    assert len({event["id"], bobs["id"], rooms["id"]}) == 3
    assert event["iCalUId"] == bobs["iCalUId"] == rooms["iCalUId"]
    assert [e["isOrganizer"] for e in (event, bobs, rooms)] == [True, False, False]
    assert bobs["subject"] == "Budget"
    assert bobs["organizer"]["emailAddress"]["address"] == ALICE
    assert bobs["responseStatus"]["response"] == "notResponded"


def test_the_same_transaction_id_makes_one_event(graph: Graph, free_day: Day) -> None:
    day, key = free_day(), str(uuid.uuid4())
    first = graph.meet(day, transactionId=key)
    second = graph.meet(day, transactionId=key)
    assert second["id"] == first["id"]
    assert len(graph.view("me", day, calls=graph.alice)) == 1


def test_each_change_brings_a_new_change_key(graph: Graph, free_day: Day) -> None:
    event = graph.meet(free_day())
    changed = graph.alice.patch(f"/me/events/{event['id']}", json={"subject": "Other"}).json()
    assert changed["subject"] == "Other"
    assert changed["changeKey"] != event["changeKey"]
    assert changed["@odata.etag"] != event["@odata.etag"]


def test_if_match_with_an_old_etag_changes_nothing(graph: Graph, free_day: Day) -> None:
    event = graph.meet(free_day())
    path = f"/me/events/{event['id']}"
    graph.alice.patch(path, json={"subject": "Second"})
    refused = graph.alice.patch(path, json={"subject": "Third"}, headers={"If-Match": event["@odata.etag"]})
    assert refused.status_code == 412
    assert graph.alice.get(path).json()["subject"] == "Second"


def test_immutable_ids_are_asked_for_and_either_kind_finds_the_event(graph: Graph, free_day: Day) -> None:
    event = graph.meet(free_day())
    header = {"Prefer": 'IdType="ImmutableId"'}
    shown = graph.alice.get(f"/me/events/{event['id']}", headers=header).json()
    assert shown["id"] != event["id"]
    assert graph.alice.get(f"/me/events/{shown['id']}").json()["id"] == event["id"]


def test_times_are_shown_in_the_zone_that_is_asked_for_by_either_name(graph: Graph) -> None:
    summer = datetime(2027, 4, 5, 10, 0)  # noqa: DTZ001  a wall time
    event = graph.alice.post("/me/events", json={
        "subject": "Zones", "start": at(summer, "W. Europe Standard Time"), "end": at(summer + timedelta(hours=1), "Europe/Amsterdam"),
    }).json()  # fmt: skip
    assert event["start"] == {"dateTime": "2027-04-05T08:00:00.0000000", "timeZone": "UTC"}
    assert event["originalStartTimeZone"] == "W. Europe Standard Time"
    for name in ("W. Europe Standard Time", "Europe/Amsterdam"):
        shown = graph.alice.get(f"/me/events/{event['id']}", headers={"Prefer": f'outlook.timezone="{name}"'})
        assert shown.json()["start"] == {"dateTime": "2027-04-05T10:00:00.0000000", "timeZone": name}
        assert f'outlook.timezone="{name}"' in shown.headers["Preference-Applied"]
    refused = graph.alice.get(f"/me/events/{event['id']}", headers={"Prefer": 'outlook.timezone="Middle Earth"'})
    assert refused.json()["error"]["code"] == "TimeZoneNotSupportedException"


def test_an_all_day_event_must_begin_at_midnight_and_floats(graph: Graph) -> None:
    day = datetime(2027, 1, 12)  # noqa: DTZ001  a wall time
    body = {
        "subject": "Fair",
        "isAllDay": True,
        "start": at(day, "Europe/Amsterdam"),
        "end": at(day + timedelta(days=1), "Europe/Amsterdam"),
    }
    event = graph.alice.post("/me/events", json=body).json()
    assert event["isAllDay"]
    assert event["start"]["dateTime"] == "2027-01-12T00:00:00.0000000"
    assert graph.alice.post("/me/events", json={**body, "start": at(day + timedelta(hours=1), "Europe/Amsterdam")}).status_code == 400


def test_extended_properties_are_shown_when_expanded_found_when_filtered_and_stay_in_their_copy(graph: Graph, free_day: Day) -> None:
    day, key = free_day(), "String {00020329-0000-0000-C000-000000000046} Name roombooker"
    event = graph.meet(day, graph.rooms[1], singleValueExtendedProperties=[{"id": key, "value": "ORB-1"}])
    graph.settle()
    expand = {"$expand": f"singleValueExtendedProperties($filter=id eq '{key}')"}
    shown = graph.alice.get(f"/me/events/{event['id']}", params=expand).json()
    assert shown["singleValueExtendedProperties"] == [{"id": key, "value": "ORB-1"}]
    copy = graph.view(graph.rooms[1], day)[0]
    path = f"/users/{graph.rooms[1]}/events"
    assert "singleValueExtendedProperties" not in graph.app.get(f"{path}/{copy['id']}", params=expand).json()
    graph.app.patch(f"{path}/{copy['id']}", json={"singleValueExtendedProperties": [{"id": key, "value": "ORB-2"}]})
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{key}' and ep/value eq 'ORB-2')"
    found = graph.app.get(path, params={"$filter": wanted, **expand}).json()["value"]
    assert [e["id"] for e in found] == [copy["id"]]
    assert found[0]["singleValueExtendedProperties"][0]["value"] == "ORB-2"


def test_open_extensions_are_kept_on_the_event(graph: Graph, free_day: Day) -> None:
    event = graph.meet(free_day())
    path = f"/me/events/{event['id']}"
    extension = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "example.booking", "key": "ORB-1"}
    assert graph.alice.post(f"{path}/extensions", json=extension).status_code == 201
    assert graph.alice.get(path, params={"$expand": "extensions"}).json()["extensions"][0]["key"] == "ORB-1"


def test_an_answer_reaches_the_organizer_and_its_message_the_outbox(graph: Graph, free_day: Day) -> None:
    day = free_day()
    event = graph.meet(day, BOB)
    copy = graph.view("me", day, calls=graph.bob)[0]
    assert graph.bob.post(f"/me/events/{copy['id']}/accept", json={"comment": "See you"}).status_code == 202
    assert graph.answer_of(BOB, event) == "accepted"
    assert graph.outbox(to=ALICE, kind="accepted")[-1] == graph.outbox(to=ALICE)[-1]
    assert graph.outbox(to=ALICE)[-1]["body"] == "See you"
    assert graph.bob.post(f"/me/events/{copy['id']}/decline", json={}).status_code == 202
    assert graph.answer_of(BOB, event) == "declined"
    assert graph.view("me", day, calls=graph.bob) == []


def test_the_organizer_cannot_answer_and_an_attendee_cannot_cancel(graph: Graph, free_day: Day) -> None:
    day = free_day()
    event = graph.meet(day, BOB)
    copy = graph.view("me", day, calls=graph.bob)[0]
    assert graph.alice.post(f"/me/events/{event['id']}/accept", json={}).status_code == 400
    assert graph.bob.post(f"/me/events/{copy['id']}/cancel", json={}).status_code == 400
    assert graph.answer_of(BOB, event) == "none"


def test_cancelling_removes_the_organizers_item_and_marks_the_others(graph: Graph, free_day: Day) -> None:
    day = free_day()
    event = graph.meet(day, BOB)
    assert graph.alice.post(f"/me/events/{event['id']}/cancel", json={"comment": "Sorry"}).status_code == 202
    assert graph.alice.get(f"/me/events/{event['id']}").status_code == 404
    bobs = graph.view("me", day, calls=graph.bob)[0]
    assert bobs["isCancelled"]
    assert bobs["subject"] == "Canceled: Budget"
    assert bobs["showAs"] == "free"


def test_lists_are_paged_filtered_ordered_counted_and_narrowed(graph: Graph, free_day: Day) -> None:
    day = free_day()
    for hour in range(5):
        graph.meet(day + timedelta(hours=hour), subject=f"Paged {hour}", categories=["Blue"] if hour % 2 else [])
    window = f"start/dateTime ge '{day.isoformat()}' and end/dateTime le '{(day + timedelta(hours=9)).isoformat()}'"
    page = graph.alice.get("/me/events", params={
        "$filter": window, "$orderby": "start/dateTime desc", "$top": "2", "$select": "subject,start", "$count": "true",
    }).json()  # fmt: skip
    assert page["@odata.count"] == 5
    assert [e["subject"] for e in page["value"]] == ["Paged 4", "Paged 3"]
    assert set(page["value"][0]) == {"@odata.etag", "id", "subject", "start"}
    rest = graph.alice.get(page["@odata.nextLink"]).json()
    assert [e["subject"] for e in rest["value"]] == ["Paged 2", "Paged 1"]
    blue = graph.alice.get("/me/events", params={"$filter": f"({window}) and categories/any(c: c eq 'Blue')"}).json()["value"]
    assert [e["subject"] for e in blue] == ["Paged 1", "Paged 3"]
    assert graph.alice.get("/me/events", params={"$filter": "subject eq"}).status_code == 400


def test_bad_events_are_refused_with_graphs_error_shape(graph: Graph, free_day: Day) -> None:
    day = free_day()
    good = {"subject": "x", "start": at(day), "end": at(day + timedelta(hours=1))}
    bad = (
        {"end": at(day - timedelta(hours=1))}, {"start": None}, {"colour": "red"}, {"showAs": "maybe"}, {"start": {"dateTime": "soon"}},
        {"attendees": [{"emailAddress": {"address": "nobody"}}]},
    )  # fmt: skip
    for change in bad:
        answer = graph.alice.post("/me/events", json=good | change)
        assert answer.status_code == 400, change
        assert {"code", "message", "innerError"} == set(answer.json()["error"])
        assert answer.headers["request-id"] == answer.json()["error"]["innerError"]["request-id"]
    assert graph.alice.get("/me/events/AAMkADnonsense").json()["error"]["code"] == "ErrorInvalidIdMalformed"
    event = graph.meet(day)
    assert graph.bob.get(f"/me/events/{event['id']}").json()["error"]["code"] == "ErrorItemNotFound"
