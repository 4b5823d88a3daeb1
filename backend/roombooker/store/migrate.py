"""Brings a database to the newest schema; the migrations travel inside the package, so no file beside it is needed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from roombooker.store.db import Database

_HOME = Path(__file__).parent / "migrations"
_LOCK = 0x524F4F4D  # any number that only we use: PostgreSQL's advisory lock for two processes that upgrade at once


def upgrade(database: Database) -> None:
    """To the newest revision; nothing happens where it is there already. Two processes at once wait for each other."""
    with database.engine.execution_options(begin="IMMEDIATE").begin() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        command.upgrade(_config(connection), "head")


def current(database: Database) -> str | None:
    """The revision that the database is at; None where it was never upgraded."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision that this version of Room Booker wants."""
    return ScriptDirectory(str(_HOME)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HOME))
    config.attributes["connection"] = connection
    return config
