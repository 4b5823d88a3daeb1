"""How each of the three intents begins."""

from collections.abc import Sequence
from dataclasses import replace

from roombooker.domain.saga.state import ENDS, Item, ItemPhase, Kind, Old, Phase, Saga, Way
from roombooker.domain.slot import Slot


def book(items: Sequence[Item], *, all_or_nothing: bool = True) -> Saga:
    """Items that are over already (their claim was lost) stay as they are."""
    phase = Phase.DONE if all(i.phase in ENDS for i in items) else Phase.PERSON
    return Saga(kind=Kind.BOOK, phase=phase, items=tuple(items), all_or_nothing=all_or_nothing)


def move(items: Sequence[Item], *, awaits: bool, checks: bool = True) -> Saga:
    """`awaits`: the appointment stands at the old slot, so the old reservation is kept until it has followed."""
    needs_person = any(i.way in (Way.ADD, Way.REPLACE) for i in items)
    phase = Phase.PERSON if needs_person else Phase.CHECK if checks else Phase.SECURE
    return Saga(kind=Kind.MOVE, phase=phase, items=tuple(items), awaits=awaits, checks=checks)


def cancel(olds: Sequence[Old]) -> Saga:
    items = tuple(drop(old) for old in olds)
    return Saga(kind=Kind.CANCEL, phase=Phase.SECURE, items=items, all_or_nothing=False, checks=False)


def add(room_id: str, slot: Slot, key: str) -> Item:
    return Item(way=Way.ADD, phase=ItemPhase.RESERVE, room_id=room_id, slot=slot, key=key)


def drop(old: Old) -> Item:
    return Item(way=Way.DROP, phase=ItemPhase.LOOK, room_id=old.room_id, slot=old.slot, key=old.match_key, old=old)


def shift(old: Old, room_id: str, slot: Slot, key: str) -> Item:
    """Into the same room over the old slot only a change in place fits; anything else gets a reservation of its own first."""
    way = Way.CHANGE if room_id == old.room_id and slot.overlaps(old.slot) else Way.REPLACE
    return replace(add(room_id, slot, key), way=way, phase=ItemPhase.LOOK, old=old)
