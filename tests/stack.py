"""The whole product as real processes: the sandbox over HTTP and TLS, gunicorn with the worker inside or beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import requests

from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, HOOK_SECRET, OPERATOR_LOGIN, OPERATOR_PASSWORD, TENANT_ID
from sandboxes import ALICE, RunningSandbox, start_sandbox

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def zulu(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def eventually(look: Callable[[], T], within_s: float = 8.0, every_s: float = 0.1) -> T:
    """What `look` gives as soon as it is true; the last thing it said is in the failure."""
    end = time.monotonic() + within_s
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < end, f"not within {within_s} s; last seen: {seen!r}"
        time.sleep(every_s)


@dataclass
class Person:
    """Somebody who talks to the product's API and to their own mailbox."""

    stack: "Stack"
    mail: str

    def __post_init__(self) -> None:
        self.api = requests.Session()
        self.api.trust_env = False
        self.api.headers["Authorization"] = f"Bearer {self.stack.sandbox.person_token(self.mail)}"

    def call(self, method: str, path: str, *, key: str | None = None, **more: Any) -> requests.Response:
        headers = {"Idempotency-Key": key or uuid.uuid4().hex} if method != "GET" else {}
        return self.api.request(method, f"{self.stack.url}/api/v1{path}", headers=headers, timeout=60, **more)

    def availability(self, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
        answer = self.call("POST", "/availability", json={"start": zulu(start), "end": zulu(end), "limit": 500, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def free_room(self, start: datetime, end: datetime, *, approval: bool = False) -> dict[str, Any]:
        found = self.availability(start, end)["rooms"]
        return next(r["room"] for r in found if r["state"] == "free" and r["room"]["requires_approval"] is approval)

    def book(self, rooms: list[str], start: datetime, end: datetime, *, key: str | None = None, **more: Any) -> requests.Response:
        body = {"rooms": rooms, "start": zulu(start), "end": zulu(end), "subject": "Budget", "organizer": self.mail, "attendees": 3} | more
        return self.call("POST", "/bookings", key=key, json=body)

    def booking(self, booking_id: str) -> dict[str, Any]:
        return self.call("GET", f"/bookings/{booking_id}").json()

    def invite(self, mailbox: str, start: datetime, end: datetime, subject: str = "Budget", **more: Any) -> str:
        """Send a meeting with the room from the person's own calendar; its Graph id."""
        answer = self.stack.sandbox.graph_as(self.mail).post(
            "/me/events",
            json={
                "subject": subject,
                "start": {"dateTime": start.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
                "end": {"dateTime": end.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
                "attendees": [{"type": "resource", "emailAddress": {"address": mailbox}}],
                "location": {"displayName": mailbox, "locationEmailAddress": mailbox, "locationType": "conferenceRoom"},
                **more,
            },
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@dataclass
class Stack:
    sandbox: RunningSandbox
    url: str
    environment: dict[str, str]
    folder: Path
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def person(self, mail: str = ALICE) -> Person:
        return Person(self, mail)

    def reservation(self, ref: str) -> dict[str, Any]:
        """TOPdesk's own word on a reservation."""
        answer = self.sandbox.topdesk.get(f"/reservations/{ref}", headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reservations(self, location_id: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """TOPdesk's live reservations of a room that overlap a window."""
        query = f"reservedFacilities.location.id=={location_id};plannedEndDate=gt={zulu(start)};plannedStartDate=lt={zulu(end)}"
        answer = self.sandbox.topdesk.get("/reservations", params={"query": query, "$top": 10000})
        assert answer.status_code in (200, 206), answer.text
        live = ("planned", "request", "conflictingPlanned", "conflictingRequest")
        return [r for r in answer.json()["results"] if r["status"] in live]

    def meetings(self, mailbox: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """The room's calendar, without what was cancelled."""
        answer = self.sandbox.graph.get(
            f"/users/{mailbox}/calendarView", params={"startDateTime": zulu(start), "endDateTime": zulu(end), "$top": 500}
        )
        assert answer.status_code == 200, answer.text
        return [e for e in answer.json()["value"] if not e.get("isCancelled")]

    def location_of(self, mailbox: str) -> str:
        return next(room.location_id for room in self.sandbox.world.directory.rooms if room.mailbox == mailbox)

    def command(self, *arguments: str, timeout_s: float = 120, **extra: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [BIN / "roombooker", *arguments],
            env=self.environment | extra,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(self, *arguments: str, **extra: str) -> "subprocess.Popen[bytes]":
        """One more product process; `stop` ends it with the others."""
        with (self.folder / f"{arguments[0]}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [BIN / "roombooker", *arguments], env=self.environment | extra, cwd=self.folder, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(f"== {file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def settings_of(sandbox: RunningSandbox, url: str, **settings: Any) -> dict[str, str]:
    """The environment of a product that talks to this sandbox."""
    ours = {
        "TOPDESK_URL": f"{sandbox.url}/topdesk",
        "TOPDESK_USERNAME": OPERATOR_LOGIN,
        "TOPDESK_PASSWORD": OPERATOR_PASSWORD,
        "TOPDESK_PERSON": "room.booker@contoso.example",
        "TOPDESK_HOOK_SECRET": HOOK_SECRET,
        "ENTRA_TENANT_ID": TENANT_ID,
        "ENTRA_CLIENT_ID": CLIENT_ID,
        "ENTRA_CLIENT_SECRET": CLIENT_SECRET,
        "ENTRA_AUTHORITY": f"{sandbox.tls_url}/entra",
        "GRAPH_URL": f"{sandbox.url}/graph/v1.0",
        "CA_FILE": str(sandbox.ca_file),
        "PUBLIC_URL": url,
        "OFFICE_JS_URL": f"{sandbox.url}/outlook/office.js",
        "FRAME_ANCESTORS": sandbox.url,
        "LOG_LEVEL": "warning",
        "RATE_LIMIT": "100000 per minute",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMBOOKER_")}
    return environment | {f"ROOMBOOKER_{name.upper()}": str(value) for name, value in (ours | settings).items()}


@contextmanager
def start_stack(
    folder: Path, *, options: dict[str, Any] | None = None, enable: bool = True, with_worker: bool = True, **settings: Any
) -> Iterator[Stack]:
    """Everything running, rooms imported and enabled, both calendars loaded. `settings` are names without prefix."""
    port = free_port()
    url = f"http://localhost:{port}"
    with start_sandbox(tls=True, **({"product_url": url, "rooms": 8} | (options or {}))) as sandbox:
        settings.setdefault("DATABASE_URL", f"sqlite:///{folder / 'roombooker.db'}")
        stack = Stack(sandbox, url, settings_of(sandbox, url, **settings), folder)
        try:
            if enable:
                done = stack.command("rooms", "import", "--enable")
                assert done.returncode == 0, done.stderr
            stack.start("serve", "--port", str(port), *(["--with-worker"] if with_worker else []))
            if not with_worker:
                stack.start("worker")
            eventually(lambda: _answers(f"{url}/healthz"), 40)
            if enable:
                eventually(lambda: _is_loaded(stack), 60)
            yield stack
        finally:
            stack.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _is_loaded(stack: Stack) -> bool:
    """Both sides have been read once, and the rooms' subscriptions stand."""
    ready = requests.get(f"{stack.url}/readyz", timeout=5).json()
    facts = ready.get("sync", {})
    now = datetime.now(UTC)
    seen = stack.person().availability(now + timedelta(days=1), now + timedelta(days=1, hours=1))
    return (
        facts.get("subscriptions", 0) >= facts.get("rooms_enabled", 1) and seen["as_of"] is not None and facts.get("notices_waiting") == 0
    )


def dumped(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False)
