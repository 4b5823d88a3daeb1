"""Two bookings in one room: found by their blocked spans, refused or flagged as the switch says, healed when the other goes."""

import sqlite3
from collections.abc import Iterable

from roombooker_sandbox.switches import Switches
from roombooker_sandbox.topdesk.answers import refuse
from roombooker_sandbox.topdesk.inferred import CODE_TAKEN, CONFLICTS_HEAL
from roombooker_sandbox.topdesk.reservation import COLUMNS, Reservation, read_row, save
from roombooker_sandbox.topdesk.rules import conflicting, plain

_HOLDING = 4  # the first four of STATUSES hold their slot
_PLAIN = 2  # the first two do so without a clash
_WIDEST = 1440  # minutes; no block time is longer


def clashes(db: sqlite3.Connection, it: Reservation, switches: Switches, *, below: int = _HOLDING) -> bool:
    """Whether another reservation with a status code below `below` holds one of its rooms (or a part or the whole of it)."""
    rooms = ((f, _related(db, f.room)) for f in it.facilities if f.room is not None)
    return any(_is_taken(db, it, related, 0 if switches.blocks_may_overlap else f.block, below) for f, related in rooms)


def settle(db: sqlite3.Connection, it: Reservation, switches: Switches) -> None:
    """Give a reservation that is about to be saved the status that its slot allows. 400 in mode `reject` when it is taken."""
    it.status = plain(it.status)
    if switches.conflict_mode == "silent" or not clashes(db, it, switches):
        return
    if switches.conflict_mode == "reject":
        raise refuse(CODE_TAKEN, "The facility is not available in the requested period", "reservedFacilities")
    it.status = conflicting(it.status)


def heal(db: sqlite3.Connection, rooms: Iterable[int], start: int, end: int, now: int, switches: Switches) -> list[Reservation]:
    """After a span came free: flagged bookings that nothing plain overlaps any more turn plain, first come first served."""
    healed: list[Reservation] = []
    if not CONFLICTS_HEAL:
        return healed
    for room in {related for freed in rooms for related in _related(db, freed)}:
        flagged = db.execute(
            f"SELECT {COLUMNS} FROM topdesk_occupied o JOIN topdesk_reservations r ON r.serial = o.reservation"  # noqa: S608
            f" WHERE o.room = ? AND o.start - o.block < ? AND o.end + o.block > ? AND r.status IN (2, 3) ORDER BY r.serial",
            (room, end + _WIDEST, start - _WIDEST),
        ).fetchall()
        for row in flagged:
            other = read_row(row)
            if not clashes(db, other, switches, below=_PLAIN):
                other.status, other.modified = plain(other.status), now
                save(db, other)
                healed.append(other)
    return healed


def _is_taken(db: sqlite3.Connection, it: Reservation, rooms: list[int], own: int, below: int) -> bool:
    """`own`: minutes of its own block time that count."""
    found = db.execute(
        f"SELECT r.serial FROM topdesk_occupied o JOIN topdesk_reservations r ON r.serial = o.reservation"  # noqa: S608  only "?" is inserted
        f" WHERE o.room IN ({','.join('?' * len(rooms))}) AND o.start < ? AND o.start - o.block < ? AND o.end + o.block > ?"
        " AND r.status < ? AND r.serial <> ? LIMIT 1",
        (*rooms, it.end + own + _WIDEST, it.end + own, it.start - own, below, it.serial),
    ).fetchone()
    return found is not None


def _related(db: sqlite3.Connection, room: int) -> list[int]:
    """The room, what it is a part of, and its parts: a divisible room and its halves cannot both be had."""
    rows = db.execute(
        "SELECT other.serial FROM topdesk_locations one JOIN topdesk_locations other"
        " ON other.serial = one.serial OR other.id = one.major OR other.major = one.id WHERE one.serial = ?", (room,),
    )  # fmt: skip
    return [row[0] for row in rows]
