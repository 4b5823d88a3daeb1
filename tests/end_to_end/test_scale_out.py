"""Beyond one machine: PostgreSQL, several web processes and two workers over one queue; killed workers, races, and schedules that run once."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from sandboxes import ALICE, BOB
from stack import Stack, eventually, free_port, start_stack

HOUR = timedelta(hours=1)
_days = iter(range(20, 160))


@pytest.fixture(scope="module", params=["postgresql queue", "redis queue"])
def scaled(request: pytest.FixtureRequest, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("scaled")
    name = "scaled_" + request.param.split()[0]
    with psycopg.connect(postgres + "postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    with _queue(request.param, postgres + name, folder) as queue_url:
        settings = {
            "DATABASE_URL": postgres + name,
            "QUEUE_URL": queue_url,
            "LEASE_SECONDS": 6,
            "NEAR_EVERY_SECONDS": 3,
            "LOG_LEVEL": "info",
        }
        with start_stack(folder, options={"rooms": 6, "people": 20, "days": 2}, with_worker=False, WEB_WORKERS=3, **settings) as running:
            running.start("worker")
            yield running


class _queue:  # noqa: N801  used as a with statement
    """The database itself, or a Redis of our own."""

    def __init__(self, kind: str, database_url: str, folder: Path) -> None:
        self._kind, self._url, self._folder = kind, database_url, folder
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        if self._kind.startswith("postgresql"):
            return self._url
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("no redis-server (apt-get install redis-server)")
        port = free_port()
        with (self._folder / "redis.txt").open("wb") as log:
            command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self._folder)]
            self._server = subprocess.Popen(command, stdout=log, stderr=log)
        import redis

        client = redis.Redis(port=port)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        eventually(answers, 10)
        client.close()
        return f"redis://127.0.0.1:{port}/0"

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(10)


def a_day() -> datetime:
    return datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=next(_days))


def workers(stack: Stack) -> "list[subprocess.Popen[bytes]]":
    return [p for p in stack.processes if p.args[1] == "worker" and p.poll() is None]  # type: ignore[index]


def asked(stack: Stack, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(stack.environment["ROOMBOOKER_DATABASE_URL"]) as connection:
        return connection.execute(query).fetchall()


def test_a_booking_is_confirmed_whichever_process_sees_it(scaled: Stack) -> None:
    alice = scaled.person(ALICE)
    for _ in range(4):
        start = a_day()
        room = alice.free_room(start, start + HOUR)
        booking = alice.book([room["id"]], start, start + HOUR).json()
        alice.invite(room["mailbox"], start, start + HOUR)
        eventually(lambda booking=booking: alice.booking(booking["id"])["state"] == "confirmed", 15)  # type: ignore[misc]


def test_many_people_at_once_get_a_slot_once(scaled: Stack) -> None:
    people = [scaled.person(mail) for mail in (ALICE, BOB) * 4]
    start = a_day()
    room = people[0].free_room(start, start + HOUR)
    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(lambda person: person.book([room["id"]], start, start + HOUR), people))
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(201) == 1, [answer.text for answer in answers]
    assert set(codes) <= {201, 409}
    assert len(scaled.reservations(scaled.location_of(room["mailbox"]), start, start + HOUR)) == 1


def test_a_worker_killed_at_its_work_loses_nothing_and_doubles_nothing(scaled: Stack) -> None:
    alice, start = scaled.person(ALICE), a_day()
    rooms = [
        r["room"] for r in alice.availability(start, start + HOUR)["rooms"] if r["state"] == "free" and not r["room"]["requires_approval"]
    ]
    scaled.sandbox.control.patch("", json={"latency_ms": 250}).raise_for_status()
    try:
        for at in range(8):
            begin = start + at % 4 * HOUR
            alice.invite(rooms[at // 4]["mailbox"], begin, begin + HOUR)
        time.sleep(1.2)  # they are at it
        victim = workers(scaled)[0]
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
    finally:
        scaled.sandbox.control.patch("", json={"latency_ms": 0}).raise_for_status()
    scaled.start("worker")

    def is_even() -> bool:
        for room in rooms[:2]:
            location = scaled.location_of(room["mailbox"])
            meetings = scaled.meetings(room["mailbox"], start, start + 4 * HOUR)
            if len(meetings) != 4 or len(scaled.reservations(location, start, start + 4 * HOUR)) != 4:
                return False
        return True

    eventually(is_even, 60, 0.5)
    done = scaled.command("settle", "--timeout", "30")
    assert done.returncode == 0, done.stdout + done.stderr
    assert is_even()


def test_a_scheduled_moment_belongs_to_one_worker(scaled: Stack) -> None:
    """Both workers tick every second; each slot of the near sweep is taken once, by insert-or-nothing."""
    eventually(lambda: len(asked(scaled, "SELECT slot FROM schedule_slot WHERE name = 'near'")) >= 3, 30, 0.5)
    doubled = asked(scaled, "SELECT name, slot, count(*) FROM schedule_slot GROUP BY name, slot HAVING count(*) > 1")
    assert doubled == []
    assert len(workers(scaled)) == 2


def test_no_room_is_synced_by_two_at_a_time(scaled: Stack) -> None:
    """While everything happens at once in one room, nothing is made twice: the lease keeps all but one out."""
    alice, start = scaled.person(ALICE), a_day()
    room = alice.free_room(start, start + HOUR)
    location = scaled.location_of(room["mailbox"])
    for at in range(6):
        alice.invite(room["mailbox"], start + at * HOUR, start + (at + 1) * HOUR)
    with ThreadPoolExecutor(4) as pool:  # commands are processes of their own, beside both workers
        done = list(pool.map(lambda _: scaled.command("sync", "--room", room["mailbox"]), range(4)))
    assert all(one.returncode in (0, 1) for one in done), [one.stderr for one in done]

    def settled() -> bool:
        return len(scaled.reservations(location, start, start + 6 * HOUR)) >= 6

    eventually(settled, 30, 0.3)
    scaled.command("settle", "--timeout", "30")
    found = scaled.reservations(location, start, start + 6 * HOUR)
    assert len(found) == 6
    keys = [reservation["optionalFields1"]["text1"] for reservation in found]
    assert len(set(keys)) == 6
    assert all(re.fullmatch(r"ORB-[0-9A-Z]{26}", key) for key in keys)


def test_the_limits_of_the_other_sides_hold_across_all_processes(scaled: Stack) -> None:
    scaled.sandbox.control.post("/reset", json={}).raise_for_status()
    scaled.sandbox.control.patch("", json={"latency_ms": 40}).raise_for_status()
    people = [scaled.person(mail) for mail in (ALICE, BOB) * 6]
    slots = [a_day() for _ in people]
    room = people[0].free_room(slots[0], slots[0] + HOUR)
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(lambda pair: pair[0].book([room["id"]], pair[1], pair[1] + HOUR), zip(people, slots, strict=True)))
    peaks = scaled.sandbox.control.get("").json()["peaks"]
    scaled.sandbox.control.patch("", json={"latency_ms": 0}).raise_for_status()
    assert peaks["topdesk"] == 4
    assert peaks["graph"] <= 4 + 1  # the one beside ours is the test's own
