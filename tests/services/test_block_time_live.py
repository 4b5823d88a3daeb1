"""Set-up and clean-up, against a TOPdesk that lets them overlap and one that does not: what is shown as free can be booked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from joint import Joint
from roombooker.domain.room import Room
from roombooker.errors import Refused
from roombooker.services.availability import question_from
from roombooker.store import rooms
from sandboxes import ALICE, RunningSandbox, start_sandbox

BLOCK = 15
LONG = timedelta(minutes=30)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(tls=True, days=0, rooms=12, people=12) as running:
        yield running


class Blocked:
    """A product whose setting says so, over a TOPdesk that does so; a reservation of an hour stands in a room with block time."""

    def __init__(self, sandbox: RunningSandbox, folder: Path, *, says: bool, does: bool, day: int) -> None:
        self.joint = Joint(sandbox, folder, blocks_may_overlap=says)
        sandbox.control.patch("", json={"blocks_may_overlap": does}).raise_for_status()
        with self.joint.database.read() as session:
            self.room: Room = next(r for r in rooms.every(session) if r.block_time == timedelta(minutes=BLOCK))
        self.start = self.joint.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=day)
        self.joint.reserve(self.room, self.start)
        self.joint.sweep(self.room)

    def after(self, minutes: int) -> dict[str, Any]:
        start = self.start + timedelta(minutes=60 + minutes)
        return {"start": start, "end": start + LONG}

    def before(self, minutes: int) -> dict[str, Any]:
        end = self.start - timedelta(minutes=minutes)
        return {"start": end - LONG, "end": end}

    def is_free(self, slot: dict[str, Any]) -> bool:
        found = self.joint.product.services.availability.search(ALICE, question_from(slot | {"attendees": 1}))["rooms"]
        return next(one["state"] for one in found if one["room"]["id"] == self.room.id) == "free"

    def book(self, slot: dict[str, Any], key: str) -> int:
        return self.joint.book(key, slot | {"rooms": [self.room.id], "organizer": ALICE, "subject": "Budget", "attendees": 1})[0]


@pytest.mark.parametrize(("says", "does", "gap", "day"), [
    (False, False, 2 * BLOCK, 10), (False, True, 2 * BLOCK, 11), (True, True, BLOCK, 12),
])  # fmt: skip
def test_what_is_shown_as_free_around_a_reservation_can_be_booked(
    sandbox: RunningSandbox, tmp_path: Path, says: bool, does: bool, gap: int, day: int
) -> None:
    blocked = Blocked(sandbox, tmp_path, says=says, does=does, day=day)
    around = range(0, 50, 5)
    assert [minutes for minutes in around if blocked.is_free(blocked.after(minutes))] == list(range(gap, 50, 5))
    assert [minutes for minutes in around if blocked.is_free(blocked.before(minutes))] == list(range(gap, 50, 5))
    assert blocked.book(blocked.after(gap), "key-0001") == 201
    assert blocked.book(blocked.before(gap), "key-0002") == 201
    beside = gap + 30 + gap  # as near as may be to our own booking
    assert not blocked.is_free(blocked.after(beside - 5))
    assert blocked.book(blocked.after(beside), "key-0003") == 201


def test_a_setting_that_promises_too_much_is_refused_by_topdesk_and_leaves_nothing(sandbox: RunningSandbox, tmp_path: Path) -> None:
    blocked = Blocked(sandbox, tmp_path, says=True, does=False, day=13)
    assert blocked.is_free(blocked.after(BLOCK))
    with pytest.raises(Refused, match="not available in the requested period"):
        blocked.book(blocked.after(BLOCK), "key-0001")
    assert [b.slot.start for b in blocked.joint.reservations(blocked.room) if b.slot.start.date() == blocked.start.date()] == [
        blocked.start
    ]


@pytest.mark.parametrize(("says", "gap", "day"), [(False, 2 * BLOCK, 16), (True, BLOCK, 17)])
def test_a_meeting_made_on_a_phone_keeps_the_same_distance(sandbox: RunningSandbox, tmp_path: Path, says: bool, gap: int, day: int) -> None:
    blocked = Blocked(sandbox, tmp_path, says=says, does=says, day=day)
    for minutes in (gap - 5, gap):
        first = blocked.after(minutes)["start"].replace(tzinfo=None)
        event = blocked.joint.invite(blocked.room, first, None, zone="UTC", minutes=30)
        blocked.joint.settle(blocked.room)
        starts = [b.slot.start for b in blocked.joint.reservations(blocked.room) if b.slot.start.date() == blocked.start.date()]
        assert starts == [blocked.start, *([blocked.after(gap)["start"]] if minutes == gap else [])]
        if minutes != gap:
            blocked.joint.cancel(event)
