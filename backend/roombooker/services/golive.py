"""Going live: both sides of a room loaded and laid over each other, shown before anything is written, adopted when it is switched on."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roombooker.domain.actions import Action, Adopt, Create, Hold
from roombooker.domain.booking import Booking, Side
from roombooker.domain.room import Room
from roombooker.errors import InvalidInput, NotFound, RoomBookerError
from roombooker.services.booking_answer import iso
from roombooker.services.outcome import Pass
from roombooker.services.patience import Pause, patiently
from roombooker.services.rooms import RoomService
from roombooker.services.sync import SyncService
from roombooker.services.telling import told
from roombooker.store import rooms
from roombooker.store.db import Database

_AT_ONCE = 20  # rooms that come on together
_NOT_BEGUN = "Not begun."
Progress = Callable[[int, int], None]


@dataclass
class _Coming:
    """What became of a room that is being switched on."""

    room: Room
    is_on: bool
    counts: Counter[str] = field(default_factory=Counter)
    is_skipped: bool = False  # somebody else is at it
    is_held: bool = False  # the guard has stopped it
    reason: str | None = _NOT_BEGUN  # why it is not loaded

    def take(self, done: Pass) -> None:
        """All that is kept of a pass: what it had planned is large."""
        self.counts += Counter(_COUNTED[type(action)] for action in done.planned if type(action) in _COUNTED)
        self.counts["failed"] += done.failed
        self.is_skipped = self.is_skipped or done.skipped
        self.is_held = self.is_held or bool(done.stopped)
        self.reason = done.stopped or done.reason or self.reason


class GoLive:
    def __init__(self, *, database: Database, room_service: RoomService, sync: SyncService, pause: Pause = time.sleep) -> None:
        self._database = database
        self._rooms = room_service
        self._sync = sync
        self._pause = pause

    def preview(self, name: str) -> dict[str, Any]:
        """What is on both sides of a room, on one side only, and in conflict; and in words what switching on would do. Writes nothing."""
        (room,) = self._chosen([name])
        return _report([_previewed(room, self._look(room))])

    def preview_all(self, names: Iterable[str], *, every: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """The same for many rooms; one that cannot be read now is told as such, with its reason, among the others."""
        chosen, left_out = self._chosen_of(names, every=every)
        found = {}
        for room, look in patiently(chosen, self._look, self._pause):
            found[room.id] = _previewed(room, look)
            if progress is not None:
                progress(len(found), len(chosen))
        return _report([found[room.id] for room in chosen], left_out)

    def enable(
        self, names: Iterable[str], *, every: bool = False, progress: Progress | None = None, is_patient: bool = False
    ) -> dict[str, Any]:
        """Switch on and bring both sides together at once; what exists on both is adopted. Can be stopped, and goes on where it was.

        Where a side is away, the rooms at hand are on and loaded later, and no other is begun. `is_patient`: a room that somebody else
        is at is waited for. `ok`: all are on and loaded."""
        chosen, left_out = self._chosen_of(names, every=every)
        for room in chosen:
            if room.alarm:
                raise InvalidInput(f"{room.name or room.mailbox} cannot be switched on: {room.alarm}")
        coming = [_Coming(room, room.enabled) for room in chosen]
        for at in range(0, len(coming), _AT_ONCE):
            some = coming[at : at + _AT_ONCE]

            def tell(done: int, total: int, at: int = at, count: int = len(some)) -> None:
                if progress is not None:
                    progress(at + count * done // total, len(coming))

            if not self._load(some, tell):
                break
            tell(1, 1)
        if is_patient:
            self._load_late({one.room.id: one for one in coming if one.is_skipped})
        left = sum(one.reason == _NOT_BEGUN for one in coming)
        lines = [f"{left} more not begun: the same command goes on with them."] if left else []
        return _report([_enabled(one) for one in coming], [*lines, *left_out])

    def _load(self, some: Sequence[_Coming], tell: Progress) -> bool:
        """Whether both sides could be read."""
        by_id = {one.room.id: one for one in some}
        try:
            self._rooms.enable(by_id)
            for one in some:
                one.is_on, one.reason = True, None
            for done in self._sync.load(self._sync.full(), cause="going live", room_ids=list(by_id), progress=tell):
                by_id[done.room_id].take(done)
        except RoomBookerError as error:
            for one in some:
                one.reason = error.message
            return False
        return True

    def _load_late(self, coming: Mapping[str, _Coming]) -> None:
        """Rooms that somebody else was at."""

        def look(room: Room) -> Pass:
            return self._sync.sync_room(room.id, windows=[self._sync.full()], cause="going live")

        for room, done in patiently([one.room for one in coming.values()], look, self._pause):
            coming[room.id].is_skipped = False
            coming[room.id].take(done)

    def disable(self, names: Iterable[str]) -> list[str]:
        """Both sides stay as they are; nothing is followed any more."""
        return self._rooms.disable(names)

    def _look(self, room: Room) -> Pass:
        return self._sync.sync_room(room.id, windows=[self._sync.full()], cause="preview", dry_run=True)

    def _chosen_of(self, names: Iterable[str], *, every: bool) -> tuple[list[Room], list[str]]:
        """Also, in words, which broken pairs are left out of all. NotFound where there is none to switch on."""
        if not every:
            return self._chosen(names), []
        with self._database.read() as session:
            known = rooms.every(session)
        left_out = [f"!    {room.name or room.mailbox} is left out: {room.alarm}" for room in known if room.alarm is not None]
        if len(left_out) == len(known):
            raise NotFound("\n".join([*left_out, "There are no rooms that could be switched on: `roombooker rooms import` brings them."]))
        return [room for room in known if room.alarm is None], left_out

    def _chosen(self, names: Iterable[str]) -> list[Room]:
        with self._database.read() as session:
            known = rooms.every(session)
        by_name = {key: room for room in known for key in (room.id, room.mailbox)}
        chosen: dict[str, Room] = {}
        for name in names:
            room = by_name.get(name) or by_name.get(name.strip().lower())
            if room is None:
                raise NotFound(f"There is no room {name!r}; `roombooker rooms list` shows them.")
            chosen[room.id] = room
        return list(chosen.values())


def _previewed(room: Room, look: Pass) -> dict[str, Any]:
    if look.skipped:
        return _room(room) | {"skipped": True, "lines": [f"{room.name}: a worker is at this room; try again."]}
    if look.reason:
        return _room(room) | {"failed": 1, "reason": look.reason, "lines": [f"{room.name}: could not be read: {look.reason}"]}
    planned = look.planned
    matched = [a for a in planned if isinstance(a, Adopt)]
    only_exchange = [told(a.source) for a in planned if isinstance(a, Create) and a.side is Side.TOPDESK]
    only_topdesk = [told(a.source) for a in planned if isinstance(a, Create) and a.side is Side.EXCHANGE]
    conflicts = [_conflict(a) for a in planned if isinstance(a, Hold)]
    others = [a for a in planned if not isinstance(a, Adopt | Create | Hold)]
    counted = (f"{room.name}: {len(matched)} on both sides, {len(only_exchange)} in Exchange only (would be reserved), "
               f"{len(only_topdesk)} in TOPdesk only (would be put on the calendar), {len(conflicts)} in conflict")  # fmt: skip
    lines = [counted, *(f"  ! {c['reason']}" for c in conflicts), *(f"  {type(a).__name__}: {_when(a)}" for a in others)]
    return _room(room) | {
        "matched": len(matched), "only_in_exchange": only_exchange, "only_in_topdesk": only_topdesk, "conflicts": conflicts,
        "other_changes": len(others), "lines": lines,
    }  # fmt: skip


_COUNTED: dict[type, str] = {Adopt: "adopted", Create: "made", Hold: "for_the_work_list"}


def _enabled(one: _Coming) -> dict[str, Any]:
    """One that was not begun has no line of its own: they may be many."""
    counts = {name: one.counts[name] for name in ("adopted", "made", "for_the_work_list", "failed")}
    facts = _room(one.room) | {"enabled": one.is_on, **counts, "lines": _lines(one)}
    return facts | ({"skipped": True} if one.is_skipped else {}) | ({"reason": one.reason} if one.reason else {})


def _lines(one: _Coming) -> list[str]:
    name, counts = one.room.name or one.room.mailbox, one.counts
    if one.reason == _NOT_BEGUN:
        return []
    if not one.is_on:
        return [f"off  {name}: {one.reason}"]
    if one.is_held:
        return [f"on   {name}, but held until somebody has looked: {one.reason}"]
    if one.reason:
        return [f"on   {name}, but not loaded: {one.reason} A worker does it as soon as it can."]
    if one.is_skipped:
        return [f"on   {name}: a worker is loading it now."]
    again = f", {counts['failed']} to be tried again" if counts["failed"] else ""
    return [
        f"on   {name}: {counts['adopted']} adopted, {counts['made']} made on the other side, {counts['for_the_work_list']} for the work list{again}"
    ]


def _report(reports: list[dict[str, Any]], lines: Sequence[str] = ()) -> dict[str, Any]:
    """`ok`: nothing is left to be done or read."""
    ok = not any(report.get(name) for report in reports for name in ("failed", "skipped", "reason"))
    return {"ok": ok, "rooms": reports, "lines": [*(line for report in reports for line in report["lines"]), *lines]}


def _room(room: Room) -> dict[str, Any]:
    return {"room": room.id, "name": room.name, "mailbox": room.mailbox}


def _conflict(hold: Hold) -> dict[str, Any]:
    records = [b for b in (hold.topdesk, hold.exchange, *hold.candidates) if b is not None]
    return {"kind": hold.kind, "reason": hold.reason, "records": [told(b) for b in records]}


def _when(action: Action) -> str:
    record: Booking | None = getattr(action, "source", None) or getattr(action, "booking", None)
    link = getattr(action, "link", None)
    slot = record.slot if record is not None else link.slot if link is not None else None
    return f"{iso(slot.start)} to {iso(slot.end)}" if slot else ""
