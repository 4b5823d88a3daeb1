"""Fixtures for all: a clock that only a test moves, and a fresh database on SQLite and on PostgreSQL."""

import itertools
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import text

import roombooker.store.models  # noqa: F401  the tables register themselves
from postgres import NoPostgres, postgres_server
from roombooker.store.db import Base, Database, open_database

_numbers = itertools.count(1)
_CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--metrics-recording-only", "--disable-default-apps",
]  # fmt: skip


class ManualClock:
    """`clock()` is now, aware UTC; it stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> datetime:
        self.now += by
        return self.now

    def set(self, now: datetime) -> None:
        self.now = now


@pytest.fixture
def clock() -> ManualClock:
    """A Monday morning."""
    return ManualClock(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with our schema, once per kind; `@pytest.mark.parametrize("database", ["sqlite"], indirect=True)` asks for one.

    Another process reaches it by `database.engine.url.render_as_string(hide_password=False)`."""
    url = request.getfixturevalue(f"_{request.param}_copy")
    database = open_database(url)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    template = open_database(f"sqlite:///{path}")
    _lay(template)
    template.engine.dispose()
    return path


@pytest.fixture
def _sqlite_copy(_sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "roombooker.db"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own, to which a database's name is added."""
    try:
        with postgres_server() as address:
            yield address
    except NoPostgres as error:
        if os.environ.get("CI"):
            raise  # CI has one: skipping there would hide half of the tests
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def _postgres_template(postgres: str) -> str:
    _command(postgres, "CREATE DATABASE template_roombooker")
    template = open_database(postgres + "template_roombooker")
    _lay(template)
    template.engine.dispose()
    return "template_roombooker"


@pytest.fixture
def _postgres_copy(postgres: str, _postgres_template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _command(postgres, f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    yield postgres + name
    _command(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def _lay(database: Database) -> None:
    Base.metadata.create_all(database.engine)


def _command(address: str, command: str) -> None:
    server = open_database(address + "postgres", isolation_level="AUTOCOMMIT")
    with server.engine.connect() as connection:
        connection.execute(text(command))
    server.engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for the whole run: a process can drive playwright's synchronous API only once at a time."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_CHROMIUM_FLAGS)
        yield browser
        browser.close()
