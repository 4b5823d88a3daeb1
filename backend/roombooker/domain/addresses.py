"""Whose further addresses count: organizers of meetings that would be somebody else's only because of the address they are known by."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from roombooker.domain.booking import Booking, Person, Side
from roombooker.domain.fingerprint import fingerprint
from roombooker.domain.link import Link
from roombooker.domain.slot import Slot
from roombooker.domain.view import Rules, View

_Records = Mapping[str, Booking]


def unsure(links: Iterable[Link], topdesk: View, exchange: View, rules: Rules) -> frozenset[str]:
    """Addresses to ask the directory about before a plan is made; empty where all that meets goes by the same address anyway."""
    known = list(links)
    reservations, meetings = ({b.ref: b for b in view.bookings} for view in (topdesk, exchange))
    found: set[str] = set()
    for meeting, others in (
        *_unlinked(known, reservations, meetings, rules),
        *_changed(known, reservations, meetings, rules),
        *_come_anew(known, reservations, meetings, rules),
    ):
        organizer = meeting.organizer
        if organizer is None or organizer.addresses & rules.nobody or any(organizer.is_same_as(one) for one in others):
            continue
        if any(not one.addresses & rules.nobody for one in others):
            found.add(organizer.email)
    return frozenset(found)


_Doubts = Iterator[tuple[Booking, list[Person]]]
"""A meeting, and the people of whom its organizer may be one."""


def _unlinked(links: list[Link], reservations: _Records, meetings: _Records, rules: Rules) -> _Doubts:
    """Where matching by the organizer would look: the same slot, and for what awaits its appointment the same day too."""
    waiting = list(_alone(links, Side.TOPDESK, reservations, rules))
    if not waiting:
        return
    by_slot: dict[Slot, list[Person]] = defaultdict(list)
    awaited: list[tuple[Slot, date, Person]] = []
    for reservation, link in waiting:
        person = (link.organizer if link else None) or reservation.organizer
        if person is not None:
            by_slot[reservation.slot].append(person)
            if link is not None and link.is_awaiting:
                awaited.append((reservation.slot, _day(reservation.slot, rules), person))
    for meeting, _ in _alone(links, Side.EXCHANGE, meetings, rules):
        day = _day(meeting.slot, rules)
        near = [person for slot, on, person in awaited if on == day or slot.overlaps(meeting.slot)]
        yield meeting, [*by_slot.get(meeting.slot, ()), *near]


def _changed(links: list[Link], reservations: _Records, meetings: _Records, rules: Rules) -> _Doubts:
    """Where one side of a link was changed, so that the requester may follow the organizer."""
    for link in links:
        if link.topdesk is None or link.exchange is None:
            continue
        reservation, meeting = reservations.get(link.topdesk.ref), meetings.get(link.exchange.ref)
        if reservation is None or meeting is None or reservation.organizer is None or reservation.organizer.is_same_as(meeting.organizer):
            continue
        if link.topdesk.fingerprint != fingerprint(reservation, rules.topdesk.keeps) or link.exchange.fingerprint != fingerprint(
            meeting, rules.exchange.keeps
        ):
            yield meeting, [reservation.organizer]


def _come_anew(links: list[Link], reservations: _Records, meetings: _Records, rules: Rules) -> _Doubts:
    """Meetings that may be those which links have lost."""
    lost = [link for link in links if link.exchange and not ((there := meetings.get(link.exchange.ref)) and there.is_live)]
    fresh = list(_alone(links, Side.EXCHANGE, meetings, rules)) if lost else []
    for link in lost:
        reservation = reservations.get(link.topdesk.ref) if link.topdesk else None
        people = [one for one in (link.organizer, reservation.organizer if reservation else None) if one is not None]
        for meeting, _ in fresh:
            if meeting.slot == link.slot or (meeting.ical_uid and meeting.ical_uid == link.ical_uid):
                yield meeting, people


def _alone(links: list[Link], side: Side, records: _Records, rules: Rules) -> Iterator[tuple[Booking, Link | None]]:
    """Live records of this room that lie ahead and have no counterpart, with the link that lives on this side only."""
    by_ref = {r.ref: link for link in links if (r := link.remembered(side))}
    for ref, booking in records.items():
        link = by_ref.get(ref)
        if link is not None and link.remembered(side.other) is not None:
            continue
        if booking.is_live and booking.room_id == rules.room_id and booking.slot.end > rules.now:
            yield booking, link


def _day(slot: Slot, rules: Rules) -> date:
    return slot.start.astimezone(rules.zone).date()
