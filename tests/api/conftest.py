"""The real web application over the real stand-ins: nothing between the test client and TOPdesk's and Graph's HTTP is made up."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from contract.conftest import sandbox_settings
from roombooker.app import Product, build
from roombooker.settings import Settings
from roombooker.store.migrate import upgrade
from roombooker_sandbox.world import HOOK_SECRET
from sandboxes import ALICE, BOB, CAROL, RunningSandbox, start_sandbox

_slots = itertools.count()


@dataclass
class Person:
    """Somebody with a token of theirs, asking the product."""

    product: Product
    token: str | None
    mail: str = ""

    def call(self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
        if method in ("POST", "PATCH", "DELETE"):
            sent["Idempotency-Key"] = key or uuid.uuid4().hex
        return self.product.web.test_client().open(path, method=method, headers=sent | (headers or {}), **more)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def book(self, room: str, start: datetime, *, minutes: int = 60, key: str | None = None, **more: Any) -> TestResponse:
        body = {"rooms": [room], "start": zulu(start), "end": zulu(start + timedelta(minutes=minutes)), "subject": "Budget",
                "organizer": self.mail, "attendees": 2} | more  # fmt: skip
        return self.call("POST", "/api/v1/bookings", key=key, json=body)


@dataclass
class House:
    """The product, its people, and moments that no other test uses."""

    product: Product
    sandbox: RunningSandbox
    rooms: list[dict[str, Any]] = field(default_factory=list)

    def person(self, mail: str = ALICE) -> Person:
        return Person(self.product, self.sandbox.person_token(mail), mail)

    def nobody(self) -> Person:
        return Person(self.product, None)

    @property
    def plain_room(self) -> dict[str, Any]:
        return next(r for r in self.rooms if not r["requires_approval"])

    def a_moment(self) -> datetime:
        """The start of an hour in which the first plain room is free, later each time."""
        day = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=15)
        number = next(_slots)
        return day + timedelta(days=number // 5, hours=2 * (number % 5) + 2)


def zulu(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def api_settings(sandbox: RunningSandbox, folder: Path, **more: Any) -> Settings:
    ours = {
        "entra_authority": f"{sandbox.tls_url}/entra", "ca_file": sandbox.ca_file, "topdesk_hook_secret": HOOK_SECRET, "rate_limit": "100000 per minute",
        "database_url": f"sqlite:///{folder / 'roombooker.db'}", "topdesk_mailbox_field": "optionalFields1.text1", "log_level": "error",
    }  # fmt: skip
    return sandbox_settings(sandbox, **(ours | more))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(tls=True, rooms=6, people=12, days=10) as running:
        yield running


@pytest.fixture
def calm(sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """The sandbox, with all switches, faults and rights put back afterwards."""
    yield sandbox
    sandbox.control.post("/reset").raise_for_status()


@pytest.fixture(scope="session")
def house(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    product = build(api_settings(sandbox, tmp_path_factory.mktemp("product")))
    upgrade(product.database)
    product.services.rooms.import_from_topdesk()
    product.services.rooms.enable_all()
    product.services.sync.sweep(product.services.sync.full(), cause="test")
    made = House(product, sandbox)
    made.rooms = made.person().get("/api/v1/rooms").get_json()["rooms"]
    yield made
    product.database.engine.dispose()


@pytest.fixture
def alice(house: House) -> Person:
    return house.person(ALICE)


@pytest.fixture
def bob(house: House) -> Person:
    return house.person(BOB)


@pytest.fixture
def carol(house: House) -> Person:
    return house.person(CAROL)
