"""The guard against believing too much absence: deletions that were only inferred are counted before any is made."""

from collections.abc import Sequence

from roombooker.domain.actions import Action, Delete, Forget
from roombooker.domain.booking import Side
from roombooker.domain.plan import View

_LEAST = 5
_SHARE = 0.2


def reason_to_stop(actions: Sequence[Action], future_links: int, topdesk: View, exchange: View, remembered: dict[Side, int]) -> str | None:
    """A sentence when this plan looks like a broken listing rather than like people's wishes; a series counts as one."""
    inferred = {a.link.series_id or a.link.id for a in actions if isinstance(a, Delete) and a.is_inferred}
    limit = max(_LEAST, _SHARE * future_links)
    if len(inferred) > limit:
        return f"{len(inferred)} bookings of this room seem to be gone at once, of {future_links} that lie ahead. Nothing was deleted."
    for side, view in ((Side.TOPDESK, topdesk), (Side.EXCHANGE, exchange)):
        if remembered[side] >= _LEAST and not view.bookings and any(isinstance(a, Delete | Forget) for a in actions):
            return f"{'TOPdesk' if side is Side.TOPDESK else 'Exchange'} suddenly shows this room empty, where {remembered[side]} bookings were known. Nothing was deleted."
    return None
