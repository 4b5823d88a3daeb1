"""Sandbox and product as real processes of ours, that can be killed at any instant and started again."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

from sandboxes import RunningSandbox
from stack import eventually, free_port, settings_of

BIN = Path(sys.executable).parent


class SandboxProcess(RunningSandbox):
    """The sandbox as a process of its own; the same sessions as the one inside a test's process."""

    def __init__(self, folder: Path, product_url: str, *, rooms: int, days: int, per_day: int, people: int = 20, state: Path | None = None,
                 patience_s: float = 30) -> None:  # fmt: skip
        self._sessions = {}
        self._folder = folder
        self._port, self._tls_port = free_port(), free_port()
        with (folder / "sandbox.log").open("wb") as log:
            self._process = subprocess.Popen(
                [BIN / "roombooker-sandbox", "serve", "--port", str(self._port), "--tls-port", str(self._tls_port), "--rooms", str(rooms),
                 "--people", str(people), "--days", str(days), "--per-day", str(per_day), "--product-url", product_url,
                 "--certificates", str(folder / "certificates"), *(("--state", str(state)) if state else ())],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        eventually(self._answers, patience_s)

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    @property
    def tls_url(self) -> str:
        return f"https://localhost:{self._tls_port}"

    @property
    def ca_file(self) -> str:
        return str(self._folder / "certificates" / "ca.pem")

    def sign_in_again(self) -> None:
        """After the keys were rotated."""
        for name in [name for name in self._sessions if name.startswith("graph")]:
            self._sessions.pop(name).close()

    def idle(self, within_s: float = 10) -> None:
        eventually(lambda: self.control.get("/idle").json()["pending"] == 0, within_s)

    def stop(self) -> None:
        for calls in self._sessions.values():
            calls.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the sandbox ended: {(self._folder / 'sandbox.log').read_text()[-2000:]}")
        try:
            return self.control.get("", timeout=2).status_code == 200
        except requests.RequestException:
            return False


class Product:
    """gunicorn with two processes, and two workers beside it, over one database."""

    def __init__(self, sandbox: RunningSandbox, folder: Path, port: int, **settings: Any) -> None:
        self.url = f"http://localhost:{port}"
        self.environment = settings_of(sandbox, self.url, **settings)
        self.deaths = 0
        self._folder = folder
        self._port = port
        self._starts = 0
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *arguments: str, timeout_s: float = 300) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [BIN / "roombooker", *arguments],
            env=self.environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(self) -> None:
        """The web first: Graph wants an answer before it gives a subscription."""
        self._start("web", "serve", "--port", str(self._port))
        eventually(self.answers, 60)
        self._start("worker 0", "worker")
        self._start("worker 1", "worker")

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def kill(self, victim: str, number: int, down_s: float) -> str:
        """SIGKILL, no last words, and the same again after a while. `victim`: worker, web child (one of gunicorn's), web, both."""
        with self._lock:
            self.deaths += 1
            if victim == "web child":
                children = _children(self._running["web"].pid)
                if children:
                    with suppress(ProcessLookupError):
                        os.kill(children[number % len(children)], signal.SIGKILL)
                return f"one of {len(children)} web processes"
            names = {"worker": [f"worker {number % 2}"], "web": ["web"], "both": list(self._running)}[victim]
            for name in names:
                self._kill(name)
            time.sleep(down_s)
            for name in names:
                self._start(name, *(("serve", "--port", str(self._port)) if name == "web" else ("worker",)))
            return ", ".join(names)

    def stand_up(self) -> None:
        """Whatever has ended is started again."""
        with self._lock:
            for name, process in list(self._running.items()):
                if process.poll() is not None:
                    self._start(name, *(("serve", "--port", str(self._port)) if name == "web" else ("worker",)))
        eventually(self.answers, 60)

    def stop(self) -> None:
        with self._lock:
            for name in list(self._running):
                self._kill(name)

    def logs(self, last: int = 3000) -> str:
        return "\n".join(f"== {file.name}\n{file.read_text(errors='replace')[-last:]}" for file in sorted(self._folder.glob("*.log")))

    def errors(self) -> list[str]:
        """Lines of level error that our processes have logged."""
        lines = (line for file in sorted(self._folder.glob("*-*.log")) for line in file.read_text(errors="replace").splitlines())
        return [line for line in lines if '"level": "error"' in line]

    def _start(self, name: str, *arguments: str) -> None:
        self._starts += 1
        with (self._folder / f"{name.replace(' ', '')}-{self._starts:03}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [BIN / "roombooker", *arguments], env=self.environment, cwd=self._folder, stdout=log, stderr=log, start_new_session=True
            )

    def _kill(self, name: str) -> None:
        process = self._running[name]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session is our own: gunicorn's children with it
        process.wait(10)


def _children(pid: int) -> list[int]:
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in told.split()]
