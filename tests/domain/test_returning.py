"""Which lost meeting is which new one: only where that is beyond doubt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from people import ALICE, BOB, DAVE
from roombooker.domain.booking import Booking, Person, Side, Standing
from roombooker.domain.link import Link, Remembered
from roombooker.domain.returning import substitutes
from roombooker.domain.slot import Slot
from roombooker.domain.view import Ending, Rules, SideRules, View

WEEK = timedelta(days=7)
START = datetime(2026, 12, 7, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAIN = SideRules(keeps=frozenset(), follows=frozenset())
RULES = Rules(
    room_id="amber", now=START - WEEK, zone=ZoneInfo("Europe/Amsterdam"), topdesk=PLAIN, exchange=PLAIN, nobody=frozenset({DAVE.email})
)


def meeting(ref: str, start: datetime, *, series: str | None = None, organizer: Person = ALICE, room: str = "amber") -> Booking:
    return Booking(
        side=Side.EXCHANGE, ref=ref, place=f"{room}@contoso.example", room_id=room, slot=Slot(start, start + HOUR), standing=Standing.PLANNED,
        version="", organizer=organizer, ical_uid=f"uid-{ref}", series_ref=series, original_start=start if series else None,
    )  # fmt: skip


def link_to(booking: Booking) -> Link:
    return Link(
        id=f"link-{booking.ref}", match_key="", room_id=booking.room_id, slot=booking.slot, exchange=Remembered(booking.ref, ""),
        organizer=booking.organizer, ical_uid=booking.ical_uid, original_start=booking.original_start, series_id=booking.series_mark,
    )  # fmt: skip


def found(lost: list[Booking], fresh: list[Booking], *, stays: list[Booking] | None = None, ending: Ending = Ending.GONE) -> dict[str, str]:
    """Lost ref -> new ref."""
    links = [link_to(b) for b in (*lost, *(stays or []))]
    meetings = {b.ref: b for b in (*fresh, *(stays or []))}
    view = View(tuple(meetings.values()), is_complete=True, endings={b.ref: ending for b in lost})
    got = substitutes(links, meetings, {link.exchange.ref for link in links if link.exchange}, view, RULES)
    return {name.removeprefix("link-"): b.ref for name, b in got.items()}


def dates(prefix: str, first: datetime, count: int, series: str = "s") -> list[Booking]:
    return [meeting(f"{prefix}{n}", first + n * WEEK, series=series) for n in range(count)]


def test_the_same_meeting_under_a_new_id_is_found_by_its_ical_uid() -> None:
    old = meeting("old", START)
    assert found([old], [replace(meeting("new", START + HOUR), ical_uid=old.ical_uid)]) == {"old": "new"}


def test_a_series_an_hour_later_is_found_date_by_date() -> None:
    assert found(dates("a", START, 3), dates("b", START + HOUR, 3)) == {"a0": "b0", "a1": "b1", "a2": "b2"}


def test_a_series_on_another_day_is_found_in_order() -> None:
    assert found(dates("a", START, 3), dates("b", START + timedelta(days=2), 3)) == {"a0": "b0", "a1": "b1", "a2": "b2"}


def test_a_lost_date_of_a_series_that_stands_is_not_taken_for_one_that_rolled_in() -> None:
    a, b, c, rolled = dates("a", START, 4)
    assert found([b], [rolled], stays=[a, c]) == {}


def test_a_new_series_of_the_same_organizer_takes_over_at_the_same_times_and_on_the_same_days() -> None:
    old = dates("a", START, 2)
    assert found(old, dates("b", START, 2, "t")) == {"a0": "b0", "a1": "b1"}
    assert found(old, dates("b", START + 3 * HOUR, 2, "t")) == {"a0": "b0", "a1": "b1"}


def test_a_meeting_of_somebody_else_or_in_another_room_takes_nothing_over() -> None:
    old = dates("a", START, 1)
    assert found(old, [meeting("b", START, organizer=BOB)]) == {}
    assert found(old, [meeting("b", START, room="beryl")]) == {}


def test_what_was_cancelled_is_not_taken_over_by_a_meeting_made_anew() -> None:
    assert found([meeting("a", START)], [meeting("b", START)], ending=Ending.ENDED) == {}


def test_two_that_fit_equally_well_are_left_alone() -> None:
    old = dates("a", START, 1)
    assert found(old, [meeting("b", START + HOUR, series="t"), meeting("c", START + 2 * HOUR, series="u")]) == {}


def test_the_person_account_stands_for_nobody() -> None:
    assert found([meeting("a", START, organizer=DAVE)], [meeting("b", START, organizer=DAVE)]) == {}
