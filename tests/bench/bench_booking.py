"""What a booking costs beyond its upstream calls, with the sandbox answering in 50 ms; and how many calls it makes before it answers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import requests
from live import counters, stack
from result import Result

from stack import Person, Stack, zulu

LATENCY_MS = 50
HOUR = timedelta(hours=1)


def run(*, quick: bool = False) -> list[Result]:
    """No worker runs: it would make calls of its own."""
    with stack(rooms=12, workers=0, people=60, latency_ms=LATENCY_MS) as running:
        return [*_one(running, 8 if quick else 25), *_several(running)]


def _one(running: Stack, rounds: int) -> list[Result]:
    """One room and one slot, each time for somebody who has not booked for ten minutes: the dearest case. Bare and ours in turns."""
    bare = _Bare(running)
    people = [mail for mail in _mails(running) if mail][: rounds + 2]
    ours, theirs, calls = [], [], []
    for at, mail in enumerate(people):
        person = running.person(mail)
        room = _rooms(person)[at % 4]
        start = _day(at)
        before = counters(running.sandbox)
        answer, seconds = _book(person, [room["id"]], start)
        made = counters(running.sandbox) - before
        if answer.status_code != 201:
            raise RuntimeError(answer.text)
        ours.append(seconds)
        calls.append(sum(made.values()))
        theirs.append(bare.book(mail, room, start + 3 * HOUR))
    warm = 2
    ratio = median(ours[warm:]) / median(theirs[warm:])
    detail = f"{median(ours[warm:]) * 1000:.0f} ms, its calls made bare {median(theirs[warm:]) * 1000:.0f} ms"
    return [
        Result("booking one room, one slot, against its calls made bare", ratio, 1.15, detail),
        Result("upstream calls of such a booking before it answers", float(max(calls[warm:])), 4.0, _told(made), unit=""),
    ]


def _several(running: Stack) -> list[Result]:
    results = []
    for number in (2, 3):
        person = running.person(_mails(running)[40 + number])
        rooms = [room["id"] for room in _rooms(person)[:number]]
        before = counters(running.sandbox)
        answer, seconds = _book(person, rooms, _day(40 + number))
        made = counters(running.sandbox) - before
        if answer.status_code != 201:
            raise RuntimeError(answer.text)
        detail = f"{seconds * 1000:.0f} ms: {_told(made)}"
        results.append(
            Result(f"upstream calls of a booking of {number} rooms", float(sum(made.values())), 4.0 + 2 * number, detail, unit="")
        )
    return results


class _Bare:
    """The same calls, one after the other, on sessions that are kept alive."""

    def __init__(self, running: Stack) -> None:
        self._topdesk, self._graph = running.sandbox.topdesk, running.sandbox.graph
        self._running = running

    def book(self, mail: str, room: dict[str, Any], start: datetime) -> float:
        location = next(r["location_id"] for r in _locations(self._running) if r["mailbox"] == room["mailbox"])
        began = perf_counter()
        person = self._ask(self._topdesk.get("/persons", params={"query": f'email=="{mail}"', "page_size": 10}))[0]
        times = {
            name: {"dateTime": at.isoformat()[:19], "timeZone": "UTC"} for name, at in (("startTime", start), ("endTime", start + HOUR))
        }
        body = {"schedules": [room["mailbox"]], "availabilityViewInterval": 5, **times}
        self._ask(self._graph.post(f"/users/{room['mailbox']}/calendar/getSchedule", json=body))
        reservation = {
            "requester": {"id": person["id"]}, "plannedStartDate": zulu(start), "plannedEndDate": zulu(start + HOUR),
            "reservedFacilities": [{"location": {"id": location}}], "briefDescription": "Budget", "numberOfPersons": 3,
        }  # fmt: skip
        self._ask(self._topdesk.post("/reservations", json=reservation))
        query = f"reservedFacilities.location.id=={location};plannedEndDate=gt={zulu(start)};plannedStartDate=lt={zulu(start + HOUR)}"
        self._ask(self._topdesk.get("/reservations", params={"query": query, "$top": 10000}))
        return perf_counter() - began

    def _ask(self, answer: requests.Response) -> Any:
        answer.raise_for_status()
        return answer.json()


def _book(person: Person, rooms: list[str], start: datetime) -> tuple[requests.Response, float]:
    began = perf_counter()
    answer = person.book(rooms, start, start + HOUR)
    return answer, perf_counter() - began


def _rooms(person: Person) -> list[dict[str, Any]]:
    found = person.call("GET", "/rooms").json()
    rooms = found["rooms"] if isinstance(found, dict) else found
    return [room for room in rooms if not room["requires_approval"]]


_kept: dict[str, Any] = {}


def _locations(running: Stack) -> list[dict[str, Any]]:
    if running.url not in _kept:
        import json

        _kept[running.url] = json.loads(running.command("rooms", "list", "--json").stdout)["rooms"]
    return [r | {"location_id": r.get("location_id") or r.get("topdesk_location_id")} for r in _kept[running.url]]


def _mails(running: Stack) -> list[str]:
    """People with a card."""
    if "mails" not in _kept:
        cards = running.sandbox.topdesk.get("/persons", params={"page_size": 100, "$fields": "id,email"}).json()
        graph = running.sandbox.graph.get("/users", params={"$top": 100}).json()["value"]
        boxes = {str(user.get("mail") or "").lower() for user in graph}
        _kept["mails"] = [c["email"] for c in cards if str(c.get("email") or "").lower() in boxes]
    return list(_kept["mails"])


def _day(number: int) -> datetime:
    day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=30)
    return day + timedelta(days=number)


def _told(made: Counter[str]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(made.items()))
