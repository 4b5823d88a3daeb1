"""The first load: how much of its time is the other sides' answers, at once and in 50 ms; what twice the workers are worth; and what it
keeps in memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from live import stack, turn
from result import Result

_SCRIPT = Path(__file__).with_name("loading.py").absolute()


def run(*, quick: bool = False) -> list[Result]:
    """An estate of that density, cut in size so that the bench ends: the share does not depend on how many rooms there are."""
    rooms, days = (4, 30) if quick else (12, 90)
    shares = [_share(rooms, days, latency_ms) for latency_ms in (0, 50)]
    return [*shares, _twice(6 if quick else 12, 20), _memory(24 if quick else 48)]


def _share(rooms: int, days: int, latency_ms: int) -> Result:
    if latency_ms:
        days = max(10, days // 6)  # the same, in less time
    with stack(rooms=rooms, days=days, per_day=8, workers=0, web=False, enable=False, HORIZON_DAYS=200, latency_ms=latency_ms) as running:
        _import(running)
        told = _load(running.environment, running.folder, [])
    detail = (
        f"{told['adopted']} bookings in {told['seconds']:.1f} s, {told['calls']} calls, {told['cpu'] / max(told['adopted'], 1) * 1000:.1f} ms "
        f"of a core each, {told['peak_mb']:.0f} MB; {rooms} rooms, {days} days, 8 a day"
    )
    share = told["waiting"] / told["seconds"] * 100
    return Result(
        f"first load, share of the other sides' answers, sandbox answering in {latency_ms} ms", share, 80, detail, at_least=True, unit="%"
    )


def _twice(rooms: int, days: int) -> Result:
    """Rooms are split between one process, then two. Sandbox and product share these cores, so its answers take 50 ms and TOPdesk and
    Graph are given more lanes than they have: what is measured is that our processes do not stand in each other's way."""
    rates = []
    for processes in (1, 2):
        limits = {"GRAPH_CONNECTIONS": 16, "TOPDESK_CONNECTIONS": 16}
        with stack(rooms=rooms, days=days, per_day=8, workers=0, web=False, enable=False, HORIZON_DAYS=200, **limits) as running:
            _import(running)
            turn(running.sandbox, latency_ms=50)
            listed = json.loads(running.command("rooms", "list", "--json").stdout)["rooms"]
            names = [room["mailbox"] for room in listed]
            started = [_start(running.environment, running.folder, names[at::processes]) for at in range(processes)]
            told = [_finish(process) for process in started]
            rates.append(sum(one["adopted"] for one in told) / max(one["seconds"] for one in told))  # without Python's own start
    detail = f"{rates[0]:.0f} and {rates[1]:.0f} bookings per second, the sandbox answering in 50 ms on the same two cores"
    return Result("throughput of two processes against one", rates[1] / rates[0], 1.7, detail, at_least=True)


def _memory(rooms: int) -> Result:
    """A page of TOPdesk's, and what twenty rooms that come on together have in Exchange, are in memory; never the estate."""
    peaks, adopted = [], []
    for count in (rooms // 2, rooms):
        with stack(rooms=count, days=20, per_day=8, workers=0, web=False, enable=False, HORIZON_DAYS=200) as running:
            _import(running)
            told = _load(running.environment, running.folder, [])
        peaks.append(told["peak_mb"])
        adopted.append(told["adopted"])
    detail = f"{peaks[0]:.0f} and {peaks[1]:.0f} MB for {adopted[0]} and {adopted[1]} bookings"
    return Result(f"memory of the first load of {rooms} rooms against half as many", peaks[1] / peaks[0], 1.1, detail)


def _import(running: Any) -> None:
    done = running.command("rooms", "import", timeout_s=120)
    if done.returncode:
        raise RuntimeError(done.stderr)


def _load(environment: dict[str, str], folder: Path, names: list[str]) -> dict[str, Any]:
    return _finish(_start(environment, folder, names))


def _start(environment: dict[str, str], folder: Path, names: list[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, str(_SCRIPT), *names]
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, err = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(err[-2000:])
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    return told
