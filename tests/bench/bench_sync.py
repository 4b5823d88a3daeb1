"""How soon a change is on the other side under twenty changes per second, and what a sweep costs when nothing has changed."""

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from live import counters, cpu_seconds, peak, stack, turn
from result import Result

from stack import Stack, eventually, zulu

PER_SECOND = 20
HOUR = timedelta(hours=1)


def run(*, quick: bool = False) -> list[Result]:
    return [*_lag(8 if quick else 25), *_unchanged(22 if quick else 40, 10 if quick else 63)]


def _lag(seconds: int) -> list[Result]:
    """Half are invitations sent in Outlook, half are made in TOPdesk; notices leave at once, so the clock starts with their arrival."""
    with stack(rooms=32, workers=2, people=60, WEB_WORKERS=2) as running:
        turn(running.sandbox, room_answer_ms=0, notices={"delay_ms": 0})
        watch = _Watch(running)
        worked = cpu_seconds(running)
        changes = PER_SECOND * seconds
        began = time.monotonic()
        with ThreadPoolExecutor(12) as pool:
            for number in range(changes):
                time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
                pool.submit(watch.change, number)
        rate = changes / (time.monotonic() - began)
        watch.finish(60)
        ours, theirs = (now - then for now, then in zip(cpu_seconds(running), worked, strict=True))
    taken = sorted(watch.taken)
    p95 = taken[math.ceil(len(taken) * 0.95) - 1] if taken else math.inf
    detail = (
        f"p50 {taken[len(taken) // 2]:.1f} s, {len(taken)} of {changes} changes, {rate:.0f} per second sent" if taken else "nothing arrived"
    )
    detail += f"; a change costs {ours / changes * 1000:.0f} ms of a core, and the sandbox {theirs / changes * 1000:.0f}"
    lost = len(watch.open) + len(watch.problems)
    return [
        Result(f"change to other side, p95 under {PER_SECOND} changes per second, seconds", p95, 5.0, detail, unit="s"),
        Result("of those not there a minute later", float(lost), 0.0, "; ".join(watch.problems[:2]), unit=""),
    ]


class _Watch:
    """Makes changes, and looks at the other side until they are there. A look takes a moment itself, which counts against us."""

    def __init__(self, running: Stack) -> None:
        self.open: dict[tuple[str, str, str], float] = {}
        self.taken: list[float] = []
        self.problems: list[str] = []
        self._stack = running
        rooms = [room for room in _rooms(running) if not room["requires_approval"]]
        self._rooms = rooms
        self._people = ["alice.jansen@contoso.example", "bob.devries@contoso.example", "carol.smit@contoso.example"]
        self._sessions = {mail: running.sandbox.graph_as(mail) for mail in self._people}
        cards = running.sandbox.topdesk.get("/persons", params={"query": f'email=="{self._people[0]}"'}).json()
        self._requester = cards[0]["id"]
        monday = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=30)
        self._first = monday + timedelta(days=-monday.weekday())
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._lookers = [threading.Thread(target=self._look, args=(side,)) for side in ("topdesk", "exchange")]
        for thread in self._lookers:
            thread.start()

    def change(self, number: int) -> None:
        room = self._rooms[number % len(self._rooms)]
        start = self._first + timedelta(days=number // len(self._rooms) // 5 * 7 + number // len(self._rooms) % 5)
        try:
            if number % 2:
                self._invite(room, start, self._people[number % 3])
            else:
                self._reserve(room, start)
        except Exception as error:  # noqa: BLE001  told with the result
            self.problems.append(repr(error)[:200])
            return
        side = "topdesk" if number % 2 else "exchange"
        with self._lock:
            self.open[side, room["mailbox"], zulu(start)] = time.monotonic()

    def finish(self, patience_s: float) -> None:
        until = time.monotonic() + patience_s
        while self.open and time.monotonic() < until:
            time.sleep(0.2)
        self._stopped.set()
        for thread in self._lookers:
            thread.join()

    def _invite(self, room: dict[str, Any], start: datetime, mail: str) -> None:
        body = {
            "subject": "Load", "start": {"dateTime": start.isoformat()[:19], "timeZone": "UTC"},
            "end": {"dateTime": (start + HOUR).isoformat()[:19], "timeZone": "UTC"},
            "attendees": [{"type": "resource", "emailAddress": {"address": room["mailbox"]}}],
        }  # fmt: skip
        self._sessions[mail].post("/me/events", json=body).raise_for_status()

    def _reserve(self, room: dict[str, Any], start: datetime) -> None:
        body = {
            "requester": {"id": self._requester}, "plannedStartDate": zulu(start), "plannedEndDate": zulu(start + HOUR),
            "reservedFacilities": [{"location": {"id": room["location_id"]}}], "briefDescription": "Load",
        }  # fmt: skip
        self._stack.sandbox.topdesk.post("/reservations", json=body).raise_for_status()

    def _look(self, side: str) -> None:
        while not self._stopped.wait(0.3):
            with self._lock:
                wanted = [key for key in self.open if key[0] == side]
            if not wanted:
                continue
            there = self._reserved(wanted) if side == "topdesk" else self._invited(wanted)
            now = time.monotonic()
            with self._lock:
                for key in wanted:
                    if key in there:
                        self.taken.append(now - self.open.pop(key))

    def _reserved(self, wanted: list[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        """One call: the stretch that is being worked at."""
        starts = sorted(key[2] for key in wanted)
        query = f"plannedStartDate=ge={starts[0]};plannedStartDate=le={starts[-1]}"
        found = self._stack.sandbox.topdesk.get("/reservations", params={"query": query, "$top": 10000}).json()["results"]
        mailboxes = {room["location_id"]: room["mailbox"] for room in self._rooms}
        return {("topdesk", mailboxes.get(f["location"]["id"], ""), r["plannedStartDate"]) for r in found for f in r["reservedFacilities"]}

    def _invited(self, wanted: list[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        there = set()
        for mailbox in {key[1] for key in wanted}:
            starts = sorted(key[2] for key in wanted if key[1] == mailbox)
            end = datetime.fromisoformat(starts[-1]) + HOUR
            params = {"startDateTime": starts[0], "endDateTime": zulu(end), "$select": "start", "$top": 500}
            for event in self._stack.sandbox.graph.get(f"/users/{mailbox}/calendarView", params=params).json()["value"]:
                there.add(("exchange", mailbox, event["start"]["dateTime"][:19] + "Z"))
        return there


def _unchanged(rooms: int, days: int) -> list[Result]:
    """A whole sweep by a command of its own; no worker runs beside it."""
    with stack(rooms=rooms, days=days, per_day=8, workers=0, web=False, enable=False, HORIZON_DAYS=days + 5) as running:
        done = running.command("rooms", "import")
        done = running.command("rooms", "enable", "--all", timeout_s=900) if done.returncode == 0 else done
        if done.returncode:
            raise RuntimeError(done.stderr)
        eventually(lambda: running.sandbox.control.get("/idle").json()["pending"] == 0, 30)
        running.command("sync", "--window", "full", timeout_s=300)  # takes up the echo of the first load
        enabled = len([room for room in _rooms(running) if room["enabled"]])
        n = _count(running, days + 5)
        running.sandbox.control.post("/reset", json={}).raise_for_status()
        before = counters(running.sandbox)
        done = running.command("sync", "--window", "full", timeout_s=300)
        if done.returncode:
            raise RuntimeError(done.stderr)
        made = counters(running.sandbox) - before
        at_once = peak(running.sandbox, "graph")
    topdesk = sum(count for name, count in made.items() if name.startswith("topdesk"))
    deltas = sum(count for name, count in made.items() if name.startswith("graph batched"))
    posts = sum(count for name, count in made.items() if "$batch" in name)
    other = sum(count for name, count in made.items() if name.startswith("graph ") and "batched" not in name and "$batch" not in name)
    return [
        Result(f"TOPdesk calls of an unchanged sweep of {n} reservations", float(topdesk), math.ceil(n / 10_000) + 1.0, unit=""),
        Result(f"deltas of that sweep for {enabled} rooms", float(deltas), float(enabled), f"{other} other calls to Exchange", unit=""),
        Result("batches that they came in", float(posts), float(math.ceil(enabled / 20)), unit=""),
        Result("of those in flight at once, at most", float(at_once), 4.0, unit=""),
    ]


def _rooms(running: Stack) -> list[dict[str, Any]]:
    import json

    listed = json.loads(running.command("rooms", "list", "--json").stdout)["rooms"]
    asks = {room.get("id"): room for room in listed}
    return [
        room
        | {"location_id": room.get("location_id") or room["topdesk_location_id"], "requires_approval": room.get("requires_approval", False)}
        for room in asks.values()
    ]


def _count(running: Stack, days: int) -> int:
    """Reservations in the window, as TOPdesk tells them page by page."""
    now, seen = datetime.now(UTC), set()
    start = now - HOUR
    while True:
        query = (
            f"plannedEndDate=gt={zulu(now - HOUR)};plannedStartDate=ge={zulu(start)};plannedStartDate=lt={zulu(now + timedelta(days=days))}"
        )
        answer = running.sandbox.topdesk.get("/reservations", params={"query": query, "$top": 10000}, timeout=60)
        cards = answer.json()["results"] if answer.content else []
        fresh = {card["id"] for card in cards} - seen
        seen |= fresh
        if answer.status_code != 206 or not fresh:
            return len(seen)
        start = datetime.fromisoformat(cards[-1]["plannedStartDate"])
