"""After a lost database: what bears our stamps comes back, and what does not is said."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete

from conftest import ManualClock
from factories import make_room, slot_at
from people import ALICE, BOB
from roombooker.domain.calendar import Listing
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Unavailable
from roombooker.services.patience import PAUSES
from roombooker.services.rebuild import Rebuild
from roombooker.services.rooms import RoomService
from roombooker.store import leases, rooms
from roombooker.store.db import Base, Database
from services.test_rooms import location, place
from services.twin import Twin


class Loss:
    """Two rooms with a booking each; then the database is empty. `pauses` are the seconds that were waited."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        for room in (twin.amber, twin.beryl):
            twin.topdesk.book(room, slot_at(), ALICE)
            twin.topdesk.all_locations.append(location(room.name, room.mailbox, id=room.location_id))
            twin.exchange.all_places.append(place(room.name))
        twin.sweep()
        assert len(twin.meetings()) == 2
        with twin.database.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
        self.pauses: list[float] = []
        self.on_pause = lambda: None
        self.service = RoomService(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, clock=twin.clock)
        self.rebuild = Rebuild(
            database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, room_service=self.service, sync=twin.sync, clock=twin.clock,
            pause=self._pause,
        )  # fmt: skip

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.on_pause()

    def room(self, name: str) -> Room:
        with self.twin.database.read() as session:
            return next(room for room in rooms.every(session) if room.name == name)

    def lease(self, name: str) -> None:
        assert leases.take_room(self.twin.database, self.room(name).id, "a worker", self.twin.clock(), timedelta(minutes=2))


@pytest.fixture
def loss(twin: Twin) -> Loss:
    return Loss(twin)


def test_rooms_and_links_come_back_from_the_stamps(loss: Loss) -> None:
    report = loss.rebuild.run()
    assert report["lines"][0] == "2 rooms are on again, with 2 bookings."
    assert (report["failed"], report["links"], len(loss.twin.links())) == ([], 2, 2)
    assert loss.twin.is_quiet()


def test_a_room_that_a_worker_is_at_is_waited_for(loss: Loss) -> None:
    loss.service.import_from_topdesk()
    loss.lease("Amber")
    loss.on_pause = lambda: leases.give_room(loss.twin.database, loss.room("Amber").id, "a worker")
    report = loss.rebuild.run()
    assert (report["failed"], report["links"], loss.pauses) == ([], 2, [PAUSES[0]])


def test_a_room_that_a_worker_keeps_is_told_as_not_restored(loss: Loss) -> None:
    loss.service.import_from_topdesk()
    loss.lease("Amber")
    report = loss.rebuild.run()
    assert report["failed"] == ["Amber: a worker is at it now."]
    assert report["lines"][:3] == [
        "2 rooms are on again, 1 of them wholly, with 1 booking.",
        "! Not restored, or not wholly: Amber: a worker is at it now.",
        "`roombooker rebuild` again brings back what is missing; nothing is doubled.",
    ]
    assert loss.pauses == list(PAUSES)


def test_a_booking_that_could_not_be_made_is_told(loss: Loss) -> None:
    loss.twin.exchange.invite(loss.twin.beryl, slot_at(4), BOB)
    loss.twin.topdesk.fail("create", Unavailable("topdesk", "TOPdesk is not available."))
    report = loss.rebuild.run()
    assert report["failed"] == ["Beryl: 1 to be tried again, which a worker does."]


def test_a_room_that_the_guard_holds_is_told(loss: Loss) -> None:
    loss.rebuild.run()
    for number in range(12):
        loss.twin.topdesk.book(loss.twin.amber, slot_at(24 + number), ALICE)
    loss.twin.sweep()
    for meeting in loss.twin.meetings(loss.twin.amber):
        loss.twin.exchange.vanish(meeting.ref)
    loss.twin.later(minutes=30)
    loss.twin.sweep()
    held = loss.twin.room_row(loss.room("Amber")).held_reason
    assert held
    assert loss.rebuild.run()["failed"] == [f"Amber: {held}"]


def test_stamps_are_looked_for_page_by_page_and_no_longer_than_needed(loss: Loss) -> None:
    read: list[Slot] = []
    slices = loss.twin.topdesk.listing_slices

    def counted(some: Sequence[Room], window: Slot) -> Iterator[list[Listing]]:
        for listings in slices(some, window):
            read.append(listings[0].window)
            yield listings

    loss.twin.topdesk.listing_slices = counted  # type: ignore[method-assign]
    loss.twin.topdesk.slice_by = timedelta(days=1)
    shown: list[tuple[int, int]] = []
    assert loss.rebuild.run(progress=lambda done, whole: shown.append((done, whole)))["failed"] == []
    assert len(read) == 2  # both rooms have shown a stamp by the second day
    assert shown[-1] == (4, 4)
    assert shown == sorted(shown)


def test_a_room_without_a_stamp_stays_off_and_is_named(database: Database, clock: ManualClock) -> None:
    loss = Loss(Twin(database, clock))
    loss.twin.topdesk.all_locations.append(location("Coral", "coral@contoso.example", id=make_room("Coral").location_id))
    loss.twin.exchange.all_places.append(place("Coral"))
    report = loss.rebuild.run()
    assert report["off"] == [loss.room("Coral").id]
    assert any("nothing in them bears our stamp: Coral." in line for line in report["lines"])
