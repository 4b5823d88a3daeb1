"""Bad luck: sides that are away, answers that are lost, meetings that vanish, processes that are killed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Standing
from roombooker.errors import Denied, OutcomeUnknown, Unavailable
from roombooker.store import leases, notices
from roombooker.store.models import CursorRow
from services.twin import Twin


class Killed(BaseException):
    """The process is gone: nothing catches it."""


# what vanishes


def test_a_meeting_that_vanished_keeps_its_reservation_for_a_while_and_its_organizer_is_told(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.vanish(meeting.ref)
    twin.follow()
    assert len(twin.reservations()) == 1
    assert twin.mails[-1][0] == ALICE.email
    twin.later(minutes=9)
    twin.sweep()
    assert len(twin.reservations()) == 1
    twin.later(minutes=2)
    twin.sweep()
    assert twin.reservations() == []
    assert twin.states() == ["cancelled"]
    assert twin.is_quiet()


def test_a_meeting_that_comes_back_elsewhere_was_moved(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    twin.exchange.vanish(meeting.ref)
    twin.follow()
    twin.later(minutes=5)
    twin.exchange.invite(twin.amber, slot_at(3), ALICE, ical_uid=meeting.ical_uid)
    twin.follow()
    assert [(b.ref, b.slot) for b in twin.reservations()] == [(reservation.ref, slot_at(3))]
    assert twin.the_link().vanished_at is None
    twin.later(minutes=30)
    assert twin.is_quiet()


def test_a_meeting_that_comes_back_onto_a_taken_slot_leaves_the_old_reservation(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.topdesk.book(twin.amber, slot_at(3), BOB)
    twin.exchange.vanish(meeting.ref)
    twin.exchange.invite(twin.amber, slot_at(3, 30), ALICE, ical_uid=meeting.ical_uid)
    twin.follow(twin.amber)
    assert slot_at() in [b.slot for b in twin.reservations() if b.organizer == ALICE]
    assert "conflict" in [item.kind for item in twin.work_items()]


def test_a_reservation_that_cannot_be_found_any_more_waits_for_a_person(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.topdesk.vanish(twin.reservations()[0].ref)
    twin.sweep()
    assert len(twin.meetings()) == 1
    assert [item.kind for item in twin.work_items()] == ["unexplained"]
    assert twin.is_quiet()


def test_a_partial_listing_deletes_nothing_and_creates_nothing(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.sweep()
    twin.topdesk.is_complete = False
    twin.exchange.invite(twin.amber, slot_at(5), BOB)
    twin.follow()
    assert len(twin.meetings()) == 2
    assert len(twin.reservations()) == 1
    twin.topdesk.is_complete = True
    twin.sweep()
    assert len(twin.reservations()) == 2


# the guard


def _fill(twin: Twin, number: int) -> None:
    for hour in range(number):
        twin.exchange.invite(twin.amber, slot_at(hour * 2), ALICE)
    twin.follow()


def test_a_room_that_suddenly_looks_empty_is_held_until_a_person_lets_it_pass(twin: Twin) -> None:
    _fill(twin, 7)
    for meeting in twin.meetings():
        twin.exchange.vanish(meeting.ref)
    twin.follow(twin.amber)
    assert twin.room_row(twin.amber).held_reason is not None
    assert [item.kind for item in twin.work_items()] == ["safety_stop"]
    assert twin.mails == [], "nobody is alarmed by what looks like our own mistake"
    twin.later(minutes=30)
    twin.sweep()
    assert len(twin.reservations()) == 7
    twin.exchange.invite(twin.amber, slot_at(40), BOB)
    twin.follow(twin.amber)
    assert len(twin.reservations()) == 7, "a held room is left alone"
    twin.sync.let_pass(twin.amber.id, by="carol")
    twin.later(minutes=11)
    twin.sweep()
    assert [b.organizer for b in twin.reservations()] == [BOB]
    assert twin.work_items() == []


def test_many_explicit_cancellations_are_peoples_wish(twin: Twin) -> None:
    _fill(twin, 7)
    for meeting in twin.meetings():
        twin.exchange.cancel(meeting.ref)
    twin.follow(twin.amber)
    assert twin.reservations() == []
    assert twin.room_row(twin.amber).held_reason is None


def _vanish(twin: Twin, number: int) -> None:
    for meeting in twin.meetings(twin.amber)[:number]:
        twin.exchange.vanish(meeting.ref)
    twin.follow(twin.amber)


@pytest.mark.parametrize("pause", [1, 5, 10])
def test_a_listing_that_loses_a_few_at_each_look_is_stopped_too(twin: Twin, pause: int) -> None:
    _fill(twin, 12)
    for _ in range(6):
        _vanish(twin, 2)
        twin.later(minutes=pause)
    assert twin.room_row(twin.amber).held_reason is not None
    assert len(twin.reservations()) >= 12 - 5
    assert [item.kind for item in twin.work_items()] == ["safety_stop"]


def test_a_few_that_vanish_now_and_then_are_no_alarm(twin: Twin) -> None:
    _fill(twin, 12)
    for _ in range(4):
        _vanish(twin, 2)
        twin.later(minutes=45)
        twin.sweep()
    assert twin.room_row(twin.amber).held_reason is None
    assert len(twin.reservations()) == 4


def test_what_came_back_and_what_was_cancelled_does_not_count_as_missed(twin: Twin) -> None:
    _fill(twin, 12)
    for meeting in twin.meetings()[:3]:
        twin.exchange.vanish(meeting.ref)
        twin.follow(twin.amber)
        twin.exchange.invite(twin.amber, meeting.slot, ALICE, ical_uid=meeting.ical_uid)
        twin.follow(twin.amber)
    for meeting in twin.meetings()[:5]:
        twin.exchange.cancel(meeting.ref)
        twin.follow(twin.amber)
    _vanish(twin, 5)
    assert twin.room_row(twin.amber).held_reason is None


def test_what_a_person_let_pass_does_not_stop_the_room_again(twin: Twin) -> None:
    _fill(twin, 14)
    _vanish(twin, 4)
    _vanish(twin, 4)
    assert twin.room_row(twin.amber).held_reason is not None
    twin.sync.let_pass(twin.amber.id, by="carol")
    twin.later(minutes=11)
    twin.sweep()
    assert len(twin.reservations()) == 6
    twin.later(minutes=51)
    twin.sweep()
    _vanish(twin, 3)
    assert twin.room_row(twin.amber).held_reason is None, "they were looked at by a person"
    _vanish(twin, 3)
    assert twin.room_row(twin.amber).held_reason is not None, "what vanishes after that hour counts again"


# sides that are away


def test_while_topdesk_is_away_a_meeting_waits_and_is_reserved_later(twin: Twin) -> None:
    twin.topdesk.fail("create", Unavailable("topdesk", "away"), times=1)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    assert twin.reservations() == []
    assert len(twin.waiting_notices()) == 1
    twin.later(seconds=10)
    twin.sync.digest_notices()
    assert [b.slot for b in twin.reservations()] == [slot_at()]
    assert twin.waiting_notices() == []
    assert twin.is_quiet()


def test_a_notice_stays_while_its_room_cannot_be_read(twin: Twin) -> None:
    with twin.database.write() as session:
        notices.add(session, side="exchange", ref=twin.amber.id, kind="changed", at=twin.clock())
    twin.exchange.fail("changes", Unavailable("exchange", "away"))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.sync.digest_notices()
    assert len(twin.waiting_notices()) == 1
    twin.later(minutes=1)
    twin.sync.digest_notices()
    assert twin.states() == ["confirmed"]


def test_a_topdesk_notice_stays_while_topdesk_is_away_and_holds_nobody_up(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.exchange.invite(twin.beryl, slot_at(), BOB)
    twin.topdesk.fail("anywhere", Unavailable("topdesk", "away"))
    with twin.database.write() as session:
        notices.add(session, side="exchange", ref=twin.beryl.id, kind="changed", at=twin.clock())
    twin.noticed(reservation)
    assert len(twin.reservations(twin.beryl)) == 1
    twin.later(minutes=1)
    twin.sync.digest_notices()
    assert len(twin.meetings(twin.amber)) == 1
    assert twin.waiting_notices() == []


def test_a_lost_answer_to_a_create_makes_no_second_reservation(twin: Twin) -> None:
    twin.topdesk.fail("create", OutcomeUnknown("topdesk", "lost"), when="after")
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.later(seconds=10)
    twin.sync.digest_notices()
    assert len(twin.topdesk.records) == 1
    assert twin.states() == ["confirmed"]
    assert twin.is_quiet()


def test_a_lost_answer_hides_no_double_booking(twin: Twin) -> None:
    twin.topdesk.conflict_mode = "silent"
    twin.topdesk.book(twin.amber, slot_at(0.5), BOB)
    twin.topdesk.fail("create", OutcomeUnknown("topdesk", "lost"), when="after")
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.later(seconds=10)
    twin.sync.digest_notices()
    twin.sweep()
    assert [b.organizer for b in twin.reservations()] == [BOB]
    assert [b.organizer for b in twin.meetings()] == [BOB]


def test_a_lost_answer_to_a_move_hides_no_double_booking(twin: Twin) -> None:
    twin.topdesk.conflict_mode = "silent"
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.topdesk.book(twin.amber, slot_at(3), BOB)
    twin.exchange.edit(meeting.ref, slot=slot_at(3, 30))
    twin.topdesk.fail("change", OutcomeUnknown("topdesk", "lost"), when="after")
    twin.follow(twin.amber)
    for _ in range(3):
        twin.later(seconds=30)
        twin.sync.digest_notices()
    twin.sweep()
    assert sorted((b.slot, b.organizer.name) for b in twin.reservations() if b.organizer) == [
        (slot_at(), "Alice Jansen"), (slot_at(3), "Bob de Vries"),
    ]  # fmt: skip


def test_a_room_outside_the_apps_scope_raises_an_alarm_that_goes_when_it_is_let_in_again(twin: Twin) -> None:
    twin.exchange.out_of_scope.add(twin.amber.mailbox)
    twin.exchange.invite(twin.beryl, slot_at(), BOB)
    twin.sweep()
    assert twin.room_row(twin.amber).alarm is not None
    assert len(twin.reservations(twin.beryl)) == 1, "the other rooms go on"
    twin.exchange.out_of_scope.clear()
    twin.follow()
    assert twin.room_row(twin.amber).alarm is None


def test_an_expired_cursor_starts_afresh(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.expire_cursors()
    twin.exchange.invite(twin.amber, slot_at(3), BOB)
    twin.follow()
    assert len(twin.reservations()) == 2
    assert twin.is_quiet()


@pytest.mark.parametrize(("kind", "asked"), [("missed", []), ("subscriptionRemoved", ["lost"]), ("reauthorizationRequired", ["renew"])])
def test_lifecycle_notices_reach_the_subscriptions_and_the_room_is_read(twin: Twin, kind: str, asked: list[str]) -> None:
    twin.exchange.invite(twin.amber, slot_at(2000), ALICE)
    with twin.database.write() as session:
        notices.add(session, side="exchange", ref=twin.amber.id, kind=kind, at=twin.clock())
    twin.sync.digest_notices()
    assert twin.subscriptions.asked == [(what, twin.amber.id) for what in asked]
    assert len(twin.reservations()) == 1


# other workers


def test_a_room_that_somebody_else_is_at_is_looked_at_later(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    assert leases.take_room(twin.database, twin.amber.id, "somebody", twin.clock(), timedelta(minutes=2))
    twin.noticed(reservation)
    assert twin.meetings() == []
    with pytest.raises(Unavailable):
        twin.sync.look(twin.amber.id)
    twin.later(minutes=3)  # whoever it was is dead
    twin.sync.digest_notices()
    assert len(twin.meetings()) == 1


def test_a_booking_from_the_pane_keeps_the_sync_out_of_its_slot_while_it_is_at_work(twin: Twin) -> None:
    seen: list[int] = []

    def look_meanwhile(method: str) -> None:
        if method == "occupied" and not seen:
            seen.append(1)
            twin.exchange.invite(twin.amber, slot_at(0.5), BOB)
            twin.another_sync().sweep(twin.sync.full(), cause="sweep")

    twin.topdesk.on_call = look_meanwhile
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.topdesk.on_call = lambda _method: None
    twin.later(minutes=1)
    twin.sync.digest_notices()
    twin.sweep()
    assert seen
    assert [(b.slot, b.organizer) for b in twin.reservations()] == [(slot_at(), ALICE)]
    assert twin.meetings() == []


# killed


def _story_phone(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)


def _story_topdesk(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), ALICE)


def _story_moved(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.edit(meeting.ref, slot=slot_at(2))


def _story_moved_in_topdesk(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.sweep()
    twin.topdesk.edit(reservation.ref, slot=slot_at(2))


def _story_shifted(twin: Twin) -> None:
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(5), ALICE)


def _story_cancelled(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.cancel(meeting.ref)


STORIES = [_story_phone, _story_topdesk, _story_moved, _story_moved_in_topdesk, _story_shifted, _story_cancelled]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_killed_at_any_call_the_next_pass_ends_right(twin: Twin, story: Callable[[Twin], None]) -> None:
    """Before and after each call of the pass, in turn, in rooms of their own."""
    story(twin)
    kills = 0
    for nth in range(1, 12):
        for when in ("before", "after"):
            if _is_killed(twin, nth, when):
                kills += 1
    assert kills >= 4
    twin.later(minutes=5)
    twin.sync.digest_notices()
    twin.sweep()
    reserved, met = twin.slots()
    assert reserved == met
    assert len(reserved) == (0 if story is _story_cancelled else 1)
    assert len([b for b in twin.topdesk.records.values() if b.standing is not Standing.CANCELLED]) == len(reserved)
    assert twin.is_quiet()


def _is_killed(twin: Twin, nth: int, when: str) -> bool:
    """One pass of another process, killed before or after its nth call; whether it came that far."""
    calls = [0]

    def on_call(_method: str) -> None:
        calls[0] += 1
        if calls[0] == nth + (when == "after"):
            raise Killed

    twin.topdesk.on_call = twin.exchange.on_call = on_call
    try:
        twin.another_sync().sync_room(twin.amber.id, windows=[twin.sync.full()], cause="sweep")
    except Killed:
        twin.later(minutes=3)
        return True
    finally:
        twin.topdesk.on_call = twin.exchange.on_call = lambda _method: None
    return False


def test_denied_reservations_are_tried_again_and_again_but_ever_slower(twin: Twin) -> None:
    twin.topdesk.fail("create", Denied("topdesk", "no right"), times=50)
    twin.topdesk.fail("find", Denied("topdesk", "no right"), times=50)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    pauses = []
    for _ in range(6):
        (notice,) = twin.waiting_notices()
        pauses.append(notice.due_at - twin.clock())
        twin.clock.set(notice.due_at)
        twin.sync.digest_notices()
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_looking_again_at_what_is_as_it_was_costs_next_to_nothing(twin: Twin) -> None:
    for hour in range(5):
        twin.exchange.invite(twin.amber, slot_at(hour * 2), ALICE)
    twin.sweep()
    twin.sweep()  # the delta tells our own writes once
    twin.topdesk.calls.clear()
    twin.exchange.calls.clear()
    twin.sweep()
    assert twin.topdesk.calls == ["listing_all"]
    assert twin.exchange.calls == ["changes_all"]


def test_the_rolling_sweep_reads_the_horizon_piece_by_piece_and_begins_again(twin: Twin) -> None:
    twin.topdesk.slice_by = timedelta(days=60)
    twin.topdesk.book(twin.amber, slot_at(24 * 150), ALICE)
    while not twin.meetings():
        assert twin.sync.roll() in (0, 1)
        twin.later(minutes=10)
        assert len(twin.topdesk.calls) < 40
    with twin.database.read() as session:
        assert session.get(CursorRow, "sweep:horizon") is not None
    reads = twin.topdesk.calls.count("listing_all")
    assert reads >= 3
    twin.topdesk.book(twin.amber, slot_at(24 * 3), BOB)
    for _ in range(8):
        twin.sync.roll()
        twin.later(minutes=10)
    assert len(twin.meetings()) == 2, "within an hour and a bit every date was read"


def test_what_a_sweep_has_done_is_not_come_back_for(twin: Twin) -> None:
    """Found by chaos, seed 1: after a long storm the next try was ten minutes away, though a sweep had long done it; nothing ever settled."""
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.topdesk.fail("create", Unavailable("topdesk", "TOPdesk is away."))
    twin.follow(twin.amber)
    assert [notice.side for notice in twin.waiting_notices()] == ["retry"]
    twin.sweep()
    assert twin.slots() == ([slot_at()], [slot_at()])
    assert twin.waiting_notices() == []
