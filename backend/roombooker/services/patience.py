"""Looks at rooms one by one; where somebody else is at a room, again in a while: longer than a process that died keeps its rooms."""

from collections.abc import Callable, Iterator, Sequence

import structlog

from roombooker.domain.room import Room
from roombooker.errors import RoomBookerError
from roombooker.services.outcome import Pass

Pause = Callable[[float], None]
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 35.0, 35.0)  # seconds; together more than twice the lease as it is by default

_log = structlog.get_logger(__name__)


def patiently(rooms: Sequence[Room], look: Callable[[Room], Pass], pause: Pause) -> Iterator[tuple[Room, Pass]]:
    """What each look came to, in the order in which rooms are done with; one that fails is told as such, and the others are looked at."""
    left = list(rooms)
    for seconds in (*PAUSES, None):
        busy = []
        for room in left:
            done = _looked(room, look)
            if done.skipped and seconds is not None:
                busy.append(room)
            else:
                yield room, done
        if not busy or seconds is None:
            return
        _log.info("somebody else is at some rooms: they are looked at again", rooms=len(busy), seconds=seconds)
        pause(seconds)
        left = busy


def _looked(room: Room, look: Callable[[Room], Pass]) -> Pass:
    try:
        return look(room)
    except RoomBookerError as error:
        return Pass(room.id, failed=1, reason=error.message)
