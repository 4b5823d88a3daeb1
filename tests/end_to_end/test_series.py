"""Series end to end, over real processes: the product's API, Outlook's calls and the two sides' own APIs only."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from joint import recurrence, utc_of, wall, weekly
from sandboxes import ALICE, BOB
from stack import Person, Stack, dumped, eventually

ZONE = "Europe/Amsterdam"
HOUR = timedelta(hours=1)


def monday(hour: int) -> datetime:
    """A wall time on the third Monday from now: behind the seeded fortnight."""
    day = datetime.now(ZoneInfo(ZONE)).replace(hour=hour, minute=0, second=0, microsecond=0, tzinfo=None)
    return day + timedelta(days=-day.weekday() % 7 + 21)


def every_week(first: datetime, count: int) -> list[datetime]:
    return [first + timedelta(days=7 * n) for n in range(count)]


def utc(at: datetime) -> datetime:
    return at.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def free_room(who: Person, walls: list[datetime]) -> dict[str, Any]:
    """Free on all of the dates, by the product's own word."""
    body = {"slots": [{"start": utc(at).isoformat(), "end": (utc(at) + HOUR).isoformat()} for at in walls], "limit": 500}
    found = who.call("POST", "/availability", json=body).json()["rooms"]
    return next(r["room"] for r in found if r["state"] == "free" and not r["room"]["requires_approval"])


def invite(who: Person, mailbox: str, first: datetime, pattern: dict[str, Any]) -> str:
    body = {
        "subject": "Weekly", **wall(first, ZONE), "recurrence": pattern,
        "attendees": [{"type": "resource", "emailAddress": {"address": mailbox}}],
    }  # fmt: skip
    answer = who.stack.sandbox.graph_as(who.mail).post("/me/events", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def starts(stack: Stack, room: dict[str, Any], walls: list[datetime]) -> list[str]:
    """TOPdesk's live reservations around these dates at the same hours; UTC, to the minute."""
    window = (utc(walls[0]) - timedelta(days=2), utc(walls[-1]) + timedelta(days=3))
    held = stack.reservations(stack.location_of(room["mailbox"]), *window)
    return sorted(r["plannedStartDate"][:16] for r in held)


def becomes(stack: Stack, room: dict[str, Any], around: list[datetime], walls: list[datetime], within_s: float = 10.0) -> None:
    wanted = utc_of(walls, ZONE)
    try:
        eventually(lambda: starts(stack, room, around) == wanted, within_s)
    except AssertionError as error:
        raise AssertionError(f"wanted {dumped(wanted)}, TOPdesk holds {dumped(starts(stack, room, around))}") from error


def test_a_series_booked_from_the_pane_and_sent_is_confirmed_on_every_date(stack: Stack) -> None:
    alice, first = stack.person(ALICE), monday(18)
    walls, pattern = every_week(first, 8), weekly(first, ["monday"], count=8)
    room = free_room(alice, walls)
    answer = alice.book([room["id"]], utc(first), utc(first) + HOUR, recurrence=pattern)
    assert answer.status_code == 201, answer.text
    booking = answer.json()
    assert [r["state"] for r in booking["rooms"]] == ["awaiting_appointment"] * 8
    invite(alice, room["mailbox"], first, pattern)
    eventually(lambda: alice.booking(booking["id"])["state"] == "confirmed", 10)
    assert [r["start"][:16] for r in alice.booking(booking["id"])["rooms"]] == utc_of(walls, ZONE)
    becomes(stack, room, walls, walls)
    assert alice.call("DELETE", f"/bookings/{booking['id']}").status_code == 200
    becomes(stack, room, walls, [])
    eventually(lambda: not stack.meetings(room["mailbox"], utc(walls[0]), utc(walls[-1]) + HOUR))


def test_a_phone_series_is_followed_through_all_that_its_organizer_does(stack: Stack) -> None:
    """Made, one date moved, one cancelled, all moved by an hour, "this and following" at another time, all cancelled."""
    bob, first = stack.person(BOB), monday(19)
    walls = every_week(first, 8)
    room, graph = free_room(bob, [at + timedelta(hours=h) for at in walls for h in (0, 1, 2)]), stack.sandbox.graph_as(BOB)
    event = invite(bob, room["mailbox"], first, weekly(first, ["monday"], count=8))
    becomes(stack, room, walls, walls)

    window = {"startDateTime": utc(first).isoformat(), "endDateTime": (utc(walls[-1]) + HOUR).isoformat()}
    dates = graph.get(f"/me/events/{event}/instances", params=window).json()["value"]
    graph.patch(f"/me/events/{dates[2]['id']}", json=wall(walls[2] + 2 * HOUR, ZONE)).raise_for_status()
    graph.post(f"/me/events/{dates[5]['id']}/cancel", json={}).raise_for_status()
    left = [*walls[:2], walls[2] + 2 * HOUR, *walls[3:5], *walls[6:]]
    becomes(stack, room, walls, left)

    graph.patch(f"/me/events/{event}", json=wall(first + HOUR, ZONE)).raise_for_status()
    moved = [at + HOUR for at in walls]  # Exchange forgets the exceptions of a series that moves
    becomes(stack, room, walls, moved)

    until = (walls[4] - timedelta(days=1)).date()
    graph.patch(f"/me/events/{event}", json={"recurrence": weekly(first, ["monday"], until=until)}).raise_for_status()
    second = invite(bob, room["mailbox"], walls[4] + 2 * HOUR, weekly(walls[4] + 2 * HOUR, ["monday"], count=4))
    becomes(stack, room, walls, [*moved[:4], *(at + 2 * HOUR for at in walls[4:])])

    for one in (event, second):
        graph.post(f"/me/events/{one}/cancel", json={}).raise_for_status()
    becomes(stack, room, walls, [])


def test_a_series_made_in_topdesk_is_shown_on_the_rooms_calendar(stack: Stack) -> None:
    alice, first = stack.person(ALICE), monday(20)
    walls = every_week(first, 5)
    room, topdesk = free_room(alice, walls), stack.sandbox.topdesk
    requester = topdesk.get("/persons", params={"pageSize": 1}, headers={"Accept": "application/x.topdesk-collection-person-v2+json"})
    body = {
        "requester": {"id": requester.json()["item"][0]["id"]},
        "plannedStartDate": utc(first).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "plannedEndDate": (utc(first) + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reservedFacilities": [{"location": {"id": stack.location_of(room["mailbox"])}}],
    }
    ref = topdesk.post("/reservations", json=body).json()["id"]
    topdesk.post(f"/reservations/{ref}/makeRecurrent/dates", json={"dates": [at.date().isoformat() for at in walls[1:]]}).raise_for_status()
    shown = lambda: [e["start"]["dateTime"][:16] for e in stack.meetings(room["mailbox"], utc(walls[0]), utc(walls[-1]) + HOUR)]  # noqa: E731
    eventually(lambda: sorted(shown()) == utc_of(walls, ZONE), 10)
    held = stack.reservations(stack.location_of(room["mailbox"]), utc(walls[0]), utc(walls[-1]) + HOUR)
    assert len({r["series"]["id"] for r in held}) == 1
    eventually(lambda: len({stack.reservation(r["id"])["optionalFields1"]["text1"] for r in held}) == 5)


def test_a_room_can_be_set_to_real_topdesk_series(stack: Stack) -> None:
    bob, first = stack.person(BOB), monday(21)
    walls = every_week(first, 6)
    room = free_room(bob, [at - timedelta(hours=h) for at in walls for h in range(4)])
    done = stack.command("rooms", "set", room["mailbox"], "series_mode=series", "--json")
    assert done.returncode == 0, done.stderr
    assert '"series_mode": "series"' in done.stdout
    invite(bob, room["mailbox"], first, recurrence(first, {"type": "daily", "interval": 7}, count=6))
    becomes(stack, room, walls, walls)
    held = stack.reservations(stack.location_of(room["mailbox"]), utc(walls[0]), utc(walls[-1]) + HOUR)
    assert len({r["series"]["id"] for r in held}) == 1
    assert len({r["optionalFields1"]["text1"] for r in held}) == 6
    assert requests.get(f"{stack.url}/readyz", timeout=5).status_code == 200
