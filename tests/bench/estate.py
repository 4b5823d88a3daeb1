"""Estates to measure on: rooms, 180 days, 8 bookings per room and day, on both sides; built once by the product's own store."""

import json
import random
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import text
from sqlalchemy.orm import Session
from tqdm import tqdm

from roombooker.domain.booking import Booking, Person, Side, Standing, new_match_key
from roombooker.domain.calendar import Listing
from roombooker.domain.room import Room, ServiceHours
from roombooker.domain.slot import Slot
from roombooker.store import occupancy, rooms
from roombooker.store.db import Database, open_database
from roombooker.store.migrate import newest, upgrade

DAYS = 180
PER_DAY = 8
HOME = Path("var/bench")
_WRITTEN = 50
_PEOPLE = [Person(f"person{n}@contoso.example", f"Person {n}") for n in range(200)]
_EQUIPMENT = ("Screen", "Whiteboard", "Video", "Phone")
_HOURS = ServiceHours({day: (time(7), time(19)) for day in range(1, 8)})


def first_day() -> datetime:
    """Tomorrow's midnight: an estate is rebuilt when it is more than a week old."""
    return datetime.combine(datetime.now(UTC).date() + timedelta(days=1), time(), UTC)


def estate(count: int, address: str | None = None) -> str:
    """The address of a database with that many mapped rooms: a SQLite file kept in var/bench, or an empty database at `address`."""
    HOME.mkdir(parents=True, exist_ok=True)
    path, mark = HOME / f"estate-{count}.db", HOME / f"estate-{count}.json"
    made = {"revision": newest(), "per_day": PER_DAY, "days": DAYS, "format": 4}
    if address is None:
        old = json.loads(mark.read_text()) if mark.exists() else {}
        age = datetime.now(UTC) - datetime.fromisoformat(old.get("made_at", "2000-01-01T00:00:00+00:00"))
        if path.exists() and age < timedelta(days=7) and made.items() <= old.items():
            return f"sqlite:///{path.absolute()}"
        for stale in HOME.glob(f"estate-{count}.*"):
            stale.unlink()
    database = open_database(address or f"sqlite:///{path.absolute()}")
    upgrade(database)
    began = perf_counter()
    _fill(database, count)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if database.is_sqlite else "VACUUM ANALYZE")
    database.engine.dispose()
    if address is None:
        mark.write_text(json.dumps(made | {"made_at": datetime.now(UTC).isoformat(), "seconds": round(perf_counter() - began)}))
    return address or f"sqlite:///{path.absolute()}"


def _fill(database: Database, count: int) -> None:
    """The first rooms are written by the product's own store; the others get copies of their bookings, in SQL, which is much faster."""
    dice = random.Random(count)
    now = datetime.now(UTC)
    window = Slot(first_day() - timedelta(days=1), first_day() + timedelta(days=DAYS))
    with database.write() as session:
        found = [_room(at, dice) for at in range(count)]
        for room in found:
            rooms.save(session, room, at=now)
    for room in tqdm(found[:_WRITTEN], desc=f"estate of {count} rooms", unit="room", disable=None):
        with database.write() as session:
            bookings = _bookings(room, dice)
            for side in Side:
                theirs = tuple(_on(side, booking) for booking in bookings)
                occupancy.replace(session, room, side, Listing(room.id, window, theirs, is_complete=True, read_at=now))
    for first in tqdm(range(_WRITTEN, count, _WRITTEN), desc="copies", unit="50 rooms", disable=None):
        with database.write() as session:
            _copy(session, first)


def _room(at: int, dice: random.Random) -> Room:
    # Rooms that get copies of each other's bookings share their block time.
    return Room(
        id=f"room-{at:05}", location_id=f"location-{at:05}", mailbox=f"room{at:05}@contoso.example", name=f"Room {at:05}",
        number=f"{at % 9}.{at % 97:02}", building=f"Building {at * 7 % 10}", floor=str(at % 6),
        capacity=dice.choice([2, 4, 4, 6, 6, 8, 10, 12, 20]), equipment=tuple(dice.sample(_EQUIPMENT, dice.randint(0, 3))),
        time_zone="UTC", service_hours=_HOURS if at % 3 == 0 else None, block_time=timedelta(minutes=15 if at % 10 == 0 else 0),
    )  # fmt: skip


def _copy(session: Session, first: int) -> None:
    """The written rooms' index, to the rooms from number `first` on (numbers begin at 1, in the order of saving).

    Each batch of copies is turned by another number of days, so that no two rooms are alike."""
    origin = int(first_day().timestamp()) // 86400
    day = "(start_min / 1440)"
    moved = f"(({{day}} - {origin} + {first // _WRITTEN}) % {DAYS} + {origin})"
    by = f"({moved.format(day=day)} - {day}) * 1440"
    session.execute(text("UPDATE occupancy_room SET longest_min = 120"))
    words = ", ".join(f"h{hour:02}" for hour in range(24))
    for table, columns, values in (
        (
            "occupancy",
            "side, ref, match_key, private, shown_by, seen_s, start_min, end_min, planned_start_min, planned_end_min",
            f"side, ref, match_key, private, shown_by, seen_s, start_min + {by}, end_min + {by}, planned_start_min + {by}, planned_end_min + {by}",
        ),
        ("occupancy_day", f"day, {words}", f"{moved.format(day='day')}, {words}"),
        ("occupancy_read", "side, start_min, end_min, read_s", "side, start_min, end_min, read_s"),
    ):
        session.execute(
            text(f"INSERT INTO {table} (room_no, {columns}) SELECT room_no + {first}, {values} FROM {table} "  # noqa: S608  our own names
                 f"WHERE room_no <= {_WRITTEN} AND room_no + {first} IN (SELECT no FROM occupancy_room)")
        )  # fmt: skip


def _bookings(room: Room, dice: random.Random) -> list[Booking]:
    """Every day eight that do not overlap, between 07:00 and 19:00, of half an hour to an hour and a half."""
    found = []
    for day in range(DAYS):
        at = first_day() + timedelta(days=day, hours=7, minutes=dice.randrange(0, 60, 15))
        for _ in range(PER_DAY):
            length = timedelta(minutes=dice.choice([30, 45, 60, 60, 75]))
            found.append(
                Booking(
                    side=Side.TOPDESK, ref="", place="", room_id=room.id, slot=Slot(at, at + length), standing=Standing.PLANNED,
                    version="1", organizer=dice.choice(_PEOPLE), match_key=new_match_key(),
                )
            )  # fmt: skip
            at += length + timedelta(minutes=dice.choice([0, 15, 30, 45, 60]))
    return found


def _on(side: Side, booking: Booking) -> Booking:
    ref = f"{side[0]}-{booking.match_key}" + "x" * 8  # short, for the sake of the disk: search never reads it
    key = booking.match_key if side is Side.TOPDESK else None
    return Booking(side=side, ref=ref, place="", room_id=booking.room_id, slot=booking.slot, standing=booking.standing, version="1",
                   organizer=booking.organizer, match_key=key)  # fmt: skip
