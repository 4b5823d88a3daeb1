"""In which order actions are carried out: a place is left before it is taken."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from roombooker.domain.actions import Action, Create, Delete, Forget, Update, Vanish
from roombooker.domain.booking import Side

_FIRST = Delete | Forget | Vanish  # a meeting that is back under another ref is told so before its link learns that ref


def in_safe_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """What ends comes first, then what moves, then all else, what is made among it.

    Of those that move or are made longer or shorter, those that go later go from the last to the first, the others the other way round."""
    listed = list(actions)
    later = [a for a in listed if isinstance(a, Update) and _ends_of(a)[0] > _ends_of(a)[1]]
    earlier = [a for a in listed if isinstance(a, Update) and _ends_of(a)[0] < _ends_of(a)[1]]
    moved = {id(a) for a in (*later, *earlier)}
    first = [a for a in listed if isinstance(a, _FIRST)]
    rest = [a for a in listed if id(a) not in moved and not isinstance(a, _FIRST)]
    later.sort(key=lambda a: (a.target.slot, a.target.ref), reverse=True)
    earlier.sort(key=lambda a: (a.target.slot, a.target.ref))
    return (*first, *earlier, *later, *rest)


def _ends_of(update: Update) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
    wanted, now = update.source.slot, update.target.slot
    return (wanted.start, wanted.end), (now.start, now.end)


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
