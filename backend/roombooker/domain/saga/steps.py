"""The calls that a saga can want. `index` is the item's place in the saga."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindPerson:
    """Who is requester? Answer: PersonFound."""


@dataclass(frozen=True, slots=True)
class CheckExchange:
    """Are the rooms free in Exchange too? Answer: Checked."""

    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """The old reservation, re-read by its ref. Answer: Looked."""

    index: int


@dataclass(frozen=True, slots=True)
class Create:
    """Answer: Done."""

    index: int


@dataclass(frozen=True, slots=True)
class Find:
    """By match key, after a create whose outcome is not known. Answer: Done or Absent."""

    index: int


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """Bring the old reservation to the item's room and slot; already there is Done."""

    index: int


@dataclass(frozen=True, slots=True)
class ChangeBack:
    """Bring it back to the old room and slot; already there is Done."""

    index: int


@dataclass(frozen=True, slots=True)
class Relist:
    """What overlaps the item's slot (`back`: the old one's)? Answer: Listed."""

    index: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """End this reservation of ours; already ended is Done."""

    index: int
    ref: str
    is_old: bool = False  # the old one, not the one that we made


Step = FindPerson | CheckExchange | Look | Create | Find | ChangeRecord | ChangeBack | Relist | Remove
