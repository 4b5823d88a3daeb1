"""calendarView/delta: what changed in a room's calendar since a cursor; a cursor that has expired gives the whole window again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from roombooker.domain.calendar import Changes
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Garbled, Refused, RoomBookerError
from roombooker.exchange.graph.client import BATCH_SIZE, GraphClient, Inner
from roombooker.exchange.graph.mapping import is_master, is_partial, read_bookings
from roombooker.exchange.graph.zones import read_instant, write_stamp
from roombooker.transport import Answer

_ROUTE = "/users/{mailbox}/calendarView/delta"
_PAGE = "odata.maxpagesize=500"
_WHOLE_AT_ONCE = 4  # Graph runs no more requests of a batch at once
_EXPIRED = ("syncStateNotFound", "syncStateInvalid", "ErrorInvalidSyncStateData", "resyncRequired", "SyncStateNotFound")

ReadView = Callable[[Room, Slot], list[dict[str, Any]]]


@dataclass
class _Reading:
    """One room's delta as it grows page by page. The last word about an id wins: pages may tell an entry twice."""

    room: Room
    window: Slot
    read_at: datetime
    cursor: str | None
    is_full: bool = False
    link: str | None = None
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.link = self.cursor
        self.is_full = self.cursor is None

    def ask(self) -> Inner:
        window = {"startDateTime": write_stamp(self.window.start), "endDateTime": write_stamp(self.window.end)}
        return Inner(_ROUTE, {"mailbox": self.room.mailbox}, None if self.link else window, self.link, (_PAGE,))

    def take(self, answer: Answer) -> bool:
        """Whether that was the last page."""
        for entry in answer.records("value"):
            ident = str(entry.get("id", ""))
            if "@removed" in entry:
                self.events.pop(ident, None)
                self.gone.add(ident)
            else:
                self.gone.discard(ident)
                self.events[ident] = entry
        page = answer.record()
        self.cursor, self.link = page.get("@odata.deltaLink"), page.get("@odata.nextLink")
        if self.cursor:
            return True
        if not self.link or self.link in self.links:
            raise Garbled("exchange", "Exchange's pages of changes lead nowhere.")
        self.links.add(self.link)
        return False

    def restart(self) -> None:
        """The cursor has expired: the whole window again."""
        self.cursor, self.link, self.is_full = None, None, True
        self.events.clear()
        self.gone.clear()
        self.links.clear()


class Delta:
    def __init__(self, client: GraphClient, clock: Callable[[], datetime], read_view: ReadView) -> None:
        """`read_view` reads whole events of a stretch, for what delta tells only in part."""
        self._client = client
        self._clock = clock
        self._read_view = read_view

    def changes(self, room: Room, window: Slot, cursor: str | None) -> Changes:
        reading = _Reading(room, window, self._clock(), cursor)
        is_done = False
        while not is_done:
            ask = reading.ask()
            try:
                answer = self._client.call("GET", ask.route, at=ask.at, params=ask.params, link=ask.link, prefer=ask.prefer)
            except Refused as refused:
                _restart_or_raise(reading, refused)
            else:
                is_done = reading.take(answer)
        return self._finish(reading)

    def changes_all(self, asks: Sequence[tuple[Room, Slot, str | None]]) -> Iterator[Changes | Exception]:
        """Twenty rooms at a time, a page of each per batch; fewer where whole calendars are to come, which are in memory together."""
        at = 0
        while at < len(asks):
            group = asks[at : at + BATCH_SIZE]
            if any(cursor is None for _, _, cursor in group):
                group = group[:_WHOLE_AT_ONCE]
            yield from self._group(group)
            at += len(group)

    def _group(self, asks: Sequence[tuple[Room, Slot, str | None]]) -> list[Changes | Exception]:
        readings = [_Reading(room, window, self._clock(), cursor) for room, window, cursor in asks]
        found: dict[int, Changes | Exception] = {}
        while open_ := [n for n in range(len(readings)) if n not in found]:
            answers = self._client.batch([readings[n].ask() for n in open_])
            for number, answer in zip(open_, answers, strict=True):
                try:
                    if isinstance(answer, Refused):
                        _restart_or_raise(readings[number], answer)
                    elif isinstance(answer, RoomBookerError):
                        raise answer
                    elif readings[number].take(answer):
                        found[number] = self._finish(readings[number])
                except RoomBookerError as error:
                    found[number] = error
        return [found[n] for n in range(len(readings))]

    def _finish(self, reading: _Reading) -> Changes:
        masters = [ident for ident, event in reading.events.items() if is_master(event)]
        events = self._completed(reading)
        return Changes(
            room_id=reading.room.id,
            window=reading.window,
            bookings=tuple(read_bookings(events, reading.room)),
            gone=tuple(sorted(reading.gone)),
            cursor=str(reading.cursor),
            is_full=reading.is_full,
            read_at=reading.read_at,
            restated=tuple(sorted(masters)),
        )

    def _completed(self, reading: _Reading) -> list[dict[str, Any]]:
        """Occurrences that were told in part are read whole, in one stretch; those that are gone by then are left to the next delta."""
        partial = [event for event in reading.events.values() if is_partial(event)]
        whole: dict[str, dict[str, Any]] = {}
        if partial:
            stretch = Slot(min(read_instant(e.get("start")) for e in partial), max(read_instant(e.get("end")) for e in partial))
            whole = {str(event.get("id")): event for event in self._read_view(reading.room, stretch)}
        return [whole.get(ident, event) for ident, event in reading.events.items() if not is_partial(event) or ident in whole]


def _restart_or_raise(reading: _Reading, refused: Refused) -> None:
    is_expired = refused.status_code == 410 or refused.said in _EXPIRED
    if not is_expired or reading.link is None:  # without a cursor there is nothing to expire: never in circles
        raise refused
    reading.restart()
