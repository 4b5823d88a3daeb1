"""Real gunicorns to measure: the product's, and a bare hello under the same options; one client that keeps its connection."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

HELLO = """
from flask import Flask
app = Flask("hello")
@app.get("/")
def hello():
    return "hello"
"""
_OPTIONS = ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--keep-alive", "60", "--log-level", "error"]


@contextmanager
def gunicorn(target: str, folder: Path, env: dict[str, str] | None = None) -> Iterator[int]:
    """Runs `module:app` from that folder; yields its port once it answers."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", *_OPTIONS, "--bind", f"127.0.0.1:{port}", target]
    with (folder / f"{target.partition(':')[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | (env or {}), stdout=log, stderr=log)
        try:
            _await(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)


class Client:
    """One person's connection; `ask` gives status, body and seconds."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes, float]:
        data = None if body is None else json.dumps(body).encode()
        began = perf_counter()
        self._connection.request(method, path, data, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        return response.status, answer, perf_counter() - began

    def close(self) -> None:
        self._connection.close()


def alternate(bare: Client, ours: Client, bodies: list[dict[str, Any]]) -> tuple[float, float]:
    """p50 seconds of the hello and of our answers, asked in turns so that a busy machine slows both alike."""
    hellos, answers = [], []
    for body in bodies:
        hellos.append(bare.ask("GET", "/")[2])
        status, answer, seconds = ours.ask("POST", "/api/v1/availability", body)
        if status != 200:
            raise RuntimeError(f"availability answered {status}: {answer[:300]!r}")
        answers.append(seconds)
    warm = len(bodies) // 5
    return median(hellos[warm:]), median(answers[warm:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("gunicorn did not start; see its log in the bench's folder")
