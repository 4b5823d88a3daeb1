"""Migrations lead to what the models say, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import roombooker.store.models  # noqa: F401  the tables register themselves
from roombooker.store.db import Base, Database, open_database
from roombooker.store.migrate import current, newest, upgrade


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path}/empty.db")
    else:
        address = request.getfixturevalue("postgres")
        server = open_database(address + "postgres", isolation_level="AUTOCOMMIT")
        with server.engine.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS empty WITH (FORCE)"))
            connection.execute(text("CREATE DATABASE empty"))
        server.engine.dispose()
        database = open_database(address + "empty")
    yield database
    database.engine.dispose()


def test_an_upgraded_database_has_the_tables_of_the_models(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_says_where_it_is_and_may_be_repeated(empty: Database) -> None:
    assert current(empty) is None
    upgrade(empty)
    upgrade(empty)
    assert current(empty) == newest()


_OVERLAPPING = "SELECT count(*) FROM pg_constraint WHERE conname = 'ex_claim_room_span' AND contype = 'x'"


@pytest.mark.postgres
@pytest.mark.parametrize("empty", ["postgres"], indirect=True)
def test_postgresql_keeps_overlapping_claims_of_one_room_out(empty: Database) -> None:
    upgrade(empty)
    with empty.read() as session:
        assert session.scalar(text(_OVERLAPPING)) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_tests_own_schema_keeps_overlapping_claims_out_too(database: Database) -> None:
    with database.read() as session:
        assert session.scalar(text(_OVERLAPPING)) == 1
