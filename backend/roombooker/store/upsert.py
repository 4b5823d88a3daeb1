"""Insert or update in one statement, which both databases know and no race can break."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, FromClause, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def upsert(
    session: Session, table: FromClause, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], *, only: Collection[str] | None = None
) -> None:
    """Every row has the same columns; where one with the same `keys` stands, its other columns are overwritten, or `only` these."""
    if rows:
        assert isinstance(table, Table)  # noqa: S101  narrows the type: what a model's __table__ is
        dialect = session.get_bind().dialect.name
        session.execute(
            _statement(dialect, table, tuple(rows[0]), tuple(keys), frozenset(only) if only is not None else None),
            [dict(row) for row in rows],
        )


@lru_cache(maxsize=256)
def _statement(dialect: str, table: Table, names: tuple[str, ...], keys: tuple[str, ...], only: frozenset[str] | None) -> Executable:
    """Kept: to build it takes longer than to run it."""
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    others = [name for name in names if name not in keys and (only is None or name in only)]
    if others:
        return insert.on_conflict_do_update(index_elements=list(keys), set_={name: insert.excluded[name] for name in others})
    return insert.on_conflict_do_nothing(index_elements=list(keys))
