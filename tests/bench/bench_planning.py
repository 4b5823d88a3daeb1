"""Planning a whole estate in which nothing has changed: 1,000 rooms, 180 days, 8 bookings a day; by one core, in flat memory."""

import resource
from collections.abc import Iterator
from datetime import timedelta
from time import process_time

from estate import DAYS, PER_DAY, first_day
from result import Result

from factories import make_room, make_settings
from roombooker.domain.addresses import unsure
from roombooker.domain.booking import Booking, Person, Side, Standing, new_match_key
from roombooker.domain.fingerprint import fingerprint
from roombooker.domain.link import Link, Remembered
from roombooker.domain.plan import View, plan
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.services.rules import keeps, rules_for

_KINDS = 8  # rooms that differ; the estate is these over and over, since making them takes longer than planning them


def run(*, quick: bool = False) -> list[Result]:
    rooms = 100 if quick else 1000
    settings, now = make_settings(), first_day()
    worlds = [_world(number) for number in range(_KINDS)]
    _plan(worlds, settings, now, _KINDS)  # warm
    half, seconds = _memory_kb(), 0.0
    for _ in range(rooms // _KINDS // 2):
        seconds += _plan(worlds, settings, now, _KINDS)
    middle = _memory_kb()
    for _ in range(rooms // _KINDS // 2):
        seconds += _plan(worlds, settings, now, _KINDS)
    planned = rooms // _KINDS // 2 * 2 * _KINDS
    rate = planned * DAYS * PER_DAY / seconds
    growth = _memory_kb() / max(middle, half)
    return [
        Result(f"planning {planned} rooms with nothing changed, bookings per second and core", rate, 20_000, f"{seconds:.1f} s of one core",
               at_least=True, unit=""),
        Result("memory after the second half of that estate against the first", growth, 1.05, f"{_memory_kb() / 1024:.0f} MB at most"),
    ]  # fmt: skip


def _plan(worlds: list[tuple[Room, tuple[Link, ...], View, View]], settings: object, now: object, count: int) -> float:
    began = process_time()
    for room, links, topdesk, exchange in worlds[:count]:
        rules = rules_for(room, settings, now, frozenset())  # type: ignore[arg-type]
        if unsure(links, topdesk, exchange, rules) or plan(links, topdesk, exchange, rules):  # as services.planning does
            raise RuntimeError("something was planned though nothing has changed")
    return process_time() - began


def _world(number: int) -> tuple[Room, tuple[Link, ...], View, View]:
    room = make_room(f"Room{number}")
    links, sides = [], {side: [] for side in Side}
    for at, slot in enumerate(_slots()):
        key = new_match_key()
        pair = {side: _booking(side, room, slot, at, key) for side in Side}
        for side, booking in pair.items():
            sides[side].append(booking)
        remembered = {side: Remembered(b.ref, fingerprint(b, keeps(room, side)), b.version) for side, b in pair.items()}
        links.append(
            Link(
                id=f"{number}-{at}", match_key=key, room_id=room.id, slot=slot, topdesk=remembered[Side.TOPDESK], exchange=remembered[Side.EXCHANGE],
                organizer=pair[Side.TOPDESK].organizer,
            )
        )  # fmt: skip
    topdesk, exchange = (View(tuple(sides[side]), is_complete=True) for side in (Side.TOPDESK, Side.EXCHANGE))
    return room, tuple(links), topdesk, exchange


def _slots() -> Iterator[Slot]:
    for day in range(DAYS):
        for hour in range(PER_DAY):
            start = first_day() + timedelta(days=day, hours=8 + hour)
            yield Slot(start, start + timedelta(minutes=45))


def _booking(side: Side, room: Room, slot: Slot, at: int, key: str) -> Booking:
    person = Person(f"person{at % 200}@contoso.example", f"Person {at % 200}")
    place = room.location_id if side is Side.TOPDESK else room.mailbox
    return Booking(side=side, ref=f"{side}-{room.id}-{at}", place=place, room_id=room.id, slot=slot, standing=Standing.PLANNED, version="1",
                   organizer=person, subject="Budget" if side is Side.TOPDESK else None, attendees=4, match_key=key)  # fmt: skip


def _memory_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
