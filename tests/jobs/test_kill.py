"""A worker killed in the middle of its work loses nothing and doubles nothing, whichever engine carries the wake-ups."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from roombooker.store import notices
from roombooker.store.db import Database, open_database
from roombooker.store.models import LinkRow, NoticeRow, RoomRow
from sandboxes import start_sandbox
from stack import Stack, eventually, free_port, settings_of

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server here (apt-get install redis-server)")
    pytest.importorskip("redis", reason="the extra [redis] is not installed")
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


@pytest.fixture(params=["sqlite", "redis", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where rows and wake-ups are kept."""
    sqlite = f"sqlite:///{tmp_path / 'roombooker.db'}"
    if request.param == "sqlite":
        return {"DATABASE_URL": sqlite}
    if request.param == "redis":
        return {"DATABASE_URL": sqlite, "QUEUE_URL": str(request.getfixturevalue("redis_url"))}
    url = _empty_database(str(request.getfixturevalue("postgres")))
    return {"DATABASE_URL": url, "QUEUE_URL": url}


def _empty_database(address: str) -> str:
    server = open_database(address + "postgres", isolation_level="AUTOCOMMIT")
    with server.engine.connect() as connection:
        connection.execute(text("CREATE DATABASE killed_workers"))
    server.engine.dispose()
    return address + "killed_workers"


@pytest.fixture
def stack(stores: dict[str, str], tmp_path: Path) -> Iterator[Stack]:
    with start_sandbox(tls=True, rooms=3, people=10, days=1) as sandbox:
        environment = settings_of(
            sandbox, "http://rooms.example", LEASE_SECONDS=3, NEAR_EVERY_SECONDS=86400, HORIZON_EVERY_SECONDS=86400, **stores
        )
        made = Stack(sandbox, "http://rooms.example", environment, tmp_path)
        try:
            done = made.command("rooms", "import", "--enable")
            assert done.returncode == 0, done.stderr
            assert made.command("sync").returncode == 0
            yield made
        finally:
            made.stop()


def _waiting(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(NoticeRow)) or 0


def _begun(database: Database) -> bool:
    with database.read() as session:
        return bool(session.scalar(select(func.count()).select_from(NoticeRow).where(NoticeRow.lease_owner.is_not(None))))


def test_what_a_killed_worker_had_begun_is_finished_once_by_the_next(stack: Stack) -> None:
    database = open_database(stack.environment["ROOMBOOKER_DATABASE_URL"])
    room = next(r for r in stack.sandbox.world.directory.rooms if not r.requires_approval)
    with database.read() as session:
        room_id = session.scalar(select(RoomRow.id).where(RoomRow.mailbox == room.mailbox.lower()))
    assert room_id
    alice = stack.person()
    day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=21)
    slots = []
    for number, moment_s in enumerate((0.4, 1.3, 2.4)):
        start = day + timedelta(days=number)
        slots.append(start)
        alice.invite(room.mailbox, start, start + timedelta(hours=1))
        stack.sandbox.idle()
        stack.sandbox.control.patch("", json={"latency_ms": 600}).raise_for_status()
        with database.write() as session:
            notices.add(session, side="exchange", ref=room_id, kind="changed", at=datetime.now(UTC))
        worker = stack.start("worker")
        eventually(lambda: _begun(database), 40, 0.02)
        time.sleep(moment_s)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
        stack.sandbox.control.patch("", json={"latency_ms": 0}).raise_for_status()
    for _ in range(2):  # several, as on several machines
        stack.start("worker")
    for start in slots:
        eventually(lambda start=start: len(stack.reservations(room.location_id, start, start + timedelta(hours=1))) == 1, 60)
    eventually(lambda: _waiting(database) == 0, 40)
    for start in slots:
        found = stack.reservations(room.location_id, start, start + timedelta(hours=1))
        assert len(found) == 1, stack.logs()
        with database.read() as session:
            states = session.scalars(select(LinkRow.state).where(LinkRow.start_at == start, LinkRow.room_id == room_id)).all()
        assert states == ["confirmed"]
    database.engine.dispose()
