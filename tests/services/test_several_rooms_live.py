"""Reservations that gain or lose a room in TOPdesk, by which the records of their other rooms get another ref."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from ulid import ULID

from contract.wire import WireTap
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.store import linking
from roombooker.store.db import Database
from roombooker.store.models import WorkItemRow
from sandboxes import RunningSandbox
from services.test_sync_live import Live, fresh_slot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Shared(Live):
    """With an operator's hands for the rooms of a reservation."""

    def add(self, ident: str, room: Room) -> None:
        self.post(ident, "reservedFacilities/add", add=[{"location": {"id": room.location_id}}])

    def drop(self, ident: str, room: Room) -> None:
        self.post(ident, "reservedFacilities/remove", remove=[{"location": {"id": room.location_id}}])

    def swap(self, ident: str, old: Room, new: Room) -> None:
        self.post(
            ident, "reservedFacilities/move", **{"from": {"location": {"id": old.location_id}}, "to": {"location": {"id": new.location_id}}}
        )

    def reserve_both(self, slot: Slot) -> str:
        ident = self.reserve(self.amber, slot)
        self.add(ident, self.beryl)
        self.noticed(ident)
        assert self.met_in_each(slot) == (1, 1)
        return ident

    def make_old(self, ident: str) -> None:
        """The key that it bears was made long ago, so nothing waits for an appointment of its own."""
        key = f"ORB-{ULID.from_datetime(datetime(2020, 1, 1, tzinfo=UTC))}"
        self.sandbox.topdesk.patch(f"/reservations/{ident}", json={"optionalFields1": {"text1": key}}).raise_for_status()

    def sweep(self) -> None:
        self.sync.sweep(self.sync.full(), cause="sweep")
        self.sandbox.idle()

    def met_in_each(self, slot: Slot) -> tuple[int, int]:
        return len(self.met(slot, self.amber)), len(self.met(slot, self.beryl))

    def reserved_in_each(self, slot: Slot) -> tuple[int, int]:
        return len(self.reservations(slot, self.amber)), len(self.reservations(slot, self.beryl))

    def remembered(self, slot: Slot) -> set[str]:
        """The refs in TOPdesk of what we know in that slot."""
        with self.database.read() as session:
            links = [link for room in (self.amber, self.beryl) for link in linking.links_in(session, room.id, slot)]
        return {link.topdesk.ref for link in links if link.topdesk is not None and link.slot == slot}

    def questions(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(WorkItemRow.kind).where(WorkItemRow.settled_at.is_(None))))

    def is_at_rest(self, slot: Slot) -> bool:
        """Both sides say the same, each record under the ref that we know it by, and nobody is asked anything."""
        listed = {b.ref for room in (self.amber, self.beryl) for b in self.reservations(slot, room)}
        return self.is_quiet() and self.remembered(slot) == listed and not self.questions()


@pytest.fixture
def live(sandbox: RunningSandbox, tap: WireTap, database: Database) -> Iterator[Shared]:
    tap.exchanges.clear()
    yield Shared(sandbox, database)
    tap.check()


@pytest.mark.parametrize("by_notice", [True, False])
def test_a_room_that_was_taken_out_of_a_reservation_is_free_again(live: Shared, by_notice: bool) -> None:
    slot = fresh_slot()
    ident = live.reserve_both(slot)
    live.drop(ident, live.beryl)
    live.noticed(ident) if by_notice else live.sweep()
    assert live.met_in_each(slot) == (1, 0)
    assert live.is_at_rest(slot)
    live.post(ident, "cancel")
    live.noticed(ident) if by_notice else live.sweep()
    assert live.met_in_each(slot) == (0, 0)
    assert live.is_at_rest(slot)


def test_the_room_that_is_left_is_still_followed_whichever_was_the_first(live: Shared) -> None:
    slot, later = fresh_slot(), fresh_slot()
    ident = live.reserve_both(slot)
    live.drop(ident, live.amber)
    live.noticed(ident)
    assert live.met_in_each(slot) == (0, 1)
    live.post(ident, "reschedule", plannedStartDate=f"{later.start:%FT%TZ}", plannedEndDate=f"{later.end:%FT%TZ}")
    live.noticed(ident)
    assert (live.met_in_each(slot), live.met_in_each(later)) == ((0, 0), (0, 1))
    assert live.is_at_rest(later)


@pytest.mark.parametrize(("is_old", "by_notice"), [(True, True), (True, False), (False, True)])
def test_a_booking_that_got_a_second_room_in_topdesk_still_ends_with_its_meeting(live: Shared, is_old: bool, by_notice: bool) -> None:
    slot = fresh_slot()
    event = live.invite(live.amber, slot)
    live.follow()
    (reservation,) = live.reservations(slot)
    if is_old:
        live.make_old(reservation.ref)
    live.add(reservation.ref, live.beryl)
    live.noticed(reservation.ref) if by_notice else live.sweep()
    assert live.met_in_each(slot) == (1, 1)
    live.cancel(event)
    live.follow()
    assert (live.reserved_in_each(slot), live.met_in_each(slot)) == ((0, 1), (0, 1))
    assert live.is_at_rest(slot)


def test_a_room_added_and_another_time_in_one_go_are_one_change(live: Shared) -> None:
    slot, later = fresh_slot(), fresh_slot()
    ident = live.reserve(live.amber, slot)
    live.noticed(ident)
    (meeting,) = live.met(slot)
    live.add(ident, live.beryl)
    live.post(ident, "reschedule", plannedStartDate=f"{later.start:%FT%TZ}", plannedEndDate=f"{later.end:%FT%TZ}")
    live.noticed(ident)
    assert [b.ref for b in live.met(later)] == [meeting.ref]
    assert (live.met_in_each(slot), live.met_in_each(later)) == ((0, 0), (1, 1))
    assert live.is_at_rest(later)


def test_one_of_two_rooms_changed_for_a_third_is_free_and_the_third_is_taken(live: Shared) -> None:
    slot = fresh_slot()
    ident = live.reserve_both(slot)
    live.swap(ident, live.beryl, live.approved)
    live.noticed(ident)
    assert live.met_in_each(slot) == (1, 0)
    assert len(live.met(slot, live.approved)) == 1
    assert live.is_quiet()


def test_a_meeting_that_moves_takes_its_reservation_along_though_that_has_got_another_room(live: Shared) -> None:
    slot, later = fresh_slot(), fresh_slot()
    event = live.invite(live.amber, slot)
    live.follow()
    (reservation,) = live.reservations(slot)
    live.add(reservation.ref, live.beryl)
    live.noticed(reservation.ref)
    live.change(event, **_at(later))
    live.follow()
    live.sweep()
    assert (live.reserved_in_each(slot), live.reserved_in_each(later)) == ((0, 0), (1, 1))
    assert (live.met_in_each(slot), live.met_in_each(later)) == ((0, 0), (1, 1))
    assert live.is_at_rest(later)


def _at(slot: Slot) -> dict[str, Any]:
    return {name: {"dateTime": f"{at:%FT%T}", "timeZone": "UTC"} for name, at in (("start", slot.start), ("end", slot.end))}
