"""How room mailboxes answer invitations."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from roombooker_sandbox.exchange.inferred import ROOMS_THAT_KEEP_SUBJECTS, ROOMS_WITH_DELEGATES
from sandboxes import ALICE

from .conftest import Graph, at

Day = Callable[[], datetime]


def test_a_free_room_accepts_shows_the_organizers_name_and_drops_body_and_privacy(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    event = graph.meet(day, room, sensitivity="private", body={"contentType": "text", "content": "secret"})
    assert graph.answer_of(room, event) == "none" or graph.view(room, day)
    graph.settle()
    copy = graph.view(room, day)[0]
    assert (copy["subject"], copy["sensitivity"], copy["body"]["content"], copy["showAs"]) == ("Alice Jansen", "normal", "", "busy")
    assert copy["responseStatus"]["response"] == "accepted"
    assert graph.answer_of(room, event) == "accepted"
    assert graph.outbox(to=ALICE)[-1]["kind"] == "accepted"
    own = graph.alice.get(f"/me/events/{event['id']}").json()
    assert (own["subject"], own["sensitivity"]) == ("Budget", "private")


def test_a_room_set_to_keep_them_keeps_subject_and_privacy(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[min(ROOMS_THAT_KEEP_SUBJECTS)]
    graph.meet(day, room, sensitivity="private")
    graph.settle()
    copy = graph.view(room, day)[0]
    assert (copy["subject"], copy["sensitivity"]) == ("Budget", "private")


def test_the_answer_comes_after_the_delay_of_the_switch(graph: Graph, free_day: Day) -> None:
    graph.sandbox.control.patch("", json={"room_answer_ms": 400})
    day, room = free_day(), graph.rooms[0]
    event = graph.meet(day, room)
    assert graph.view(room, day) == []
    assert graph.answer_of(room, event) == "none"
    graph.settle()
    assert graph.answer_of(room, event) == "accepted"


def test_a_taken_room_declines_and_keeps_no_copy_but_the_neighbouring_hour_is_free(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    graph.meet(day, room)
    graph.settle()
    clash = graph.meet(day + timedelta(minutes=30), room, calls=graph.bob)
    after = graph.meet(day + timedelta(minutes=60), room, calls=graph.bob)
    graph.settle()
    assert [c["iCalUId"] for c in graph.view(room, day)][1:] == [after["iCalUId"]]
    assert graph.copy(room, clash) is None
    attendees = graph.bob.get(f"/me/events/{clash['id']}").json()["attendees"]
    assert attendees[0]["status"]["response"] == "declined"
    assert "conflicts" in graph.outbox(kind="declined")[-1]["body"]


@pytest.mark.parametrize(("days", "minutes"), [(200, 60), (3, 1500), (-3, 60)])
def test_beyond_the_window_too_long_and_past_requests_are_declined(graph: Graph, free_day: Day, days: int, minutes: int) -> None:
    start = free_day().replace(hour=10) if days == 3 else graph.world.clock.now().replace(microsecond=0) + timedelta(days=days)
    event = graph.meet(start, graph.rooms[2], minutes=minutes)
    graph.settle()
    assert graph.answer_of(graph.rooms[2], event) == "declined"


def test_a_room_with_delegates_pencils_in_until_one_of_them_accepts(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[min(ROOMS_WITH_DELEGATES)]
    event = graph.meet(day, room)
    graph.settle()
    copy = graph.view(room, day)[0]
    assert copy["showAs"] == "tentative"
    assert graph.answer_of(room, event) == "tentativelyAccepted"
    assert graph.outbox(to=ALICE)[-1]["kind"] == "pending"
    assert graph.app.post(f"/users/{room}/events/{copy['id']}/accept", json={}).status_code == 202
    assert graph.view(room, day)[0]["showAs"] == "busy"
    assert graph.answer_of(room, event) == "accepted"


def test_a_moved_meeting_moves_in_the_room_too(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    event = graph.meet(day, room)
    graph.settle()
    before = graph.view(room, day)[0]
    later = day + timedelta(hours=2)
    graph.alice.patch(f"/me/events/{event['id']}", json={"start": at(later), "end": at(later + timedelta(hours=1))})
    graph.settle()
    after = graph.view(room, day)[0]
    assert after["id"] == before["id"]
    assert after["start"]["dateTime"].startswith(later.strftime("%Y-%m-%dT%H:%M"))
    assert graph.answer_of(room, event) == "accepted"


def test_a_move_that_clashes_is_declined_and_the_copy_disappears_without_a_mark(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    other = graph.meet(day + timedelta(hours=2), room, calls=graph.bob)
    event = graph.meet(day, room)
    graph.settle()
    later = day + timedelta(hours=2)
    graph.alice.patch(f"/me/events/{event['id']}", json={"start": at(later), "end": at(later + timedelta(hours=1))})
    graph.settle()
    assert [c["iCalUId"] for c in graph.view(room, day)] == [other["iCalUId"]]
    assert graph.answer_of(room, event) == "declined"


def test_other_words_reach_the_room_without_a_new_answer(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    event = graph.meet(day, room)
    graph.settle()
    answers = len(graph.outbox(to=ALICE))
    graph.alice.patch(f"/me/events/{event['id']}", json={"subject": "Renamed", "location": {"displayName": "Here"}})
    graph.settle()
    copy = graph.view(room, day)[0]
    assert (copy["subject"], copy["location"]["displayName"]) == ("Alice Jansen", "Here")
    assert len(graph.outbox(to=ALICE)) == answers


@pytest.mark.parametrize("removes", [False, True])
def test_a_cancelled_meeting_stays_marked_unless_the_room_removes_them(graph: Graph, free_day: Day, removes: bool) -> None:
    graph.sandbox.control.patch("", json={"remove_canceled_meetings": removes})
    day, room = free_day(), graph.rooms[0]
    event = graph.meet(day, room)
    graph.settle()
    graph.alice.post(f"/me/events/{event['id']}/cancel", json={})
    graph.settle()
    rows = graph.view(room, day)
    assert [(r["isCancelled"], r["subject"], r["showAs"]) for r in rows] == ([] if removes else [(True, "Canceled: Alice Jansen", "free")])
    again = graph.meet(day, room)
    graph.settle()
    assert graph.answer_of(room, again) == "accepted"


def test_a_room_taken_off_the_meeting_shows_it_as_cancelled_and_the_new_one_accepts(graph: Graph, free_day: Day) -> None:
    day, (first, second) = free_day(), graph.rooms[:2]
    event = graph.meet(day, first)
    graph.settle()
    swap = {"attendees": [{"emailAddress": {"address": second}, "type": "resource"}]}
    graph.alice.patch(f"/me/events/{event['id']}", json=swap)
    graph.settle()
    assert graph.view(first, day)[0]["isCancelled"]
    assert graph.view(second, day)[0]["responseStatus"]["response"] == "accepted"
    back = {"attendees": [{"emailAddress": {"address": first}, "type": "resource"}]}
    graph.alice.patch(f"/me/events/{event['id']}", json=back)
    graph.settle()
    assert [r["isCancelled"] for r in graph.view(first, day)] == [False]


def test_the_app_may_decline_for_the_room_and_the_organizer_hears_why(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    event = graph.meet(day, room)
    graph.settle()
    copy = graph.view(room, day)[0]
    declined = graph.app.post(f"/users/{room}/events/{copy['id']}/decline", json={"comment": "TOPdesk says no", "sendResponse": True})
    assert declined.status_code == 202
    assert graph.view(room, day) == []
    assert graph.answer_of(room, event) == "declined"
    message = graph.outbox(to=ALICE, kind="declined")[-1]
    assert (message["from"], message["body"], message["iCalUId"]) == (room, "TOPdesk says no", event["iCalUId"])


def test_a_meeting_written_in_the_rooms_own_calendar_is_the_rooms_and_asks_nobody(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    graph.meet(day, room)
    graph.settle()
    body = {
        "subject": "From TOPdesk", "start": at(day), "end": at(day + timedelta(hours=1)),
        "attendees": [{"emailAddress": {"address": ALICE}, "type": "required"}],
    }  # fmt: skip
    own = graph.app.post(f"/users/{room}/calendar/events", json=body)
    assert own.status_code == 201
    assert own.json()["isOrganizer"]
    graph.settle()
    assert len(graph.view(room, day)) == 2
    invited = [e for e in graph.view("me", day, calls=graph.alice) if e["subject"] == "From TOPdesk"]
    assert invited[0]["organizer"]["emailAddress"]["address"] == room
    assert graph.app.delete(f"/users/{room}/events/{own.json()['id']}").status_code == 204
    gone = [e for e in graph.view("me", day, calls=graph.alice) if e["subject"] == "Canceled: From TOPdesk"]
    assert gone[0]["isCancelled"]


def test_a_free_or_cancelled_item_does_not_block(graph: Graph, free_day: Day) -> None:
    day, room = free_day(), graph.rooms[0]
    graph.app.post(
        f"/users/{room}/events", json={"subject": "note", "start": at(day), "end": at(day + timedelta(hours=1)), "showAs": "free"}
    )
    event = graph.meet(day, room)
    graph.settle()
    assert graph.answer_of(room, event) == "accepted"


def test_a_draft_invites_nobody_until_it_is_sent_and_then_lets_go_of_those_taken_off(graph: Graph, free_day: Day) -> None:
    day, (first, second) = free_day(), graph.rooms[:2]
    event = graph.meet(day, first, isDraft=True)
    graph.settle()
    assert graph.view(first, day) == []
    path = f"/me/events/{event['id']}"
    graph.alice.patch(path, json={"isDraft": False})
    graph.settle()
    assert graph.answer_of(first, event) == "accepted"
    graph.alice.patch(path, json={"isDraft": True, "attendees": [{"emailAddress": {"address": second}, "type": "resource"}]})
    graph.settle()
    assert not graph.view(first, day)[0]["isCancelled"]
    graph.alice.patch(path, json={"isDraft": False})
    graph.settle()
    assert graph.view(first, day)[0]["isCancelled"]
    assert graph.answer_of(second, event) == "accepted"
