"""Booking a room: what is reserved, what is answered, what is remembered."""

import pytest
from sqlalchemy import event, select

from conftest import ManualClock
from factories import booking_request, make_room, save_rooms, slot_at
from people import ALICE, BOB, DAVE, caller
from roombooker.domain.booking import MATCH_KEY, Person, Standing
from roombooker.domain.slot import Slot
from roombooker.errors import InvalidInput, KeyReused, NotAllowed, Refused, SlotTaken
from roombooker.store.db import Database
from roombooker.store.models import IntentRow, JournalRow, LinkRow
from services.desk import Desk


def test_a_booking_becomes_a_stamped_reservation_for_the_organizer(desk: Desk) -> None:
    status, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert status == 201
    (reservation,) = desk.topdesk.live(desk.amber)
    assert reservation.slot == slot_at()
    assert reservation.organizer == ALICE
    assert reservation.match_key is not None
    assert MATCH_KEY.fullmatch(reservation.match_key)
    assert answer["state"] == "awaiting_appointment"
    assert answer["rooms"][0]["match_key"] == reservation.match_key
    assert answer["rooms"][0]["reservation"] == {"id": reservation.ref, "number": reservation.number}
    assert answer["held_until"] == "2026-11-23T08:30:00Z"


def test_one_room_costs_four_calls(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert desk.topdesk.calls == ["person_by_email", "create", "occupied"]
    assert desk.exchange.calls == ["free_busy"]


def test_one_room_costs_three_commits_and_few_statements(desk: Desk) -> None:
    """Before anything is called, before the create is sent, and when it stands: the caller's answer is kept in the same commit."""
    desk.bookings.book(caller(BOB), "key-warm", booking_request(desk.beryl, organizer=BOB))
    statements: list[str] = []
    commits: list[object] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            statements.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", note)
    committed = commits.append
    event.listen(desk.database.engine, "commit", committed)
    try:
        assert desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))[0] == 201
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", note)
        event.remove(desk.database.engine, "commit", committed)
    assert len(commits) == 3
    assert len(statements) <= 30


def test_a_person_is_looked_up_once_in_ten_minutes(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    desk.bookings.book(caller(ALICE), "key-0002", booking_request(desk.amber, slot=slot_at(2)))
    assert desk.topdesk.calls.count("person_by_email") == 1


def test_somebody_without_a_card_is_booked_for_the_person_account(desk: Desk) -> None:
    desk.bookings.book(caller(DAVE), "key-0001", booking_request(desk.amber, organizer=DAVE))
    assert desk.topdesk.drafts[-1].requester_id == desk.topdesk.account.id


def test_the_same_key_answers_the_same_without_another_call(desk: Desk) -> None:
    first = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    calls = len(desk.calls())
    assert desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber)) == first
    assert len(desk.calls()) == calls
    assert len(desk.live()) == 1


def test_the_same_key_with_another_request_is_refused(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    with pytest.raises(KeyReused):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.beryl))


def test_two_callers_may_use_the_same_key(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    status, _ = desk.bookings.book(caller(BOB), "key-0001", booking_request(desk.beryl, organizer=BOB))
    assert status == 201


def test_a_room_that_we_know_is_taken_is_answered_with_ways_out_and_without_a_create(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    with pytest.raises(SlotTaken) as taken:
        desk.bookings.book(caller(BOB), "key-0002", booking_request(desk.amber, slot=slot_at(0.5), organizer=BOB))
    assert taken.value.alternatives[0]["kind"] == "later"
    assert taken.value.rooms == (desk.amber.id,)
    assert desk.topdesk.calls.count("create") == 1
    assert desk.bookings.mine(caller(BOB)) == []


def test_slot_taken_is_replayed_even_after_the_room_became_free(desk: Desk) -> None:
    reservation = desk.topdesk.book(desk.amber, slot_at(), BOB)
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    desk.topdesk.cancel(reservation.ref)
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))


@pytest.mark.parametrize("mode", ["reject", "flag", "silent"])
def test_a_race_lost_to_somebody_in_topdesk_is_undone_in_every_conflict_mode(desk: Desk, mode: str) -> None:
    desk.topdesk.conflict_mode = mode
    theirs = desk.topdesk.book(desk.amber, slot_at(0.5), BOB)
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert [b.ref for b in desk.topdesk.live()] == [theirs.ref]


@pytest.mark.parametrize("mode", ["flag", "silent"])
def test_somebody_who_reserves_between_our_create_and_our_look_wins(desk: Desk, mode: str) -> None:
    desk.topdesk.conflict_mode = mode

    def somebody(method: str) -> None:
        if method == "occupied":
            desk.topdesk.on_call = lambda _method: None
            desk.topdesk.book(desk.amber, slot_at(), BOB)

    desk.topdesk.on_call = somebody
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert [b.organizer for b in desk.topdesk.live()] == [BOB]


def test_a_room_that_exchange_says_is_busy_is_not_reserved(desk: Desk) -> None:
    desk.exchange.invite(desk.amber, slot_at(), BOB)
    with pytest.raises(SlotTaken):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert "create" not in desk.topdesk.calls


def test_two_rooms_are_reserved_together_or_not_at_all(desk: Desk) -> None:
    desk.topdesk.book(desk.beryl, slot_at(), BOB)
    with pytest.raises(SlotTaken) as taken:
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber, desk.beryl))
    assert taken.value.rooms == (desk.beryl.id,)
    assert desk.live(desk.amber) == []


def test_two_free_rooms_are_one_booking_with_a_key_each(desk: Desk) -> None:
    _, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber, desk.beryl))
    keys = {room["match_key"] for room in answer["rooms"]}
    assert {b.match_key for b in desk.topdesk.live()} == keys
    assert len(keys) == 2


def test_a_refusal_that_is_no_clash_is_told_in_topdesks_words(desk: Desk) -> None:
    desk.topdesk.fail("create", Refused("topdesk", "The requester is archived.", status_code=400))
    with pytest.raises(Refused, match="archived"):
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber))
    assert desk.live() == []


def test_a_room_that_needs_approval_is_requested(database: Database, clock: ManualClock) -> None:
    desk = Desk(database, clock)
    opal = make_room("Opal", requires_approval=True)
    save_rooms(database, opal)
    _, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(opal))
    assert answer["state"] == "awaiting_approval"
    assert desk.topdesk.live(opal)[0].standing is Standing.REQUESTED


def test_a_private_subject_stays_out_of_topdesk_and_of_our_tables(desk: Desk) -> None:
    _, answer = desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber, subject="Merger", private=True))
    assert desk.topdesk.drafts[-1].subject == "Private"
    assert answer["subject"] is None
    with desk.database.read() as session:
        stored = [*session.scalars(select(IntentRow)), *session.scalars(select(LinkRow)), *session.scalars(select(JournalRow))]
        assert "Merger" not in "".join(str(vars(row)) for row in stored)


def test_a_long_subject_fits_topdesks_description(desk: Desk) -> None:
    desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber, subject="🦊 " * 2500))
    assert len(desk.topdesk.drafts[-1].subject) <= 100


def test_somebody_else_as_organizer_is_not_allowed(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        desk.bookings.book(caller(BOB), "key-0001", booking_request(desk.amber, organizer=ALICE))
    assert desk.live() == []


def test_an_alias_that_the_directory_knows_is_oneself(desk: Desk) -> None:
    me = caller(ALICE)
    desk.exchange.directory.append(Person(ALICE.email, ALICE.name, ALICE.aliases | {me.oid}))
    alias = Person("a.jansen@contoso.example")
    status, _ = desk.bookings.book(me, "key-0001", booking_request(desk.amber, organizer=alias))
    assert status == 201


def test_anyone_may_book_for_others_where_the_setting_says_so(database: Database, clock: ManualClock) -> None:
    desk = Desk(database, clock, on_behalf="anyone")
    status, answer = desk.bookings.book(caller(BOB), "key-0001", booking_request(desk.amber, organizer=ALICE))
    assert status == 201
    timeline = desk.bookings.one(caller(ALICE), answer["id"])["timeline"]
    assert "on behalf" in timeline[0]["message"]


@pytest.mark.parametrize(
    ("slot", "field"),
    [
        (slot_at(-48), "end"),
        (slot_at(0, 400 * 24 * 60), "start"),
        (slot_at(200 * 24), "start"),
    ],
)
def test_a_time_that_cannot_be_booked_is_named(desk: Desk, slot: Slot, field: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber, slot=slot))
    assert field in wrong.value.errors
    assert desk.calls() == []


def test_an_unknown_room_is_named(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as wrong:
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(make_room("Nowhere")))
    assert "rooms" in wrong.value.errors


def test_a_room_too_small_for_the_party_is_not_booked(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as wrong:
        desk.bookings.book(caller(ALICE), "key-0001", booking_request(desk.amber, attendees=10_000))
    assert "attendees" in wrong.value.errors
