"""The short form of `make chaos`: a history on each database, and the driver's own promises."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chaos.checks import Held, compare
from chaos.history import LANES, draw_history, read_history, write_history
from chaos.players import PERSON_ACCOUNT
from chaos.run import run_history
from sandboxes import ALICE, BOB, ERIN

CARDS = {ALICE, BOB, PERSON_ACCOUNT}
SHORT = ((7, "sqlite", 50), (8, "postgres", 40))


@pytest.mark.chaos
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "database", "operations"), SHORT)
def test_after_bad_luck_both_sides_are_one(seed: int, database: str, operations: int, tmp_path: Path) -> None:
    if database == "postgres" and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no PostgreSQL server below /usr/lib/postgresql")
    verdict = run_history(seed, draw_history(seed, operations), database=database, patience_s=400, out=tmp_path)
    assert verdict.findings == [], (
        f"{verdict}; replay with: python -m tests.chaos --seed {seed} --operations {operations} --database {database}"
    )


def test_a_seed_is_a_history() -> None:
    assert draw_history(3, 200) == draw_history(3, 200)
    assert draw_history(3, 200) != draw_history(4, 200)


def test_a_shorter_history_is_the_beginning_of_a_longer_one() -> None:
    assert draw_history(5, 500)[:60] == draw_history(5, 60)


def test_a_history_has_everybody_in_it_and_acts_on_earlier_things_only() -> None:
    history = draw_history(1, 500)
    assert {operation.lane for operation in history} == set(range(LANES + 2))
    kinds = {operation.kind for operation in history}
    assert {"pane_book", "pane_send", "phone_move", "operator_reserve", "approver_reject", "weather_lost", "kill"} <= kinds
    assert all(operation.of is None or operation.of < operation.number for operation in history)


def test_a_written_history_can_be_read_back(tmp_path: Path) -> None:
    history = draw_history(2, 40)
    write_history(tmp_path / "seed-2.json", 2, history, {0: {"said": 200}})
    assert read_history(tmp_path / "seed-2.json") == history


def _held(side: str, *, who: str = ALICE, minutes: int = 0, key: str = "") -> Held:
    start = datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(minutes=minutes)
    return Held("Amber", start, start + timedelta(hours=1), side, f"{side}-{minutes}", frozenset({who}), key)


class TestCompare:
    """The judge itself: a judge that sees nothing would make every history good."""

    def test_the_same_slots_with_the_same_people_are_one(self) -> None:
        assert compare([_held("TOPdesk", key="ORB-1")], [_held("Exchange")], CARDS) == []

    def test_what_is_on_one_side_only_is_found(self) -> None:
        assert [d.kind for d in compare([_held("TOPdesk", key="ORB-1")], [], CARDS)] == ["topdesk_only"]
        assert [d.kind for d in compare([], [_held("Exchange")], CARDS)] == ["exchange_only"]

    def test_another_person_is_found(self) -> None:
        assert [d.kind for d in compare([_held("TOPdesk", key="ORB-1")], [_held("Exchange", who=BOB)], CARDS)] == ["people"]

    def test_the_person_account_stands_for_whoever_has_no_card(self) -> None:
        account = _held("TOPdesk", who=PERSON_ACCOUNT, key="ORB-1")
        assert compare([account], [_held("Exchange", who=ERIN)], CARDS) == []
        assert [d.kind for d in compare([account], [_held("Exchange", who=ALICE)], CARDS)] == ["people"]

    def test_two_in_one_room_at_a_time_are_found(self) -> None:
        two = [_held("TOPdesk", key="ORB-1"), _held("TOPdesk", minutes=30, key="ORB-2")]
        assert "overlap" in [d.kind for d in compare(two, [_held("Exchange"), _held("Exchange", minutes=30)], CARDS)]

    def test_a_missing_key_and_a_key_twice_are_found(self) -> None:
        assert [d.kind for d in compare([_held("TOPdesk")], [_held("Exchange")], CARDS)] == ["no_key"]
        twice = [_held("TOPdesk", key="ORB-1"), _held("TOPdesk", minutes=60, key="ORB-1")]
        assert [d.kind for d in compare(twice, [_held("Exchange"), _held("Exchange", minutes=60)], CARDS)] == ["no_key", "no_key"]
