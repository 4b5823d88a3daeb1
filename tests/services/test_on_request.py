"""`roombooker sync`: a room that a worker is at just then is looked at when it is free."""

from datetime import timedelta

from factories import slot_at
from people import ALICE
from roombooker.services.on_request import SyncOnRequest
from roombooker.store import leases
from services.twin import Twin


def lease(twin: Twin, owner: str) -> None:
    with twin.database.write() as session:
        assert leases.take_rooms(session, [twin.amber.id], owner, twin.clock(), timedelta(minutes=30))


def test_a_room_that_a_worker_is_at_is_waited_for(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    lease(twin, "a worker")
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            with twin.database.write() as session:
                leases.give_rooms(session, [twin.amber.id], "a worker")

    told = SyncOnRequest(database=twin.database, sync=twin.sync, pause=pause).run()
    assert told["ok"], told
    assert [(room["room"], room["done"], room["stopped"]) for room in told["rooms"]] == [("Amber", 1, None)]
    assert waited == [1.0, 2.0]
    assert twin.slots() == ([slot_at()], [slot_at()])


def test_a_room_that_is_never_free_is_told_of(twin: Twin) -> None:
    lease(twin, "a worker")
    told = SyncOnRequest(database=twin.database, sync=twin.sync, pause=lambda _seconds: None).run()
    assert not told["ok"]
    assert [(room["room"], room["stopped"]) for room in told["rooms"]] == [("Amber", "somebody else is at it")]
