"""The booking desk of each test, and the sandbox of those that go over the wire."""

from collections.abc import Iterator

import pytest

from conftest import ManualClock
from contract.wire import WireTap
from roombooker.store.db import Database
from sandboxes import RunningSandbox, start_sandbox
from services.desk import Desk
from services.twin import Twin


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    return Desk(database, clock)


@pytest.fixture
def twin(database: Database, clock: ManualClock) -> Twin:
    return Twin(database, clock)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(rooms=12, people=20, days=3) as running:
        yield running


@pytest.fixture(scope="module")
def tap(sandbox: RunningSandbox) -> WireTap:
    return WireTap().install(sandbox)
