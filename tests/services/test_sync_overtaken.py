"""What was read before the room's lease was ours, and overtaken since, moves nothing back; what was asked for is not forgotten."""

from dataclasses import replace

from factories import slot_at
from people import ALICE
from roombooker.store import leases, notices, rooms
from roombooker.store.models import CursorRow, SubscriptionRow
from services.twin import Twin


def test_a_sweep_that_read_topdesk_before_a_notice_was_carried_out_moves_nothing_back(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.noticed(reservation)
    stale = twin.topdesk.listing(twin.amber, twin.sync.full())
    twin.later(seconds=5)
    twin.topdesk.edit(reservation.ref, slot=slot_at(3))
    twin.noticed(reservation)
    writes = list(twin.exchange.log)
    twin.sync.sync_room(twin.amber.id, listings=[stale])
    assert twin.slots() == ([slot_at(3)], [slot_at(3)])
    assert twin.exchange.log == writes
    assert twin.is_quiet()


def test_a_sweep_that_read_exchange_before_a_notice_was_carried_out_moves_nothing_back(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    window, cursor = twin.sync._reader.cursor(twin.amber)
    twin.exchange.edit(meeting.ref, slot=slot_at(1))
    stale = twin.exchange.changes(twin.amber, window, cursor)
    twin.later(seconds=5)
    twin.exchange.edit(meeting.ref, slot=slot_at(3))
    twin.follow(twin.amber)
    writes = list(twin.topdesk.log)
    twin.sync.sync_room(twin.amber.id, changes=stale)
    assert twin.slots() == ([slot_at(3)], [slot_at(3)])
    assert twin.topdesk.log == writes


def test_a_room_that_was_asked_for_while_somebody_was_at_it_is_looked_at_later(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), ALICE)
    leases.take_room(twin.database, twin.amber.id, "somebody", twin.clock(), twin.settings.lease)
    with twin.database.write() as session:
        notices.look_at(session, [twin.amber.id], at=twin.clock(), cause="intent")
    twin.sync.digest_notices()
    assert twin.meetings() == []
    leases.give_room(twin.database, twin.amber.id, "somebody")
    twin.later(seconds=10)
    twin.sync.digest_notices()
    assert [b.slot for b in twin.meetings()] == [slot_at()]
    assert twin.room_row(twin.amber).due_at is None


def test_a_room_that_a_killed_worker_was_asked_for_is_due_again(twin: Twin) -> None:
    with twin.database.write() as session:
        notices.look_at(session, [twin.amber.id], at=twin.clock(), cause="intent")
    with twin.database.write() as session:
        assert notices.take_rooms(session, twin.clock(), until=twin.clock() + twin.settings.lease) == [twin.amber.id]
        assert notices.take_rooms(session, twin.clock(), until=twin.clock() + twin.settings.lease) == []
    twin.later(seconds=twin.settings.lease_seconds + 1)
    with twin.database.write() as session:
        assert notices.take_rooms(session, twin.clock(), until=twin.clock() + twin.settings.lease) == [twin.amber.id]


def test_a_room_that_gets_another_mailbox_is_read_whole_again(twin: Twin) -> None:
    twin.follow()
    now = twin.clock()
    with twin.database.write() as session:
        session.add(SubscriptionRow(id="of-the-old", room_id=twin.amber.id, client_state="x", expires_at=now, renew_at=now))
    with twin.database.write() as session:
        rooms.save(session, twin.amber, at=now)
        assert session.get(CursorRow, f"delta:{twin.amber.id}") is not None
        rooms.save(session, replace(twin.amber, mailbox="new@contoso.example"), at=now)
    with twin.database.read() as session:
        assert session.get(CursorRow, f"delta:{twin.amber.id}") is None
        assert session.get(SubscriptionRow, "of-the-old") is None
