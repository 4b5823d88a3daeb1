"""Many workers at one inbox: who has what, for how long, and what happens to those who are too slow."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from factories import slot_at
from people import ALICE, BOB
from roombooker.domain.booking import Booking
from roombooker.errors import InProgress
from roombooker.services.holding import Hold
from roombooker.services.sweeping import ROLLING
from roombooker.store import claims, leases, notices
from roombooker.store.models import ClaimRow, CursorRow, NoticeRow
from services.twin import Twin

LEASE = timedelta(minutes=2)


def hold_of(twin: Twin, owner: str = "worker") -> Hold:
    return Hold(database=twin.database, owner=owner, clock=twin.clock, lease=LEASE)


def notice(twin: Twin, side: str, ref: str) -> None:
    with twin.database.write() as session:
        notices.add(session, side=side, ref=ref, kind="changed", at=twin.clock())


# leases


def test_all_rooms_of_a_pass_are_kept(twin: Twin) -> None:
    hold = hold_of(twin)
    assert hold.take(twin.amber.id)
    assert hold.take_more([twin.beryl.id])
    twin.later(seconds=100)
    hold.keep()
    twin.later(seconds=100)
    assert not leases.take_room(twin.database, twin.beryl.id, "other", twin.clock(), LEASE)
    assert not leases.take_room(twin.database, twin.amber.id, "other", twin.clock(), LEASE)
    hold.close()
    assert leases.take_room(twin.database, twin.beryl.id, "other", twin.clock(), LEASE)


def test_a_pass_that_lost_one_of_its_rooms_goes_no_further(twin: Twin) -> None:
    hold = hold_of(twin)
    assert hold.take(twin.amber.id)
    assert hold.take_more([twin.beryl.id])
    twin.later(minutes=3)
    assert leases.take_room(twin.database, twin.beryl.id, "other", twin.clock(), LEASE)
    with pytest.raises(InProgress):
        hold.keep()
    assert hold.is_lost


def test_what_a_pass_read_is_not_remembered_once_somebody_has_taken_its_room_over(twin: Twin) -> None:
    twin.follow()
    other = twin.another_sync()

    def overtaken(method: str) -> None:
        if method == "changes":
            twin.exchange.on_call = lambda _method: None
            twin.later(minutes=10)
            twin.exchange.invite(twin.amber, slot_at(2), BOB)
            other.sync_room(twin.amber.id, cause="notice")
            leases.take_room(twin.database, twin.amber.id, "third", twin.clock(), LEASE)

    twin.exchange.on_call = overtaken
    with pytest.raises(InProgress):
        twin.sync.sync_room(twin.amber.id, cause="notice")
    assert twin.room_row(twin.amber).lease_owner == "third"


def test_whoever_cannot_have_a_room_frees_none_of_its_claims(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    link = twin.the_link()
    first = hold_of(twin)
    assert first.take(twin.amber.id)
    with twin.database.write() as session:
        assert claims.claim(session, twin.amber, slot_at(4), intent_id=link.id, match_key=link.match_key, at=twin.clock())
    assert not hold_of(twin, "other").take(twin.amber.id)
    assert len(twin._rows(ClaimRow)) == 1
    first.close()
    assert hold_of(twin, "other").take(twin.amber.id)
    assert twin._rows(ClaimRow) == [], "left behind by a pass that is over"


def test_the_rolling_sweep_is_held_as_long_as_the_settings_say(twin: Twin) -> None:
    held: list[timedelta] = []

    def look(_method: str) -> None:
        with twin.database.read() as session:
            until = session.get_one(CursorRow, f"lease:{ROLLING}").read_at
        held.append(until - twin.clock())

    twin.exchange.on_call = look
    assert twin.sync.roll() == 1
    assert set(held) == {10 * twin.settings.lease}


# notices


def test_notices_that_somebody_else_has_by_now_are_left_to_them(twin: Twin) -> None:
    notice(twin, "topdesk", "r")
    (row,) = twin.waiting_notices()
    now = twin.clock()
    with twin.database.write() as session:
        assert notices.lease(session, [row.id], owner="slow", now=now, until=now + LEASE) == [row.id]
    later = twin.later(minutes=3)
    with twin.database.write() as session:
        assert notices.lease(session, [row.id], owner="fast", now=later, until=later + LEASE) == [row.id]
    with twin.database.write() as session:
        notices.later(session, [row.id], later, owner="slow")
        notices.done(session, [row.id], owner="slow")
    (left,) = twin.waiting_notices()
    assert (left.lease_owner, left.attempts, left.due_at) == ("fast", 0, now)
    with twin.database.write() as session:
        notices.done(session, [row.id], owner="fast")
    assert twin.waiting_notices() == []


def test_two_workers_share_the_rooms_that_were_noticed(twin: Twin) -> None:
    order: list[str] = []
    other = twin.another_sync()
    for room, person in ((twin.amber, ALICE), (twin.beryl, BOB)):
        twin.exchange.invite(room, slot_at(), person)
        notice(twin, "exchange", room.id)

    def beside(method: str) -> None:
        if method == "changes" and not order:
            order.append("amber begun")
            other.digest_notices()
            order.extend(b.place for b in twin.reservations())

    twin.exchange.on_call = beside
    twin.sync.digest_notices()
    assert order == ["amber begun", twin.beryl.location_id]
    assert len(twin.reservations()) == 2
    assert twin.waiting_notices() == []


def test_the_oldest_notice_comes_first_and_with_all_that_asks_for_the_same(twin: Twin) -> None:
    for side, ref in (("exchange", twin.beryl.id), ("topdesk", "r"), ("exchange", twin.amber.id), ("exchange", twin.beryl.id)):
        notice(twin, side, ref)
    with twin.database.read() as session:
        assert [n.ref for n in notices.next_due(session, twin.clock())] == [twin.beryl.id] * 2
        assert [n.ref for n in notices.next_due(session, twin.clock(), besides={twin.beryl.id})] == ["r"]


def test_a_notice_of_a_room_that_somebody_is_at_waits_only_until_it_is_free(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    notice(twin, "exchange", twin.amber.id)
    reservation = twin.topdesk.book(twin.amber, slot_at(2), BOB)
    notice(twin, "topdesk", reservation.ref)
    assert leases.take_room(twin.database, twin.amber.id, "somebody", twin.clock(), LEASE)
    twin.sync.digest_notices()
    assert {row.attempts for row in twin.waiting_notices()} == {0}
    leases.give_room(twin.database, twin.amber.id, "somebody")
    twin.later(seconds=1)
    twin.sync.digest_notices()
    assert twin.waiting_notices() == []
    assert len(twin.reservations()) == len(twin.meetings()) == 2


def test_a_defect_that_one_notice_brings_out_keeps_no_other_waiting(twin: Twin) -> None:
    broken = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    good = twin.topdesk.book(twin.beryl, slot_at(), BOB)
    twin.topdesk.fail("anywhere", RuntimeError("a defect"))
    twin.noticed(broken, good)
    assert [b.place for b in twin.meetings()] == [twin.beryl.mailbox]
    (left,) = twin.waiting_notices()
    assert (left.ref, left.attempts, left.lease_owner) == (broken.ref, 1, None)
    twin.later(seconds=10)
    twin.sync.digest_notices()
    assert len(twin.meetings()) == 2


def test_a_lifecycle_notice_of_a_room_that_is_taken_at_that_moment_is_not_lost(twin: Twin) -> None:
    def taken() -> None:
        leases.take_room(twin.database, twin.amber.id, "somebody", twin.clock(), LEASE)

    twin.subscriptions.lost = lambda _room_id: taken()  # type: ignore[method-assign]
    with twin.database.write() as session:
        notices.add(session, side="exchange", ref=twin.amber.id, kind="subscriptionRemoved", at=twin.clock())
    twin.sync.digest_notices()
    (left,) = twin.waiting_notices()
    assert (left.lease_owner, left.due_at - twin.clock() < timedelta(seconds=1)) == (None, True)


@pytest.mark.parametrize("side", ["exchange", "topdesk"])
def test_a_worker_that_is_killed_with_a_notice_loses_none(twin: Twin, side: str) -> None:
    class Killed(BaseException):
        """Nothing catches it."""

    reservation: Booking = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    notice(twin, side, reservation.ref if side == "topdesk" else twin.amber.id)
    method, calendar = ("anywhere", twin.topdesk) if side == "topdesk" else ("changes", twin.exchange)
    on_call: Callable[[str], None] = calendar.on_call

    def kill(called: str) -> None:
        if called == method:
            calendar.on_call = on_call
            raise Killed

    calendar.on_call = kill
    with pytest.raises(Killed):
        twin.sync.digest_notices()
    assert len(twin._rows(NoticeRow)) == 1
    twin.later(minutes=5)
    twin.sync.digest_notices()
    assert twin.waiting_notices() == []
