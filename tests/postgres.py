"""A throw-away PostgreSQL server on loopback, for tests and benchmarks; nothing of it outlives the `with` block."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Durability is of no use to a cluster that is thrown away, and costs most of the time.
_OPTIONS = (
    "-F -c listen_addresses=127.0.0.1 -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=256MB"
)


class NoPostgres(Exception):
    """There is no server binary here; the message says what was looked for."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """A fresh cluster, started as the `postgres` user where we are root; yields an address ending in `/` for a database's name."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        raise NoPostgres("no PostgreSQL server below /usr/lib/postgresql (apt-get install postgresql)")
    folder = binaries[-1].parent
    home = Path(tempfile.mkdtemp(prefix="roombooker-pg-"))
    data = home / "data"
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    try:
        _run(folder / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
        port = _free_port()
        start = ("-o", f"{_OPTIONS} -p {port} -k {home}", "-l", home / "log")
        _run(folder / "pg_ctl", "-D", data, "-w", *start, "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/"
        finally:
            _run(folder / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    done = subprocess.run(
        words, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{words[-1]} failed: {done.stdout}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
