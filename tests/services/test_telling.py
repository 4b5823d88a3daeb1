"""What organizers are told by mail: which booking it is about, in the room's own time, and each ending that nobody else tells them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from factories import booking_request, make_room, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.slot import Slot
from roombooker.errors import Unavailable
from roombooker.services.telling import when
from services.test_posting import Killed, killed_at_the_commit_of_a_mail
from services.twin import Twin

ME = caller(ALICE)
PLACE = "Amber, Tue 24 Nov 2026, 10:00 to 11:00 (Europe/Amsterdam)"
AT_NOON = "Amber, Tue 24 Nov 2026, 12:00 to 13:00 (Europe/Amsterdam)"


def _sent(twin: Twin) -> str:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    return meeting.ref


def _ended(twin: Twin) -> None:
    _sent(twin)
    twin.noticed(twin.topdesk.cancel(twin.reservations()[0].ref))


def _vanished(twin: Twin) -> None:
    twin.exchange.vanish(_sent(twin))
    twin.follow()


def _did_not_come_back(twin: Twin) -> None:
    _vanished(twin)
    twin.later(minutes=11)
    twin.sweep()


def _taken(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()


def _rejected(twin: Twin) -> None:
    twin.change_room(twin.amber, requires_approval=True)
    _sent(twin)
    twin.noticed(twin.topdesk.reject(twin.reservations()[0].ref))


def _rejected_before_it_was_sent(twin: Twin) -> None:
    room = twin.change_room(twin.amber, requires_approval=True)
    twin.bookings.book(ME, "key-0001", booking_request(room))
    twin.noticed(twin.topdesk.reject(twin.reservations()[0].ref))


def _approved(twin: Twin) -> None:
    twin.change_room(twin.amber, requires_approval=True)
    _sent(twin)
    twin.noticed(twin.topdesk.approve(twin.reservations()[0].ref))


def _never_sent(twin: Twin) -> None:
    twin.bookings.book(ME, "key-0001", booking_request(twin.amber))
    twin.later(minutes=31)
    twin.bookings.release_due_holds()


ENDINGS = [_ended, _vanished, _did_not_come_back, _taken, _rejected, _rejected_before_it_was_sent, _approved, _never_sent]


@pytest.mark.parametrize("what", ENDINGS, ids=lambda f: f.__name__[1:])
def test_a_mail_says_which_booking_it_is_about(twin: Twin, what: Callable[[Twin], None]) -> None:
    what(twin)
    to, _, text = twin.mails[-1]
    assert to == ALICE.email
    assert text.endswith(f"\n\n{PLACE}")


def test_a_mail_gives_the_time_of_the_rooms_own_zone(twin: Twin) -> None:
    twin.change_room(twin.amber, time_zone="America/New_York")
    _ended(twin)
    assert twin.mails[-1][2].endswith("Amber, Tue 24 Nov 2026, 04:00 to 05:00 (America/New_York)")


def test_a_booking_over_midnight_has_both_its_days() -> None:
    assert when(make_room(), slot_at(13, 120)) == "Tue 24 Nov 2026, 23:00 to Wed 25 Nov 2026, 01:00 (Europe/Amsterdam)"


def test_who_is_asked_about_a_move_in_topdesk_reads_the_old_and_the_new_time(twin: Twin) -> None:
    _sent(twin)
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2)))
    assert twin.mails[-1][2].endswith(f"\n\n{PLACE}\nIn TOPdesk now: {AT_NOON}")


def test_who_is_told_that_a_move_was_refused_reads_where_the_meeting_is(twin: Twin) -> None:
    meeting = _sent(twin)
    twin.topdesk.book(twin.amber, slot_at(2), BOB)
    twin.exchange.edit(meeting, slot=slot_at(2))
    twin.follow()
    assert twin.mails[-1][2].endswith(f"\n\n{PLACE}\nIn Outlook now: {AT_NOON}")


def test_who_is_told_of_a_change_in_topdesk_reads_the_new_time_in_the_rooms_zone(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.noticed(reservation)
    twin.noticed(twin.topdesk.edit(reservation.ref, slot=slot_at(2)))
    _, subject, text = twin.mails[-1]
    assert subject == "Amber: your booking was changed in TOPdesk"
    assert text.endswith(f"\n\n{AT_NOON}")
    assert "UTC" not in text


# what was never sent


def test_who_never_sent_the_appointment_is_told_that_the_room_was_released(twin: Twin) -> None:
    _never_sent(twin)
    assert [(to, subject) for to, subject, _ in twin.mails] == [(ALICE.email, "Amber was released")]
    assert "not sent in time" in twin.mails[0][2]


def test_the_dates_of_a_series_that_was_never_sent_are_told_of_once(twin: Twin) -> None:
    weekly = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": 4, "recurrenceTimeZone": "Europe/Amsterdam"},
    }
    twin.bookings.book(ME, "key-0001", booking_request(twin.amber, recurrence=weekly))
    twin.later(minutes=31)
    assert twin.bookings.release_due_holds() == 4
    ((_, subject, text),) = twin.mails
    assert subject == "Amber was released"
    assert text.endswith(f"\n\n{PLACE}, a date of a series; others may be concerned too")


def _moved(twin: Twin, **changes: Any) -> None:
    _, answer = twin.bookings.book(ME, "key-0001", booking_request(twin.amber))
    _sent(twin)
    twin.bookings.move(ME, "key-0002", answer["id"], changes)


def _to(slot: Slot) -> dict[str, Any]:
    return {"start": slot.start, "end": slot.end}


@pytest.mark.parametrize("hours", [2, 0.5], ids=["elsewhere", "overlapping"])
def test_who_never_sent_the_moved_appointment_is_told_that_the_booking_stands_as_it_was(twin: Twin, hours: float) -> None:
    _moved(twin, **_to(slot_at(hours)))
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    ((to, subject, text),) = twin.mails
    assert (to, subject) == (ALICE.email, "Amber: your booking was not moved")
    assert "stands as it was" in text
    assert text.endswith(f"\n\n{PLACE}")


def test_a_move_into_another_room_that_was_never_sent_is_told_of_too(twin: Twin) -> None:
    _moved(twin, rooms=[twin.beryl.id])
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    ((_, subject, text),) = twin.mails
    assert subject == "Amber: your booking was not moved"
    assert text.endswith(f"\n\n{PLACE}")


def test_who_wishes_anew_or_moves_the_meeting_otherwise_is_not_told_that_it_was_not_sent(twin: Twin) -> None:
    _moved(twin, **_to(slot_at(2)))
    twin.bookings.move(ME, "key-0003", twin.the_link().booking_id, _to(slot_at(4)))
    twin.exchange.edit(twin.meetings()[0].ref, slot=slot_at(6))
    twin.follow()
    assert twin.slots() == ([slot_at(6)], [slot_at(6)])
    assert twin.mails == []


def test_what_took_a_worker_several_tries_is_still_told_once(twin: Twin) -> None:
    """The reason is kept with the progress, not in the process."""
    _moved(twin, **_to(slot_at(2)))
    twin.topdesk.fail("remove", Unavailable("topdesk", "TOPdesk is away."), times=2)
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    assert twin.mails == []
    for _ in range(4):
        twin.later(minutes=1)
        twin.another_service().finish_due()
    assert [subject for _, subject, _ in twin.mails] == ["Amber: your booking was not moved"]


def test_killed_between_a_release_and_its_mail_neither_is_there_and_later_both(twin: Twin) -> None:
    twin.bookings.book(ME, "key-0001", booking_request(twin.amber))
    twin.later(minutes=31)
    with killed_at_the_commit_of_a_mail(), pytest.raises(Killed):
        twin.bookings.release_due_holds()
    assert (twin.mails, twin.states()) == ([], ["releasing"])
    twin.clock.advance(timedelta(seconds=3 * twin.settings.lease_seconds))
    twin.bookings.finish_due()
    assert ([subject for _, subject, _ in twin.mails], twin.states()) == (["Amber was released"], ["released"])


def test_no_mail_tells_a_subject(twin: Twin) -> None:
    twin.bookings.book(ME, "key-0001", booking_request(twin.amber, subject="Redundancies", private=True))
    twin.bookings.book(ME, "key-0002", booking_request(twin.beryl, subject="Budget"))
    twin.later(minutes=31)
    twin.bookings.release_due_holds()
    assert len(twin.mails) == 2
    assert not [mail for mail in twin.mails if "Redundancies" in str(mail) or "Budget" in str(mail)]
