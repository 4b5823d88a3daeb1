"""Meetings that stand where another record of theirs was: which lost meeting is which new one.

Exchange gives a meeting a new id when its invitation was taken off and put back, when another room was taken, for every date of a
series that was moved as a whole, and for the dates of the series that "this and following" makes. A link follows only where that is
beyond doubt, by these rules in their order: (1) the same iCalUId and original start; (2) the same series and original date; (3) the
same series, all of whose dates were moved: in their order; (4) the same organizer and slot; (5) the same organizer, a date of a
series each, on the same local day. The last two only where nobody ended the lost one; (4) also where its reservation stands until a
person has approved the cancellation."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from roombooker.domain.actions import Delete
from roombooker.domain.booking import Booking, Person, Side
from roombooker.domain.link import Link
from roombooker.domain.view import Ending, Rules, View

_ASKED = f"{Delete.__name__} {Side.TOPDESK}"  # as it is marked on a link
Pairs = Iterator[tuple[Link, Booking]]


def substitutes(links: Iterable[Link], meetings: Mapping[str, Booking], linked: set[str], view: View, rules: Rules) -> dict[str, Booking]:
    """By the id of the link. `linked` are the refs that links remember."""
    missing = [link for link in links if link.exchange is not None and _is_missing(link, meetings, view)]
    fresh = [b for b in meetings.values() if b.is_live and b.room_id and b.ref not in linked] if missing else []
    if not fresh:
        return {}
    found: dict[str, Booking] = {}
    zone, nobody = rules.zone, rules.nobody
    here = [b for b in fresh if b.room_id == rules.room_id]
    stays = {b.series_mark for b in meetings.values() if b.is_live and b.ref in linked}
    steps: tuple[Callable[[Sequence[Link], Sequence[Booking]], Pairs], ...] = (
        _by_uid,
        lambda some, new: _by(some, new, lambda li: _series_day(li, zone), lambda b: (b.series_mark, _day_of(b, zone)) if b.series_mark else None),
        lambda some, new: _in_order(some, [b for b in new if b.series_mark not in stays]),
        lambda some, new: _by_organizer(_standing(some, view), new, nobody, lambda li: li.slot, lambda b: b.slot),
        lambda some, new: _by_organizer(
            [li for li in _unended(some, view) if li.series_id], [b for b in new if b.series_mark], nobody,
            lambda li: li.slot.start.astimezone(zone).date(), lambda b: b.slot.start.astimezone(zone).date(),
        ),
    )  # fmt: skip
    for step in steps:
        taken = {b.ref for b in found.values()}
        left = [li for li in missing if li.id not in found and (step is _by_uid or li.room_id == rules.room_id)]
        for link, booking in step(left, [b for b in (fresh if step is _by_uid else here) if b.ref not in taken]):
            found[link.id] = booking
    return found


def _is_missing(link: Link, meetings: Mapping[str, Booking], view: View) -> bool:
    """Its meeting is gone, with or without proof."""
    there = meetings.get(link.exchange.ref) if link.exchange else None
    if there is not None:
        return not there.is_live
    return link.exchange is not None and view.endings.get(link.exchange.ref) in (Ending.GONE, Ending.ENDED)


def _unended(links: Iterable[Link], view: View) -> list[Link]:
    return [link for link in links if link.exchange and view.endings.get(link.exchange.ref) is Ending.GONE]


def _standing(links: Iterable[Link], view: View) -> list[Link]:
    """Not ended, or their end waits for a person (or was refused by TOPdesk): the organizer may have thought better of it."""
    unended = {link.id for link in _unended(links, view)}
    return [link for link in links if link.id in unended or (link.settled is not None and link.settled.action == _ASKED)]


def _by_uid(links: Sequence[Link], fresh: Sequence[Booking]) -> Pairs:
    by_uid: dict[str, list[Booking]] = defaultdict(list)
    for b in fresh:
        if b.ical_uid:
            by_uid[b.ical_uid].append(b)
    wanted: dict[str, list[tuple[Link, Booking]]] = defaultdict(list)
    for link in links:
        hits = [b for b in by_uid.get(link.ical_uid or "", ()) if link.original_start in (None, b.original_start)]
        if len(hits) == 1:
            wanted[hits[0].ref].append((link, hits[0]))
    yield from (pairs[0] for pairs in wanted.values() if len(pairs) == 1)


def _by(links: Sequence[Link], fresh: Sequence[Booking], of_link: Callable[[Link], Hashable | None],
        of_booking: Callable[[Booking], Hashable | None]) -> Pairs:  # fmt: skip
    """Pairs of one link and one meeting that have a key to themselves; None is no key."""
    there = Counter(of_link(link) for link in links)
    hits: dict[Hashable, list[Booking]] = defaultdict(list)
    for b in fresh:
        hits[of_booking(b)].append(b)
    for link in links:
        key = of_link(link)
        if key is not None and there[key] == 1 and len(hits.get(key, ())) == 1:
            yield link, hits[key][0]


def _by_organizer(links: Sequence[Link], fresh: Sequence[Booking], nobody: frozenset[str], of_link: Callable[[Link], Hashable],
                  of_booking: Callable[[Booking], Hashable]) -> Pairs:  # fmt: skip
    """By the organizer, under any of their addresses, and one thing more."""
    same = {address: organizer for b in fresh if (organizer := b.organizer) for address in organizer.addresses}

    def who(person: Person | None) -> Person | None:
        found = next((same[a] for a in sorted(person.addresses) if a in same), None) if person else None
        return None if found is None or found.addresses & nobody else found

    yield from _by(
        links, fresh, lambda li: (who(li.organizer), of_link(li)) if who(li.organizer) else None,
        lambda b: (who(b.organizer), of_booking(b)) if who(b.organizer) else None,
    )  # fmt: skip


def _in_order(links: Sequence[Link], fresh: Sequence[Booking]) -> Pairs:
    """The first lost date of a series is its first new one, and so on."""
    lost: dict[str, list[Link]] = defaultdict(list)
    new: dict[str, list[Booking]] = defaultdict(list)
    for link in links:
        if link.series_id:
            lost[link.series_id].append(link)
    for b in fresh:
        if b.series_mark:
            new[b.series_mark].append(b)
    for series, some in lost.items():
        yield from zip(
            sorted(some, key=lambda li: (li.slot, li.id)), sorted(new.get(series, ()), key=lambda b: (b.slot, b.ref)), strict=False
        )


def _series_day(link: Link, zone: ZoneInfo) -> Hashable | None:
    return (link.series_id, link.original_start.astimezone(zone).date()) if link.series_id and link.original_start else None


def _day_of(booking: Booking, zone: ZoneInfo) -> Hashable:
    return (booking.original_start or booking.slot.start).astimezone(zone).date()
