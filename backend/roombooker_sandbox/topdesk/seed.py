"""Fills an empty TOPdesk: branches, rooms, people, reasons, and the same believable fortnight that Exchange has."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from roombooker_sandbox.directory import Building, Directory, Person, Room, stable_id
from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.blanks import MEETING_ROOM, OTHER_ROOM, TRAINING_ROOM, branch, location, location_row, person, person_row
from roombooker_sandbox.topdesk.reservation import month_of
from roombooker_sandbox.topdesk.schema import INDEXES, SCHEMA
from roombooker_sandbox.topdesk.windows import DAYTIME, OFFICE
from roombooker_sandbox.world import World

_CHUNK = 20_000
SINCE = datetime(2024, 1, 8, 8, tzinfo=UTC)  # when the cards were made
LISTS = {
    "reservationCancellationReasons": ("Cancelled by the organizer", "No longer needed", "Room not available", "Booked twice"),
    "reservationRejectionReasons": ("Not approved", "Withdrawn by the organizer", "Room not available"),
    "reservationProcessingStatus": ("New", "Confirmed", "In preparation", "Closed"),
    "serviceTypes": ("Catering", "Layout", "Equipment"),
}
_ARCHIVED = {"reservationCancellationReasons": "Moved to another building", "reservationRejectionReasons": "Other"}
SERVICES = (
    ("Coffee and tea", "Catering", 30),
    ("Lunch", "Catering", 1440),
    ("Theatre layout", "Layout", 240),
    ("Flip chart", "Equipment", 0),
)


def seed(world: World) -> None:
    """Nothing is done when there are reservations or people already (a state file)."""
    store = world.store
    store.apply(SCHEMA)
    with store.transaction() as db:
        if db.execute("SELECT 1 FROM topdesk_persons LIMIT 1").fetchone() is None:
            _fill(db, world)
    store.apply(INDEXES)


def _fill(db: sqlite3.Connection, world: World) -> None:
    directory = world.directory
    for building in directory.buildings:
        db.execute(
            "INSERT INTO topdesk_branches (id, name, card) VALUES (?,?,?)",
            (building.branch_id, building.name, json.dumps(_branch(building))),
        )
    db.executemany(
        "INSERT INTO topdesk_locations (serial, id, name, branch_id, type, archived, reservable, card) VALUES (?,?,?,?,?,?,?,?)",
        (location_row(serial, card) for serial, card in enumerate(_locations(directory), 1)),
    )
    db.executemany(
        "INSERT INTO topdesk_persons (serial, id, email, name, branch_id, archived, card) VALUES (?,?,?,?,?,?,?)",
        (person_row(serial, card) for serial, card in enumerate(_persons(directory), 1)),
    )
    for name, entries in LISTS.items():
        rows = [(stable_id(name, entry), name, entry, 0) for entry in entries]
        if name in _ARCHIVED:
            rows.append((stable_id(name, _ARCHIVED[name]), name, _ARCHIVED[name], 1))
        db.executemany("INSERT INTO topdesk_entries (id, list, name, archived) VALUES (?,?,?,?)", rows)
    db.executemany("INSERT INTO topdesk_services (id, name, card) VALUES (?,?,?)", (_service(*service) for service in SERVICES))
    _fill_reservations(db, world)


def first_day(now: datetime) -> date:
    """The Monday of the week; Exchange's seed starts on the same day."""
    return now.date() - timedelta(days=now.weekday())


def _fill_reservations(db: sqlite3.Connection, world: World) -> None:
    """In chunks of lean rows, so that seven million need minutes and no more memory than the database itself."""
    rows = _reservation_rows(db, world)
    while chunk := list(islice(rows, _CHUNK)):
        db.executemany(
            "INSERT INTO topdesk_reservations (serial, month, id, status, start, end, room, block, requester, subject, modified)"
            " VALUES (?,?,?,0,?,?,?,?,?,?,?)", chunk,
        )  # fmt: skip
        db.executemany(
            "INSERT INTO topdesk_occupied (room, start, reservation, end, block) VALUES (?,?,?,?,?)",
            [(row[5], row[3], row[0], row[4], row[6]) for row in chunk],
        )


def _reservation_rows(db: sqlite3.Connection, world: World) -> Iterator[tuple[Any, ...]]:
    directory = world.directory
    now = world.clock.now()
    monday = first_day(now)
    month = month_of(now)
    modified = int(datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp())
    persons = {row["id"]: row["serial"] for row in db.execute("SELECT id, serial FROM topdesk_persons")}
    account = persons[directory.person_account_id]
    for meeting in directory.meetings(monday, world.options.days, world.options.per_day):
        room = meeting.room
        card = meeting.organizer.card_id
        yield (
            meeting.number, month, bytes.fromhex(stable_id("reservation", meeting.number).replace("-", "")), int(meeting.start.timestamp()) // 60,
            int(meeting.end.timestamp()) // 60, room.number + 1, room.block_minutes, persons[card] if card else account,
            "Private" if meeting.private else meeting.subject, modified,
        )  # fmt: skip


def _branch(building: Building) -> Card:
    return branch(building.branch_id, building.name) | {
        "clientReferenceNumber": f"B{building.number + 1}", "timeZone": building.time_zone, "phone": f"+31 10 555 0{building.number}00",
        "address": {"street": building.name, "number": "1", "city": building.city},
    }  # fmt: skip


def _locations(directory: Directory) -> Iterator[Card]:
    """Bookable rooms first, so that a room's serial is its number plus one; then what no one may book."""
    for room in directory.rooms:
        yield _bookable(room)
    for building in directory.buildings:
        home = {"id": building.branch_id, "name": building.name}
        yield location(stable_id("location", f"reception-{building.number}"), "Reception", f"{building.name[0]}0.00", home, OTHER_ROOM, 2)
        old = location(
            stable_id("location", f"old-{building.number}"),
            f"Old boardroom {building.city}",
            f"{building.name[0]}9.99",
            home,
            MEETING_ROOM,
            20,
        )
        yield old | {"status": "archived", "reservationManagement": old["reservationManagement"] | {"reservable": True}}


def _bookable(room: Room) -> Card:
    home = {"id": room.building.branch_id, "name": room.building.name}
    kind = TRAINING_ROOM if room.capacity >= 24 else MEETING_ROOM
    card = location(room.location_id, room.name, room.room_number, home, kind, room.capacity)
    card["specification"] = ", ".join(room.equipment)[:100]
    card["optionalFields1"] = {"text1": room.mailbox, "boolean1": room.wheelchair, "number1": float(room.floor)}
    management: Card = {
        "reservable": True,
        "visibleInSsd": True,
        "reservableInSsd": True,
        "requiresApproval": room.requires_approval,
        "blockTime": room.block_minutes,
    }
    if room.number % 10 == 3:
        management |= {"serviceWindow": {"id": DAYTIME.id, "name": DAYTIME.name}, "serviceWindowAppliesTo": "sspAndOperatorRealm"}
    if room.number % 10 == 7:
        management |= {"serviceWindow": {"id": OFFICE.id, "name": OFFICE.name}, "serviceWindowAppliesTo": "sspOnly"}
    if room.person_group:
        group = {"id": room.person_group.id, "name": room.person_group.name}
        management |= {"reservableBy": "specificPersonGroup", "reservableByPersonGroup": group}
    card["reservationManagement"] |= management
    return card


def _persons(directory: Directory) -> Iterator[Card]:
    """Those with a card; the account that books for the others; one who left; two who share an address."""
    first = directory.buildings[0]
    for known in directory.people:
        if known.card_id:
            yield _colleague(known)
    yield person(directory.person_account_id, "", "Outlook Room Booker", "room.booker@contoso.example", first)
    yield person(stable_id("person", "left"), "Larry", "Leaver", "larry.leaver@contoso.example", first) | {"archived": True}
    for building in directory.buildings[:2]:
        yield person(stable_id("person", f"reception-{building.number}"), "Reception", building.name, "reception@contoso.example", building)


def _colleague(known: Person) -> Card:
    card = person(known.card_id or "", known.first, known.last, known.mail, known.building)
    local = known.mail.split("@")[0]
    department = {"id": stable_id("department", known.department), "name": known.department}
    return card | {
        "employeeNumber": f"E{known.number:05d}", "tasLoginName": local, "networkLoginName": local[:20], "department": department,
        "phoneNumber": f"+31 10 55{known.number:05d}",
    }  # fmt: skip


def _service(name: str, kind: str, lead_minutes: int) -> tuple[str, str, str]:
    service_id = stable_id("service", name)
    card = {
        "id": service_id, "name": name, "briefDescription": name, "description": "", "termsOfSupply": "",
        "serviceType": {"id": stable_id("serviceTypes", kind), "name": kind}, "separatelyReservable": False, "reservableInSsp": True,
        "reservableFor": "locations", "leadMinutes": lead_minutes, "price": 2.5,
    }  # fmt: skip
    return service_id, name, json.dumps(card)
