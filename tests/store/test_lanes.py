"""Lanes that processes share, and Graph's pace per mailbox."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from factories import make_settings
from roombooker.errors import Unavailable
from roombooker.exchange.graph.client import open_client
from roombooker.exchange.graph.pace import MOST, Pace
from roombooker.store.db import Database, open_database
from roombooker.store.lanes import AdvisoryLanes, FileLanes, shared_lanes
from roombooker.transport import Spared
from stack import free_port


def two(database: Database, count: int = 4) -> tuple[FileLanes | AdvisoryLanes, FileLanes | AdvisoryLanes]:
    """As two processes have them: nothing is shared but the database."""
    first, second = shared_lanes(database, "exchange", count), shared_lanes(database, "exchange", count)
    assert first is not None
    assert second is not None
    return first, second


def test_what_one_process_holds_another_does_not_get(database: Database) -> None:
    one, other = two(database)
    held = one.take(3, 1)
    assert held is not None
    assert sorted(held) == [0, 1, 2]
    assert other.take(2, 0.05) is None
    last = other.take(1, 0.05)
    assert last == [3]
    assert one.take(1, 0.05) is None
    one.give(held)
    assert other.take(3, 1) == [0, 1, 2]


def test_threads_of_one_process_do_not_share_a_lane(database: Database) -> None:
    one, _ = two(database)
    taken = [one.take(1, 0.05) for _ in range(5)]
    assert taken == [[0], [1], [2], [3], None]
    for lanes in taken[:4]:
        assert lanes is not None
        one.give(lanes)
    assert one.take(4, 0.05) == [0, 1, 2, 3]


def test_the_sides_have_lanes_of_their_own(database: Database) -> None:
    exchange, topdesk = shared_lanes(database, "exchange", 1), shared_lanes(database, "topdesk", 1)
    assert exchange is not None
    assert topdesk is not None
    assert exchange.take(1, 0.05) == [0]
    assert topdesk.take(1, 0.05) == [0]


def test_whoever_needs_all_lanes_is_not_overtaken_for_ever_by_those_who_need_one(database: Database) -> None:
    greedy, patient = two(database)
    stop = threading.Event()

    def keep_busy() -> None:
        held: list[tuple[int, ...]] = []
        while not stop.is_set():
            lanes = greedy.take(1, 0.5)
            if lanes:
                held.append(tuple(lanes))
            if len(held) == 3 or (held and not lanes):  # always some in use
                greedy.give(held.pop(0))
            time.sleep(0.002)
        for lanes in held:
            greedy.give(lanes)

    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        time.sleep(0.05)
        for _ in range(3):
            lanes = patient.take(4, 10)
            assert lanes == [0, 1, 2, 3] or (lanes is not None and sorted(lanes) == [0, 1, 2, 3])
            patient.give(lanes)
    finally:
        stop.set()
        thread.join()


def test_taking_and_giving_costs_well_under_a_millisecond(database: Database) -> None:
    one, _ = two(database)
    taken = []
    for _ in range(200):
        began = time.perf_counter()
        one.give(one.take(1, 1) or ())
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[100] < 0.001


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_server_that_ends_the_connection_stops_nobody(database: Database) -> None:
    one, other = two(database)
    held = one.take(4, 1)
    assert held is not None
    assert isinstance(one, AdvisoryLanes)
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert other.take(4, 1) == [0, 1, 2, 3]
    one.give(held)  # they are not ours any more, and the other keeps them
    assert one.take(1, 0.05) is None


def test_a_database_in_memory_has_nobody_to_share_with(tmp_path: Path) -> None:
    database = open_database("sqlite://")
    assert shared_lanes(database, "exchange", 4) is None
    database.engine.dispose()


def test_graphs_limit_is_split_among_the_processes_that_the_settings_count() -> None:
    """Found by an audit: among WEB_WORKERS + 2, however many ran. Nobody listens at the address, which is not what the second is told."""
    settings = make_settings(graph_url=f"http://127.0.0.1:{free_port()}", processes=MOST)
    graph = open_client(settings, lambda: "token", lambda: None, clock=lambda: datetime.now(UTC))
    statuses: list[int | None] = []
    for _ in range(2):
        with pytest.raises(Unavailable) as refused:
            graph.call("POST", "/users/{mailbox}/events", at={"mailbox": "atlas@contoso.example"}, json={})
        statuses.append(refused.value.status_code)
    assert statuses == [None, 429]


def test_a_mailbox_that_is_asked_too_often_waits_and_the_others_do_not() -> None:
    pace = Pace(processes=4, most=40)
    for _ in range(10):
        pace.take("atlas@contoso.example")
    with pytest.raises(Spared) as spared:
        pace.take("atlas@contoso.example")
    assert spared.value.retry_after is not None
    assert timedelta(minutes=9) < spared.value.retry_after <= timedelta(minutes=10, seconds=1)
    pace.take("borg@contoso.example")
    pace.take(None)
