"""The whole product over a sandbox, each in processes of their own, for benchmarks."""

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
                eventually(lambda: _is_ready(url), 120)
            turn(sandbox, latency_ms=latency_ms)
            yield running
        finally:
            running.stop()
            sandbox.stop()


def turn(sandbox: Any, **switches: Any) -> None:
    sandbox.control.patch("", json=switches).raise_for_status()


def counters(sandbox: Any) -> Counter[str]:
    """Calls that were made of the two sides so far."""
    return Counter({name: n for name, n in sandbox.control.get("").json()["counters"].items() if not name.startswith("entra") and not name.endswith("events sent")})


def peak(sandbox: Any, side: str) -> int:
    return int(sandbox.control.get("").json()["peaks"].get(side, 0))


def _answers(url: str) -> bool:
    import requests

    try:
        return requests.get(f"{url}/healthz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _is_ready(url: str) -> bool:
    import requests

    facts = requests.get(f"{url}/readyz", timeout=5).json().get("sync", {})
    return bool(facts.get("subscriptions", 0) >= facts.get("rooms_enabled", 1) and facts.get("notices_waiting") == 0)
