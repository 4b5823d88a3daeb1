"""One contract for all calendars: the fakes that services are tested with, and the real adapters over the sandbox."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from contract.sides import FacilitiesUnderTest, MeetingsUnderTest, SideUnderTest, fresh_slot
from contract.wire import WireTap
from roombooker.domain.booking import Booking, Person, Standing, new_match_key
from roombooker.domain.fingerprint import Field
from roombooker.domain.slot import Slot
from roombooker.errors import NotFound, Refused

FACILITIES = ["fake_facilities", "topdesk"]
MEETINGS = ["fake_meetings", "graph"]
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("side", FACILITIES + MEETINGS, indirect=True)
class TestCalendar:
    def test_what_is_created_is_listed(self, side: SideUnderTest) -> None:
        slot = fresh_slot()
        made = side.create(slot)
        assert [(b.ref, b.slot, b.match_key) for b in side.listed(slot)] == [(made.ref, slot, made.match_key)]
        assert made.room_id == side.room.id
        assert made.standing is Standing.PLANNED

    def test_what_is_created_can_be_read_by_its_ref(self, side: SideUnderTest) -> None:
        made = side.create(fresh_slot())
        assert side.calendar.get(side.room, made.ref) == made

    def test_a_record_is_found_by_its_match_key(self, side: SideUnderTest) -> None:
        draft = side.draft(fresh_slot())
        made = side.calendar.create(side.room, draft)
        found = side.calendar.find(side.room, draft.match_key)
        assert found is not None
        assert found.ref == made.ref
        assert side.calendar.find(side.room, new_match_key()) is None

    def test_the_organizer_and_the_subject_are_kept(self, side: SideUnderTest) -> None:
        made = side.create(fresh_slot(), subject="Budget review")
        assert made.organizer is not None
        assert made.organizer.is_same_as(side.organizer)
        assert made.subject == "Budget review"

    def test_a_listing_holds_what_overlaps_and_nothing_that_only_touches(self, side: SideUnderTest) -> None:
        day = fresh_slot(4)
        middle = Slot(day.start + HOUR, day.end - HOUR)
        before, within, after = Slot(day.start, middle.start), middle, Slot(middle.end, day.end)
        for slot in (before, within, after):
            side.book(side.room, slot)
        listing = side.calendar.listing(side.room, middle)
        assert listing.is_complete
        assert [b.slot for b in listing.bookings] == [within]
        longer = Slot(middle.start - timedelta(minutes=1), middle.end + timedelta(minutes=1))
        assert {b.slot for b in side.calendar.listing(side.room, longer).bookings} == {before, within, after}

    def test_a_listing_is_of_one_room(self, side: SideUnderTest) -> None:
        slot = fresh_slot()
        side.book(side.room, slot)
        assert side.listed(slot, side.other_room) == []

    def test_what_a_person_cancels_stays_as_a_tombstone(self, side: SideUnderTest) -> None:
        slot = fresh_slot()
        ref = side.book(side.room, slot)
        side.cancel(ref)
        found = [b for b in side.calendar.listing(side.room, slot).bookings if b.ref == ref]
        assert [b.standing for b in found] == [Standing.CANCELLED]

    def test_a_change_moves_the_slot_and_is_read_back(self, side: SideUnderTest) -> None:
        slot = fresh_slot(2)
        made = side.create(Slot(slot.start, slot.start + HOUR))
        draft = replace(side.draft(Slot(slot.start + HOUR, slot.end)), match_key=str(made.match_key))
        moved = side.calendar.change(side.room, made, draft)
        assert (moved.ref, moved.slot) == (made.ref, draft.slot)
        assert [b.slot for b in side.listed(slot)] == [draft.slot]

    def test_a_change_carries_subject_and_people(self, side: SideUnderTest) -> None:
        made = side.create(fresh_slot())
        draft = replace(side.draft(made.slot, subject="Another subject"), match_key=str(made.match_key))
        assert side.calendar.change(side.room, made, draft).subject == "Another subject"

    def test_a_change_moves_it_to_another_room(self, side: SideUnderTest) -> None:
        slot = fresh_slot()
        made = side.create(slot)
        draft = replace(side.draft(slot), room_id=side.other_room.id, match_key=str(made.match_key))
        moved = side.calendar.change(side.other_room, made, draft)
        assert moved.room_id == side.other_room.id
        assert side.listed(slot) == []
        assert [b.ref for b in side.listed(slot, side.other_room)] == [moved.ref]

    def test_what_is_removed_is_no_longer_live(self, side: SideUnderTest) -> None:
        slot = fresh_slot()
        made = side.create(slot)
        ended = side.calendar.remove(side.room, made, "No longer needed")
        assert ended is None or not ended.is_live
        assert side.listed(slot) == []

    def test_removing_twice_is_success(self, side: SideUnderTest) -> None:
        made = side.create(fresh_slot())
        side.calendar.remove(side.room, made, "No longer needed")
        side.calendar.remove(side.room, made, "No longer needed")
        assert side.listed(made.slot) == []

    def test_a_stamp_makes_somebody_elses_record_findable(self, side: SideUnderTest) -> None:
        slot, key = fresh_slot(), new_match_key()
        ref = side.book(side.room, slot)
        stamped = side.calendar.stamp(side.room, side.calendar.get(side.room, ref), key)
        assert stamped.match_key == key
        found = side.calendar.find(side.room, key)
        assert found is not None
        assert found.ref == ref

    def test_an_unknown_ref_is_not_found(self, side: SideUnderTest) -> None:
        with pytest.raises(NotFound):
            side.calendar.get(side.room, "00000000-0000-4000-8000-000000000000")

    def test_a_private_meeting_keeps_its_subject_to_itself(self, side: SideUnderTest) -> None:
        made = side.create(fresh_slot(), subject="Private", private=True)
        assert made.subject == "Private"

    def test_instants_are_aware_utc(self, side: SideUnderTest) -> None:
        made = side.create(fresh_slot())
        assert made.slot.start.tzinfo is UTC
        assert made.modified_at is not None
        assert made.modified_at.utcoffset() == timedelta()


@pytest.mark.parametrize("side", FACILITIES, indirect=True)
class TestFacilities:
    def test_an_overlap_is_refused(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot()
        side.book(side.room, slot)
        with pytest.raises(Refused):
            side.create(slot)

    def test_a_change_writes_what_it_is_told_to_and_our_key(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot(2)
        made = side.create(Slot(slot.start, slot.start + HOUR))
        account = side.calendar.person_account()
        assert account is not None
        draft = side.draft(
            Slot(slot.start + HOUR, slot.end), subject="Another subject", attendees=9, organizer=account.person, requester_id=account.id
        )
        moved = side.calendar.change(side.room, made, draft, {Field.SLOT})
        assert moved == replace(made, slot=draft.slot, match_key=draft.match_key, version=moved.version, modified_at=moved.modified_at)
        counted = side.calendar.change(side.other_room, moved, draft, {Field.ATTENDEES})
        assert counted == replace(moved, attendees=9, version=counted.version, modified_at=counted.modified_at, room_id="")
        hidden = side.calendar.change(side.room, counted, replace(draft, subject="Private", private=True), {Field.SLOT})
        assert (hidden.subject, hidden.organizer) == ("Private", made.organizer)

    def test_occupied_answers_for_all_rooms_at_once(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot()
        ref = side.book(side.room, slot)
        ended = side.book(side.other_room, slot)
        side.cancel(ended)
        found = side.calendar.occupied([side.room, side.other_room], slot)
        assert {room: [b.ref for b in bookings] for room, bookings in found.items()} == {side.room.id: [ref], side.other_room.id: []}

    def test_occupied_widens_by_block_time(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot()
        ref = side.book(side.room, slot)
        later = slot.shifted(slot.duration + timedelta(minutes=10))
        blocked = replace(side.room, block_time=timedelta(minutes=15))
        assert side.calendar.occupied([side.room], later) == {side.room.id: []}
        assert [b.ref for b in side.calendar.occupied([blocked], later)[side.room.id]] == [ref]

    def test_a_request_waits_for_approval_and_ends_by_rejection(self, side: FacilitiesUnderTest) -> None:
        made = side.create(fresh_slot(), standing=Standing.REQUESTED)
        assert made.standing is Standing.REQUESTED
        ended = side.calendar.remove(side.room, made, "No longer needed")
        assert ended is not None
        assert ended.standing is Standing.REJECTED

    def test_many_rooms_are_listed_in_one_reading(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot()
        here, there = side.book(side.room, slot), side.book(side.other_room, slot)
        found = {
            listing.room_id: [b.ref for b in listing.bookings] for listing in side.calendar.listing_all([side.room, side.other_room], slot)
        }
        assert found == {side.room.id: [here], side.other_room.id: [there]}

    def test_a_person_is_found_whatever_the_case_of_the_address(self, side: FacilitiesUnderTest) -> None:
        found = side.calendar.person_by_email(side.organizer.email.upper())
        assert found is not None
        assert found.id == side.requester_id
        assert side.calendar.person_by_email("nobody@contoso.example") is None

    def test_hostile_addresses_find_nobody(self, side: FacilitiesUnderTest) -> None:
        for email in ['x" or email!="', "a;archived==true", "null", "a,b@contoso.example", "(x)", "\\", "'"]:
            assert side.calendar.person_by_email(email) is None

    def test_the_person_account_stands_for_nobody(self, side: FacilitiesUnderTest) -> None:
        account = side.calendar.person_account()
        assert account is not None
        made = side.create(fresh_slot(), requester_id=account.id, organizer=Person("guest@elsewhere.example"))
        assert made.organizer is None

    def test_a_series_keeps_its_clock_time_across_summer_time(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot()
        made = side.create(slot)
        dates = [(slot.start + timedelta(days=7 * week)).date() for week in (1, 2)]
        occurrences = side.calendar.make_series(side.room, made, dates)
        assert [b.slot.start.date() for b in occurrences] == [slot.start.date(), *dates]
        assert len({b.series_ref for b in occurrences}) == 1
        assert occurrences[0].series_ref is not None

    def test_a_series_gets_further_dates(self, side: FacilitiesUnderTest) -> None:
        slot = fresh_slot()
        days = [(slot.start + timedelta(days=7 * week)).date() for week in (1, 2, 3)]
        made = side.calendar.make_series(side.room, side.create(slot), days[:1])
        occurrences = side.calendar.extend_series(side.room, made[-1], days[1:])
        assert sorted(b.slot.start.date() for b in occurrences) == [slot.start.date(), *days]
        assert {b.series_ref for b in occurrences} == {made[0].series_ref}


@pytest.mark.parametrize("side", MEETINGS, indirect=True)
class TestMeetings:
    def test_a_repeated_create_makes_nothing_new(self, side: MeetingsUnderTest) -> None:
        draft = side.draft(fresh_slot())
        first, second = side.calendar.create(side.room, draft), side.calendar.create(side.room, draft)
        assert first.ref == second.ref
        assert len(side.listed(draft.slot)) == 1

    def test_a_meeting_of_ours_is_the_rooms_own(self, side: MeetingsUnderTest) -> None:
        assert side.create(fresh_slot()).room_organizes

    def test_a_meeting_that_a_person_organizes_cannot_be_changed(self, side: MeetingsUnderTest) -> None:
        slot = fresh_slot()
        seen = side.calendar.get(side.room, side.book(side.room, slot))
        assert not seen.room_organizes
        with pytest.raises(Refused):
            side.calendar.change(side.room, seen, side.draft(slot.shifted(HOUR)))

    def test_a_declined_meeting_leaves_the_room(self, side: MeetingsUnderTest) -> None:
        slot = fresh_slot()
        seen = side.calendar.get(side.room, side.book(side.room, slot))
        side.calendar.decline(side.room, seen, "The room is being painted.")
        assert side.listed(slot) == []

    def test_a_room_may_pencil_a_meeting_in(self, side: MeetingsUnderTest) -> None:
        seen = side.calendar.get(side.room, side.book(side.room, fresh_slot()))
        pencilled = side.calendar.accept(side.room, seen, tentatively=True)
        assert pencilled.standing is Standing.REQUESTED
        assert side.calendar.accept(side.room, pencilled).standing is Standing.PLANNED

    def test_free_busy_tells_what_is_in_the_rooms(self, side: MeetingsUnderTest) -> None:
        slot = fresh_slot()
        side.book(side.room, slot)
        found = side.calendar.free_busy([side.room, side.other_room], slot)
        assert [b.slot for b in found[side.room.id]] == [slot]
        assert found[side.other_room.id] == []

    def test_a_first_delta_is_full_and_the_next_tells_only_changes(self, side: MeetingsUnderTest) -> None:
        day = fresh_slot(4)
        first = side.book(side.room, Slot(day.start, day.start + HOUR))
        full = side.calendar.changes(side.room, day, None)
        assert full.is_full
        assert [b.ref for b in full.bookings] == [first]
        quiet = side.calendar.changes(side.room, day, full.cursor)
        assert (quiet.is_full, quiet.bookings, quiet.gone) == (False, (), ())
        second = side.book(side.room, Slot(day.end - HOUR, day.end))
        after = side.calendar.changes(side.room, day, quiet.cursor)
        assert [b.ref for b in after.bookings] == [second]

    def test_a_delta_tells_cancelled_and_vanished_meetings_apart(self, side: MeetingsUnderTest) -> None:
        day = fresh_slot(4)
        cancelled = side.book(side.room, Slot(day.start, day.start + HOUR))
        declined = side.book(side.room, Slot(day.end - HOUR, day.end))
        full = side.calendar.changes(side.room, day, None)
        side.cancel(cancelled)
        side.calendar.decline(side.room, side.calendar.get(side.room, declined), "Taken")
        side.settle()
        after = side.calendar.changes(side.room, day, full.cursor)
        assert [(b.ref, b.standing) for b in after.bookings] == [(cancelled, Standing.CANCELLED)]
        assert after.gone == (declined,)

    def test_deltas_of_many_rooms_come_in_order(self, side: MeetingsUnderTest) -> None:
        slot = fresh_slot()
        ref = side.book(side.other_room, slot)
        found = list(side.calendar.changes_all([(side.room, slot, None), (side.other_room, slot, None)]))
        assert [f.room_id for f in found if not isinstance(f, Exception)] == [side.room.id, side.other_room.id]
        assert [[b.ref for b in f.bookings] for f in found if not isinstance(f, Exception)] == [[], [ref]]

    def test_the_room_keeps_no_subject_of_others(self, side: MeetingsUnderTest) -> None:
        seen: Booking = side.calendar.get(side.room, side.book(side.room, fresh_slot()))
        assert seen.subject is None or (seen.organizer is not None and seen.subject == seen.organizer.name)


def test_everything_on_the_wire_keeps_to_the_contracts(tap: WireTap, topdesk: FacilitiesUnderTest, graph: MeetingsUnderTest) -> None:
    slot = fresh_slot()
    for side in (topdesk, graph):
        made = side.create(slot)
        side.listed(slot)
        side.calendar.remove(side.room, made, "Done")
    assert tap.count("POST", "/reservations$") > 0
    assert tap.count("POST", "/events$") > 0
    tap.check()
