"""Sagas and answers for tests, with what a test does not care about filled in."""

from datetime import UTC, datetime, timedelta

from roombooker.domain import saga as sagas
from roombooker.domain.booking import Standing
from roombooker.domain.saga import Answer, Done, Old, PersonFound, Record, Saga
from roombooker.domain.saga.start import add, drop, shift
from roombooker.domain.slot import Slot

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEYS = [f"ORB-01KAAAAAAAAAAAAAAAAAAAAAA{letter}" for letter in "ABCDEFGH"]
SLOT = Slot(NINE, NINE + timedelta(hours=1))
LATER = SLOT.shifted(timedelta(hours=3))
NUDGED = SLOT.shifted(timedelta(minutes=30))
OLD = Old("amber", SLOT, KEYS[7], "ref-old")
WHY = sagas.Reason("side_refused", "The requester is archived.")
AWAY = sagas.Unavailable(sagas.Reason("side_unavailable", "TOPdesk is away."))


def record(ref: str = "ref-new", standing: Standing = Standing.PLANNED) -> Record:
    return Record(ref, "R 1", "v1", standing)


def done(ref: str = "ref-new", standing: Standing = Standing.PLANNED) -> Done:
    return Done(record(ref, standing))


def booking(rooms: int = 1, *, all_or_nothing: bool = True) -> Saga:
    names = ["amber", "beryl", "coral"][:rooms]
    return sagas.book([add(name, SLOT, KEYS[n]) for n, name in enumerate(names)], all_or_nothing=all_or_nothing)


def moving(slot: Slot = LATER, *, room: str = "amber", awaits: bool = False) -> Saga:
    return sagas.move([shift(OLD, room, slot, KEYS[0])], awaits=awaits)


def leaving_and_moving() -> Saga:
    return sagas.move([shift(OLD, "amber", LATER, KEYS[0]), drop(Old("beryl", SLOT, KEYS[6], "ref-beryl"))], awaits=False)


def after(saga: Saga, *answers: Answer) -> Saga:
    for answer in answers:
        saga = sagas.advance(saga, answer)
    return saga


READY = (PersonFound("person-1"), sagas.Checked())
