"""Insert or update in one statement, which both databases know and no race can break."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def upsert(
    session: Session, table: FromClause, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], *, only: Collection[str] | None = None
) -> None:
    """Every row has the same columns; where one with the same `keys` stands, its other columns are overwritten, or `only` these."""
    if not rows:
        return
    assert isinstance(table, Table)  # noqa: S101  narrows the type: what a model's __table__ is
    insert = postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)
    others = [name for name in rows[0] if name not in keys and (only is None or name in only)]
    if others:
        statement = insert.on_conflict_do_update(index_elements=list(keys), set_={name: insert.excluded[name] for name in others})
    else:
        statement = insert.on_conflict_do_nothing(index_elements=list(keys))
    session.execute(statement, [dict(row) for row in rows])
