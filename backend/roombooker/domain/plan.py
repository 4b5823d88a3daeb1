"""The plan: what must be done so that both sides of one room say the same; pure, and the heart of the product.

Per side, a link's record is awaited (never existed), absent (gone with proof), lost (gone without), unchanged or changed.
The table in `_settle_linked` is the design's; everything else here finds out which cell a link is in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from roombooker.domain.actions import Action, Adopt, Create, Delete, Forget, Hold, Refresh, Update, Vanish
from roombooker.domain.booking import Booking, Side, Standing, born_at
from roombooker.domain.fingerprint import Field, fingerprint, value_of
from roombooker.domain.link import Link, Settled
from roombooker.domain.matching import Waiting, match


class Ending(Enum):
    """What a re-read by ref said of a remembered record that its side's listing no longer shows."""

    ENDED = "ended"  # cancelled, rejected or isCancelled: proof
    GONE = "gone"  # 404: no proof
    UNREADABLE = "unreadable"  # 403, archived, or the side could not be asked


@dataclass(frozen=True, slots=True)
class View:
    """One side of one room. `bookings` are the listing's (tombstones included) and those re-read by ref; `endings` the rest."""

    bookings: tuple[Booking, ...]
    is_complete: bool
    endings: Mapping[str, Ending] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class SideRules:
    """How a side is: what it keeps (and so fingerprints), what it follows of the other, and what of it we may write."""

    keeps: frozenset[Field]
    follows: frozenset[Field]
    edits_all: bool = True  # False: only meetings that the room itself organizes
    grace: timedelta | None = None  # how long an unexplained absence is waited out; None: a person must look


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    now: datetime
    zone: ZoneInfo  # the room's
    topdesk: SideRules
    exchange: SideRules
    dominant: Side | None = Side.TOPDESK  # None: a person decides
    hold: timedelta = timedelta(minutes=30)
    live_keys: frozenset[str] = frozenset()  # keys of intents at work: their records belong to the saga

    def of(self, side: Side) -> SideRules:
        return self.topdesk if side is Side.TOPDESK else self.exchange


class _State(Enum):
    AWAITED = "awaited"
    ABSENT = "absent"
    LOST = "lost"
    UNKNOWN = "unknown"  # not in an incomplete listing: nothing follows from that
    UNREADABLE = "unreadable"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class _Seen:
    state: _State
    booking: Booking | None = None
    is_tombstone: bool = False


def plan(links: Iterable[Link], topdesk: View, exchange: View, rules: Rules) -> tuple[Action, ...]:
    """Actions for one room, each independent of the others' success. Applying them all leaves nothing to plan."""
    return tuple(_plan(tuple(links), topdesk, exchange, rules))


def _plan(links: tuple[Link, ...], topdesk: View, exchange: View, rules: Rules) -> Iterator[Action]:
    views = {Side.TOPDESK: topdesk, Side.EXCHANGE: exchange}
    records = {side: {b.ref: b for b in views[side].bookings} for side in Side}
    halves: dict[Side, dict[str, Link]] = {side: {} for side in Side}
    for link in links:
        if link.is_busy:
            continue
        seen = {side: _look(link, side, records[side], views[side], rules) for side in Side}
        only = _only_side(seen)
        if only is None:
            yield from _settle(link, seen, rules)
            continue
        record = seen[only].booking
        if record is not None:
            halves[only][record.ref] = link
            if seen[only].state is _State.CHANGED:
                yield Refresh(link, record)
    yield from _settle_unpaired(links, halves, records, rules)


def _only_side(seen: Mapping[Side, _Seen]) -> Side | None:
    """The one side on which a link lives, where its other side never was."""
    for side in Side:
        if seen[side.other].state is _State.AWAITED and seen[side].state in (_State.UNCHANGED, _State.CHANGED):
            return side
    return None


def _look(link: Link, side: Side, records: Mapping[str, Booking], view: View, rules: Rules) -> _Seen:
    """In which state one side of a link is."""
    remembered = link.remembered(side)
    if remembered is None:
        return _Seen(_State.AWAITED)
    booking = records.get(remembered.ref)
    if booking is None:
        ending = view.endings.get(remembered.ref)
        if ending is Ending.ENDED:
            return _Seen(_State.ABSENT, is_tombstone=True)
        if not view.is_complete or ending is None:
            return _Seen(_State.UNKNOWN)
        return _Seen(_State.LOST if ending is Ending.GONE else _State.UNREADABLE)
    if not booking.is_live:
        return _Seen(_State.ABSENT, booking, is_tombstone=True)
    same = fingerprint(booking, rules.of(side).keeps) == remembered.fingerprint
    return _Seen(_State.UNCHANGED if same else _State.CHANGED, booking)


def _settle(link: Link, seen: Mapping[Side, _Seen], rules: Rules) -> Iterator[Action]:
    """A link whose two sides have both existed, or whose only side is gone."""
    states = {seen[side].state for side in Side}
    if _State.UNKNOWN in states:
        return
    if link.vanished_at and not any(s.state is _State.LOST for s in seen.values()):
        yield Vanish(link, is_back=True)
    if states <= {_State.ABSENT, _State.AWAITED}:
        yield Forget(link)
        return
    for side in Side:
        if seen[side].state in (_State.LOST, _State.UNREADABLE):
            yield from _unless_settled(link, seen, rules, _missing_without_proof(link, side, seen, rules))
            return
    yield from _unless_settled(link, seen, rules, _settle_linked(link, seen, rules))


def _missing_without_proof(link: Link, side: Side, seen: Mapping[Side, _Seen], rules: Rules) -> Action | None:
    """Gone, but nobody said cancelled. Exchange's copies get their grace; else a person must look."""
    there = seen[side.other]
    if there.state in (_State.ABSENT, _State.LOST):
        return Forget(link)
    if seen[side].state is _State.UNREADABLE:
        return _hold(
            "unreadable", link, seen, f"The record in {_name(side)} cannot be read any more, so nothing was changed in {_name(side.other)}."
        )
    grace = rules.of(side).grace
    if grace is None:
        return _hold("unexplained", link, seen, f"The record is gone from {_name(side)} without a sign that somebody ended it.")
    if link.vanished_at is None:
        return Vanish(link)
    if rules.now - link.vanished_at < grace or there.booking is None:
        return None
    return Delete(side.other, link, there.booking, is_inferred=True)


def _settle_linked(link: Link, seen: Mapping[Side, _Seen], rules: Rules) -> Action | None:
    """The design's table: both sides have existed, each is absent (with proof), unchanged or changed."""
    topdesk, exchange = seen[Side.TOPDESK], seen[Side.EXCHANGE]
    match (topdesk.state, exchange.state):
        case (_State.UNCHANGED, _State.UNCHANGED):
            return None
        case (_State.ABSENT, _State.UNCHANGED | _State.CHANGED):
            return _delete_or_hold(link, Side.EXCHANGE, seen)
        case (_State.UNCHANGED | _State.CHANGED, _State.ABSENT):
            return _delete_or_hold(link, Side.TOPDESK, seen)
        case (_State.CHANGED, _State.UNCHANGED):
            return _follow(link, Side.EXCHANGE, seen, rules)
        case (_State.UNCHANGED, _State.CHANGED):
            return _follow(link, Side.TOPDESK, seen, rules)
        case (_State.CHANGED, _State.CHANGED):
            return _both_changed(link, seen, rules)
        case _:
            return None


def _delete_or_hold(link: Link, side: Side, seen: Mapping[Side, _Seen]) -> Action | None:
    """The deletion wins, unless the record that is left was given another slot or room meanwhile."""
    target = seen[side].booking
    if target is None:
        return None
    if seen[side].state is _State.CHANGED and (target.slot != link.slot or target.room_id != link.room_id):
        return _hold(
            "deleted_and_edited", link, seen, f"It was ended in {_name(side.other)} and given another time or room in {_name(side)}."
        )
    return Delete(side, link, target, is_inferred=not seen[side.other].is_tombstone)


def _follow(link: Link, side: Side, seen: Mapping[Side, _Seen], rules: Rules) -> Action | None:
    """`side` is brought to what the other side now says; where they already agree, that is remembered."""
    source, target = seen[side.other].booking, seen[side].booking
    if source is None or target is None:
        return None
    differing = differences(source, target, rules.of(side).follows)
    if not differing:
        return _adopt(link, seen)
    return _update(link, side, source, target, differing, seen, rules)


def _both_changed(link: Link, seen: Mapping[Side, _Seen], rules: Rules) -> Action | None:
    topdesk, exchange = seen[Side.TOPDESK].booking, seen[Side.EXCHANGE].booking
    if topdesk is None or exchange is None:
        return None
    to_exchange = differences(topdesk, exchange, rules.exchange.follows)
    to_topdesk = differences(exchange, topdesk, rules.topdesk.follows)
    if not to_exchange and not to_topdesk:
        return _adopt(link, seen)
    if rules.dominant is None:
        return _hold("both_changed", link, seen, "It was changed in TOPdesk and in Exchange, and the two do not agree.")
    if rules.dominant is Side.TOPDESK:
        return (
            _update(link, Side.EXCHANGE, topdesk, exchange, to_exchange, seen, rules, overrules=True) if to_exchange else _adopt(link, seen)
        )
    return _update(link, Side.TOPDESK, exchange, topdesk, to_topdesk, seen, rules, overrules=True) if to_topdesk else _adopt(link, seen)


def _update(
    link: Link,
    side: Side,
    source: Booking,
    target: Booking,
    differing: frozenset[Field],
    seen: Mapping[Side, _Seen],
    rules: Rules,
    *,
    overrules: bool = False,
) -> Action:
    may = rules.of(side).edits_all or target.room_organizes or differing <= {Field.STANDING}
    if not may:
        return _hold(
            f"moved_in_{side.other}",
            link,
            seen,
            f"It was changed in {_name(side.other)}; the meeting belongs to its organizer and cannot be changed for them.",
        )
    return Update(side, link, source, target, differing, overrules=overrules)


def _settle_unpaired(
    links: tuple[Link, ...], halves: Mapping[Side, Mapping[str, Link]], records: Mapping[Side, Mapping[str, Booking]], rules: Rules
) -> Iterator[Action]:
    """Records without a link, and links that live on one side only: match them, or create what is missing."""
    linked = {(side, r.ref) for link in links for side in Side if (r := link.remembered(side))}
    unpaired = {side: [b for b in records[side].values() if _is_unpaired(b, side, linked, halves, rules)] for side in Side}
    waiting = [Waiting(b, halves[Side.TOPDESK].get(b.ref)) for b in unpaired[Side.TOPDESK]]
    matches = match(unpaired[Side.EXCHANGE], waiting, rules.zone)
    for pair in matches.pairs:
        own = halves[Side.EXCHANGE].get(pair.exchange.ref)
        link = pair.waiting.link or own
        absorbs = own if own is not link else None
        yield Adopt(pair.waiting.booking, pair.exchange, pair.why, link, moves=pair.shifted, absorbs=absorbs)
    for doubt in matches.ambiguous:
        link = halves[Side.EXCHANGE].get(doubt.exchange.ref)
        reason = f"The meeting fits several reservations, or several meetings fit one, equally well (by {doubt.why})."
        yield from _unless_known(Hold("ambiguous", reason, link, exchange=doubt.exchange, candidates=doubt.candidates), link, rules)
    for meeting in matches.exchange:
        if meeting.slot.end > rules.now:
            link = halves[Side.EXCHANGE].get(meeting.ref) or _came_back(meeting, links)
            yield from _unless_known(Create(Side.TOPDESK, meeting, link), link, rules)
    for waiter in matches.waiting:
        if waiter.booking.slot.end > rules.now and not _is_awaited(waiter, rules):
            yield from _unless_known(_create_meeting(waiter, records[Side.EXCHANGE].values()), waiter.link, rules)


def _is_unpaired(
    booking: Booking, side: Side, linked: set[tuple[Side, str]], halves: Mapping[Side, Mapping[str, Link]], rules: Rules
) -> bool:
    if not booking.is_live or not booking.room_id:
        return False
    if booking.ref in halves[side]:
        return True
    is_sagas = booking.match_key is not None and booking.match_key in rules.live_keys
    return (side, booking.ref) not in linked and not is_sagas


def _came_back(meeting: Booking, links: tuple[Link, ...]) -> Link | None:
    """A vanished link with this meeting's iCalUId: the invitation was moved, and is here again."""
    for link in links:
        same = link.ical_uid is not None and link.ical_uid == meeting.ical_uid and link.original_start in (None, meeting.original_start)
        if same and link.vanished_at is not None and link.topdesk is not None:
            return link
    return None


def _create_meeting(waiter: Waiting, meetings: Iterable[Booking]) -> Action:
    """A reservation without a meeting; where another meeting already lies there, a person must choose."""
    there = tuple(m for m in meetings if m.is_live and m.room_id == waiter.booking.room_id and m.slot.overlaps(waiter.booking.slot))
    if there:
        reason = "The reservation overlaps a meeting that is on the room's calendar already."
        return Hold("conflict", reason, waiter.link, topdesk=waiter.booking, candidates=there)
    return Create(Side.EXCHANGE, waiter.booking, waiter.link)


def _unless_known(action: Action, link: Link | None, rules: Rules) -> Iterator[Action]:
    """As `_unless_settled`, for what lives on one side."""
    topdesk, exchange = None, None
    match action:
        case Create(side=Side.EXCHANGE, source=source):
            topdesk = source
        case Create(source=source):
            exchange = source
        case Hold(topdesk=t, exchange=e):
            topdesk, exchange = t, e
    if link is None or link.settled is None or link.settled != settled_by(action, topdesk, exchange, rules):
        yield action


def _is_awaited(waiter: Waiting, rules: Rules) -> bool:
    """Its appointment may still come: an intent holds it, or (after `rebuild`) its key is younger than the hold time."""
    if waiter.link is not None:
        return waiter.is_awaiting
    key = waiter.booking.match_key
    return key is not None and rules.now - born_at(key) < rules.hold


def differences(source: Booking, target: Booking, follows: frozenset[Field]) -> frozenset[Field]:
    """The followed fields in which the target is not what the source says; what the source does not tell is no difference."""
    return frozenset(f for f in follows if _differs(source, target, f))


def _differs(source: Booking, target: Booking, field_: Field) -> bool:
    if field_ is Field.PLACE:
        return source.room_id != target.room_id
    if field_ is Field.STANDING:  # only an approval is carried over: endings are deletions, clashes are work items
        return source.standing is Standing.PLANNED and target.standing is Standing.REQUESTED
    if field_ is Field.ORGANIZER:
        return source.organizer is not None and not source.organizer.is_same_as(target.organizer)
    told = value_of(source, field_)
    return told is not None and told != value_of(target, field_)


def settled_by(action: Action, topdesk: Booking | None, exchange: Booking | None, rules: Rules) -> Settled:
    """How an action that was refused, or waits for a person, is remembered on its link."""
    return Settled(
        _label(action),
        fingerprint(topdesk, rules.topdesk.keeps) if topdesk else "",
        fingerprint(exchange, rules.exchange.keeps) if exchange else "",
    )


def _unless_settled(link: Link, seen: Mapping[Side, _Seen], rules: Rules, action: Action | None) -> Iterator[Action]:
    if action is None:
        return
    if link.settled is not None and link.settled == settled_by(action, seen[Side.TOPDESK].booking, seen[Side.EXCHANGE].booking, rules):
        return
    yield action


def _label(action: Action) -> str:
    match action:
        case Create(side=side) | Update(side=side) | Delete(side=side):
            return f"{type(action).__name__} {side}"
        case Hold(kind=kind):
            return f"Hold {kind}"
        case _:
            return type(action).__name__


def _adopt(link: Link, seen: Mapping[Side, _Seen]) -> Action | None:
    topdesk, exchange = seen[Side.TOPDESK].booking, seen[Side.EXCHANGE].booking
    return Adopt(topdesk, exchange, "both agree", link) if topdesk and exchange else None


def _hold(kind: str, link: Link, seen: Mapping[Side, _Seen], reason: str) -> Hold:
    return Hold(kind, reason, link, seen[Side.TOPDESK].booking, seen[Side.EXCHANGE].booking)


def _name(side: Side) -> str:
    return "TOPdesk" if side is Side.TOPDESK else "Exchange"
