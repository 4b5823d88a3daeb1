"""Transactions and columns behave alike on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from roombooker.store.db import Database
from roombooker.store.models import ScheduleSlotRow

AT = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_an_instant_comes_back_as_aware_utc(database: Database) -> None:
    with database.write() as session:
        session.add(ScheduleSlotRow(name="sweep", slot="1", taken_at=AT.astimezone(timezone(timedelta(hours=5)))))
    with database.read() as session:
        taken_at = session.scalar(select(ScheduleSlotRow.taken_at))
    assert taken_at == AT
    assert taken_at is not None
    assert taken_at.tzinfo is UTC


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"), database.write() as session:
        session.add(ScheduleSlotRow(name="sweep", slot="1", taken_at=AT.replace(tzinfo=None)))


def test_an_error_inside_a_write_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _stop_half_way(database)
    with database.read() as session:
        assert session.scalars(select(ScheduleSlotRow)).all() == []


def _stop_half_way(database: Database) -> None:
    with database.write() as session:
        session.add(ScheduleSlotRow(name="sweep", slot="1", taken_at=AT))
        session.flush()
        raise ZeroDivisionError


def test_a_failed_statement_does_not_tell_what_it_carried(database: Database) -> None:
    def twice() -> None:
        with database.write() as session:
            session.execute(insert(ScheduleSlotRow).values(name="alice@contoso.example", slot="1", taken_at=AT))
            session.execute(insert(ScheduleSlotRow).values(name="alice@contoso.example", slot="1", taken_at=AT))

    with pytest.raises(IntegrityError) as caught:
        twice()
    assert "hidden due to hide_parameters" in str(caught.value)
