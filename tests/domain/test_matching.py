"""Which meeting is which reservation: the rules in their order, and never a guess."""

from datetime import datetime
from zoneinfo import ZoneInfo

from people import ALICE, BOB
from properties.worlds import record, slot
from roombooker.domain.booking import Booking, Person, Side
from roombooker.domain.link import Link
from roombooker.domain.matching import Matches, Meeting, Waiting, match
from roombooker.domain.slot import Slot

ZONE = ZoneInfo("Europe/Amsterdam")
KEY, OTHER_KEY = "ORB-01ARZ3NDEKTSV4RRFFQ69G5FAV", "ORB-01BX5ZZKBKACTAV9WEVGEMMVRZ"
ACCOUNT = Person("roombooker@contoso.example")


def meeting(ref: str = "m", at: Slot | None = None, **facts: object) -> Meeting:
    return Meeting(record(Side.EXCHANGE, ref, at or slot(9), **facts))


def reservation(ref: str = "r", at: Slot | None = None, **facts: object) -> Waiting:
    return Waiting(record(Side.TOPDESK, ref, at or slot(9), **facts))


def awaited(ref: str = "r", at: Slot | None = None, *, organizer: Person = ALICE, uid: str | None = None,
            original_start: datetime | None = None) -> Waiting:  # fmt: skip
    """Booked through us; TOPdesk's requester is the person account."""
    booking: Booking = record(Side.TOPDESK, ref, at or slot(9), organizer=None)
    link = Link(id=f"link-{ref}", match_key=f"key-{ref}", room_id="room-amber", slot=booking.slot, organizer=organizer, is_awaiting=True,
                ical_uid=uid, original_start=original_start)  # fmt: skip
    return Waiting(booking, link)


def pairs(found: Matches) -> list[tuple[str, str, str]]:
    return sorted((p.meeting.booking.ref, p.waiting.booking.ref, p.why) for p in found.pairs)


def test_the_key_on_both_decides_whatever_else_differs() -> None:
    found = match([meeting(at=slot(14), organizer=BOB, match_key=KEY)], [reservation(match_key=KEY), reservation("x", slot(14))], ZONE)
    assert pairs(found) == [("m", "r", "key")]
    assert found.pairs[0].is_shifted


def test_the_key_that_our_own_link_gave_the_meeting_counts() -> None:
    link = Link(id="l", match_key=KEY, room_id="room-amber", slot=slot(9))
    found = match([Meeting(record(Side.EXCHANGE, "m", slot(9), organizer=BOB), link)], [reservation(match_key=KEY)], ZONE)
    assert pairs(found) == [("m", "r", "key")]


def test_a_known_icaluid_decides_next() -> None:
    found = match([meeting(at=slot(14), organizer=BOB, ical_uid="u")], [awaited(uid="u"), awaited("x", slot(14), organizer=BOB)], ZONE)
    assert ("m", "r", "iCalUId") in pairs(found)


def test_dates_of_a_series_share_their_icaluid_and_are_told_apart_by_their_start() -> None:
    first, second = slot(9), slot(9 + 24)
    waiting = [awaited("r1", first, uid="u", original_start=first.start), awaited("r2", second, uid="u", original_start=second.start)]
    meetings = [
        meeting("m1", first, ical_uid="u", original_start=first.start),
        meeting("m2", second, ical_uid="u", original_start=second.start),
    ]
    assert pairs(match(meetings, waiting, ZONE)) == [("m1", "r1", "iCalUId"), ("m2", "r2", "iCalUId")]


def test_organizer_and_slot_compare_all_addresses_without_regard_to_case() -> None:
    found = match([meeting(organizer=Person("A.Jansen@Contoso.example"))], [reservation(organizer=ALICE)], ZONE)
    assert pairs(found) == [("m", "r", "organizer and slot")]


def test_shifted_within_its_day_it_is_the_booking_that_waits() -> None:
    assert pairs(match([meeting(at=slot(15))], [awaited()], ZONE)) == [("m", "r", "organizer and day")]


def test_the_day_is_the_rooms_own() -> None:
    late, next_day = slot(22, 30), slot(24 + 22, 30)  # 23:00 in Amsterdam, and a day later
    assert pairs(match([meeting(at=next_day)], [awaited(at=late)], ZONE)) == []
    assert pairs(match([meeting(at=slot(23, 30))], [awaited(at=slot(24 + 10))], ZONE)) == [("m", "r", "organizer and day")]


def test_only_an_awaited_booking_is_shifted() -> None:
    found = match([meeting(at=slot(15))], [reservation()], ZONE)
    assert (found.pairs, len(found.meetings), len(found.waiting)) == ((), 1, 1)


def test_two_that_wait_on_one_day_are_no_guess() -> None:
    found = match([meeting(at=slot(15))], [awaited("r1"), awaited("r2", slot(11))], ZONE)
    assert found.pairs == ()
    assert [b.ref for b in found.ambiguous[0].candidates] == ["r1", "r2"]


def test_an_exact_slot_goes_before_the_day() -> None:
    found = match([meeting("m1"), meeting("m2", slot(15))], [awaited()], ZONE)
    assert pairs(found) == [("m1", "r", "organizer and slot")]
    assert [m.booking.ref for m in found.meetings] == ["m2"]


def test_where_one_side_knows_no_organizer_room_and_slot_decide() -> None:
    assert pairs(match([meeting(organizer=BOB)], [reservation(organizer=None)], ZONE)) == [("m", "r", "slot")]
    assert pairs(match([meeting(organizer=None)], [reservation(organizer=BOB)], ZONE)) == [("m", "r", "slot")]


def test_the_person_account_counts_as_nobody() -> None:
    waiting = [reservation(organizer=ACCOUNT)]
    assert pairs(match([meeting(organizer=BOB)], waiting, ZONE)) == []
    assert pairs(match([meeting(organizer=BOB)], waiting, ZONE, frozenset({ACCOUNT.email}))) == [("m", "r", "slot")]


def test_a_booking_that_waits_for_somebody_else_is_not_taken_by_its_slot() -> None:
    assert pairs(match([meeting(organizer=BOB)], [awaited(organizer=ALICE)], ZONE)) == []


def test_two_meetings_for_one_reservation_are_no_guess() -> None:
    found = match([meeting("m1"), meeting("m2")], [reservation()], ZONE)
    assert found.pairs == ()
    assert {a.meeting.booking.ref for a in found.ambiguous} == {"m1", "m2"}
    assert found.waiting == ()


def test_two_people_at_one_time_are_two_bookings() -> None:
    found = match([meeting("m1"), meeting("m2", organizer=BOB)], [reservation("r1"), reservation("r2", organizer=BOB)], ZONE)
    assert [(m, r) for m, r, _ in pairs(found)] == [("m1", "r1"), ("m2", "r2")]
