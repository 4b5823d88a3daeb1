"""What a step can come back with."""

from dataclasses import dataclass

from roombooker.domain.saga.state import Reason, Record


@dataclass(frozen=True, slots=True)
class Done:
    """It took effect; `record` is how the reservation stands now (None after its end)."""

    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """No record bears the key."""


@dataclass(frozen=True, slots=True)
class PersonFound:
    requester_id: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The items whose room Exchange says is busy."""

    busy: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Looked:
    """`record` None: not live any more. `must_ask`: why only a person may cancel it."""

    record: Record | None
    has_services: bool = False
    must_ask: Reason | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """A live reservation that overlaps ours. `match_key` only where another saga of ours is at work on it and has not verified
    it yet, so that it will list the slot again itself; everything else stands, and ours yields to it."""

    match_key: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """`doubles`: further live reservations under our own key. `is_conflicting`: how TOPdesk flags ours by now."""

    rivals: tuple[Rival, ...] = ()
    doubles: tuple[str, ...] = ()
    is_conflicting: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """It said no, and nothing was changed."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unavailable:
    """It could not be asked, and nothing was changed."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unknown:
    """Sent, and the answer was lost: neither success nor failure."""


Answer = Done | Absent | PersonFound | Checked | Looked | Listed | Refused | Unavailable | Unknown
