"""The booking desk of each test."""

import pytest

from conftest import ManualClock
from roombooker.store.db import Database
from services.desk import Desk


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    return Desk(database, clock)
