"""The first morning: filled once, filled again on request, with progress for a large estate."""

from collections import Counter

import pytest

from sandboxes import RunningSandbox, start_sandbox

_PASSING = ("core_", "entra_", "sqlite_")


def _rows(sandbox: RunningSandbox) -> Counter[str]:
    with sandbox.world.store.transaction() as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if not name.startswith(_PASSING)]
        return Counter({name: db.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in names})  # noqa: S608  names from the database itself


def test_a_reset_of_the_data_brings_back_the_first_morning(fresh_sandbox: RunningSandbox) -> None:
    before = _rows(fresh_sandbox)
    assert before.total() > 100
    with fresh_sandbox.world.store.transaction() as db:
        for name in before:
            db.execute(f'DELETE FROM "{name}"')  # noqa: S608  as above
    fresh_sandbox.control.post("/reset", json={"data": True}).raise_for_status()
    assert _rows(fresh_sandbox) == before


def test_a_second_start_adds_nothing_to_a_state_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("state") / "state.db"
    with start_sandbox(state=state) as first:
        before = _rows(first)
    with start_sandbox(state=state) as second:
        assert _rows(second) == before


def test_topdesk_and_exchange_begin_in_step(fresh_sandbox: RunningSandbox) -> None:
    """Every reservation of the seed has its event on the room's calendar, and the other way round."""
    room, year = fresh_sandbox.world.directory.rooms[0], fresh_sandbox.world.clock.now().year
    listed = fresh_sandbox.topdesk.get("/reservations", params={"$top": "1000"}).json()["results"]
    reserved = [it["plannedStartDate"][:16] for it in listed if it["reservedFacilities"][0]["location"]["id"] == room.location_id]
    window = {"startDateTime": f"{year - 1}-01-01T00:00:00Z", "endDateTime": f"{year + 2}-01-01T00:00:00Z", "$top": "1000"}
    events = fresh_sandbox.graph.get(f"/users/{room.mailbox}/calendarView", params=window).json()["value"]
    assert reserved
    assert sorted(reserved) == sorted(event["start"]["dateTime"][:16] for event in events)


def test_a_large_estate_is_filled_with_a_progress_bar(capfd: pytest.CaptureFixture[str]) -> None:
    with start_sandbox(rooms=100, per_day=8, days=28):
        pass
    told = capfd.readouterr().err
    assert "filling topdesk: 100%" in told
    assert "filling exchange: 100%" in told
