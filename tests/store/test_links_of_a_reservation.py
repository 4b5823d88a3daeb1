"""A reservation's links are found whatever rooms it holds, and go on under another ref where its rooms change."""

from datetime import UTC, datetime

from factories import make_room, save_rooms, slot_at
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.room import Room
from roombooker.store import linking
from roombooker.store.db import Database

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
AMBER, BERYL = make_room("Amber"), make_room("Beryl")


def reserved(room: Room, ref: str) -> Booking:
    return Booking(
        side=Side.TOPDESK, ref=ref, place=room.location_id, room_id=room.id, slot=slot_at(), standing=Standing.PLANNED, version="1"
    )


def linked(database: Database, room: Room, ref: str) -> str:
    record = reserved(room, ref)
    with database.write() as session:
        row = linking.new_row(session, record, now=AT, state="confirmed")
        linking.remember(row, record, "", AT)
        return row.id


def refs(database: Database, ref: str) -> set[str]:
    with database.read() as session:
        return {link.topdesk.ref for link in linking.links_of_reservation(session, ref) if link.topdesk is not None}


def test_all_its_rooms_are_found_by_its_id_and_those_of_others_are_not(database: Database) -> None:
    save_rooms(database, AMBER, BERYL)
    alone, first, second = "r-1", f"r-10:{AMBER.location_id}", f"r-10:{BERYL.location_id}"
    for room, ref in ((AMBER, alone), (AMBER, first), (BERYL, second)):
        linked(database, room, ref)
    assert refs(database, "r-1") == {alone}
    assert refs(database, "r-10") == refs(database, second) == {first, second}
    assert refs(database, "r-") == set()


def test_a_link_goes_on_under_another_ref_unless_that_is_anothers(database: Database) -> None:
    save_rooms(database, AMBER, BERYL)
    linked(database, AMBER, "r-1")
    linked(database, BERYL, "r-2")
    alone, one_of_two = reserved(AMBER, "r-1").refs
    for new, stands in ((one_of_two, one_of_two), (alone, alone), ("r-2", alone)):
        with database.write() as session:
            (link,) = linking.links_of_reservation(session, "r-1")
            renamed = linking.rename(session, link, Side.TOPDESK, new)
        assert renamed.topdesk is not None
        assert renamed.topdesk.ref == stands
        assert refs(database, "r-1") == {stands}
    assert refs(database, "r-2") == {"r-2"}
