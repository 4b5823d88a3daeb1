"""What the fakes offer to tests beyond the port: faults, conflict modes, series as deltas tell them."""

from datetime import timedelta

import pytest

from contract.sides import FacilitiesUnderTest, MeetingsUnderTest, fresh_slot
from fakes.calendars import FakeFacilities, FakeMeetings
from roombooker.domain.booking import Standing
from roombooker.errors import NotFound, OutcomeUnknown, Unavailable


def test_a_fault_before_the_effect_leaves_nothing(fake_facilities: FacilitiesUnderTest) -> None:
    fake: FakeFacilities = fake_facilities.calendar  # type: ignore[assignment]
    slot = fresh_slot()
    fake.fail("create", Unavailable("topdesk", "Away."), times=2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            fake_facilities.create(slot)
    assert fake_facilities.create(slot).slot == slot
    assert len(fake.live()) == 1


def test_a_fault_after_the_effect_loses_only_the_answer(fake_facilities: FacilitiesUnderTest) -> None:
    fake: FakeFacilities = fake_facilities.calendar  # type: ignore[assignment]
    draft = fake_facilities.draft(fresh_slot())
    fake.fail("create", OutcomeUnknown("topdesk", "Lost."), when="after")
    with pytest.raises(OutcomeUnknown):
        fake.create(fake_facilities.room, draft)
    assert fake.find(fake_facilities.room, draft.match_key) is not None


def test_conflict_modes_are_those_of_topdesk(fake_facilities: FacilitiesUnderTest) -> None:
    fake: FakeFacilities = fake_facilities.calendar  # type: ignore[assignment]
    slot = fresh_slot()
    fake_facilities.create(slot)
    for mode, standing in (("flag", Standing.CONFLICTING), ("silent", Standing.PLANNED)):
        fake.conflict_mode = mode
        assert fake_facilities.create(slot).standing is standing


def test_a_series_that_lost_a_date_is_told_whole_without_naming_it(fake_meetings: MeetingsUnderTest) -> None:
    fake: FakeMeetings = fake_meetings.calendar  # type: ignore[assignment]
    first = fresh_slot()
    dates = [
        fake.invite(fake_meetings.room, first.shifted(timedelta(days=n)), fake_meetings.organizer, series_ref="series", ical_uid="uid")
        for n in range(3)
    ]
    window = first.widened(timedelta(days=10))
    cursor = fake.changes(fake_meetings.room, window, None).cursor
    fake.vanish(dates[1].ref)
    after = fake.changes(fake_meetings.room, window, cursor)
    assert (after.restated, after.gone, [b.ref for b in after.bookings]) == (("series",), (), [dates[0].ref, dates[2].ref])


def test_another_rooms_item_is_not_found_in_this_mailbox(fake_meetings: MeetingsUnderTest) -> None:
    ref = fake_meetings.book(fake_meetings.other_room, fresh_slot())
    with pytest.raises(NotFound):
        fake_meetings.calendar.get(fake_meetings.room, ref)
