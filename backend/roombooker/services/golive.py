"""Going live: both sides of a room loaded and laid over each other, shown before anything is written, adopted when it is switched on."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from roombooker.domain.actions import Action, Adopt, Create, Hold
from roombooker.domain.booking import Booking, Side
from roombooker.domain.room import Room
from roombooker.errors import NotFound
from roombooker.services.booking_answer import iso
from roombooker.services.outcome import Pass
from roombooker.services.rooms import RoomService
from roombooker.services.sync import SyncService
from roombooker.services.telling import told
from roombooker.store import rooms
from roombooker.store.db import Database

_AT_ONCE = 20  # rooms that come on together
Progress = Callable[[int, int], None]


class GoLive:
    def __init__(self, *, database: Database, room_service: RoomService, sync: SyncService) -> None:
        self._database = database
        self._rooms = room_service
        self._sync = sync

    def preview(self, names: Iterable[str], *, every: bool = False) -> dict[str, Any]:
        """Per room what is on both sides, on one side only, and in conflict; and in words what switching on would do. Writes nothing."""
        return _report([_previewed(room, self._look(room)) for room in self._chosen(names, every=every)])

    def enable(self, names: Iterable[str], *, every: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """Switch on and bring both sides together at once; what exists on both is adopted. Can be stopped, and goes on where it was."""
        chosen = self._chosen(names, every=every)
        reports = []
        for at in range(0, len(chosen), _AT_ONCE):
            some = chosen[at : at + _AT_ONCE]
            self._rooms.enable([room.id for room in some])

            def tell(done: int, total: int, at: int = at, count: int = len(some)) -> None:
                if progress is not None:
                    progress(at + count * done // total, len(chosen))

            counts = {room.id: Counter[str]() for room in some}
            for done in self._sync.load(self._sync.full(), cause="going live", room_ids=list(counts), progress=tell):
                counts[done.room_id] += _counted(done)
            reports += [_enabled(room, counts[room.id]) for room in some]
            if progress is not None:
                progress(at + len(some), len(chosen))
        return _report(reports)

    def disable(self, names: Iterable[str]) -> list[str]:
        """Both sides stay as they are; nothing is followed any more."""
        return self._rooms.disable(names)

    def _look(self, room: Room) -> Pass:
        return self._sync.sync_room(room.id, windows=[self._sync.full()], cause="preview", dry_run=True)

    def _chosen(self, names: Iterable[str], *, every: bool) -> list[Room]:
        with self._database.read() as session:
            known = rooms.every(session)
        if every:
            return [room for room in known if room.alarm is None]
        by_name = {key: room for room in known for key in (room.id, room.mailbox)}
        chosen = []
        for name in names:
            room = by_name.get(name) or by_name.get(name.strip().lower())
            if room is None:
                raise NotFound(f"There is no room {name!r}; `roombooker rooms list` shows them.")
            chosen.append(room)
        return chosen


def _previewed(room: Room, look: Pass) -> dict[str, Any]:
    if look.skipped:
        return _room(room) | {"skipped": True, "lines": [f"{room.name}: somebody else is at this room; try again."]}
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


def _counted(one: Pass) -> Counter[str]:
    """All that is kept of a pass: what it had planned is large."""
    found = Counter(_COUNTED[type(action)] for action in one.planned if type(action) in _COUNTED)
    found["failed"] = one.failed
    return found


_COUNTED: dict[type, str] = {Adopt: "adopted", Create: "made", Hold: "for_the_work_list"}


def _enabled(room: Room, counted: Mapping[str, int]) -> dict[str, Any]:
    told = {name: counted[name] for name in ("adopted", "made", "for_the_work_list", "failed")}
    line = (
        f"on   {room.name}: {told['adopted']} adopted, {told['made']} made on the other side, {told['for_the_work_list']} for the work list"
    ) + (f", {told['failed']} to be tried again" if told["failed"] else "")
    return _room(room) | {"enabled": True, **told, "lines": [line]}


def _report(reports: list[dict[str, Any]]) -> dict[str, Any]:
    return {"rooms": reports, "lines": [line for report in reports for line in report["lines"]]}


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
