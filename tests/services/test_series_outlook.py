"""Series that are made and changed in Outlook or on a phone, against the real sandbox: every date protected, each change followed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from joint import Joint, recurrence, start_joint, utc_of, wall, weekly

AMSTERDAM, LONDON = "Europe/Amsterdam", "Europe/London"
TODAY = datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def joint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joint]:
    with start_joint(tmp_path_factory.mktemp("joint")) as running:
        yield running


def first_monday(ahead: int = 3, hour: int = 10) -> datetime:
    """A wall time on a Monday, at least `ahead` days from now."""
    day = TODAY + timedelta(days=ahead)
    return day + timedelta(days=-day.weekday() % 7, hours=hour)


def every(first: datetime, days: int, count: int) -> list[datetime]:
    return [first + timedelta(days=days * n) for n in range(count)]


def months(first: datetime, count: int, day: int) -> list[datetime]:
    """That day of `count` months in a row, or their last one."""
    found = []
    for n in range(count):
        year, month = first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1
        last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        found.append(first.replace(year=year, month=month, day=min(day, last)))
    return found


def relative_mondays(first: datetime, count: int) -> list[datetime]:
    """The last Monday of `count` months in a row."""
    ends = months(first, count, 31)
    return [end - timedelta(days=end.weekday()) for end in ends]


@pytest.mark.parametrize("kind", ["daily", "weekly, two days", "every other week", "absoluteMonthly", "relativeMonthly"])
def test_every_date_of_a_series_gets_its_own_reservation_at_once(joint: Joint, kind: str) -> None:
    room, first = joint.room(), first_monday()
    of_month = months(first.replace(day=1), 7, 31)
    of_month = [at for at in of_month if TODAY + timedelta(days=1) < at][:5]
    mondays = [at for at in relative_mondays(first.replace(day=1), 7) if TODAY + timedelta(days=1) < at][:5]
    pattern, walls = {
        "daily": (recurrence(first, {"type": "daily"}, count=20), every(first, 1, 20)),
        "weekly, two days": (
            weekly(first, ["monday", "thursday"], until=(first + timedelta(days=52)).date()),
            sorted(every(first, 7, 8) + every(first + timedelta(days=3), 7, 8)),
        ),
        "every other week": (weekly(first, ["monday"], interval=2, count=9), every(first, 14, 9)),
        "absoluteMonthly": (recurrence(of_month[0], {"type": "absoluteMonthly", "dayOfMonth": 31}, count=5), of_month),
        "relativeMonthly": (recurrence(mondays[0], {"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "last"}, count=5), mondays),
    }[kind]  # fmt: skip
    joint.invite(room, walls[0], pattern)
    before = joint.calls()
    joint.look(room)
    cost = joint.calls(before)
    assert joint.starts(room) == utc_of(walls, AMSTERDAM)
    assert {row.state for row in joint.rows(room)} == {"confirmed"}
    assert len({row.booking_id for row in joint.rows(room)}) == 1
    spent = sum(n for name, n in cost.items() if name.startswith(("topdesk GET", "topdesk P", "graph ")))
    assert spent <= len(walls) + 8, cost
    joint.assert_in_step(room)


def test_dates_that_clash_are_refused_one_by_one_and_the_rest_stand(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    walls = every(first, 7, 6)
    taken = [datetime.fromisoformat(at + "+00:00") for at in utc_of([walls[1], walls[4]], AMSTERDAM)]
    desk = [joint.reserve(room, at + timedelta(minutes=30)) for at in taken]  # nobody has told Exchange yet
    event = joint.invite(room, first, weekly(first, ["monday"], count=6))
    joint.look(room)
    stand = utc_of([at for n, at in enumerate(walls) if n not in (1, 4)], AMSTERDAM)
    assert [at for at in joint.starts(room) if at.endswith(":00")] == stand
    assert joint.journal(room)["refused"] == 2
    answers = [a["status"]["response"] for day in joint.dates(event) for a in day["attendees"]]
    assert answers == ["accepted", "declined", "accepted", "accepted", "declined", "accepted"]
    mails = joint.sandbox.control.get(f"{joint.sandbox.url}/graph/outbox").json()["value"]
    declined = [m for m in mails if m["subject"].startswith("Declined") and room.name in str(m)]
    assert len(declined) == 2, declined
    joint.settle(room)  # the desk's own two get their meetings now that the room is free there
    assert len(joint.reservations(room)) == len(joint.meetings(room)) == 6
    assert set(desk) < {b.ref for b in joint.reservations(room)}
    joint.assert_in_step(room)


def test_an_exception_moves_its_reservation_alone_and_a_deleted_date_gives_it_back(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=6))
    joint.look(room)
    refs = [b.ref for b in joint.reservations(room)]
    dates = joint.dates(event)
    joint.edit(dates[2]["id"], wall(first + timedelta(days=15, hours=3), AMSTERDAM))
    joint.look(room)
    assert joint.starts(room) == utc_of([*every(first, 7, 2), first + timedelta(days=15, hours=3), *every(first, 7, 6)[3:]], AMSTERDAM)
    assert [b.ref for b in joint.reservations(room)] == refs
    joint.cancel(dates[4]["id"])
    joint.look(room)
    assert [b.ref for b in joint.reservations(room)] == refs[:4] + refs[5:]
    joint.assert_in_step(room)


@pytest.mark.parametrize(("apart", "by"), [
    (1, timedelta(hours=1)), (1, timedelta(minutes=30)), (1, timedelta(hours=-2)), (7, timedelta(days=1)), (7, timedelta(days=-1, hours=3)),
])  # fmt: skip
def test_a_series_that_moves_as_a_whole_takes_its_reservations_along(joint: Joint, apart: int, by: timedelta) -> None:
    """Every date gets a new id in Exchange."""
    room, first = joint.room(), first_monday()
    walls = every(first, apart, 8)
    event = joint.invite(room, first, recurrence(first, {"type": "daily", "interval": apart}, count=8))
    joint.look(room)
    refs = [b.ref for b in joint.reservations(room)]
    joint.edit(event, wall(first + by, AMSTERDAM))
    joint.look(room)
    assert joint.starts(room) == utc_of([at + by for at in walls], AMSTERDAM)
    assert [b.ref for b in joint.reservations(room)] == refs
    assert not joint.work_items(room)
    assert joint.journal(room)["vanished"] == 0
    joint.assert_in_step(room)


def test_a_daily_series_may_move_onto_the_places_of_its_own_neighbours(joint: Joint) -> None:
    """Two hours of every day, an hour and a day later: nobody else is in the way."""
    room, first = joint.room(), first_monday()
    event = joint.invite(room, first, recurrence(first, {"type": "daily"}, count=8), minutes=120)
    joint.look(room)
    refs = {b.ref for b in joint.reservations(room)}
    by = timedelta(days=1, hours=1)
    joint.edit(event, wall(first + by, AMSTERDAM, 120))
    joint.look(room)
    assert joint.starts(room) == utc_of([at + by for at in every(first, 1, 8)], AMSTERDAM)
    assert {b.ref for b in joint.reservations(room)} == refs
    assert not joint.work_items(room)
    joint.assert_in_step(room)


@pytest.mark.parametrize("by", [timedelta(), timedelta(hours=2), timedelta(minutes=15)])
def test_this_and_following_hands_the_reservations_of_the_later_dates_to_the_new_series(joint: Joint, by: timedelta) -> None:
    """Outlook ends the old series before the date and makes a new one from it on."""
    room, first = joint.room(), first_monday()
    walls = every(first, 7, 8)
    event = joint.invite(room, first, weekly(first, ["monday"], count=8))
    joint.look(room)
    refs = [b.ref for b in joint.reservations(room)]
    until = (walls[3] - timedelta(days=1)).date()
    joint.edit(event, {"recurrence": weekly(first, ["monday"], until=until)})
    joint.invite(room, walls[3] + by, weekly(walls[3] + by, ["monday"], count=5))
    joint.look(room)
    assert joint.starts(room) == utc_of([*walls[:3], *(at + by for at in walls[3:])], AMSTERDAM)
    assert [b.ref for b in joint.reservations(room)] == refs
    assert not joint.work_items(room)
    joint.assert_in_step(room)


def test_a_shortened_series_gives_its_later_dates_back_after_the_grace(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    walls = every(first, 7, 6)
    event = joint.invite(room, first, weekly(first, ["monday"], count=6))
    joint.look(room)
    joint.edit(event, {"recurrence": weekly(first, ["monday"], count=2)})
    joint.look(room)
    assert len(joint.starts(room)) == 6
    joint.offset += timedelta(minutes=11)
    try:
        joint.sweep(room)
        assert joint.starts(room) == utc_of(walls[:2], AMSTERDAM)
        joint.assert_in_step(room)
    finally:
        joint.offset = timedelta()


def test_a_longer_series_gets_its_new_dates(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=3))
    joint.look(room)
    refs = [b.ref for b in joint.reservations(room)]
    joint.edit(event, {"recurrence": weekly(first, ["monday"], count=7)})
    joint.look(room)
    assert joint.starts(room) == utc_of(every(first, 7, 7), AMSTERDAM)
    assert [b.ref for b in joint.reservations(room)][:3] == refs
    joint.assert_in_step(room)


@pytest.mark.parametrize("keeps_cancelled", [True, False])
def test_a_cancelled_series_ends_all_its_reservations_and_counts_as_one_in_the_guard(joint: Joint, keeps_cancelled: bool) -> None:
    """With RemoveCanceledMeetings the dates vanish without a tombstone, and twelve at once are no reason to stop."""
    room, first = joint.room(), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=12))
    joint.look(room)
    joint.sandbox.control.patch("", json={"remove_canceled_meetings": not keeps_cancelled})
    try:
        joint.cancel(event)
        assert joint.look(room).stopped is None
        joint.offset += timedelta(minutes=11)
        joint.sweep(room)
        assert joint.reservations(room) == []
        joint.assert_in_step(room)
    finally:
        joint.offset = timedelta()
        joint.sandbox.control.patch("", json={"remove_canceled_meetings": False})


def test_a_room_that_is_swapped_for_one_date_holds_that_date_alone(joint: Joint) -> None:
    room, other, first = joint.room(), joint.room(), first_monday()
    event = joint.invite(room, first, weekly(first, ["monday"], count=4))
    joint.look(room)
    second = joint.dates(event)[1]["id"]
    joint.edit(second, {"attendees": [{"type": "resource", "emailAddress": {"address": other.mailbox}}]})
    joint.look(other)
    joint.look(room)
    walls = every(first, 7, 4)
    assert joint.starts(room) == utc_of([walls[0], *walls[2:]], AMSTERDAM)
    assert joint.starts(other) == utc_of([walls[1]], AMSTERDAM)
    joint.assert_in_step(room)
    joint.assert_in_step(other)


def test_a_lost_answer_in_the_middle_doubles_no_date(joint: Joint) -> None:
    room, first = joint.room(), first_monday()
    joint.invite(room, first, weekly(first, ["monday"], count=5))
    fault = {"side": "topdesk", "method": "POST", "path": "/reservations$", "nth": 3, "when": "after", "status": 0}
    joint.sandbox.control.post("/fail", json=fault).raise_for_status()
    assert joint.look(room).failed == 1
    joint.offset += timedelta(seconds=30)
    joint.product.work.run("notices")
    joint.offset = timedelta()
    assert joint.starts(room) == utc_of(every(first, 7, 5), AMSTERDAM)
    joint.assert_in_step(room)
