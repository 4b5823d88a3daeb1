"""Switching on says of each room what became of it, whoever is away or at work; a preview too."""

from datetime import timedelta
from typing import Any

import pytest

from factories import make_room, save_rooms, slot_at
from people import ALICE
from roombooker.domain.room import Room
from roombooker.errors import InvalidInput, NotFound, Unavailable
from roombooker.services.golive import GoLive
from roombooker.services.patience import PAUSES
from roombooker.services.rooms import RoomService
from roombooker.store import leases
from services.twin import Twin

AWAY = Unavailable("topdesk", "TOPdesk is not available.")
MINUTES = timedelta(minutes=2)


class Launch:
    """Rooms that are off, with a meeting in each; `pauses` are the seconds that were waited."""

    def __init__(self, twin: Twin, *more: Room) -> None:
        self.twin = twin
        self.rooms = [twin.change_room(room, enabled=False) for room in (twin.amber, twin.beryl, *more)]
        for room in self.rooms:
            twin.exchange.invite(room, slot_at(), ALICE)
        self.pauses: list[float] = []
        self.on_pause = lambda: None
        service = RoomService(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, clock=twin.clock)
        self.golive = GoLive(database=twin.database, room_service=service, sync=twin.sync, pause=self._pause)

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.on_pause()

    def lease(self, room: Room) -> None:
        assert leases.take_room(self.twin.database, room.id, "a worker", self.twin.clock(), MINUTES)

    def free(self, room: Room) -> None:
        leases.give_room(self.twin.database, room.id, "a worker")

    def is_on(self, room: Room) -> bool:
        return self.twin.sync_room_of(room).enabled


@pytest.fixture
def launch(twin: Twin) -> Launch:
    return Launch(twin)


def _of(report: dict[str, Any], room: Room) -> dict[str, Any]:
    return next(one for one in report["rooms"] if one["room"] == room.id)


def test_a_room_comes_on_with_what_it_has(launch: Launch) -> None:
    report = launch.golive.enable([launch.twin.amber.mailbox])
    assert report["ok"] is True
    assert report["lines"] == ["on   Amber: 0 adopted, 1 made on the other side, 0 for the work list"]
    assert len(launch.twin.reservations(launch.twin.amber)) == 1


def test_a_side_that_is_away_leaves_the_room_on_and_says_so(launch: Launch) -> None:
    launch.twin.topdesk.fail("listing_all", AWAY)
    report = launch.golive.enable([launch.twin.amber.id])
    assert launch.is_on(launch.twin.amber)
    assert (report["ok"], _of(report, launch.twin.amber)["enabled"], _of(report, launch.twin.amber)["reason"]) == (
        False,
        True,
        AWAY.message,
    )
    assert report["lines"] == [f"on   Amber, but not loaded: {AWAY.message} A worker does it as soon as it can."]
    launch.twin.sweep()
    assert len(launch.twin.reservations(launch.twin.amber)) == 1


def test_of_many_those_that_are_done_are_told_and_the_rest_is_not_begun(twin: Twin) -> None:
    more = [make_room(f"Room{number:02}") for number in range(40)]
    save_rooms(twin.database, *more)
    launch = Launch(twin, *more)
    twin.topdesk.fail("listing_all", AWAY, nth=2)
    report = launch.golive.enable([], every=True)
    by_line = [one["lines"][0].split(",")[0].split(":")[0][:4] if one["lines"] else "" for one in report["rooms"]]
    assert by_line == ["on  "] * 40 + [""] * 2
    assert sum("but not loaded" in line for line in report["lines"]) == 20
    assert sum("1 made" in line for line in report["lines"]) == 20
    assert [one["enabled"] for one in report["rooms"]] == [True] * 40 + [False] * 2
    assert (report["ok"], report["lines"][-1]) == (False, "2 more not begun: the same command goes on with them.")
    assert launch.golive.enable([], every=True)["ok"] is True
    assert len(twin.reservations()) == 42


def test_a_room_that_a_worker_is_at_is_not_called_loaded(launch: Launch) -> None:
    launch.lease(launch.twin.amber)
    report = launch.golive.enable([launch.twin.amber.id])
    assert (report["ok"], _of(report, launch.twin.amber)["skipped"]) == (False, True)
    assert report["lines"] == ["on   Amber: a worker is loading it now."]
    assert launch.pauses == []


def test_who_is_patient_waits_for_the_worker(launch: Launch) -> None:
    launch.lease(launch.twin.amber)
    launch.on_pause = lambda: launch.free(launch.twin.amber)
    report = launch.golive.enable([launch.twin.amber.id], is_patient=True)
    assert report["lines"] == ["on   Amber: 0 adopted, 1 made on the other side, 0 for the work list"]
    assert (report["ok"], launch.pauses) == (True, [PAUSES[0]])


def test_patience_has_an_end_but_outlasts_a_worker_that_died(launch: Launch) -> None:
    launch.lease(launch.twin.amber)
    report = launch.golive.enable([launch.twin.amber.id], is_patient=True)
    assert report["lines"] == ["on   Amber: a worker is loading it now."]
    assert launch.pauses == list(PAUSES)
    assert sum(PAUSES) > 2 * launch.twin.settings.lease_seconds


def test_a_mailbox_that_cannot_be_read_keeps_no_other_room_out_of_a_preview(launch: Launch) -> None:
    launch.twin.exchange.out_of_scope.add(launch.twin.amber.mailbox)
    seen: list[tuple[int, int]] = []
    report = launch.golive.preview_all([], every=True, progress=lambda done, whole: seen.append((done, whole)))
    assert report["lines"] == [
        "Amber: could not be read: The app may not see this mailbox.",
        "Beryl: 0 on both sides, 1 in Exchange only (would be reserved), 0 in TOPdesk only (would be put on the calendar), 0 in conflict",
    ]
    assert (report["ok"], _of(report, launch.twin.amber)["failed"]) == (False, 1)
    assert seen == [(1, 2), (2, 2)]
    assert not launch.is_on(launch.twin.amber)


def test_broken_pairs_are_named_when_all_others_come_on(launch: Launch) -> None:
    launch.twin.change_room(launch.rooms[0], alarm="The mailbox is gone.")
    report = launch.golive.enable([], every=True)
    assert report["lines"][-1] == "!    Amber is left out: The mailbox is gone."
    assert [one["room"] for one in report["rooms"]] == [launch.twin.beryl.id]


def test_a_broken_pair_that_is_named_keeps_all_of_them_off(launch: Launch) -> None:
    launch.twin.change_room(launch.rooms[1], alarm="The mailbox is gone.")
    with pytest.raises(InvalidInput, match="Beryl cannot be switched on: The mailbox is gone"):
        launch.golive.enable([room.id for room in launch.rooms])
    assert not launch.is_on(launch.twin.amber)


def test_all_of_no_rooms_is_said_to_be_none(launch: Launch) -> None:
    for room in launch.rooms:
        launch.twin.change_room(room, alarm="The mailbox is gone.")
    with pytest.raises(NotFound, match="no rooms that could be switched on"):
        launch.golive.enable([], every=True)
