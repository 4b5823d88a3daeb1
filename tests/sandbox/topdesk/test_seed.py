"""The seed: the same in every run, the meetings that Exchange has, quick, and quick to search when it is large."""

import time
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

from roombooker_sandbox import topdesk
from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.store import Store
from roombooker_sandbox.topdesk.seed import first_day
from roombooker_sandbox.world import World

from .conftest import Topdesk


def test_the_seeded_reservations_are_the_meetings_of_the_directory(alone: Callable[..., World]) -> None:
    world = alone()
    topdesk.seed(world)
    api = Topdesk(world)
    meetings = list(world.directory.meetings(first_day(world.clock.now()), world.options.days, world.options.per_day))
    cards = {card["id"]: card for card in api.get("/reservations", __top=10_000)["results"]}
    assert set(cards) == {stable_id("reservation", meeting.number) for meeting in meetings}
    for meeting in meetings[::50]:
        card = cards[stable_id("reservation", meeting.number)]
        assert card["plannedStartDate"] == f"{meeting.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert card["reservedFacilities"][0]["location"]["id"] == meeting.room.location_id
        assert card["requester"]["id"] == (meeting.organizer.card_id or world.directory.person_account_id)
        assert card["briefDescription"] == ("Private" if meeting.private else meeting.subject)
    world.close()


def test_seeding_twice_changes_nothing_and_a_file_survives_a_restart(alone: Callable[..., World], tmp_path: Path) -> None:
    first = alone()
    first.store = Store(tmp_path / "state.db")
    topdesk.seed(first)
    made = Topdesk(first).book(first.directory.rooms[0].location_id)
    first.close()
    second = alone()
    second.store = Store(tmp_path / "state.db")
    topdesk.seed(second)
    assert Topdesk(second).get(f"/reservations/{made['id']}") == made
    second.close()


def test_no_seeded_reservation_clashes_with_another(alone: Callable[..., World]) -> None:
    world = alone()
    topdesk.seed(world)
    with world.store.transaction() as db:
        clashes = db.execute(
            "SELECT count(*) FROM topdesk_occupied a JOIN topdesk_occupied b ON a.room = b.room AND a.reservation < b.reservation"
            " WHERE a.start - a.block < b.end + b.block AND b.start - b.block < a.end + a.block"
        ).fetchone()[0]
    assert clashes == 0
    world.close()


def test_a_busy_year_is_searched_as_quickly_as_a_quiet_week(alone: Callable[..., World]) -> None:
    """Ratios in one run: four hundred rooms over a quarter against forty over a week."""
    small, large = alone(days=7), alone(rooms=400, days=90, per_day=8)
    quiet, busy = (_searched(world) for world in (small, large))
    for question in quiet:
        assert busy[question] < max(8 * quiet[question], 0.02), (question, quiet, busy)
    small.close()
    large.close()


def _searched(world: World) -> dict[str, float]:
    topdesk.seed(world)
    api = Topdesk(world)
    room = world.directory.rooms[-1].location_id
    api.book(room, optionalFields1={"text1": "ORB-01J"})
    api.judged = False
    day = (first_day(world.clock.now()) + timedelta(days=2)).isoformat()
    window = f"plannedStartDate=lt={day}T10:00:00Z;plannedEndDate=gt={day}T09:00:00Z"
    questions = {
        "room and window": f"reservedFacilities.location.id=={room};{window};status=in=(planned,request)",
        "match key": "optionalFields1.text1==ORB-01J",
        "window of one room later": f"{window};reservedFacilities.location.id=in=({room})",
    }
    took = {}
    for name, query in questions.items():
        best = 9.0
        for _ in range(5):
            begun = time.perf_counter()
            api.find(query)
            best = min(best, time.perf_counter() - begun)
        took[name] = best
    return took
