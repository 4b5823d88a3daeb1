"""In what one record is not what the other says, and what lies in the way of a slot."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b

from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.fingerprint import Field, fingerprint, value_of
from roombooker.domain.link import Link
from roombooker.domain.slot import Slot
from roombooker.domain.view import Rules, SideRules


def differences(source: Booking, target: Booking, rules: SideRules) -> frozenset[Field]:
    """The followed fields in which the target is not what the source says; what the source does not tell is no difference."""
    follows = rules.follows | rules.follows_own if target.room_organizes else rules.follows
    return frozenset(f for f in follows if _differs(source, target, f))


def _differs(source: Booking, target: Booking, field: Field) -> bool:
    if field is Field.PLACE:
        return source.room_id != target.room_id
    if field is Field.STANDING:  # only an approval is carried over: endings are deletions, clashes are work items
        return source.standing is Standing.PLANNED and target.standing is Standing.REQUESTED
    if field is Field.ORGANIZER:
        return source.organizer is not None and not source.organizer.is_same_as(target.organizer)
    told = value_of(source, field)
    return told is not None and told != value_of(target, field)


def own_words(source: Booking, target: Booking, link: Link, rules: Rules) -> frozenset[Field]:
    """What the target's people wrote since both were agreed upon, and the source has not changed: that stands when the rest follows."""
    agreed = link.remembered(source.side)
    if agreed is None or not agreed.fingerprint or link.writing:
        return frozenset()
    was, keeps = replace(source, slot=link.slot), rules.of(source.side).keeps
    stands: set[Field] = set()
    if any(fingerprint(replace(was, standing=standing), keeps) == agreed.fingerprint for standing in Standing):  # it was only moved
        stands = {Field.ORGANIZER, Field.ATTENDEES, Field.SUBJECT, Field.PRIVATE}
    elif source.side is Side.EXCHANGE and source.organizer and source.organizer.is_same_as(link.organizer):
        stands = {Field.ORGANIZER}
    return frozenset(field for field in stands if value_of(target, field) is not None)


def overlapping(records: Iterable[Booking], slot: Slot, room_id: str, besides: str = "") -> tuple[Booking, ...]:
    """Live records of the room that lie in the slot, soonest first."""
    found = (b for b in records if b.slot.overlaps(slot) and b.is_live and b.room_id == room_id and b.ref != besides)
    return tuple(sorted(found, key=lambda b: (b.slot, b.ref)))


def mark_of(records: Iterable[Booking]) -> str:
    """A short hash of the slots that they take, which changes when one comes, goes or is moved; "" for none."""
    told = sorted(f"{b.slot.start.isoformat()} {b.slot.end.isoformat()}" for b in records)
    return blake2b("\n".join(told).encode(), digest_size=8).hexdigest() if told else ""
