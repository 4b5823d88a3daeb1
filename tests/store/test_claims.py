"""Claims under real contention: whoever comes second waits at the door, not inside the constraint."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from factories import MORNING, make_room, slot_at
from roombooker.domain.booking import new_match_key
from roombooker.store import claims, rooms
from roombooker.store.db import Database


@pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_of_two_claims_at_once_the_second_waits_before_it_inserts(database: Database) -> None:
    """Found by chaos, race 930: two inserts at the same instant deadlocked in the exclusion constraint, and one person saw an error."""
    room = make_room("Amber")
    with database.write() as session:
        rooms.save(session, room, at=MORNING)
    won: list[bool] = []

    def come_second() -> None:
        with database.write() as session:
            won.append(claims.claim(session, room, slot_at(), intent_id="b", match_key=new_match_key(), at=MORNING))

    second = threading.Thread(target=come_second)
    with database.write() as session:
        assert claims.claim(session, room, slot_at(), intent_id="a", match_key=new_match_key(), at=MORNING)
        second.start()
        assert _awaited(database) == {"advisory"}
    second.join(10)
    assert won == [False]


@pytest.mark.parametrize(("may_overlap", "near"), [(False, 25), (True, 10)])
@pytest.mark.parametrize("sign", [1, -1])
def test_two_claims_lie_as_far_apart_as_two_bookings(database: Database, may_overlap: bool, near: int, sign: int) -> None:
    room = make_room("Amber", block_time=timedelta(minutes=15), blocks_may_overlap=may_overlap)
    with database.write() as session:
        rooms.save(session, room, at=MORNING)
        assert claims.claim(session, room, slot_at(), intent_id="a", match_key=new_match_key(), at=MORNING)
    for minutes, fits in ((near, False), (near + 5, True)):
        slot = slot_at().shifted(sign * (slot_at().duration + timedelta(minutes=minutes)))
        with database.write() as session:
            assert claims.claim(session, room, slot, intent_id=f"b{minutes}", match_key=new_match_key(), at=MORNING) is fits


def _awaited(database: Database) -> set[str]:
    """The kinds of locks that somebody waits for, as soon as somebody does."""
    for _ in range(200):
        with database.read() as session:
            kinds = set(session.scalars(text("SELECT locktype FROM pg_locks WHERE NOT granted")))
        if kinds:
            return kinds
        time.sleep(0.02)
    return set()
