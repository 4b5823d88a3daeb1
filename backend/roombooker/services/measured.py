"""What each process counts and times, for Prometheus."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client import Counter, Histogram

from roombooker.domain.actions import Action
from roombooker.domain.booking import Booking, Side
from roombooker.services.outcome import Pass

_SPANS = (0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 7.5, 10, 30, 60, 300, 600, 1800, 3600)

CALLS = Histogram("roombooker_side_call_seconds", "Calls to the other systems", ["side", "method", "route", "status"])
REQUESTS = Histogram("roombooker_request_seconds", "Requests answered", ["method", "route", "status"])
REFUSED_HOOKS = Counter("roombooker_hooks_refused_total", "Hook calls with a wrong or missing secret")
CARRIED_OUT = Histogram(
    "roombooker_notice_seconds", "From the arrival of a notice until what it told of was on the other side", ["side"], buckets=_SPANS
)
DELAYS = Histogram("roombooker_vendor_delay_seconds", "From a change on a side until its notice arrived", ["side"], buckets=_SPANS)
ALL = (CALLS, REQUESTS, REFUSED_HOOKS, CARRIED_OUT, DELAYS)


def carried_out(done: Pass, arrived: Sequence[tuple[str, datetime]], now: datetime) -> None:
    """A pass is over; `arrived` (side, when) are the notices that are done with it. Those of which nothing followed, as of an echo, are not
    measured."""
    if not done.done:
        return
    for side, at in arrived:
        CARRIED_OUT.labels(side).observe((now - at) / timedelta(seconds=1))
    for booking in {b.ref: b for action in done.planned for b in _changed(action)}.values():
        waits = [at - booking.modified_at for side, at in arrived if side == booking.side and booking.modified_at]
        if told := [wait for wait in waits if wait >= timedelta()]:
            DELAYS.labels(booking.side.value).observe(min(told) / timedelta(seconds=1))


def _changed(action: Action) -> Iterator[Booking]:
    """The records that brought it about; what was deleted cannot say when."""
    for name in ("source", *Side):
        record = getattr(action, name, None)
        if isinstance(record, Booking):
            yield record
