"""The database: engine, short transactions, aware UTC columns; SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

BLOCKS_MAY_OVERLAP = "blocks_may_overlap"  # in a session's info
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out; a naive value is an error, never a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the interface's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Short transactions only: no HTTP call may happen inside one.

    `read()` sees a snapshot; `write()` on SQLite begins IMMEDIATE, so that two writers queue instead of failing half-way.
    `blocks_may_overlap` is a fact of this deployment that every room is loaded with."""

    def __init__(self, engine: Engine, *, blocks_may_overlap: bool = False) -> None:
        self.engine = engine
        self._info = {BLOCKS_MAY_OVERLAP: blocks_may_overlap}
        self.is_sqlite = engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(engine, "connect", _tune_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        self._writing = engine.execution_options(begin="IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, info=self._info) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Commits at the end of the block, rolls back on an error."""
        with Session(self._writing, expire_on_commit=False, info=self._info) as session, session.begin():
            yield session


def open_database(url: str, *, blocks_may_overlap: bool = False, **options: Any) -> Database:
    """A database without Flask, for tests and commands; makes the folder of a SQLite file."""
    _make_folder(url)
    engine = create_engine(_with_driver(url), **{"hide_parameters": True} | options)
    return Database(engine, blocks_may_overlap=blocks_may_overlap)


def attach(app: Flask, url: str, *, blocks_may_overlap: bool = False) -> Database:
    """The web application's database, its engine kept by Flask-SQLAlchemy."""
    app.config["SQLALCHEMY_DATABASE_URI"] = _with_driver(_absolute(url))
    # What a statement carried (addresses, subjects) must not reach the log with its failure.
    extension = SQLAlchemy(app, model_class=Base, engine_options={"hide_parameters": True})
    with app.app_context():
        return Database(extension.engine, blocks_may_overlap=blocks_may_overlap)


def _absolute(url: str) -> str:
    """A SQLite file is meant from where we were started; Flask-SQLAlchemy would take it from its instance folder."""
    _make_folder(url)
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite") and parsed.database not in (None, "", ":memory:"):
        parsed = parsed.set(database=str(Path(str(parsed.database)).resolve()))
    return parsed.render_as_string(hide_password=False)


def _with_driver(url: str) -> str:
    """`postgresql://` means psycopg 3 here."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def _make_folder(url: str) -> None:
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite") and parsed.database not in (None, "", ":memory:"):
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # no implicit BEGIN: _begin_sqlite says which
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=15000",
        "foreign_keys=ON",
        "cache_size=-65536",
        "mmap_size=1073741824",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")
