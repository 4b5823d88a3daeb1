"""The inbox: no notice is taken for another."""

from datetime import timedelta

from conftest import ManualClock
from roombooker.store import notices
from roombooker.store.db import Database

LEASE = timedelta(minutes=1)


def _arrives(database: Database, clock: ManualClock, ref: str) -> None:
    with database.write() as session:
        notices.add(session, side="topdesk", ref=ref, kind="changed", at=clock())


def _work_off(database: Database, clock: ManualClock, ids: list[int]) -> list[int]:
    with database.write() as session:
        leased = notices.lease(session, ids, owner="me", now=clock(), until=clock() + LEASE)
        notices.done(session, leased, owner="me")
    return leased


def test_a_notice_that_arrives_after_another_was_worked_off_is_not_mistaken_for_it(database: Database, clock: ManualClock) -> None:
    """Found by the benchmark: two workers read the same notice; one was done with it, SQLite gave its number to the next one, and the
    other worker struck that off unread."""
    _arrives(database, clock, "first")
    with database.read() as session:
        seen_by_two = [notice.id for notice in notices.next_due(session, clock())]
    assert _work_off(database, clock, seen_by_two) == seen_by_two
    _arrives(database, clock, "second")
    assert _work_off(database, clock, seen_by_two) == []
    with database.write() as session:
        notices.told(session, seen_by_two)
    with database.read() as session:
        assert [notice.ref for notice in notices.next_due(session, clock())] == ["second"]
