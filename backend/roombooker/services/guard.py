"""The guard against believing too much absence: deletions that were only inferred are counted before any is made."""

from collections.abc import Mapping, Sequence

from roombooker.domain.actions import Action, Adopt, Delete, Hold, Vanish
from roombooker.domain.booking import Side
from roombooker.domain.plan import View

_LEAST = 5
_SHARE = 0.2


def reason_to_stop(actions: Sequence[Action], ahead: int, topdesk: View, exchange: View, remembered: Mapping[Side, int]) -> str | None:
    """A sentence when this plan looks like a broken listing rather than like people's wishes. A series counts as one; what has a
    tombstone does not count. `ahead`: the room's future bookings; `remembered`: of those that were read, how many each side had,
    a series as one there too."""
    inferred = [a.link for a in actions if _is_inferred(a) and not isinstance(a, Adopt) and a.link is not None]
    counted = {link.series_id or link.id for link in inferred}
    if len(counted) > max(_LEAST, _SHARE * ahead):
        return f"{len(counted)} bookings of this room seem to be gone at once, of {ahead} that lie ahead. Nothing was deleted."
    for side, view, name in ((Side.TOPDESK, topdesk, "TOPdesk"), (Side.EXCHANGE, exchange, "Exchange")):
        if remembered[side] >= _LEAST and not view.bookings and inferred:
            return f"{name} suddenly shows this room empty, where {remembered[side]} bookings were known. Nothing was deleted."
    return None


def _is_inferred(action: Action) -> bool:
    match action:
        case Delete(is_inferred=inferred):
            return inferred
        case Vanish(is_back=is_back):
            return not is_back
        case Hold(kind=kind):
            return kind in ("unexplained", "unreadable")
        case _:
            return False
