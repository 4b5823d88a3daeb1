"""calendarView/delta."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .conftest import Graph, at
from .test_series import daily

Day = Callable[[], datetime]


def read(graph: Graph, link: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All pages from a link on: (values, deltaLink)."""
    rows: list[dict[str, Any]] = []
    while True:
        answer = graph.app.get(link, headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["value"]
        if "@odata.deltaLink" in page:
            return rows, str(page["@odata.deltaLink"])
        link = page["@odata.nextLink"]


def begin(graph: Graph, room: str, first: datetime, days: int = 3) -> tuple[list[dict[str, Any]], str]:
    window = (
        f"startDateTime={first.strftime('%Y-%m-%dT00:00:00Z')}&endDateTime={(first + timedelta(days=days)).strftime('%Y-%m-%dT00:00:00Z')}"
    )
    return read(graph, f"/users/{room}/calendarView/delta?{window}")


def test_the_first_round_has_everything_and_the_next_only_what_changed(graph: Graph, free_day: Day) -> None:
    first, room = free_day(), graph.rooms[0]
    events = [graph.meet(first + timedelta(hours=h), room) for h in range(3)]
    graph.settle()
    rows, link = begin(graph, room, first)
    assert [r["iCalUId"] for r in rows] == [e["iCalUId"] for e in events]
    assert read(graph, link)[0] == []
    graph.alice.patch(f"/me/events/{events[1]['id']}", json={"location": {"displayName": "Moved"}})
    graph.alice.delete(f"/me/events/{events[2]['id']}")
    graph.settle()
    changed, link = read(graph, link)
    assert [(r["iCalUId"], r["isCancelled"]) for r in changed] == [(events[1]["iCalUId"], False), (events[2]["iCalUId"], True)]
    graph.app.delete(f"/users/{room}/events/{rows[2]['id']}")
    gone, link = read(graph, link)
    assert gone == [{"@odata.type": "#microsoft.graph.event", "id": rows[2]["id"], "@removed": {"reason": "deleted"}}]
    assert read(graph, link)[0] == []


def test_pages_hold_what_prefer_asks_and_miss_nothing(graph: Graph, free_day: Day) -> None:
    first, room = free_day(), graph.rooms[0]
    for hour in range(5):
        graph.meet(first + timedelta(hours=hour), room)
    graph.settle()
    window = f"startDateTime={first.isoformat()}&endDateTime={(first + timedelta(days=1)).isoformat()}".replace("+", "%2B")
    answer = graph.app.get(f"/users/{room}/calendarView/delta?{window}", headers={"Prefer": "odata.maxpagesize=2"})
    assert len(answer.json()["value"]) == 2
    rest, _ = read(graph, answer.json()["@odata.nextLink"], Prefer="odata.maxpagesize=2")
    assert len({r["id"] for r in (*answer.json()["value"], *rest)}) == 5


def test_what_leaves_the_window_is_reported_as_removed(graph: Graph, free_day: Day) -> None:
    first, room = free_day(), graph.rooms[0]
    event = graph.meet(first, room)
    graph.settle()
    rows, link = begin(graph, room, first, days=1)
    later = first + timedelta(days=3, hours=5)
    graph.alice.patch(f"/me/events/{event['id']}", json={"start": at(later), "end": at(later + timedelta(minutes=15))})
    graph.settle()
    changed, _ = read(graph, link)
    assert [(r["id"], "@removed" in r) for r in changed] == [(rows[0]["id"], True)]


def test_a_series_comes_as_its_master_in_full_and_its_dates_in_brief(graph: Graph, free_day: Day) -> None:
    first, room = free_day(), graph.rooms[4]
    event = graph.meet(first, room, recurrence=daily(3, first))
    graph.settle()
    rows, link = begin(graph, room, first, days=5)
    assert [r["type"] for r in rows] == ["seriesMaster", "occurrence", "occurrence", "occurrence"]
    assert rows[0]["iCalUId"] == event["iCalUId"]
    assert set(rows[1]) == {"@odata.type", "@odata.etag", "id", "type", "seriesMasterId", "start", "end"}
    second = graph.view(room, first, 5)[1]
    graph.app.post(f"/users/{room}/events/{second['id']}/decline", json={})
    changed, _ = read(graph, link)
    assert [r["id"] for r in changed] == [rows[0]["id"], rows[1]["id"], rows[3]["id"]]


def test_expired_tokens_answer_gone_with_the_place_to_start_again(graph: Graph, free_day: Day) -> None:
    first, room = free_day(), graph.rooms[0]
    graph.meet(first, room)
    graph.settle()
    rows, link = begin(graph, room, first)
    graph.sandbox.control.post("/expire", json={"what": "delta"}).raise_for_status()
    gone = graph.app.get(link)
    assert gone.status_code == 410
    assert gone.json()["error"]["code"] == "syncStateNotFound"
    again, _ = read(graph, gone.headers["Location"])
    assert [r["id"] for r in again] == [r["id"] for r in rows]


def test_options_that_delta_does_not_know_and_foreign_tokens_are_refused(graph: Graph, free_day: Day) -> None:
    first = free_day()
    _, link = begin(graph, graph.rooms[0], first)
    assert graph.app.get(link + "&$filter=subject eq 'x'").status_code == 400
    assert graph.app.get(f"/users/{graph.rooms[1]}/calendarView/delta?" + link.partition("?")[2]).status_code == 400
    assert graph.app.get(f"/users/{graph.rooms[1]}/calendarView/delta?$deltatoken=nonsense").status_code == 400
