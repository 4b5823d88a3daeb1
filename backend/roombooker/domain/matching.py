"""Which record on one side is which on the other, by the rules of the design, in their order; never a guess.

The rules, best first: (1) the key on both; (2) iCalUId and original start known from a link; (3) same room, organizer and
slot; (3b) same room and organizer and exactly one awaited booking that overlaps or lies on the same local day; (4) same room
and slot where one of the two has no usable organizer."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from roombooker.domain.booking import Booking, Person
from roombooker.domain.link import Link


@dataclass(frozen=True, slots=True)
class Waiting:
    """A TOPdesk record that has no meeting yet: unlinked (`link` None), or of a link whose Exchange side never was."""

    booking: Booking
    link: Link | None = None

    @property
    def is_awaiting(self) -> bool:
        return self.link is not None and self.link.is_awaiting


@dataclass(frozen=True, slots=True)
class Pair:
    exchange: Booking
    waiting: Waiting
    why: str
    shifted: bool = False  # rule 3b: the reservation must follow to the appointment's slot


@dataclass(frozen=True, slots=True)
class Ambiguity:
    exchange: Booking
    candidates: tuple[Booking, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Matches:
    pairs: tuple[Pair, ...]
    ambiguous: tuple[Ambiguity, ...]
    exchange: tuple[Booking, ...]  # nothing on the other side
    waiting: tuple[Waiting, ...]


Finder = Callable[[Booking], Iterable[Waiting]]


def match(exchange: Sequence[Booking], waiting: Sequence[Waiting], zone: ZoneInfo) -> Matches:
    """All of one room; live, unlinked meetings against waiting reservations. The order of the inputs never matters."""
    left_exchange = {b.ref: b for b in sorted(exchange, key=lambda b: b.ref)}
    left_waiting = {w.booking.ref: w for w in sorted(waiting, key=lambda w: w.booking.ref)}
    pairs: list[Pair] = []
    ambiguous: list[Ambiguity] = []
    for why, finder_of in _RULES:
        if not left_exchange or not left_waiting:
            break
        find = finder_of(list(left_waiting.values()), zone)
        found = {e.ref: hits for e in left_exchange.values() if (hits := list(find(e)))}
        claimants = Counter(w.booking.ref for hits in found.values() for w in hits)
        for ref, hits in found.items():
            meeting = left_exchange.pop(ref)
            if len(hits) == 1 and claimants[hits[0].booking.ref] == 1:
                pairs.append(Pair(meeting, hits[0], why, shifted=meeting.slot != hits[0].booking.slot))
            else:
                ambiguous.append(Ambiguity(meeting, tuple(w.booking for w in hits), why))
        for ref in claimants:  # whoever was matched, or is part of an ambiguity: nobody may take it on a weaker rule
            left_waiting.pop(ref)
    return Matches(tuple(pairs), tuple(ambiguous), tuple(left_exchange.values()), tuple(left_waiting.values()))


def _by_key(waiting: Sequence[Waiting], _zone: ZoneInfo) -> Finder:
    index = _index(waiting, lambda w: w.link.match_key if w.link else w.booking.match_key)
    return lambda e: index.get(e.match_key, ()) if e.match_key else ()


def _by_uid(waiting: Sequence[Waiting], _zone: ZoneInfo) -> Finder:
    index = _index(waiting, lambda w: w.link.ical_uid if w.link else None)

    def find(e: Booking) -> Iterable[Waiting]:
        started = e.original_start or e.slot.start
        return [w for w in index.get(e.ical_uid, ()) if w.link and w.link.original_start in (None, started)] if e.ical_uid else ()

    return find


def _by_organizer_and_slot(waiting: Sequence[Waiting], _zone: ZoneInfo) -> Finder:
    index = _index(waiting, lambda w: w.booking.slot)
    return lambda e: [w for w in index.get(e.slot, ()) if _same_organizer(e, w)]


def _by_organizer_and_day(waiting: Sequence[Waiting], zone: ZoneInfo) -> Finder:
    awaiting = [w for w in waiting if w.is_awaiting]
    return lambda e: [w for w in awaiting if _same_organizer(e, w) and _is_close(e, w, zone)]


def _by_slot(waiting: Sequence[Waiting], _zone: ZoneInfo) -> Finder:
    index = _index(waiting, lambda w: w.booking.slot)
    return lambda e: [w for w in index.get(e.slot, ()) if e.organizer is None or _organizer(w) is None]


_RULES: tuple[tuple[str, Callable[[Sequence[Waiting], ZoneInfo], Finder]], ...] = (
    ("key", _by_key),
    ("iCalUId", _by_uid),
    ("organizer and slot", _by_organizer_and_slot),
    ("organizer and day", _by_organizer_and_day),
    ("slot", _by_slot),
)


def _index(waiting: Iterable[Waiting], key: Callable[[Waiting], object]) -> dict[object, list[Waiting]]:
    index: dict[object, list[Waiting]] = defaultdict(list)
    for w in waiting:
        if (value := key(w)) is not None:
            index[value].append(w)
    return index


def _organizer(w: Waiting) -> Person | None:
    """An awaited booking knows its organizer even where TOPdesk's requester is the person account."""
    return (w.link.organizer if w.link else None) or w.booking.organizer


def _same_organizer(e: Booking, w: Waiting) -> bool:
    return e.organizer is not None and e.organizer.is_same_as(_organizer(w))


def _is_close(e: Booking, w: Waiting, zone: ZoneInfo) -> bool:
    there = w.booking.slot
    return e.slot.overlaps(there) or e.slot.start.astimezone(zone).date() == there.start.astimezone(zone).date()
