"""What people do in Outlook or on a phone, without the pane, reaches TOPdesk."""

from datetime import timedelta

from factories import slot_at
from people import ALICE, BOB, DAVE
from roombooker.domain.booking import MATCH_KEY, Standing
from roombooker.domain.room import Cancellation
from services.twin import Twin


def test_a_room_invited_from_a_phone_is_reserved_for_its_organizer(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE, attendees=5)
    twin.follow()
    (reservation,) = twin.reservations()
    assert (reservation.slot, reservation.organizer, reservation.attendees) == (slot_at(), ALICE, 5)
    assert reservation.match_key is not None
    assert MATCH_KEY.fullmatch(reservation.match_key)
    assert twin.exchange.records[meeting.ref].match_key == reservation.match_key
    assert twin.topdesk.drafts[-1].subject == "Meeting of Alice Jansen"
    assert twin.states() == ["confirmed"]
    assert twin.is_quiet()


def test_a_guest_without_a_card_is_booked_for_on_the_person_account(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), DAVE)
    twin.follow()
    assert twin.topdesk.drafts[-1].requester_id == twin.topdesk.account.id
    assert twin.the_link().organizer_email == DAVE.email
    assert twin.is_quiet()


def test_all_go_to_the_person_account_where_that_is_set(twin: Twin) -> None:
    other = Twin(twin.database, twin.clock, topdesk_requester="person_account")
    other.exchange.invite(other.amber, slot_at(), ALICE)
    other.follow()
    assert other.topdesk.drafts[-1].requester_id == other.topdesk.account.id
    assert other.is_quiet()


def test_a_room_that_topdesk_has_given_away_declines_with_the_reason(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.sweep()
    assert twin.slots() == ([slot_at()], [slot_at()])
    rival = twin.exchange.invite(twin.amber, slot_at(0.5), ALICE)
    twin.follow()
    assert twin.slots() == ([slot_at()], [slot_at()])
    assert "Try Beryl instead." in twin.exchange.reasons[rival.ref]
    assert twin.mails[-1][0] == ALICE.email
    assert "refused" in twin.states()
    assert twin.is_quiet()


def test_in_every_conflict_mode_a_clash_ends_with_one_booking(twin: Twin) -> None:
    for number, mode in enumerate(("reject", "flag", "silent")):
        twin.topdesk.conflict_mode = mode
        at = slot_at(number * 3)
        twin.topdesk.book(twin.amber, at, BOB)  # not seen by us yet
        twin.exchange.invite(twin.amber, slot_at(number * 3 + 0.5), ALICE)
        twin.follow(twin.amber)
        assert [b.organizer for b in twin.reservations(twin.amber) if b.slot.overlaps(at)] == [BOB], mode
        assert not [b for b in twin.meetings(twin.amber) if b.organizer == ALICE and b.slot.overlaps(at)], mode
    twin.sweep()
    assert twin.is_quiet()


def test_a_room_that_cannot_answer_leaves_its_refusal_to_a_person(twin: Twin) -> None:
    twin.exchange.read_only = True
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    meeting = twin.exchange.invite(twin.amber, slot_at(0.5), ALICE)
    twin.follow(twin.amber)
    assert twin.meetings() == [twin.exchange.records[meeting.ref]]
    assert {item.kind for item in twin.work_items()} == {"conflict"}
    creates = twin.topdesk.calls.count("create")
    twin.sweep()
    twin.sweep()
    assert twin.topdesk.calls.count("create") == creates


def test_a_refused_meeting_is_reserved_once_its_slot_is_free(twin: Twin) -> None:
    twin.exchange.read_only = True
    rival = twin.topdesk.book(twin.amber, slot_at(), BOB, standing=Standing.PLANNED)
    twin.exchange.invite(twin.amber, slot_at(0.5), ALICE)
    twin.follow(twin.amber)
    twin.topdesk.cancel(rival.ref)
    twin.sweep()
    assert [(b.slot, b.organizer) for b in twin.reservations()] == [(slot_at(0.5), ALICE)]
    assert twin.work_items() == []


def test_a_moved_meeting_takes_its_reservation_along(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    reservation = twin.reservations()[0]
    twin.exchange.edit(meeting.ref, slot=slot_at(2, 30))
    twin.follow()
    assert [(b.ref, b.slot) for b in twin.reservations()] == [(reservation.ref, slot_at(2, 30))]
    assert twin.is_quiet()


def test_a_meeting_moved_onto_another_one_leaves_the_old_reservation_standing(twin: Twin) -> None:
    for mode in ("reject", "flag", "silent"):
        twin.topdesk.conflict_mode = mode
        day = slot_at().start + timedelta(days=("reject", "flag", "silent").index(mode))
        meeting = twin.exchange.invite(twin.amber, slot_at(day=day), ALICE)
        twin.follow()
        twin.topdesk.book(twin.amber, slot_at(2, day=day), BOB)
        twin.exchange.edit(meeting.ref, slot=slot_at(2, 30, day=day))
        twin.follow(twin.amber)
        mine = [b for b in twin.reservations() if b.organizer == ALICE and b.slot.start.date() == day.date()]
        assert [(b.slot, b.standing) for b in mine] == [(slot_at(day=day), Standing.PLANNED)], mode
        assert "Try Beryl instead." in twin.mails[-1][2]
    assert {item.kind for item in twin.work_items()} == {"conflict"}
    twin.sweep()
    changes = twin.topdesk.calls.count("change")
    twin.sweep()
    assert twin.topdesk.calls.count("change") == changes, "a refused move is not tried again"


def test_a_refused_move_is_made_up_for_when_the_new_slot_frees(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    rival = twin.topdesk.book(twin.amber, slot_at(2), BOB)
    twin.exchange.edit(meeting.ref, slot=slot_at(2, 30))
    twin.follow(twin.amber)
    twin.topdesk.cancel(rival.ref)
    twin.noticed(rival)
    assert [b.slot for b in twin.reservations()] == [slot_at(2, 30)]
    assert [row.state for row in twin.links()] == ["confirmed"]
    assert twin.work_items() == []


def test_a_meeting_that_takes_another_room_takes_its_reservation_along(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    (reservation,) = twin.reservations()
    twin.exchange.cancel(meeting.ref)  # the old room's copy is cancelled
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    twin.follow(twin.beryl, twin.amber)
    assert [(b.ref, b.place) for b in twin.reservations()] == [(reservation.ref, twin.beryl.location_id)]
    assert twin.the_link().room_id == twin.beryl.id
    assert twin.is_quiet()


def test_the_old_room_seen_first_ends_the_same(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.cancel(meeting.ref)
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    twin.follow(twin.amber, twin.beryl)
    assert [b.place for b in twin.reservations()] == [twin.beryl.location_id]
    assert twin.is_quiet()


def test_a_second_room_of_a_meeting_gets_a_reservation_of_its_own(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.invite(twin.beryl, slot_at(), ALICE, ical_uid=meeting.ical_uid)
    twin.follow()
    assert {b.place for b in twin.reservations()} == {twin.amber.location_id, twin.beryl.location_id}
    assert twin.is_quiet()


def test_more_attendees_are_told_to_topdesk(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE, attendees=3)
    twin.follow()
    twin.exchange.edit(meeting.ref, attendees=7)
    twin.follow()
    assert [b.attendees for b in twin.reservations()] == [7]
    assert twin.is_quiet()


def test_a_cancelled_meeting_ends_its_reservation(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.cancel(meeting.ref)
    twin.follow()
    assert [b.standing for b in twin.topdesk.records.values()] == [Standing.CANCELLED]
    assert twin.states() == ["cancelled"]
    assert twin.is_quiet()


def test_a_request_is_rejected_when_its_meeting_is_cancelled(twin: Twin) -> None:
    twin.change_room(twin.amber, requires_approval=True)
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    assert twin.states() == ["awaiting_approval"]
    twin.exchange.cancel(meeting.ref)
    twin.follow()
    assert [b.standing for b in twin.topdesk.records.values()] == [Standing.REJECTED]


def test_a_manual_room_asks_a_person_before_it_cancels(twin: Twin) -> None:
    twin.change_room(twin.amber, cancellation=Cancellation.MANUAL)
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.cancel(meeting.ref)
    twin.follow()
    twin.sweep()
    assert [b.slot for b in twin.reservations()] == [slot_at()]
    assert [item.kind for item in twin.work_items()] == ["cancellation_request"]
    assert twin.is_quiet()


def test_services_and_started_meetings_ask_too(twin: Twin) -> None:
    served = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    begun = twin.exchange.invite(twin.beryl, slot_at(-24), BOB)  # 09:00 today
    twin.follow()
    reservation = next(b for b in twin.reservations() if b.organizer == ALICE)
    twin.topdesk.records[reservation.ref] = twin.topdesk._store(type(reservation)(**{**_facts(reservation), "has_services": True}))
    twin.later(hours=1, minutes=20)
    twin.exchange.cancel(served.ref)
    twin.exchange.cancel(begun.ref)
    twin.follow()
    assert len(twin.reservations()) == 2
    assert [item.kind for item in twin.work_items()] == ["cancellation_request"] * 2


def _facts(booking: object) -> dict[str, object]:
    return {name: getattr(booking, name) for name in booking.__slots__}  # type: ignore[attr-defined]


def test_a_private_meeting_stays_private(twin: Twin) -> None:
    twin.change_room(twin.amber, keeps_subject=True)
    twin.exchange.invite(twin.amber, slot_at(), ALICE, subject="Reorganisation", private=True)
    twin.follow()
    assert twin.topdesk.drafts[-1].subject == "Private"
    assert twin.the_link().subject == ""
    assert twin.is_quiet()


def test_a_room_that_keeps_subjects_tells_them_and_their_changes(twin: Twin) -> None:
    twin.change_room(twin.amber, keeps_subject=True)
    room = twin.sync_room_of(twin.amber)
    meeting = twin.exchange.invite(room, slot_at(), ALICE, subject="Budget")
    twin.follow()
    assert twin.reservations()[0].subject == "Budget"
    twin.exchange.edit(meeting.ref, subject="Budget 2027")
    twin.follow()
    assert twin.reservations()[0].subject == "Budget 2027"
    assert twin.is_quiet()


def test_a_meeting_without_organizer_is_matched_by_room_and_slot(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), None)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    assert len(twin.reservations()) == len(twin.meetings()) == 1
    assert twin.states() == ["confirmed"]


def test_a_meeting_that_fits_two_reservations_waits_for_a_person(twin: Twin) -> None:
    twin.topdesk.conflict_mode = "silent"
    for _ in range(2):
        twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    assert [item.kind for item in twin.work_items()] == ["ambiguous"]
    assert len(twin.work_items()[0].candidates) == 3
    assert len(twin.reservations()) == 2
    twin.sweep()
    assert twin.is_quiet()


def test_a_room_that_is_switched_off_is_left_alone(twin: Twin) -> None:
    twin.change_room(twin.amber, enabled=False)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.topdesk.book(twin.amber, slot_at(3), BOB)
    twin.sweep()
    assert twin.slots() == ([slot_at(3)], [slot_at()])


def test_past_meetings_are_history(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(-24), ALICE)
    twin.follow()
    twin.later(hours=6)
    twin.exchange.vanish(meeting.ref)  # cleaned up by the mailbox's retention
    twin.sweep()
    twin.later(hours=1)
    twin.sweep()
    assert [b.standing for b in twin.topdesk.records.values()] == [Standing.PLANNED]
