"""The plan: what must be done so that both sides of one room say the same; pure, and the heart of the product.

Per side, a link's record is awaited (never existed), absent (gone with proof), lost (gone without), unchanged or changed.
The table in `_settle_linked` is the design's; everything else here finds out which cell a link is in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from roombooker.domain.actions import Action, Adopt, Arrive, Delete, Forget, Hold, Refresh, Update, Vanish
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.differences import differences, mark_of, overlapping, own_words
from roombooker.domain.fingerprint import Field, fingerprint
from roombooker.domain.link import DOUBLE, Link, Settled
from roombooker.domain.returning import substitutes as find_substitutes
from roombooker.domain.sequence import in_safe_order
from roombooker.domain.unpaired import Half, settle_unpaired
from roombooker.domain.view import Ending, Rules, SideRules, View

__all__ = ["Ending", "Rules", "SideRules", "View", "plan"]

NAMES = {Side.TOPDESK: "TOPdesk", Side.EXCHANGE: "Exchange"}
SIDES = (Side.TOPDESK, Side.EXCHANGE)


class _State(Enum):
    AWAITED = "awaited"
    ABSENT = "absent"
    LOST = "lost"
    UNKNOWN = "unknown"  # not in an incomplete listing: nothing follows from that
    UNREADABLE = "unreadable"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


_LIVE = (_State.UNCHANGED, _State.CHANGED)


@dataclass(frozen=True, slots=True)
class _Seen:
    state: _State
    booking: Booking | None = None
    is_proof: bool = False  # of an end: a tombstone, or a room that is none of ours


@dataclass(frozen=True, slots=True)
class _Case:
    """A link with what was seen of its two sides."""

    link: Link
    topdesk: _Seen
    exchange: _Seen

    def of(self, side: Side) -> _Seen:
        return self.topdesk if side is Side.TOPDESK else self.exchange

    @property
    def states(self) -> tuple[_State, _State]:
        return self.topdesk.state, self.exchange.state

    def is_over(self, rules: Rules) -> bool:
        """Nothing of it lies ahead any more: history is never rewritten."""
        if self.link.slot.end > rules.now:
            return False
        return not any(s.booking and s.booking.is_live and s.booking.slot.end > rules.now for s in (self.topdesk, self.exchange))


def plan(links: Iterable[Link], topdesk: View, exchange: View, rules: Rules) -> tuple[Action, ...]:
    """Actions for one room, each independent of the others' success. Applying them all leaves nothing to plan."""
    return in_safe_order(_plan(tuple(links), {Side.TOPDESK: topdesk, Side.EXCHANGE: exchange}, rules))


def _plan(links: tuple[Link, ...], views: Mapping[Side, View], rules: Rules) -> Iterator[Action]:
    records = {side: {b.ref: b for b in views[side].bookings} for side in SIDES}
    linked = {side: {r.ref for link in links if (r := link.remembered(side))} for side in SIDES}
    substitutes = find_substitutes(links, records[Side.EXCHANGE], linked[Side.EXCHANGE], views[Side.EXCHANGE], rules)
    for found in substitutes.values():
        linked[Side.EXCHANGE].add(found.ref)
    halves: dict[Side, dict[str, Half]] = {side: {} for side in SIDES}
    around = _Around(records, rules)
    refreshed: dict[str, Refresh] = {}
    planned = dict(records[Side.EXCHANGE])  # the room's calendar as it will be
    moved: list[tuple[_Case, Update]] = []
    for link in links:
        if link.id not in substitutes and _is_as_it_was(link, records, rules):
            continue
        case = _Case(link, *(_look(link, side, records[side], views[side], rules, substitutes) for side in SIDES))
        if link.is_busy:
            yield from _follow_move(case)
            continue
        only = _only_side(case)
        if only is None:
            for step in _settle(case, rules, around):
                _foresee(planned, step)
                if isinstance(step, Update) and step.side is Side.EXCHANGE and step.fields & {Field.SLOT, Field.PLACE}:
                    moved.append((case, step))
                else:
                    yield step
        elif (record := case.of(only).booking) is not None:
            halves[only][record.ref] = Half(record, link)
            if case.of(only).state is _State.CHANGED and not case.is_over(rules):
                refreshed[link.id] = Refresh(link, record)
    strangers = {b.ref: b for b in views[Side.EXCHANGE].around} | planned if moved else planned
    for case, step in sorted(moved, key=lambda one: one[0].link.match_key, reverse=True):  # of two onto one slot the larger key waits
        yield from _unless_onto_another(case, step, strangers, rules, around)
    for action in settle_unpaired(halves, records, planned, linked, {side: views[side].is_complete for side in SIDES}, rules):
        for touched in (action.link, action.absorbs if isinstance(action, Adopt) else None):
            if touched is not None:  # whatever is done with it remembers its record anyway
                refreshed.pop(touched.id, None)
        yield action
    yield from refreshed.values()


def _is_as_it_was(link: Link, records: Mapping[Side, Mapping[str, Booking]], rules: Rules) -> bool:
    """By far the commonest case, found out without much ado."""
    if link.topdesk is None or link.exchange is None or link.is_busy or link.writing or link.vanished_at or link.settled:
        return False
    topdesk, exchange = records[Side.TOPDESK].get(link.topdesk.ref), records[Side.EXCHANGE].get(link.exchange.ref)
    return (
        topdesk is not None and exchange is not None and topdesk.is_live and exchange.is_live and bool(topdesk.room_id and exchange.room_id)
        and fingerprint(topdesk, rules.topdesk.keeps) == link.topdesk.fingerprint
        and fingerprint(exchange, rules.exchange.keeps) == link.exchange.fingerprint
    )  # fmt: skip


def _foresee(meetings: dict[str, Booking], action: Action) -> None:
    """What ends makes room, and what moves does so where it was."""
    match action:
        case Delete(side=Side.EXCHANGE, target=target):
            meetings.pop(target.ref, None)
        case Update(side=Side.EXCHANGE, source=source, target=target):
            meetings[target.ref] = replace(target, slot=source.slot, room_id=source.room_id)
        case _:
            pass


def _unless_onto_another(case: _Case, step: Update, there: dict[str, Booking], rules: Rules, around: "_Around") -> Iterator[Action]:
    """TOPdesk may have let somebody book double; the room's calendar does not follow that before a person has looked."""
    rivals = overlapping(there.values(), step.source.slot, step.source.room_id, besides=step.target.ref)
    if not rivals:
        yield step
        return
    there[step.target.ref] = step.target
    reason = "It was moved in TOPdesk onto another booking of the room, so its meeting has not followed."
    hold = replace(_hold("moved_in_topdesk", case, reason), candidates=rivals)
    yield from _unless_settled(hold, case, rules, around)


def _look(link: Link, side: Side, records: Mapping[str, Booking], view: View, rules: Rules, substitutes: Mapping[str, Booking]) -> _Seen:
    """In which state one side of a link is."""
    remembered = link.remembered(side)
    if remembered is None:
        return _Seen(_State.AWAITED)
    if side is Side.EXCHANGE and link.id in substitutes:
        return _Seen(_State.CHANGED, substitutes[link.id])
    booking = records.get(remembered.ref)
    if booking is None:
        ending = view.endings.get(remembered.ref)
        if ending is Ending.ENDED:
            return _Seen(_State.ABSENT, is_proof=True)
        if ending is None:
            return _Seen(_State.UNKNOWN)
        return _Seen(_State.LOST if ending is Ending.GONE else _State.UNREADABLE)
    if not booking.is_live or not booking.room_id:  # in a room that is not mapped it is none of our business any more
        return _Seen(_State.ABSENT, booking, is_proof=True)
    same = link.writing is side or fingerprint(booking, rules.of(side).keeps) == remembered.fingerprint
    return _Seen(_State.UNCHANGED if same else _State.CHANGED, booking)


def _only_side(case: _Case) -> Side | None:
    """The one side on which a link lives, where its other side never was."""
    for side in SIDES:
        if case.of(side.other).state is _State.AWAITED and case.of(side).state in _LIVE:
            return side
    return None


def _follow_move(case: _Case) -> Iterator[Action]:
    """A booking that was moved through us waits for its appointment: has that arrived, or gone somewhere else?

    Another room's calendar gets a meeting of its own, often after the old room's has lost it: then only the hold's end tells."""
    pending, seen = case.link.pending, case.exchange
    if pending is None:
        return
    if seen.state is _State.ABSENT:
        if pending.room_id == case.link.room_id:
            yield Arrive(case.link, elsewhere=True)
    elif seen.booking is not None and seen.state in _LIVE:
        if (seen.booking.room_id, seen.booking.slot) == (pending.room_id, pending.slot):
            yield Arrive(case.link)
        elif seen.booking.slot != case.link.slot or seen.booking.room_id != case.link.room_id:
            yield Arrive(case.link, elsewhere=True)


def _settle(case: _Case, rules: Rules, around: "_Around") -> Iterator[Action]:
    """A link whose two sides have both existed, or whose only side is gone."""
    states = set(case.states)
    if _State.UNKNOWN in states:
        return
    if states <= {_State.ABSENT, _State.AWAITED}:
        yield Forget(case.link)
        return
    if case.is_over(rules):
        return
    if states & {_State.LOST, _State.UNREADABLE}:
        action = _missing_without_proof(case, rules)
    else:
        action = _settle_linked(case, rules)
    if case.link.vanished_at and _State.LOST not in states and not isinstance(action, Delete):
        yield Vanish(case.link, is_back=True)
    if action is not None:
        yield from _unless_settled(action, case, rules, around)


def _missing_without_proof(case: _Case, rules: Rules) -> Action | None:
    """Gone, but nobody said cancelled. Exchange's copies get their grace; else a person must look."""
    for side in SIDES:
        if case.of(side).state is _State.UNREADABLE:
            if case.of(side.other).state is _State.AWAITED:
                return None
            return _hold(
                "unreadable", case, f"The record in {NAMES[side]} cannot be read any more, so nothing was changed in {NAMES[side.other]}."
            )
    for side in SIDES:
        if case.of(side).state is _State.LOST and rules.of(side).grace is None:
            return _hold("unexplained", case, f"The record is gone from {NAMES[side]} without a sign that somebody ended it.")
    side = Side.TOPDESK if case.topdesk.state is _State.LOST else Side.EXCHANGE
    grace = rules.of(side).grace
    if case.of(side.other).state not in _LIVE or grace is None:
        return Forget(case.link)
    if case.link.vanished_at is None:
        return Vanish(case.link)
    if rules.now - case.link.vanished_at < grace:
        return None
    return _delete_or_hold(case, side.other)


def _settle_linked(case: _Case, rules: Rules) -> Action | None:
    """The design's table: both sides have existed, each is absent (with proof), unchanged or changed."""
    match case.states:
        case (_State.ABSENT, _State.UNCHANGED | _State.CHANGED):
            return _delete_or_hold(case, Side.EXCHANGE)
        case (_State.UNCHANGED | _State.CHANGED, _State.ABSENT):
            return _delete_or_hold(case, Side.TOPDESK)
        case (_State.CHANGED, _State.UNCHANGED):
            return _follow(case, Side.EXCHANGE, rules)
        case (_State.UNCHANGED, _State.CHANGED):
            return _follow(case, Side.TOPDESK, rules)
        case (_State.UNCHANGED, _State.UNCHANGED) if case.link.writing:  # to its end, whatever became of it
            return _follow(case, case.link.writing, rules)
        case (_State.UNCHANGED, _State.UNCHANGED) if case.link.settled:  # what was in the way is gone again
            return _adopt(case)
        case (_State.CHANGED, _State.CHANGED):
            return _both_changed(case, rules)
        case _:
            return None


def _delete_or_hold(case: _Case, side: Side) -> Action | None:
    """The deletion wins, unless the record that is left was given another slot or room meanwhile."""
    target = case.of(side).booking
    if target is None:
        return None
    if case.of(side).state is _State.CHANGED and (target.slot != case.link.slot or target.room_id != case.link.room_id):
        return _hold("deleted_and_edited", case, f"It was ended in {NAMES[side.other]} and given another time or room in {NAMES[side]}.")
    return Delete(side, case.link, target, is_inferred=not case.of(side.other).is_proof)


def _follow(case: _Case, side: Side, rules: Rules) -> Action | None:
    """`side` is brought to what the other side now says; where they already agree, that is remembered."""
    source, target = case.of(side.other).booking, case.of(side).booking
    if source is None or target is None:
        return None
    differing = differences(source, target, rules.of(side)) - own_words(source, target, case.link, rules)
    return _update(case, side, differing, rules) if differing else _adopt(case)


def _both_changed(case: _Case, rules: Rules) -> Action | None:
    topdesk, exchange = case.topdesk.booking, case.exchange.booking
    if topdesk is None or exchange is None:
        return None
    differing = {
        Side.EXCHANGE: differences(topdesk, exchange, rules.exchange),
        Side.TOPDESK: differences(exchange, topdesk, rules.topdesk),
    }
    if not any(differing.values()):
        return _adopt(case)
    if rules.dominant is None:
        return _hold("both_changed", case, "It was changed in TOPdesk and in Exchange, and the two do not agree.")
    winner, loser = rules.dominant, rules.dominant.other
    if differing[loser]:
        return _update(case, loser, differing[loser], rules, overrules=True)
    source, target = (topdesk, exchange) if loser is Side.TOPDESK else (exchange, topdesk)
    # The winner changed nothing that the other follows: nobody loses.
    rest = differing[winner] - own_words(source, target, case.link, rules)
    return _update(case, winner, rest, rules) if rest else _adopt(case)


def _update(case: _Case, side: Side, differing: frozenset[Field], rules: Rules, *, overrules: bool = False) -> Action | None:
    source, target = case.of(side.other).booking, case.of(side).booking
    if source is None or target is None:
        return None
    if rules.of(side).edits_all or target.room_organizes or differing <= {Field.STANDING}:
        return Update(side, case.link, source, target, differing, overrules=overrules)
    return _hold(
        f"moved_in_{side.other}", case,
        f"It was changed in {NAMES[side.other]}; the meeting belongs to its organizer and cannot be changed for them.",
    )  # fmt: skip


def _adopt(case: _Case) -> Action | None:
    topdesk, exchange = case.topdesk.booking, case.exchange.booking
    if topdesk is None or exchange is None:
        return None
    is_double = case.link.settled is not None and case.link.settled.action == DOUBLE and topdesk.standing is Standing.CONFLICTING
    return None if is_double else Adopt(topdesk, exchange, "both agree", case.link)


def _hold(kind: str, case: _Case, reason: str) -> Hold:
    return Hold(kind, reason, case.link, case.topdesk.booking, case.exchange.booking)


# What was refused, or waits for a person


class _Around:
    """What lies in the slot that an action wants: a refusal holds only as long as that is as it was."""

    def __init__(self, records: Mapping[Side, Mapping[str, Booking]], rules: Rules) -> None:
        self._records = records
        self._block = rules.block

    def mark(self, action: Action) -> str:
        if not isinstance(action, Update) or not action.fields & {Field.SLOT, Field.PLACE}:
            return ""
        slot, there = action.source.slot.widened(self._block), self._records[action.side].values()
        return mark_of(overlapping(there, slot, action.source.room_id, besides=action.target.ref))


def _unless_settled(action: Action, case: _Case, rules: Rules, around: _Around) -> Iterator[Action]:
    if not isinstance(action, Update | Delete | Hold):
        yield action
        return
    label = f"Hold {action.kind}" if isinstance(action, Hold) else f"{type(action).__name__} {action.side}"
    topdesk, exchange = (fingerprint(b, rules.of(side).keeps) if (b := case.of(side).booking) else "" for side in SIDES)
    mark = Settled(label, topdesk, exchange, around.mark(action))
    if case.link.settled != mark:
        yield replace(action, mark=mark)
