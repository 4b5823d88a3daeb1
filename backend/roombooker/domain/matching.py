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
class Meeting:
    """A live meeting without reservation: unlinked (`link` None), or of a link whose TOPdesk side never was."""

    booking: Booking
    link: Link | None = None

    @property
    def match_key(self) -> str | None:
        return self.link.match_key if self.link else self.booking.match_key


@dataclass(frozen=True, slots=True)
class Waiting:
    """A TOPdesk record that has no meeting yet: unlinked (`link` None), or of a link whose Exchange side never was."""

    booking: Booking
    link: Link | None = None

    @property
    def is_awaiting(self) -> bool:
        return self.link is not None and self.link.is_awaiting

    @property
    def organizer(self) -> Person | None:
        """An awaited booking knows its organizer even where TOPdesk's requester is the person account."""
        return (self.link.organizer if self.link else None) or self.booking.organizer


@dataclass(frozen=True, slots=True)
class Pair:
    meeting: Meeting
    waiting: Waiting
    why: str

    @property
    def is_shifted(self) -> bool:
        return self.meeting.booking.slot != self.waiting.booking.slot


@dataclass(frozen=True, slots=True)
class Ambiguity:
    meeting: Meeting
    candidates: tuple[Booking, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Matches:
    pairs: tuple[Pair, ...]
    ambiguous: tuple[Ambiguity, ...]
    meetings: tuple[Meeting, ...]  # nothing on the other side
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the rules look things up in."""

    waiting: Sequence[Waiting]
    zone: ZoneInfo
    nobody: frozenset[str]

    def organizer(self, meeting: Meeting) -> Person | None:
        return _usable(meeting.booking.organizer, self.nobody)

    def awaited_by(self, waiting: Waiting) -> Person | None:
        return _usable(waiting.organizer, self.nobody)

    def is_same_organizer(self, meeting: Meeting, waiting: Waiting) -> bool:
        found = self.organizer(meeting)
        return found is not None and found.is_same_as(self.awaited_by(waiting))


Finder = Callable[[Meeting], Iterable[Waiting]]


def match(meetings: Sequence[Meeting], waiting: Sequence[Waiting], zone: ZoneInfo, nobody: frozenset[str] = frozenset()) -> Matches:
    """All of one room; live meetings against waiting reservations. The order of the inputs never matters.

    `nobody` are addresses that stand for no organizer. Whoever is part of an ambiguity is left to a person: nobody may take it
    on a weaker rule."""
    left = {m.booking.ref: m for m in sorted(meetings, key=lambda m: m.booking.ref)}
    left_waiting = {w.booking.ref: w for w in sorted(waiting, key=lambda w: w.booking.ref)}
    pairs: list[Pair] = []
    ambiguous: list[Ambiguity] = []
    for why, finder_of in _RULES:
        if not left or not left_waiting:
            break
        find = finder_of(_Ground(list(left_waiting.values()), zone, nobody))
        found = {ref: hits for ref, meeting in left.items() if (hits := list(find(meeting)))}
        claimants = Counter(w.booking.ref for hits in found.values() for w in hits)
        for ref, hits in found.items():
            meeting = left.pop(ref)
            if len(hits) == 1 and claimants[hits[0].booking.ref] == 1:
                pairs.append(Pair(meeting, hits[0], why))
            else:
                ambiguous.append(Ambiguity(meeting, tuple(w.booking for w in hits), why))
        for ref in claimants:
            left_waiting.pop(ref)
    return Matches(tuple(pairs), tuple(ambiguous), tuple(left.values()), tuple(left_waiting.values()))


def _by_key(ground: _Ground) -> Finder:
    index = _index(ground.waiting, lambda w: w.link.match_key if w.link else w.booking.match_key)

    def find(m: Meeting) -> Iterable[Waiting]:
        """A series copies the key of its first date to all of them: then the slot tells which is meant."""
        hits = index.get(m.match_key, ()) if m.match_key else ()
        exact = [w for w in hits if w.booking.slot == m.booking.slot] if len(hits) > 1 else []
        return exact if len(exact) == 1 else hits

    return find


def _by_uid(ground: _Ground) -> Finder:
    index = _index(ground.waiting, lambda w: w.link.ical_uid if w.link else None)

    def find(m: Meeting) -> Iterable[Waiting]:
        if not m.booking.ical_uid:
            return ()
        started = m.booking.original_start or m.booking.slot.start
        return [w for w in index.get(m.booking.ical_uid, ()) if w.link and w.link.original_start in (None, started)]

    return find


def _by_organizer_and_slot(ground: _Ground) -> Finder:
    index = _index(ground.waiting, lambda w: w.booking.slot)
    return lambda m: [w for w in index.get(m.booking.slot, ()) if ground.is_same_organizer(m, w)]


def _by_organizer_and_day(ground: _Ground) -> Finder:
    awaiting = [w for w in ground.waiting if w.is_awaiting]
    return lambda m: [w for w in awaiting if ground.is_same_organizer(m, w) and _is_close(m.booking, w.booking, ground.zone)]


def _by_slot(ground: _Ground) -> Finder:
    index = _index(ground.waiting, lambda w: w.booking.slot)
    return lambda m: [w for w in index.get(m.booking.slot, ()) if ground.organizer(m) is None or ground.awaited_by(w) is None]


_RULES: tuple[tuple[str, Callable[[_Ground], Finder]], ...] = (
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


def _usable(person: Person | None, nobody: frozenset[str]) -> Person | None:
    return None if person is None or person.addresses & nobody else person


def _is_close(meeting: Booking, reservation: Booking, zone: ZoneInfo) -> bool:
    there = reservation.slot
    return meeting.slot.overlaps(there) or meeting.slot.start.astimezone(zone).date() == there.start.astimezone(zone).date()
