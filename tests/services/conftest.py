"""The booking desk of each test."""

import pytest

from conftest import ManualClock
from roombooker.store.db import Database
from services.desk import Desk
from services.twin import Twin


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    return Desk(database, clock)


@pytest.fixture
def twin(database: Database, clock: ManualClock) -> Twin:
    return Twin(database, clock)
