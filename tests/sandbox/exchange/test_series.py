"""Series in every calendar that they are in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandboxes import BOB

from .conftest import Graph, at

Day = Callable[[], datetime]


def daily(count: int, first: datetime, zone: str = "UTC") -> dict[str, Any]:
    return {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": first.date().isoformat(), "numberOfOccurrences": count, "recurrenceTimeZone": zone},
    }  # fmt: skip


@pytest.fixture
def room(graph: Graph) -> str:
    """A room that no other test of this module uses: the first without anything ahead."""
    start = graph.world.clock.now()
    return next(r for r in graph.rooms if not graph.view(r, start, 170))


def series(graph: Graph, first: datetime, room: str, count: int = 4) -> dict[str, Any]:
    event = graph.meet(first, room, recurrence=daily(count, first))
    graph.settle()
    return event


def test_a_view_shows_the_dates_and_the_list_shows_the_master(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    rows = graph.view(room, first, 10)
    assert [r["type"] for r in rows] == ["occurrence"] * 4
    assert len({r["id"] for r in rows}) == len({r["iCalUId"] for r in rows}) == 4
    master = graph.app.get(f"/users/{room}/events/{rows[0]['seriesMasterId']}").json()
    assert (master["type"], master["iCalUId"], master["recurrence"]) == ("seriesMaster", event["iCalUId"], event["recurrence"])
    found = graph.app.get(f"/users/{room}/events/{master['id']}/instances", params={
        "startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=2)).isoformat()}).json()["value"]  # fmt: skip
    assert [r["id"] for r in found] == [r["id"] for r in rows[:2]]
    assert graph.app.get(f"/users/{room}/events/{rows[2]['id']}").json()["originalStart"] == rows[2]["start"]["dateTime"][:19] + "Z"


def test_a_series_keeps_its_wall_clock_time_across_the_end_of_winter(graph: Graph) -> None:
    zone, first = "W. Europe Standard Time", datetime(2027, 3, 22, 10, 0)  # noqa: DTZ001  a wall time
    event = graph.alice.post("/me/events", json={
        "subject": "Weekly", "start": at(first, zone), "end": at(first + timedelta(hours=1), zone), "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "endDate", "startDate": "2027-03-22", "endDate": "2027-04-05", "recurrenceTimeZone": zone}}}).json()  # fmt: skip
    window = {"startDateTime": "2027-03-01T00:00:00Z", "endDateTime": "2027-05-01T00:00:00Z"}
    rows = graph.alice.get(f"/me/events/{event['id']}/instances", params=window).json()["value"]
    assert [r["start"]["dateTime"][:16] for r in rows] == ["2027-03-22T09:00", "2027-03-29T08:00", "2027-04-05T08:00"]


def test_one_clashing_date_makes_the_room_decline_the_whole_series(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    graph.meet(first + timedelta(days=2, minutes=30), room, calls=graph.bob)
    graph.settle()
    event = series(graph, first, room)
    assert graph.answer_of(room, event) == "declined"
    assert len(graph.view(room, first, 10)) == 1


def test_a_series_beyond_the_booking_window_or_without_an_end_is_declined_whole(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    endless = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": first.date().isoformat()}}
    for recurrence in (daily(400, first), endless):
        event = graph.meet(first, room, recurrence=recurrence)
        graph.settle()
        assert graph.answer_of(room, event) == "declined"
        assert graph.view(room, first, 10) == []
        graph.alice.delete(f"/me/events/{event['id']}")


def test_one_date_moves_as_an_exception_in_both_calendars(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    second = graph.alice.get(f"/me/events/{event['id']}/instances", params={
        "startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}).json()["value"][1]  # fmt: skip
    later = first + timedelta(days=1, hours=3)
    changed = graph.alice.patch(f"/me/events/{second['id']}", json={"start": at(later), "end": at(later + timedelta(hours=1))}).json()
    graph.settle()
    assert (changed["type"], changed["id"]) == ("exception", second["id"])
    rows = graph.view(room, first, 10)
    assert [r["type"] for r in rows] == ["occurrence", "exception", "occurrence", "occurrence"]
    assert rows[1]["start"]["dateTime"].startswith(later.strftime("%Y-%m-%dT%H"))
    assert rows[1]["originalStart"] == second["start"]["dateTime"][:19] + "Z"
    statuses = graph.alice.get(f"/me/events/{second['id']}").json()["attendees"]
    assert statuses[0]["status"]["response"] == "accepted"
    crossing = graph.alice.patch(
        f"/me/events/{second['id']}", json={"start": at(first + timedelta(days=5)), "end": at(first + timedelta(days=6))}
    )
    assert crossing.json()["error"]["code"] == "ErrorOccurrenceCrossingBoundary"
    shown = graph.alice.get(f"/me/events/{event['id']}", params={"$expand": "exceptionOccurrences"}).json()
    assert [e["id"] for e in shown["exceptionOccurrences"]] == [second["id"]]


def test_a_date_moved_onto_somebody_elses_meeting_is_declined_alone(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    graph.meet(first + timedelta(days=1, hours=3), room, calls=graph.bob)
    graph.settle()
    second = graph.alice.get(f"/me/events/{event['id']}/instances", params={
        "startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}).json()["value"][1]  # fmt: skip
    later = first + timedelta(days=1, hours=3)
    graph.alice.patch(f"/me/events/{second['id']}", json={"start": at(later), "end": at(later + timedelta(hours=1))})
    graph.settle()
    mine = [r for r in graph.view(room, first, 10) if r["seriesMasterId"]]
    assert len(mine) == 3
    assert graph.alice.get(f"/me/events/{second['id']}").json()["attendees"][0]["status"]["response"] == "declined"
    assert graph.answer_of(room, event) == "accepted"


def test_a_cancelled_date_is_marked_in_the_room_and_listed_on_the_organizers_master(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    third = graph.alice.get(f"/me/events/{event['id']}/instances", params={
        "startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}).json()["value"][2]  # fmt: skip
    assert graph.alice.post(f"/me/events/{third['id']}/cancel", json={}).status_code == 202
    graph.settle()
    rows = graph.view(room, first, 10)
    assert [r["isCancelled"] for r in rows] == [False, False, True, False]
    assert graph.alice.get(f"/me/events/{third['id']}").status_code == 404
    master = graph.alice.get(f"/me/events/{event['id']}", params={"$select": "subject,cancelledOccurrences"}).json()
    assert master["cancelledOccurrences"] == [f"OID.{event['id']}.{third['start']['dateTime'][:10]}"]


def test_a_room_swapped_for_one_date_only(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    other = next(r for r in graph.rooms if r != room and not graph.view(r, first, 10))
    second = graph.alice.get(f"/me/events/{event['id']}/instances", params={
        "startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}).json()["value"][1]  # fmt: skip
    swap = {"attendees": [{"emailAddress": {"address": other}, "type": "resource"}]}
    assert graph.alice.patch(f"/me/events/{second['id']}", json=swap).status_code == 200
    graph.settle()
    assert [r["isCancelled"] for r in graph.view(room, first, 10)] == [False, True, False, False]
    rows = graph.view(other, first, 10)
    assert [(r["start"], r["responseStatus"]["response"]) for r in rows] == [(second["start"], "accepted")]


def test_a_person_declines_one_date(graph: Graph, free_day: Day) -> None:
    first = free_day()
    event = graph.meet(first, BOB, recurrence=daily(3, first))
    own = [r for r in graph.view("me", first, 5, calls=graph.bob) if r["seriesMasterId"]]
    assert graph.bob.post(f"/me/events/{own[1]['id']}/decline", json={}).status_code == 202
    assert len([r for r in graph.view("me", first, 5, calls=graph.bob) if r["seriesMasterId"]]) == 2
    dates = graph.alice.get(f"/me/events/{event['id']}/instances", params={
        "startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}).json()["value"]  # fmt: skip
    assert [d["attendees"][0]["status"]["response"] for d in dates] == ["none", "declined", "none"]


def test_a_new_time_for_the_whole_series_moves_every_date(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    later = first + timedelta(hours=4)
    moved = graph.alice.patch(f"/me/events/{event['id']}", json={"start": at(later), "end": at(later + timedelta(hours=1))})
    assert moved.status_code == 200, moved.text
    graph.settle()
    rows = graph.view(room, first, 10)
    assert [r["start"]["dateTime"][11:16] for r in rows] == [later.strftime("%H:%M")] * 4


@pytest.mark.parametrize("bad", [
    {"pattern": {"type": "weekly", "interval": 1}}, {"pattern": {"type": "daily", "interval": 0}}, {"range": {"type": "endDate"}},
    {"range": {"type": "numbered", "numberOfOccurrences": 0}}, {"pattern": {"type": "sometimes"}},
])  # fmt: skip
def test_a_pattern_that_makes_no_sense_is_refused(graph: Graph, free_day: Day, bad: dict[str, Any]) -> None:
    first = free_day()
    body = {"subject": "x", "start": at(first), "end": at(first + timedelta(hours=1)), "recurrence": {**daily(3, first), **bad}}
    assert graph.alice.post("/me/events", json=body).json()["error"]["code"] == "ErrorInvalidRecurrence"


def test_new_words_for_a_series_leave_cancelled_and_declined_dates_as_they_are(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    window = {"startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}
    dates = graph.alice.get(f"/me/events/{event['id']}/instances", params=window).json()["value"]
    graph.alice.delete(f"/me/events/{dates[1]['id']}")
    graph.settle()
    graph.app.post(f"/users/{room}/events/{graph.view(room, first, 10)[2]['id']}/decline", json={})
    graph.alice.patch(f"/me/events/{event['id']}", json={"location": {"displayName": "Elsewhere"}})
    graph.settle()
    rows = graph.view(room, first, 10)
    assert [(r["isCancelled"], r["start"]["dateTime"][:10]) for r in rows] == [
        (False, dates[0]["start"]["dateTime"][:10]), (True, dates[1]["start"]["dateTime"][:10]), (False, dates[3]["start"]["dateTime"][:10]),
    ]  # fmt: skip
    assert rows[0]["location"]["displayName"] == "Elsewhere"


def test_cancelling_a_series_reaches_a_room_that_was_asked_for_one_date_only(graph: Graph, free_day: Day, room: str) -> None:
    first = free_day()
    event = series(graph, first, room)
    other = next(r for r in graph.rooms if r != room and not graph.view(r, first, 10))
    window = {"startDateTime": first.isoformat(), "endDateTime": (first + timedelta(days=9)).isoformat()}
    second = graph.alice.get(f"/me/events/{event['id']}/instances", params=window).json()["value"][1]
    graph.alice.patch(f"/me/events/{second['id']}", json={"attendees": [{"emailAddress": {"address": other}, "type": "resource"}]})
    graph.settle()
    assert [r["isCancelled"] for r in graph.view(other, first, 10)] == [False]
    graph.alice.delete(f"/me/events/{event['id']}")
    graph.settle()
    assert [r["isCancelled"] for r in graph.view(other, first, 10)] == [True]
    assert {r["isCancelled"] for r in graph.view(room, first, 10)} == {True}
