"""In which order actions are carried out: where the dates of a series move onto each other's places, the place is left first."""

from collections.abc import Iterable

from roombooker.domain.actions import Action, Delete, Forget, Update

_MAKE_ROOM = Delete | Forget


def in_safe_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Those that move later go from the last to the first, those that move earlier the other way round.

    What ends comes before them all, what is made after them."""
    listed = list(actions)
    later = [a for a in listed if isinstance(a, Update) and a.source.slot.start > a.target.slot.start]
    earlier = [a for a in listed if isinstance(a, Update) and a.source.slot.start < a.target.slot.start]
    if len(later) + len(earlier) < 2:
        return tuple(listed)
    moved = {id(a) for a in (*later, *earlier)}
    ends = [a for a in listed if id(a) not in moved and isinstance(a, _MAKE_ROOM)]
    rest = [a for a in listed if id(a) not in moved and not isinstance(a, _MAKE_ROOM)]
    later.sort(key=lambda a: (a.target.slot, a.target.ref), reverse=True)
    earlier.sort(key=lambda a: (a.target.slot, a.target.ref))
    return (*ends, *earlier, *later, *rest)
