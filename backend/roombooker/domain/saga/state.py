"""What a saga remembers between two steps, and its JSON form."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from roombooker.domain.booking import Standing
from roombooker.domain.slot import Slot


class Kind(StrEnum):
    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"


class Way(StrEnum):
    """What is to become of one room on one date."""

    ADD = "add"  # a reservation that is not there yet
    REPLACE = "replace"  # a new reservation is secured, then the old one is given up
    CHANGE = "change"  # the same reservation is brought to another slot or room
    DROP = "drop"  # the old reservation is given up


class Phase(StrEnum):
    """Where the saga as a whole is."""

    PERSON = "person"
    CHECK = "check"
    SECURE = "secure"
    AWAIT = "await"  # a moved booking waits for its appointment to follow
    GIVE_UP = "give_up"
    ROLLBACK = "rollback"
    DONE = "done"


class ItemPhase(StrEnum):
    """Where one item is. The last seven are ends."""

    LOOK = "look"
    RESERVE = "reserve"
    LOOKUP = "lookup"  # a create whose outcome is not known
    CHANGE = "change"
    EXPLAIN = "explain"  # refused: is the slot taken, or is it something else?
    VERIFY = "verify"
    PRUNE = "prune"  # a create that took effect twice: the doubles go
    SECURED = "secured"
    UNDO = "undo"
    PUT_BACK = "put_back"
    CONFIRM_BACK = "confirm_back"
    GIVE_UP = "give_up"
    STANDS = "stands"
    GONE = "gone"
    TAKEN = "taken"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    ASKED = "asked"  # only a person may cancel it
    STUCK = "stuck"  # a work item


ENDS = frozenset(
    {
        ItemPhase.STANDS,
        ItemPhase.GONE,
        ItemPhase.TAKEN,
        ItemPhase.REFUSED,
        ItemPhase.ABANDONED,
        ItemPhase.ASKED,
        ItemPhase.STUCK,
    }
)


class Outcome(StrEnum):
    """How a finished saga ended, for the answer."""

    DONE = "done"
    TAKEN = "taken"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    ASKED = "asked"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is stable (slot_taken, side_refused, ended, not_sent, unavailable …); `message` a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """A reservation as its side answered it."""

    ref: str
    number: str | None = None
    version: str = ""
    standing: Standing = Standing.PLANNED
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Old:
    """The reservation that stands when a move or cancel begins."""

    room_id: str
    slot: Slot
    match_key: str
    ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One room on one date. `key` is made for this item and nothing else; a change in place keeps the old reservation's own."""

    way: Way
    phase: ItemPhase
    room_id: str
    slot: Slot
    key: str
    old: Old | None = None
    record: Record | None = None
    extras: tuple[str, ...] = ()  # refs of doubles under our key
    reason: Reason | None = None
    original_start: datetime | None = None  # of an occurrence, aware UTC

    @property
    def match_key(self) -> str:
        """The key that the reservation bears, or will bear."""
        return self.old.match_key if self.old and self.way in (Way.CHANGE, Way.DROP) else self.key

    @property
    def moves(self) -> bool:
        """An appointment has to follow it; a room that only joins or leaves has nowhere to move to."""
        return self.way in (Way.REPLACE, Way.CHANGE)

    @property
    def is_over(self) -> bool:
        return self.phase in ENDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Saga:
    kind: Kind
    phase: Phase
    items: tuple[Item, ...]
    all_or_nothing: bool = True  # several rooms of one slot; the dates of a series stand each for itself
    checks: bool = True  # ask Exchange before reserving; not when the appointment is there already
    awaits: bool = False  # the old is given up only when the appointment has followed
    requester_id: str | None = None
    tries: int = 0  # answers in a row that told nothing

    @property
    def is_done(self) -> bool:
        return self.phase is Phase.DONE

    @property
    def has_begun(self) -> bool:
        """Something may stand on the other side because of us."""
        untouched = (ItemPhase.RESERVE, ItemPhase.LOOK, ItemPhase.EXPLAIN)
        return any(not (i.is_over or i.phase in untouched or (i.phase is ItemPhase.SECURED and i.way is Way.DROP)) for i in self.items)

    @property
    def outcome(self) -> Outcome:
        """Of a finished saga; the dates of a series that stand make it done, whatever became of the others."""
        ends = {i.phase for i in self.items}
        if ItemPhase.STUCK in ends:
            return Outcome.STUCK
        if ends & {ItemPhase.STANDS, ItemPhase.GONE} and (not self.all_or_nothing or ends <= {ItemPhase.STANDS, ItemPhase.GONE}):
            return Outcome.ASKED if ItemPhase.ASKED in ends else Outcome.DONE
        for end, outcome in _OUTCOMES:
            if end in ends:
                return outcome
        return Outcome.ABANDONED


_OUTCOMES = ((ItemPhase.ASKED, Outcome.ASKED), (ItemPhase.TAKEN, Outcome.TAKEN), (ItemPhase.REFUSED, Outcome.REFUSED))


def with_item(saga: Saga, index: int, item: Item) -> Saga:
    return replace(saga, items=(*saga.items[:index], item, *saga.items[index + 1 :]), tries=0)


def to_json(saga: Saga) -> dict[str, Any]:
    """Plain JSON; `from_json` gives the same saga again."""
    return _members(saga) | {"items": [_item_to_json(item) for item in saga.items]}


def from_json(found: dict[str, Any]) -> Saga:
    return Saga(
        **found
        | {"kind": Kind(found["kind"]), "phase": Phase(found["phase"]), "items": tuple(_item_from_json(item) for item in found["items"])}
    )


def _members(one: "Saga | Item | Old | Record | Reason") -> dict[str, Any]:
    """As `asdict`, without copying what lies deeper: that took longer than writing it."""
    return {name: getattr(one, name) for name in one.__slots__}


def _item_to_json(item: Item) -> dict[str, Any]:
    old = item.old and _members(item.old) | {"slot": _slot_to_json(item.old.slot)}
    start = item.original_start and item.original_start.isoformat()
    record, reason = item.record and _members(item.record), item.reason and _members(item.reason)
    slot, extras = _slot_to_json(item.slot), list(item.extras)
    return _members(item) | {"slot": slot, "old": old, "record": record, "reason": reason, "extras": extras, "original_start": start}


def _item_from_json(found: dict[str, Any]) -> Item:
    old, record, reason, start = (found[name] for name in ("old", "record", "reason", "original_start"))
    return Item(
        way=Way(found["way"]),
        phase=ItemPhase(found["phase"]),
        room_id=found["room_id"],
        slot=_slot_from_json(found["slot"]),
        key=found["key"],
        old=Old(**old | {"slot": _slot_from_json(old["slot"])}) if old else None,
        record=Record(**record | {"standing": Standing(record["standing"])}) if record else None,
        extras=tuple(found["extras"]),
        reason=Reason(**reason) if reason else None,
        original_start=datetime.fromisoformat(start) if start else None,
    )


def _slot_to_json(slot: Slot) -> list[str]:
    return [slot.start.isoformat(), slot.end.isoformat()]


def _slot_from_json(found: list[str]) -> Slot:
    return Slot(datetime.fromisoformat(found[0]), datetime.fromisoformat(found[1]))
