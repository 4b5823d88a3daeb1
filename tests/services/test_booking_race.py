"""Two at once for one slot: exactly one wins, between threads of one process and between processes, on both databases."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Person
from roombooker.errors import SlotTaken
from roombooker.store.db import Database
from services.desk import Desk

ROUNDS = int(os.environ.get("RACES", "60"))


def test_of_two_processes_that_want_one_slot_exactly_one_gets_it(database: Database, desk: Desk, tmp_path: Path) -> None:
    assert desk.database is database
    url = database.engine.url.render_as_string(hide_password=False)
    go = tmp_path / "go"
    tests = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent / "backend")])}
    racers = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("racer.py")), url, str(go), name, str(ROUNDS)],
            stdout=subprocess.PIPE, text=True, env=environment,
        )
        for name in ("a", "b")
    ]  # fmt: skip
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        go.touch()
        told = [racer.communicate(timeout=120)[0] for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()
    assert [racer.returncode for racer in racers] == [0, 0]
    wins = [{number: won == "1" for number, won in (line.split() for line in text.splitlines())} for text in told]
    assert len(wins[0]) == len(wins[1]) == ROUNDS
    assert all(wins[0][str(n)] != wins[1][str(n)] for n in range(ROUNDS))


def test_of_many_people_who_press_book_at_once_one_gets_the_room(desk: Desk) -> None:
    desk.topdesk.conflict_mode = "silent"  # TOPdesk would let all of them in
    people = [ALICE, BOB, *(Person(f"person{n}@contoso.example") for n in range(4))]
    start = threading.Barrier(len(people))
    outcomes: list[str] = []

    def press(person: Person) -> None:
        start.wait()
        try:
            status, _ = desk.another_service().book(caller(person), f"key-{person.email}", booking_request(desk.amber, organizer=person))
            outcomes.append(str(status))
        except SlotTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["201", *["taken"] * 5]
    assert desk.live() == [slot_at()]
    assert desk.topdesk.calls.count("create") == 1


def test_one_press_sent_twice_at_once_makes_one_booking(desk: Desk) -> None:
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def press() -> None:
        start.wait()
        try:
            outcomes.append(str(desk.another_service().book(caller(ALICE), "key-same", booking_request(desk.amber))[0]))
        except Exception as error:  # noqa: BLE001  whatever it is belongs into the comparison
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["201", "201"], ["201", "InProgress"])
    assert desk.live() == [slot_at()]
