"""The plan's second half: records that have no counterpart yet are matched, or their counterpart is made."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from roombooker.domain.actions import Adopt, Create, Hold
from roombooker.domain.booking import Booking, Side, Standing, born_at
from roombooker.domain.differences import mark_of, overlapping
from roombooker.domain.fingerprint import fingerprint
from roombooker.domain.link import Link, Settled
from roombooker.domain.matching import Meeting, Pair, Waiting, match
from roombooker.domain.view import Rules

Records = Mapping[Side, Mapping[str, Booking]]
_HELD = "Hold ambiguous"  # as it is marked on a link


@dataclass(frozen=True, slots=True)
class Half:
    """A link that lives on one side only, with its record."""

    booking: Booking
    link: Link


def settle_unpaired(halves: Mapping[Side, Mapping[str, Half]], records: Records, planned: Mapping[str, Booking],
                    linked: Mapping[Side, set[str]], is_complete: Mapping[Side, bool], rules: Rules) -> Iterator[Adopt | Create | Hold]:  # fmt: skip
    """`planned` are the meetings as they will be, `linked` the refs that a link remembers, whole or half. Nothing is made on a side
    that was not read completely: it may be there."""
    alone = {side: _alone(halves[side], records[side], linked[side], rules) for side in Side}
    meetings = [Meeting(b, link) for b, link in alone[Side.EXCHANGE]]
    waiting = [Waiting(b, link) for b, link in alone[Side.TOPDESK]]
    matches = match(meetings, waiting, rules.zone, rules.nobody)
    for pair in matches.pairs:
        yield _adopt(pair)
    for doubt in matches.ambiguous:
        reason = f"The meeting fits several reservations, or several meetings fit one, equally well (by {doubt.why})."
        meeting = doubt.meeting.booking
        hold = Hold("ambiguous", reason, doubt.meeting.link, exchange=meeting, candidates=doubt.candidates)
        yield from _unless_settled(hold, doubt.meeting.link, None, meeting, mark_of(doubt.candidates), rules)
    apart = _found_apart(matches.meetings, records, rules) if is_complete[Side.TOPDESK] else {}
    if is_complete[Side.TOPDESK]:
        for found in matches.meetings:
            if found.booking.ref in apart:
                yield from _leave_to_a_person(found, apart[found.booking.ref], rules)
            else:
                yield from _reserve(found, records, rules)
    if is_complete[Side.EXCHANGE]:
        meant = {b.ref for found in matches.meetings for b in apart.get(found.booking.ref, ()) if b.slot.overlaps(found.booking.slot)}
        yield from _invite_all([w for w in matches.waiting if w.booking.ref not in meant], planned.values(), rules)


def _alone(halves: Mapping[str, Half], records: Mapping[str, Booking], linked: set[str],
           rules: Rules) -> list[tuple[Booking, Link | None]]:  # fmt: skip
    """Live records of this room that lie ahead, and that neither a whole link nor a saga at work has to do with."""
    found: list[tuple[Booking, Link | None]] = []
    for ref, booking in records.items():
        half = halves.get(ref)
        if half is None and (ref in linked or (booking.match_key is not None and booking.match_key in rules.live_keys)):
            continue
        if booking.is_live and booking.room_id == rules.room_id and booking.slot.end > rules.now:
            found.append((booking, half.link if half else None))
    return found


def _adopt(pair: Pair) -> Adopt:
    """The reservation follows an appointment that was shifted; a meeting of the room's own follows its reservation."""
    link = pair.waiting.link or pair.meeting.link
    own = pair.meeting.link
    follower = Side.EXCHANGE if pair.meeting.booking.room_organizes else Side.TOPDESK
    return Adopt(
        pair.waiting.booking, pair.meeting.booking, pair.why, link, moves=follower if pair.is_shifted else None,
        absorbs=own if own is not None and own is not link else None,
    )  # fmt: skip


def _found_apart(meetings: Sequence[Meeting], records: Records, rules: Rules) -> dict[str, tuple[Booking, ...]]:
    """Meetings that were there before the room was ours, and for which TOPdesk has no place: an assistant's reservation, say. By ref, with
    the reservations in their way. They stay a person's to settle until one of them changes."""
    found: dict[str, tuple[Booking, ...]] = {}
    for meeting in meetings:
        source, link = meeting.booking, meeting.link
        there = overlapping(records[Side.TOPDESK].values(), source.slot.widened(rules.block), rules.room_id)
        if there and rules.is_first_load:
            found[source.ref] = there
        elif link is not None and link.settled is not None and link.settled.action == _HELD:
            same = link.settled.exchange == fingerprint(source, rules.exchange.keeps)
            if same and (link.settled.around == mark_of(there) or not rules.has_seen(source.slot)):
                found[source.ref] = there
    return found


def _leave_to_a_person(meeting: Meeting, there: tuple[Booking, ...], rules: Rules) -> Iterator[Create | Hold]:
    source, link = meeting.booking, meeting.link
    if link is not None and not rules.has_seen(source.slot) and not rules.is_first_load:
        return
    reason = "When the room was loaded, the meeting and a reservation under another name lay on each other: is it the same booking?"
    yield from _unless_settled(
        Hold("ambiguous", reason, link, exchange=source, candidates=there), link, None, source, mark_of(there), rules
    )


def _reserve(meeting: Meeting, records: Records, rules: Rules) -> Iterator[Create | Hold]:
    source = meeting.booking
    there = overlapping(records[Side.TOPDESK].values(), source.slot.widened(rules.block), rules.room_id)
    yield from _unless_settled(Create(Side.TOPDESK, source, meeting.link), meeting.link, None, source, mark_of(there), rules)


def _invite_all(waiting: Sequence[Waiting], meetings: Collection[Booking], rules: Rules) -> Iterator[Create | Hold]:
    """Reservations without a meeting; where a meeting, or an earlier one of these, already lies there, a person must choose."""
    invited: list[Booking] = []
    for waiter in sorted(waiting, key=lambda w: (w.booking.standing is Standing.CONFLICTING, w.booking.ref)):
        if _is_awaited(waiter, rules) or not rules.has_seen(waiter.booking.slot):
            continue
        source = waiter.booking
        there = overlapping(meetings, source.slot, rules.room_id)
        there += overlapping(invited, source.slot, rules.room_id)
        if there:
            reason = "The reservation overlaps another booking of the room, so no meeting was put on its calendar."
            hold = Hold("conflict", reason, waiter.link, topdesk=source, candidates=there)
            yield from _unless_settled(hold, waiter.link, source, None, mark_of(there), rules)
        else:
            invited.append(source)
            yield from _unless_settled(Create(Side.EXCHANGE, source, waiter.link), waiter.link, source, None, "", rules)


def _is_awaited(waiter: Waiting, rules: Rules) -> bool:
    """Its appointment may still come: we hold it for one, or (after `rebuild`) its key is younger than the hold time."""
    if waiter.link is not None:
        return waiter.is_awaiting
    key = waiter.booking.match_key
    return key is not None and rules.now - born_at(key) < rules.hold


def _unless_settled(action: Create | Hold, link: Link | None, topdesk: Booking | None, exchange: Booking | None, around: str,
                    rules: Rules) -> Iterator[Create | Hold]:  # fmt: skip
    label = f"Hold {action.kind}" if isinstance(action, Hold) else f"Create {action.side}"
    mark = Settled(
        label, fingerprint(topdesk, rules.topdesk.keeps) if topdesk else "", fingerprint(exchange, rules.exchange.keeps) if exchange else "", around
    )  # fmt: skip
    if link is None or link.settled != mark:
        yield replace(action, mark=mark)
