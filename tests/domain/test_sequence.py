"""The order of actions: whoever moves onto a place waits until it is left."""

from dataclasses import replace
from datetime import timedelta

from domain.test_returning import HOUR, START, dates, link_to, meeting
from roombooker.domain.actions import Action, Create, Delete, Update, Vanish
from roombooker.domain.booking import Booking, Side
from roombooker.domain.fingerprint import Field
from roombooker.domain.sequence import dates_of, in_runs, in_safe_order
from roombooker.domain.slot import Slot


def moved(target: Booking, by: timedelta) -> Update:
    return Update(Side.TOPDESK, link_to(target), replace(target, slot=target.slot.shifted(by)), target, frozenset({Field.SLOT}))


def test_dates_that_move_later_go_from_the_last_and_those_that_move_earlier_from_the_first() -> None:
    days = [meeting(str(n), START + timedelta(days=n)) for n in range(4)]
    later = in_safe_order([moved(day, timedelta(days=1)) for day in days])
    assert [a.target.ref for a in later if isinstance(a, Update)] == ["3", "2", "1", "0"]
    earlier = in_safe_order([moved(day, timedelta(days=-1)) for day in reversed(days)])
    assert [a.target.ref for a in earlier if isinstance(a, Update)] == ["0", "1", "2", "3"]


def test_what_ends_comes_before_and_what_is_made_after_them() -> None:
    one, two, gone, new = (meeting(name, START + n * HOUR) for n, name in enumerate(("one", "two", "gone", "new")))
    make, end = Create(Side.TOPDESK, new), Delete(Side.TOPDESK, link_to(gone), gone, is_inferred=False)
    listed: list[Action] = [make, moved(one, HOUR), moved(two, HOUR), end]
    assert [type(a) for a in in_safe_order(listed)] == [Delete, Update, Update, Create]


def test_one_move_waits_for_the_one_end_that_makes_room_for_it() -> None:
    one, gone = meeting("one", START), meeting("gone", START + HOUR)
    longer = Update(Side.TOPDESK, link_to(one), replace(one, slot=Slot(START, START + 2 * HOUR)), one, frozenset({Field.SLOT}))
    end = Delete(Side.TOPDESK, link_to(gone), gone, is_inferred=False)
    assert in_safe_order([longer, end]) == (end, longer)


def test_a_longer_meeting_waits_until_the_next_has_moved_on_and_a_shorter_one_goes_before_what_takes_its_place() -> None:
    one, two = meeting("one", START), meeting("two", START + HOUR)
    longer = Update(Side.TOPDESK, link_to(one), replace(one, slot=Slot(START, START + 2 * HOUR)), one, frozenset({Field.SLOT}))
    assert in_safe_order([longer, moved(two, HOUR)]) == (moved(two, HOUR), longer)
    shorter = Update(Side.TOPDESK, link_to(one), replace(one, slot=Slot(START, START + HOUR / 2)), one, frozenset({Field.SLOT}))
    assert in_safe_order([moved(two, -HOUR / 2), shorter]) == (shorter, moved(two, -HOUR / 2))


def test_a_meeting_that_is_back_is_told_so_before_its_link_learns_its_new_ref() -> None:
    one = meeting("one", START)
    back = Vanish(link_to(one), is_back=True)
    assert in_safe_order([moved(one, HOUR), back]) == (back, moved(one, HOUR))


def test_the_dates_of_a_series_make_one_run_and_all_else_is_alone() -> None:
    single = Create(Side.TOPDESK, meeting("single", START))
    series = [Create(Side.TOPDESK, b) for b in dates("a", START, 3)]
    shown = Create(Side.EXCHANGE, dates("b", START, 1)[0])
    runs = in_runs([series[0], single, series[1], shown, series[2]])
    assert [len(run) for run in runs] == [3, 1, 1]
    assert dates_of(runs[0]) == series
    assert dates_of(runs[1]) == dates_of(runs[2]) == []
