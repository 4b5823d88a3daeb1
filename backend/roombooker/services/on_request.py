"""Bringing rooms together because somebody asks for it now: `roombooker sync`, and the preview of `drift --repair`."""

from collections.abc import Callable, Iterable
from time import sleep
from typing import Any

from roombooker.domain.actions import Action, Adopt, Hold
from roombooker.domain.room import Room
from roombooker.errors import NotFound, RoomBookerError
from roombooker.services.outcome import Pass
from roombooker.services.patience import Pause, patiently
from roombooker.services.sync import SyncService
from roombooker.store import rooms
from roombooker.store.db import Database

Progress = Callable[[int, int], None]


class SyncOnRequest:
    """`pause`: what waits so many seconds for a worker that is at a room."""

    def __init__(self, *, database: Database, sync: SyncService, pause: Pause = sleep) -> None:
        self._database = database
        self._sync = sync
        self._pause = pause

    def run(
        self, names: Iterable[str] = (), *, near: bool = False, dry_run: bool = False, progress: Progress | None = None
    ) -> dict[str, Any]:
        """`{"ok", "rooms": [{"room", "planned": [words], "done", "failed", "stopped"}], "summary"}`; rooms where nothing was to do are left out.

        A dry run reads both sides afresh, room by room, and writes to neither."""
        window = self._sync.near() if near else self._sync.full()
        named = self._named(names)
        passes: list[Pass] = []
        problems: list[str] = []
        if dry_run:
            for done, (room_id, room) in enumerate(named.items(), 1):
                try:
                    passes.append(self._sync.sync_room(room_id, windows=[window], cause="asked", dry_run=True))
                except RoomBookerError as error:
                    problems.append(f"{room.name}: {error.message}")
                if progress is not None:
                    progress(done, len(named))
        else:
            swept = self._sync.sweep(window, cause="asked", room_ids=list(named), progress=progress)
            busy = {one.room_id: named[one.room_id] for one in swept if one.skipped}
            looked = patiently(
                list(busy.values()), lambda room: self._sync.sync_room(room.id, windows=[window], cause="asked"), self._pause
            )
            passes = [one for one in swept if not one.skipped] + [one for _, one in looked]
        shown = [_room(one, named[one.room_id].name) for one in passes if one.planned or not one.is_clean]
        wanted = sum(len(room["planned"]) for room in shown)
        ok = not problems and all(one.is_clean for one in passes)
        verb = "would be done" if dry_run else "done"
        summary = f"{len(named)} rooms looked at, {wanted} things {verb}." + ("" if ok else " Some need another try: see above.")
        return {"ok": ok, "rooms": shown, "problems": problems, "summary": summary}

    def _named(self, names: Iterable[str]) -> dict[str, Room]:
        """By id, the enabled rooms asked for, all of them where none is named."""
        with self._database.read() as session:
            enabled = rooms.every(session, enabled_only=True)
        by_name = {key: room for room in enabled for key in (room.id, room.mailbox)}
        wanted = list(names)
        for name in wanted:
            if name not in by_name and name.strip().lower() not in by_name:
                raise NotFound(f"There is no room {name!r} that is switched on; `roombooker rooms list` shows them.")
        chosen = [by_name.get(name) or by_name[name.strip().lower()] for name in wanted] if wanted else enabled
        return {room.id: room for room in chosen}


def _room(one: Pass, name: str) -> dict[str, Any]:
    said = "somebody else is at it" if one.skipped else one.stopped or one.reason
    return {"room": name, "planned": [_words(a) for a in one.planned], "done": one.done, "failed": one.failed, "stopped": said}


def _words(action: Action) -> str:
    if isinstance(action, Hold):
        return f"Hold ({action.kind}): {action.reason}"
    if isinstance(action, Adopt):
        return f"Adopt ({action.why})"
    side = getattr(action, "side", None)
    return f"{type(action).__name__} on {side}" if side else type(action).__name__
