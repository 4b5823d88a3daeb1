"""The limits of the other sides, kept by several processes together: what the sandbox saw in flight at once, and what it refused."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from contract.conftest import sandbox_settings
from roombooker.store.db import Database
from sandboxes import RunningSandbox, start_sandbox

HAMMER = Path(__file__).with_name("hammer.py")


@pytest.fixture(scope="module")
def world() -> Iterator[RunningSandbox]:
    """Of our own, since what is in flight is counted."""
    with start_sandbox(rooms=6, people=10, days=1) as running:
        yield running


def start(world: RunningSandbox, database: Database, seconds: float) -> "subprocess.Popen[str]":
    url = database.engine.url.render_as_string(hide_password=False)
    facts = asdict(sandbox_settings(world, database_url=url))
    mailboxes = [room.mailbox for room in world.world.directory.rooms if room.in_scope][:4]
    command = [sys.executable, str(HAMMER), json.dumps(facts, default=str), world.app_token(), ",".join(mailboxes), str(seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def await_ready(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"


def go(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def finish(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer


@pytest.mark.usefixtures("_calm")
def test_several_processes_together_never_have_more_than_four_in_flight(world: RunningSandbox, database: Database) -> None:
    world.control.patch("", json={"latency_ms": 15}).raise_for_status()
    processes = [start(world, database, 3) for _ in range(3)]
    await_ready(*processes)
    go(*processes)
    said = [finish(process) for process in processes]
    peaks = world.control.get("").json()["peaks"]
    assert peaks["topdesk"] == 4
    assert peaks["graph"] == 4
    for one in said:
        assert one["problems"] == []  # no 429, nobody starved
        assert min(one["counts"].values()) >= 2, said  # not even those that need all four lanes


@pytest.mark.usefixtures("_calm")
def test_a_killed_process_leaves_its_lanes_to_the_others(world: RunningSandbox, database: Database) -> None:
    world.control.patch("", json={"latency_ms": 400}).raise_for_status()
    victim, heir = start(world, database, 30), start(world, database, 2)
    await_ready(victim, heir)
    go(victim)
    time.sleep(0.6)  # it holds lanes of both sides now
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    world.idle()
    world.control.patch("", json={"latency_ms": 5}).raise_for_status()
    go(heir)
    said = finish(heir)
    assert said["problems"] == []
    assert min(said["counts"].values()) >= 2, said


@pytest.fixture
def _calm(world: RunningSandbox) -> Iterator[None]:
    world.control.post("/reset", json={})
    yield
    world.control.post("/reset", json={})
