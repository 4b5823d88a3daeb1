"""The saga as a whole: which call comes next, and what its answer means for the rest."""

from dataclasses import replace

from roombooker.domain.saga import items
from roombooker.domain.saga.answers import Answer, Checked, PersonFound, Refused, Unavailable, Unknown
from roombooker.domain.saga.state import Item, ItemPhase, Phase, Reason, Saga, Way, with_item
from roombooker.domain.saga.steps import CheckExchange, FindPerson, Step

_ENDED = Reason("abandoned", "The rest could not be reserved, so this room was given back.")
_NOT_SENT = Reason("not_sent", "The appointment did not follow in time, so the booking stays where it was.")
_GIVEN_UP = Reason("unavailable", "TOPdesk could not be reached in time, so nothing was reserved.")
_BUSY = Reason("slot_taken", "Exchange says that the room is busy then.")


def wanted(saga: Saga) -> Step | None:
    """The next call; None when the saga is done, or waits for its appointment."""
    match saga.phase:
        case Phase.PERSON:
            return FindPerson()
        case Phase.CHECK:
            return CheckExchange(tuple(i for i, item in enumerate(saga.items) if not item.is_over and item.way is not Way.DROP))
        case Phase.DONE | Phase.AWAIT:
            return None
        case _:
            return next((step for i, item in enumerate(saga.items) if (step := items.wanted(item, i))), None)


def advance(saga: Saga, answer: Answer) -> Saga:
    """What follows from the answer to `wanted(saga)`."""
    if isinstance(answer, Unavailable | Unknown) and saga.phase in (Phase.PERSON, Phase.CHECK):
        return replace(saga, tries=saga.tries + 1)
    match saga.phase, answer:
        case Phase.PERSON, PersonFound(requester_id):
            after = Phase.CHECK if saga.checks else Phase.SECURE
            return replace(saga, phase=after, requester_id=requester_id, tries=0)
        case Phase.CHECK, Checked(busy):
            checked = tuple(replace(it, phase=ItemPhase.TAKEN, reason=_BUSY) if i in busy else it for i, it in enumerate(saga.items))
            return _settled(replace(saga, phase=Phase.SECURE, items=checked, tries=0))
        case ((Phase.PERSON | Phase.CHECK), Refused(reason)):
            ended = tuple(it if it.is_over else replace(it, phase=ItemPhase.REFUSED, reason=reason) for it in saga.items)
            return replace(saga, phase=Phase.DONE, items=ended)
        case ((Phase.SECURE | Phase.ROLLBACK | Phase.GIVE_UP), _):
            return _item_answered(saga, answer)
    raise ValueError(f"{type(answer).__name__} is no answer in phase {saga.phase}")


def resumed(saga: Saga) -> Saga:
    """After a crash nobody knows whether the create that was wanted had been sent: look it up first."""
    if saga.phase in (Phase.PERSON, Phase.CHECK):
        return saga  # whoever drives it stores that it left these before anything is sent
    return replace(saga, items=tuple(items.distrusted(item) for item in saga.items))


def arrived(saga: Saga) -> Saga:
    """The appointment has followed: what was kept for it may go."""
    return _given_up_old(saga) if saga.phase is Phase.AWAIT else saga


def lapsed(saga: Saga) -> Saga:
    """The appointment did not follow within the hold: the old slot stands."""
    return _settled(_rolled_back(saga, _NOT_SENT)) if saga.phase is Phase.AWAIT else saga


def give_up(saga: Saga, reason: Reason = _GIVEN_UP) -> Saga:
    """Nobody waits for it any longer: end it with nothing new standing. A saga past the point of no return goes on."""
    if saga.phase in (Phase.PERSON, Phase.CHECK, Phase.SECURE, Phase.AWAIT):
        return _settled(_rolled_back(saga, reason))
    return saga


def _item_answered(saga: Saga, answer: Answer) -> Saga:
    index = next(i for i, item in enumerate(saga.items) if items.wanted(item, i))
    before = saga.items[index]
    after = items.advance(before, answer, tries=saga.tries, is_ending=saga.phase is Phase.ROLLBACK)
    if isinstance(answer, Unavailable | Unknown) and after == before:
        return replace(saga, tries=saga.tries + 1)
    return _settled(with_item(saga, index, after))


def _settled(saga: Saga) -> Saga:
    """The next phase, once the items allow it."""
    match saga.phase:
        case Phase.SECURE:
            failed = [i for i in saga.items if i.is_over and i.phase is not ItemPhase.GONE]
            if saga.all_or_nothing and failed:
                return _settled(_rolled_back(saga, _ENDED))
            if any(items.wanted(item, 0) for item in saga.items):
                return saga
            if saga.awaits and any(item.phase is ItemPhase.SECURED and item.moves for item in saga.items):
                return replace(saga, phase=Phase.AWAIT)
            return _given_up_old(saga)
        case Phase.ROLLBACK | Phase.GIVE_UP:
            return replace(saga, phase=Phase.DONE) if all(item.is_over for item in saga.items) else saga
        case _:
            return saga


def _given_up_old(saga: Saga) -> Saga:
    def freed(item: Item) -> Item:
        if item.phase is not ItemPhase.SECURED:
            return item
        return replace(item, phase=ItemPhase.GIVE_UP if item.way in (Way.REPLACE, Way.DROP) else ItemPhase.STANDS)

    return _settled(replace(saga, phase=Phase.GIVE_UP, items=tuple(freed(item) for item in saga.items), tries=0))


def _rolled_back(saga: Saga, reason: Reason) -> Saga:
    was_secure = saga.phase not in (Phase.PERSON, Phase.CHECK)
    ended = tuple(items.rolled_back(item, reason, may_have_begun=was_secure) for item in saga.items)
    return replace(saga, phase=Phase.ROLLBACK, items=ended, tries=0)
