"""What several web processes counted, each for itself, adds up on /metrics whichever of them answers, and outlives the one that counted."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandboxes import start_sandbox
from stack import Stack, eventually, free_port, settings_of

PROCESSES = 3


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("counters")
    url = f"http://localhost:{free_port()}"
    with start_sandbox(tls=True, rooms=2, people=3, days=1) as sandbox:
        environment = settings_of(sandbox, url, DATABASE_URL=f"sqlite:///{folder / 'roombooker.db'}", WEB_WORKERS=PROCESSES)
        stack = Stack(sandbox, url, environment, folder)
        try:
            assert stack.command("db", "upgrade").returncode == 0
            _serve(stack)
            yield stack
        finally:
            stack.stop()


def _answers_at(url: str) -> str:
    try:
        return requests.get(url, timeout=5).text
    except requests.RequestException:
        return ""


def _serve(stack: Stack) -> None:
    stack.start("serve", "--port", stack.url.rpartition(":")[2], PROMETHEUS_MULTIPROC_DIR=str(stack.folder / "counters"))
    eventually(lambda: _answers(stack.url), 40)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _counted(stack: Stack, route: str) -> float:
    """Of requests, as one more process has it: each call is a connection of its own."""
    text = requests.get(f"{stack.url}/metrics", timeout=10).text
    return sum(
        float(n) for n in re.findall(rf'^roombooker_request_seconds_count{{[^}}]*route="{route}"[^}}]*}} (\S+)$', text, re.MULTILINE)
    )


def _processes(stack: Stack) -> list[int]:
    master = stack.processes[0].pid
    return [int(word) for word in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def _who_counted(stack: Stack) -> set[str]:
    counted_by = {file.stem.rpartition("_")[2] for file in (stack.folder / "counters").glob("histogram_*.db")}
    return counted_by & {str(pid) for pid in _processes(stack)}


def test_every_process_tells_what_all_of_them_counted(several: Stack) -> None:
    before, asked = _counted(several, "/healthz"), 0
    while asked < 60 or (len(_who_counted(several)) < 2 and asked < 5_000):  # or there would be nothing to add up
        asked += 1
        assert _answers(several.url)
    assert len(_who_counted(several)) >= 2
    assert {_counted(several, "/healthz") for _ in range(12)} == {before + asked}


def test_what_a_process_counted_outlives_it(several: Stack) -> None:
    before = _counted(several, "/healthz")
    assert before > 0
    for pid in _processes(several):
        os.kill(pid, signal.SIGKILL)
        eventually(lambda pid=pid: pid not in _processes(several) and len(_processes(several)) == PROCESSES, 30)  # type: ignore[misc]
    assert _answers(several.url)
    assert _counted(several, "/healthz") == before + 1


def test_a_worker_tells_its_own_calls_where_it_is_asked_to(several: Stack) -> None:
    port = free_port()
    several.start("worker", "--metrics-port", str(port))
    counted = re.compile(r'^roombooker_side_call_seconds_count{[^}]*side="topdesk"[^}]*} [1-9]', re.MULTILINE)
    eventually(lambda: counted.search(_answers_at(f"http://127.0.0.1:{port}/metrics")), 40)


def test_a_worker_says_when_it_cannot_tell_them(several: Stack) -> None:
    taken = several.url.rpartition(":")[2]
    refused = several.command("worker", "--metrics-port", taken)
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert f"127.0.0.1:{taken}: Address already in use." in refused.stderr


def test_a_new_start_counts_from_nothing(several: Stack) -> None:
    several.stop()
    several.processes.clear()
    _serve(several)
    assert _counted(several, "/healthz") < 10
