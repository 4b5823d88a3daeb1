"""In which order actions are carried out: where the dates of a series move onto each other's places, the place is left first."""

from collections.abc import Iterable, Sequence

from roombooker.domain.actions import Action, Create, Delete, Forget, Update
from roombooker.domain.booking import Side

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


def in_runs(actions: Iterable[Action]) -> list[tuple[Action, ...]]:
    """As they come, but reservations for the dates of one series in one run, at the place of the first of them."""
    runs: list[list[Action]] = []
    by_series: dict[str, list[Action]] = {}
    for action in actions:
        if isinstance(action, Create) and action.side is Side.TOPDESK and action.source.series_ref:
            run = by_series.get(action.source.series_ref)
            if run is None:
                run = by_series[action.source.series_ref] = []
                runs.append(run)
            run.append(action)
        else:
            runs.append([action])
    return [tuple(run) for run in runs]


def dates_of(run: Sequence[Action]) -> list[Create]:
    """The reservations to be made, if the run is one of a series."""
    return [a for a in run if isinstance(a, Create) and a.side is Side.TOPDESK and a.source.series_ref]
