"""The guard against believing too much absence: deletions that were only inferred are counted before any is made."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from roombooker.domain.actions import Action, Adopt, Delete, Hold, Vanish
from roombooker.domain.booking import Side
from roombooker.domain.plan import View
from roombooker.settings import Settings

_LEAST = 5
_SHARE = 0.2


def memory_of(settings: Settings) -> timedelta:
    """How long what vanished counts: one round of the whole horizon, which is how long a listing that loses bookings needs to lose each
    of them, and the grace after which they end."""
    return max(timedelta(hours=1), timedelta(seconds=settings.horizon_every_seconds)) + settings.vanished


def reason_to_stop(actions: Sequence[Action], ahead: int, topdesk: View, exchange: View, remembered: Mapping[Side, int],
                   missed: Collection[str] = ()) -> str | None:  # fmt: skip
    """A sentence when this plan looks like a broken listing rather than like people's wishes. A series counts as one; what has a
    tombstone does not count. `ahead`: the room's future bookings; `remembered`: of those that were read, how many each side had,
    a series as one there too; `missed`: those (a series by its id) that earlier passes found gone lately, ended or not."""
    inferred = [a.link for a in actions if is_inferred(a) and not isinstance(a, Adopt) and a.link is not None]
    now = {link.series_id or link.id for link in inferred}
    if not now:
        return None
    counted, before = now | set(missed), set(missed) - now
    if len(counted) > max(_LEAST, _SHARE * ahead):
        when = f", {len(before)} of them earlier in the last hour or so" if before else " at once"
        deleted = "Nothing more was deleted." if before else "Nothing was deleted."
        return f"{len(counted)} bookings of this room seem to be gone{when}, while {ahead} lie ahead. {deleted}"
    for side, view, name in ((Side.TOPDESK, topdesk, "TOPdesk"), (Side.EXCHANGE, exchange, "Exchange")):
        if remembered[side] >= _LEAST and not view.bookings:
            return f"{name} suddenly shows this room empty, where {remembered[side]} bookings were known. Nothing was deleted."
    return None


def is_inferred(action: Action) -> bool:
    """Whether it follows from absence alone."""
    match action:
        case Delete(is_inferred=inferred):
            return inferred
        case Vanish(is_back=is_back):
            return not is_back
        case Hold(kind=kind):
            return kind in ("unexplained", "unreadable")
        case _:
            return False
