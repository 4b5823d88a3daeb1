"""Races of two processes for one slot: exactly one winner each, though TOPdesk would take both. RACES=1000 is the long form."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from roombooker.domain.slot import Slot
from roombooker.store.db import open_database
from sandboxes import ALICE, BOB, RunningSandbox, start_sandbox
from stack import settings_of, zulu

pytestmark = pytest.mark.chaos
RACES = int(os.environ.get("RACES", "50"))
_ROOMS = 20
_LIVE = ("planned", "request", "conflictingPlanned", "conflictingRequest")


@contextmanager
def racing(environment: dict[str, str], folder: Path) -> Iterator[list["subprocess.Popen[str]"]]:
    """Two processes that are ready to press; ended with the block."""
    racers = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("racer.py")), mail],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder,
        )
        for mail in (ALICE, BOB)
    ]  # fmt: skip
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        yield racers
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate(timeout=10)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database without tables: the product lays its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'races.db'}"
    server = open_database(request.getfixturevalue("postgres") + "postgres", isolation_level="AUTOCOMMIT")
    with server.engine.connect() as connection:
        connection.execute(text("CREATE DATABASE races"))
    server.engine.dispose()
    return str(request.getfixturevalue("postgres") + "races")


@pytest.mark.timeout(60 + 2 * RACES)
def test_of_two_processes_that_book_one_slot_exactly_one_gets_it(address: str, tmp_path: Path) -> None:
    with start_sandbox(tls=True, rooms=_ROOMS, days=0, per_day=0) as sandbox:
        sandbox.control.patch("", json={"conflict_mode": "silent", "notices": {"drop": 1.0}})
        environment = settings_of(sandbox, "http://localhost:1", DATABASE_URL=address, LOG_LEVEL="error")
        slots = _slots(environment, tmp_path)
        with racing(environment, tmp_path) as racers:
            outcomes = [_race(racers, number, room, slot) for number, (room, slot) in enumerate(slots[:RACES])]
        assert Counter(outcomes) == Counter({("201", "409"): RACES})
        assert _held(sandbox, slots[0][1].start, slots[-1][1].end) == dict.fromkeys((s.start for _, s in slots[:RACES]), 1)


def _race(racers: list["subprocess.Popen[str]"], number: int, room: str, slot: Slot) -> tuple[str, ...]:
    for racer in racers if number % 2 else reversed(racers):
        assert racer.stdin is not None
        racer.stdin.write(f"{number} {room} {zulu(slot.start)}\n")
        racer.stdin.flush()
    told = []
    for racer in racers:
        assert racer.stdout is not None
        answered, said = racer.stdout.readline().split()
        assert answered == str(number)
        told.append(said)
    return tuple(sorted(told))


def _slots(environment: dict[str, str], folder: Path) -> list[tuple[str, Slot]]:
    """A slot of its own for every race, each at its own time so that the two sides' records can be told apart."""
    _product(environment, folder, "rooms", "import", "--enable")
    listed = json.loads(_product(environment, folder, "rooms", "list", "--json"))["rooms"]
    ids = [room["id"] for room in listed if room["capacity"] and not room.get("requires_approval")]
    monday = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=14)
    monday -= timedelta(days=monday.weekday())
    found: list[tuple[str, Slot]] = []
    for number in range(max(RACES, 1)):
        day, turn = divmod(number, 12)
        start = monday + timedelta(days=day // 5 * 7 + day % 5, minutes=30 * turn)
        found.append((ids[number % len(ids)], Slot(start, start + timedelta(minutes=30))))
    return found


def _product(environment: dict[str, str], folder: Path, *words: str) -> str:
    done = subprocess.run(
        [Path(sys.executable).parent / "roombooker", *words], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _held(sandbox: RunningSandbox, begin: datetime, end: datetime) -> dict[datetime, int]:
    """Live reservations in TOPdesk, by their start."""
    query = f"plannedEndDate=gt={zulu(begin)};plannedStartDate=lt={zulu(end)}"
    answer = sandbox.topdesk.get("/reservations", params={"query": query, "$top": 10000})
    assert answer.status_code in (200, 206), answer.text
    starts = [datetime.fromisoformat(r["plannedStartDate"]) for r in answer.json()["results"] if r["status"] in _LIVE]
    return dict(sorted(Counter(starts).items()))
