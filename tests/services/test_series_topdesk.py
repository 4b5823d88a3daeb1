"""Series and TOPdesk, against the real sandbox: real TOPdesk series where a room is set so, and series that people make in TOPdesk."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from joint import Joint, recurrence, start_joint, utc_of, wall, weekly
from roombooker.domain.booking import Side
from roombooker.domain.room import SeriesMode
from services.test_series_outlook import AMSTERDAM, every, first_monday


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joint]:
    with start_joint(tmp_path_factory.mktemp("joint")) as running:
        yield running


def series_of(joint: Joint, room: Any) -> list[str | None]:
    return [b.series_ref for b in joint.reservations(room)]


def test_a_room_set_so_gets_one_topdesk_series_with_a_key_of_its_own_on_every_date(joint: Joint) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES), first_monday()
    joint.invite(room, first, weekly(first, ["monday"], count=20))
    before = joint.calls()
    joint.look(room)
    cost = joint.calls(before)
    assert joint.starts(room) == utc_of(every(first, 7, 20), AMSTERDAM)
    assert len(set(series_of(joint, room))) == 1
    assert None not in series_of(joint, room)
    assert cost["topdesk POST /reservations"] == 1
    assert cost["topdesk POST /reservations/{id}/makeRecurrent/dates"] == 1
    joint.assert_in_step(room)


def test_dates_that_clash_stay_out_of_the_series(joint: Joint) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES), first_monday()
    walls = every(first, 7, 5)
    joint.reserve(room, datetime.fromisoformat(utc_of([walls[2]], AMSTERDAM)[0] + "+00:00") + timedelta(minutes=30))
    joint.invite(room, first, weekly(first, ["monday"], count=5))
    joint.look(room)
    ours = [b for b in joint.reservations(room) if b.series_ref]
    assert len(ours) == 4
    assert joint.journal(room)["refused"] == 1
    joint.assert_in_step(room)


def test_later_dates_join_the_series_that_is_there(joint: Joint) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=3))
    joint.look(room)
    joint.edit(event, {"recurrence": weekly(first, ["monday"], count=6)})
    joint.look(room)
    assert joint.starts(room) == utc_of(every(first, 7, 6), AMSTERDAM)
    assert len(set(series_of(joint, room))) == 1
    joint.assert_in_step(room)


def test_dates_of_a_topdesk_series_move_and_end_one_by_one_and_as_a_whole(joint: Joint) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=5))
    joint.look(room)
    dates = joint.dates(event)
    joint.edit(dates[1]["id"], wall(first + timedelta(days=7, hours=2), AMSTERDAM))
    joint.cancel(dates[3]["id"])
    joint.look(room)
    walls = every(first, 7, 5)
    assert joint.starts(room) == utc_of([walls[0], walls[1] + timedelta(hours=2), walls[2], walls[4]], AMSTERDAM)
    joint.assert_in_step(room)
    joint.cancel(event)
    joint.look(room)
    assert joint.reservations(room) == []
    joint.assert_in_step(room)


def test_a_date_of_a_topdesk_series_that_gets_another_room_is_made_anew_there(joint: Joint) -> None:
    """TOPdesk moves no facility of an occurrence."""
    room, other, first = joint.room(series_mode=SeriesMode.SERIES), joint.room(), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=3))
    joint.look(room)
    second = joint.dates(event)[1]["id"]
    joint.edit(second, {"attendees": [{"type": "resource", "emailAddress": {"address": other.mailbox}}]})
    joint.look(other)
    joint.look(room)
    walls = every(first, 7, 3)
    assert joint.starts(room) == utc_of([walls[0], walls[2]], AMSTERDAM)
    assert joint.starts(other) == utc_of([walls[1]], AMSTERDAM)
    joint.assert_in_step(room)
    joint.assert_in_step(other)


def test_an_answer_lost_after_the_series_was_made_doubles_nothing(joint: Joint) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES), first_monday()
    joint.invite(room, first, weekly(first, ["monday"], count=5))
    fault = {"side": "topdesk", "method": "POST", "path": "makeRecurrent", "nth": 1, "when": "after", "status": 0}
    joint.sandbox.control.post("/fail", json=fault).raise_for_status()
    joint.look(room)
    assert joint.starts(room) == utc_of(every(first, 7, 5), AMSTERDAM)
    assert len(set(series_of(joint, room))) == 1
    joint.assert_in_step(room)


def test_a_series_made_in_topdesk_gets_a_meeting_for_every_date_and_is_followed_date_by_date(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    start = datetime.fromisoformat(utc_of([first], AMSTERDAM)[0]).replace(tzinfo=UTC)
    ref = joint.reserve(room, start)
    days = [(first + timedelta(days=7 * n)).date().isoformat() for n in range(1, 12)]
    made = joint.sandbox.topdesk.post(f"/reservations/{ref}/makeRecurrent/dates", json={"dates": days})
    assert made.status_code == 200, made.text
    joint.settle(room)
    walls = every(first, 7, 12)
    assert [b.slot for b in joint.meetings(room)] == [b.slot for b in joint.reservations(room)]
    assert joint.starts(room) == utc_of(walls, AMSTERDAM)
    assert {b.series_ref for b in joint.meetings(room)} == {None}
    assert len({row.series_id for row in joint.rows(room)}) == 1
    one = joint.reservations(room)[4].ref
    moved = {"plannedStartDate": f"{(start + timedelta(days=28, hours=3)):%Y-%m-%dT%H:%M:%SZ}",
             "plannedEndDate": f"{(start + timedelta(days=28, hours=4)):%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
    assert joint.sandbox.topdesk.post(f"/reservations/{one}/reschedule", json=moved).status_code == 200
    joint.settle(room)
    assert joint.meetings(room)[4].slot == joint.reservations(room)[4].slot
    joint.assert_in_step(room)
    for left in joint.reservations(room):
        assert joint.sandbox.topdesk.post(f"/reservations/{left.ref}/cancel").status_code == 204
    assert not any(p.stopped for p in joint.sweep(room))
    assert joint.meetings(room) == []
    assert not any(side.side == Side.EXCHANGE for row in joint.rows(room) for side in row.sides)


def test_a_room_with_approvals_never_makes_a_series_since_topdesk_approves_no_occurrences(joint: Joint) -> None:
    room, first = joint.room(series_mode=SeriesMode.SERIES, requires_approval=True), first_monday()
    joint.invite(room, first, recurrence(first, {"type": "daily"}, count=3))
    joint.look(room)
    assert series_of(joint, room) == [None] * 3
    assert {row.state for row in joint.rows(room)} == {"awaiting_approval"}
