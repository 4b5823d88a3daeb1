"""The fortnight that the calendars begin with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from graph_contract import Contract
from sandboxes import start_sandbox

from .conftest import Graph


def monday() -> datetime:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday())


def test_the_calendars_hold_the_directorys_meetings_for_room_organizer_and_attendees() -> None:
    with start_sandbox(rooms=6, people=30, days=7) as sandbox:
        graph = Graph(sandbox)
        sandbox.control.post("/rights", json={"restore": ["people_calendars"]}).raise_for_status()
        meetings = list(sandbox.world.directory.meetings(monday().date(), 7, sandbox.world.options.per_day))
        assert meetings
        for room in sandbox.world.directory.rooms:
            rows = graph.view(room.mailbox, monday(), 8)
            expected = [m for m in meetings if m.room is room]
            assert [r["start"]["dateTime"][:19] for r in rows] == [m.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") for m in expected]
            assert [r["subject"] for r in rows] == [m.organizer.name for m in expected] or room.number == 9
        meeting = meetings[0]
        organizers = [r for r in graph.view(meeting.organizer.mail, monday(), 8) if r["isOrganizer"]]
        assert meeting.subject in {r["subject"] for r in organizers}
        attended = graph.view(meeting.attendees[0].mail, monday(), 8)
        assert meeting.subject in {r["subject"] for r in attended}


def test_a_seeded_meeting_can_be_changed_like_any_other() -> None:
    with start_sandbox(rooms=2, people=10, days=14) as sandbox:
        graph = Graph(sandbox)
        sandbox.control.patch("", json={"room_answer_ms": 0}).raise_for_status()
        sandbox.control.post("/rights", json={"restore": ["people_calendars"]}).raise_for_status()
        room = sandbox.world.directory.rooms[0].mailbox
        copy = next(r for r in graph.view(room, monday() + timedelta(days=7), 7) if not r["isOrganizer"])
        owner = copy["organizer"]["emailAddress"]["address"]
        own = graph.copy(owner, copy)
        assert own
        assert graph.app.post(f"/users/{owner}/events/{own['id']}/cancel", json={}).status_code == 202
        graph.settle()
        after = graph.app.get(f"/users/{room}/events/{copy['id']}").json()
        assert after["isCancelled"]


def test_a_sandbox_with_a_file_keeps_ids_and_pending_invitations_over_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    start = monday() + timedelta(days=14, hours=9)
    with start_sandbox(rooms=1, people=5, days=0, state=state) as sandbox:
        graph = Graph(sandbox)
        sandbox.control.patch("", json={"room_answer_ms": 60_000}).raise_for_status()
        event = graph.meet(start, graph.rooms[0])
    with start_sandbox(rooms=1, people=5, days=0, state=state) as sandbox:
        graph = Graph(sandbox)
        graph.settle()
        assert graph.alice.get(f"/me/events/{event['id']}").json()["iCalUId"] == event["iCalUId"]
        assert graph.answer_of(graph.rooms[0], event) == "accepted"


def test_new_data_forget_the_old_ones() -> None:
    with start_sandbox(rooms=1, people=5, days=0) as sandbox:
        graph = Graph(sandbox)
        event = graph.meet(monday() + timedelta(days=14, hours=9))
        sandbox.control.post("/reset", json={"data": True}).raise_for_status()
        assert graph.alice.get(f"/me/events/{event['id']}").status_code == 404
        again = graph.meet(monday() + timedelta(days=14, hours=9))
        assert again["iCalUId"] != event["iCalUId"]


def test_every_path_of_the_contract_is_served() -> None:
    import json

    from graph_contract import CONTRACT

    with start_sandbox(rooms=1, people=5, days=0) as sandbox:
        graph = Graph(sandbox)
        Contract(sandbox.url)
        event = graph.meet(monday() + timedelta(days=14))
        for path, methods in json.loads(CONTRACT.read_text())["paths"].items():
            real = path.replace("{user-id}", "alice.jansen@contoso.example").replace("{event-id}", event["id"])
            real = real.replace("{place-id}", graph.rooms[0]).replace("{subscription-id}", "none")
            for method in methods.keys() & {"get", "post", "patch"}:
                answer = sandbox.graph_as("alice.jansen@contoso.example").request(method, real, json={} if method != "get" else None)
                message = answer.json().get("error", {}).get("message", "") if answer.content else ""
                assert "segment" not in message, (method, path)
                assert answer.status_code != 405, (method, path)
                assert answer.status_code < 500, (method, path, answer.text)
