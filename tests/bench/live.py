"""The whole product over a sandbox, each in processes of their own, for benchmarks."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chaos.outside import SandboxProcess
from stack import Stack, eventually, free_port, settings_of


@contextmanager
def stack(*, rooms: int, days: int = 0, per_day: int = 0, people: int = 40, workers: int = 1, web: bool = True, enable: bool = True,
          state: Path | None = None, latency_ms: int = 0, patience_s: float = 60, **settings: Any) -> Iterator[Stack]:  # fmt: skip
    """Started, with its rooms on and both sides read; the sandbox's latency begins afterwards."""
    with tempfile.TemporaryDirectory(prefix="roombooker-bench-") as name:
        folder = Path(name)
        port = free_port()
        url = f"http://localhost:{port}"
        sandbox = SandboxProcess(folder, url, rooms=rooms, days=days, per_day=per_day, people=people, state=state, patience_s=patience_s)
        settings.setdefault("DATABASE_URL", f"sqlite:///{folder / 'roombooker.db'}")
        running = Stack(sandbox, url, settings_of(sandbox, url, **settings), folder)
        try:
            if enable:
                done = running.command("rooms", "import", "--enable", timeout_s=300)
                if done.returncode:
                    raise RuntimeError(done.stderr)
            if web:
                running.start("serve", "--port", str(port))
                eventually(lambda: _answers(url), 40)
            for _ in range(workers):
                running.start("worker")
            if workers and enable and web:
                eventually(lambda: _is_ready(running, out_of_scope=rooms // 12), 180)
            turn(sandbox, latency_ms=latency_ms)
            yield running
        finally:
            running.stop()
            sandbox.stop()


def cpu_seconds(running: Stack) -> tuple[float, float]:
    """Of one core, used so far: by the product's processes with their children, and by the sandbox's."""
    ours = sum(_cpu(pid) for process in running.processes for pid in (process.pid, *_children(process.pid)))
    return ours, _cpu(running.sandbox._process.pid)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turn(sandbox: Any, **switches: Any) -> None:
    sandbox.control.patch("", json=switches).raise_for_status()


def counters(sandbox: Any) -> Counter[str]:
    """Calls that were made of the two sides so far."""
    return Counter(
        {
            name: n
            for name, n in sandbox.control.get("").json()["counters"].items()
            if not name.startswith("entra") and not name.endswith("events sent")
        }
    )


def peak(sandbox: Any, side: str) -> int:
    return int(sandbox.control.get("").json()["peaks"].get(side, 0))


def _answers(url: str) -> bool:
    import requests

    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _is_ready(running: Stack, out_of_scope: int) -> bool:
    """Some of the sandbox's mailboxes are outside the app's scope, and have no subscription."""
    import requests

    facts = requests.get(f"{running.url}/readyz", timeout=5).json().get("sync", {})
    return bool(facts.get("subscriptions", 0) >= facts.get("rooms_enabled", 1) - out_of_scope and facts.get("notices_waiting") == 0)
