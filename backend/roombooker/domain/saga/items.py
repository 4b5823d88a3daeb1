"""One item of a saga: which call it wants, and what each answer makes of it."""

from dataclasses import replace

from roombooker.domain.booking import Standing
from roombooker.domain.saga.answers import Absent, Answer, Done, Listed, Looked, Refused, Rival, Unavailable, Unknown
from roombooker.domain.saga.state import Item, ItemPhase, Reason, Record, Way
from roombooker.domain.saga.steps import ChangeBack, ChangeRecord, Create, Find, Look, Relist, Remove, Step

PATIENCE = 20  # how often a compensation is tried before a person must look; with the driver's pauses about an hour and a half

TAKEN = Reason("slot_taken", "The room was taken by somebody else.")
_ENDED = Reason("ended", "TOPdesk has ended this reservation.")
_NOT_UNDONE = Reason("not_undone", "The reservation could not be taken back in TOPdesk.")
_NOT_PUT_BACK = Reason("not_put_back", "The reservation could not be put back to its old slot, which is taken by now.")
_NOT_GIVEN_UP = Reason("not_given_up", "The old reservation could not be ended in TOPdesk.")


def wanted(item: Item, index: int) -> Step | None:
    """None while the item rests or is over."""
    match item.phase:
        case ItemPhase.LOOK:
            return Look(index)
        case ItemPhase.RESERVE:
            return Create(index)
        case ItemPhase.LOOKUP:
            return Find(index)
        case ItemPhase.CHANGE:
            return ChangeRecord(index)
        case ItemPhase.VERIFY | ItemPhase.EXPLAIN:
            return Relist(index)
        case ItemPhase.PRUNE:
            return Remove(index, item.extras[0])
        case ItemPhase.UNDO if item.record:
            return Remove(index, item.record.ref)
        case ItemPhase.PUT_BACK:
            return ChangeBack(index)
        case ItemPhase.CONFIRM_BACK:
            return Relist(index, back=True)
        case ItemPhase.GIVE_UP if item.old:
            return Remove(index, item.old.ref, is_old=True)
        case _:
            return None


def advance(item: Item, answer: Answer, *, tries: int, is_ending: bool) -> Item:
    """`is_ending`: the saga is being rolled back, so whatever turns out to stand is undone."""
    if isinstance(answer, Unavailable | Unknown):
        return _unanswered(item, answer, tries)
    match item.phase, answer:
        case ItemPhase.LOOK, Looked():
            return _looked(item, answer)
        case ((ItemPhase.RESERVE | ItemPhase.LOOKUP), Done(Record() as record)):
            return _reserved(item, record, is_ending=is_ending)
        case ItemPhase.LOOKUP, Absent():
            return _over(item, ItemPhase.ABANDONED) if is_ending else replace(item, phase=ItemPhase.RESERVE)
        case ItemPhase.CHANGE, Done(Record() as record):
            changed = replace(item, record=record)
            return _lost(changed) if record.standing is Standing.CONFLICTING else replace(changed, phase=ItemPhase.VERIFY)
        case ((ItemPhase.RESERVE | ItemPhase.CHANGE), Refused(reason)):
            return replace(item, phase=ItemPhase.EXPLAIN, reason=reason)
        case ItemPhase.EXPLAIN, Listed(rivals=rivals):
            return _over(item, ItemPhase.TAKEN, TAKEN) if rivals else _over(item, ItemPhase.REFUSED)
        case ItemPhase.VERIFY, Listed():
            return _verified(item, answer)
        case ItemPhase.PRUNE, Done():
            return _pruned(item, is_ending=is_ending)
        case ItemPhase.UNDO, Done():
            return replace(_over(item, _end_of(item.reason)), record=None)
        case ItemPhase.PUT_BACK, Done(record):
            back = replace(item, record=record or item.record, phase=ItemPhase.CONFIRM_BACK)
            return _over(back, ItemPhase.STUCK, _NOT_PUT_BACK) if record and record.standing is Standing.CONFLICTING else back
        case ItemPhase.CONFIRM_BACK, Listed(rivals=rivals):
            return _over(item, ItemPhase.STUCK, _NOT_PUT_BACK) if rivals else _over(item, _end_of(item.reason))
        case ItemPhase.GIVE_UP, Done():
            return _over(item, ItemPhase.GONE if item.way is Way.DROP else ItemPhase.STANDS)
        case _, Refused():
            return _over(item, ItemPhase.STUCK, _STUCK.get(item.phase, _NOT_UNDONE))
    raise ValueError(f"{type(answer).__name__} is no answer to {item.phase}")


def rolled_back(item: Item, reason: Reason, *, may_have_begun: bool) -> Item:
    """The first step of its way back; what never began, or is over, has none."""
    if item.is_over:
        return item
    item = item if item.reason and item.reason.code == TAKEN.code else replace(item, reason=reason)
    match item.phase:
        case ItemPhase.LOOKUP | ItemPhase.PRUNE | ItemPhase.UNDO | ItemPhase.PUT_BACK | ItemPhase.CONFIRM_BACK if may_have_begun:
            return item
        case ItemPhase.CHANGE if may_have_begun:
            return replace(item, phase=ItemPhase.PUT_BACK)
        case ItemPhase.VERIFY | ItemPhase.SECURED if item.way is not Way.DROP:
            return replace(item, phase=ItemPhase.PUT_BACK if item.way is Way.CHANGE else ItemPhase.UNDO)
        case _:
            return _over(item, ItemPhase.ABANDONED)


def distrusted(item: Item) -> Item:
    """After a crash: the create may have been sent. Changes and endings read before they write, so they may simply be repeated."""
    return replace(item, phase=ItemPhase.LOOKUP) if item.phase is ItemPhase.RESERVE else item


def _unanswered(item: Item, answer: Unavailable | Unknown, tries: int) -> Item:
    if item.phase is ItemPhase.RESERVE and isinstance(answer, Unknown):
        return replace(item, phase=ItemPhase.LOOKUP)
    if item.phase is ItemPhase.EXPLAIN:
        return _over(item, ItemPhase.REFUSED)
    if item.phase in _STUCK and tries >= PATIENCE:
        return _over(item, ItemPhase.STUCK, _STUCK[item.phase])
    return item


_STUCK = {
    ItemPhase.PRUNE: _NOT_UNDONE,
    ItemPhase.UNDO: _NOT_UNDONE,
    ItemPhase.PUT_BACK: _NOT_PUT_BACK,
    ItemPhase.CONFIRM_BACK: _NOT_PUT_BACK,
    ItemPhase.GIVE_UP: _NOT_GIVEN_UP,
}


def _looked(item: Item, looked: Looked) -> Item:
    if looked.record is None:
        return _over(item, ItemPhase.GONE) if item.way is Way.DROP else _over(item, ItemPhase.REFUSED, _ENDED)
    if item.way is Way.DROP:
        return _over(item, ItemPhase.ASKED, looked.must_ask) if looked.must_ask else replace(item, phase=ItemPhase.SECURED)
    if item.way is Way.CHANGE or looked.has_services:  # services are bound to their reservation: it moves as a whole
        return replace(item, way=Way.CHANGE, phase=ItemPhase.CHANGE, record=looked.record)
    return replace(item, phase=ItemPhase.RESERVE)


def _reserved(item: Item, record: Record, *, is_ending: bool) -> Item:
    item = replace(item, record=record)
    if not record.standing.is_live:
        return replace(_over(item, ItemPhase.ABANDONED if is_ending else ItemPhase.REFUSED, _ENDED), record=None)
    if is_ending:
        return replace(item, phase=ItemPhase.UNDO)
    return _lost(item) if record.standing is Standing.CONFLICTING else replace(item, phase=ItemPhase.VERIFY)


def _verified(item: Item, listed: Listed) -> Item:
    if listed.is_conflicting or any(_yields(item, rival) for rival in listed.rivals):
        item = replace(item, reason=TAKEN)
        if listed.doubles:
            return replace(item, phase=ItemPhase.PRUNE, extras=listed.doubles)
        return _lost(item)
    if listed.doubles:
        return replace(item, phase=ItemPhase.PRUNE, extras=listed.doubles)
    return replace(item, phase=ItemPhase.SECURED)


def _yields(item: Item, rival: Rival) -> bool:
    """Always, except to one of ours that is not verified yet and bears the larger key: that one yields when it lists the slot."""
    return rival.match_key is None or rival.match_key < item.match_key


def _pruned(item: Item, *, is_ending: bool) -> Item:
    item = replace(item, extras=item.extras[1:])
    if item.extras:
        return item
    if is_ending or item.reason == TAKEN:
        return _lost(item, item.reason or TAKEN)
    return replace(item, phase=ItemPhase.SECURED)


def _lost(item: Item, reason: Reason = TAKEN) -> Item:
    return replace(item, phase=ItemPhase.PUT_BACK if item.way is Way.CHANGE else ItemPhase.UNDO, reason=reason)


def _over(item: Item, end: ItemPhase, reason: Reason | None = None) -> Item:
    return replace(item, phase=end, reason=reason or item.reason)


def _end_of(reason: Reason | None) -> ItemPhase:
    return ItemPhase.TAKEN if reason and reason.code == TAKEN.code else ItemPhase.ABANDONED
