"""The first morning at Contoso: which estate a store holds, and each part's own rows, written once."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date

from tqdm import tqdm

from roombooker_sandbox.directory import Directory, Meeting, make_directory
from roombooker_sandbox.exchange.seed import seed as seed_exchange
from roombooker_sandbox.store import Store
from roombooker_sandbox.topdesk.seed import seed as seed_topdesk
from roombooker_sandbox.world import Options, World

_SEEDS = (("topdesk", seed_topdesk), ("exchange", seed_exchange))
_LASTING = ("core_", "entra_")  # tables that survive: what is known about the store, keys and sign-ins
_ESTATE = ("rooms", "people", "seed", "per_day", "days")
SCHEMA = "CREATE TABLE IF NOT EXISTS core_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"


class OtherEstate(Exception):
    """The state file was made with other numbers of rooms or people than were asked for."""


def open_world(options: Options, asked: frozenset[str] = frozenset(_ESTATE)) -> World:
    """A world whose store fits its directory. An existing state file keeps its own estate; a number in `asked` that differs is an error."""
    store = Store(options.state)
    store.apply(SCHEMA)
    kept = _fact(store, "estate")
    if kept:
        estate: dict[str, int] = json.loads(kept)
        other = [
            f"--{name.replace('_', '-')} {estate[name]}" for name in _ESTATE if name in asked and getattr(options, name) != estate[name]
        ]
        if other:
            store.close()
            raise OtherEstate(f"{options.state} was made with {' '.join(other)}. Ask for the same, or remove the file to start afresh.")
        options = replace(options, **estate)  # type: ignore[arg-type]
    else:
        _keep(store, "estate", json.dumps({name: getattr(options, name) for name in _ESTATE}))
    return World(options, make_directory(options.rooms, options.people, options.seed), store)


def seed_once(world: World) -> None:
    """Fill a new store. A store whose seeding was cut short is emptied and filled again."""
    if _fact(world.store, "seeded") is None:
        world.store.empty(keep=_LASTING)
        seed_parts(world)
        _keep(world.store, "seeded", "yes")


def seed_again(world: World) -> None:
    """`/control/reset {"data": true}`: all rows of all parts as on the first morning; keys and sign-ins stay."""
    world.scheduler.clear()
    with world.store.transaction() as rows:
        rows.execute("DELETE FROM core_facts WHERE name = 'seeded'")
    world.store.empty(keep=_LASTING)
    world.fire("reset data")
    seed_parts(world)
    _keep(world.store, "seeded", "yes")


def seed_parts(world: World) -> None:
    """With a progress bar per part on standard error when it takes long enough for somebody to wonder."""
    contoso = world.directory
    large = world.options.rooms * world.options.per_day * world.options.days > 20_000
    for name, seed in _SEEDS:
        if large:
            world.directory = _Watched(**{field.name: getattr(contoso, field.name) for field in fields(contoso)}, part=name)
        try:
            seed(world)
        finally:
            world.directory = contoso


@dataclass(frozen=True)
class _Watched(Directory):
    """Contoso with somebody counting the rooms whose meetings have been made."""

    part: str

    def meetings(self, first: date, days: int, per_day: int) -> Iterator[Meeting]:
        last = -1
        with tqdm(total=len(self.rooms), desc=f"sandbox: filling {self.part}", unit=" rooms", mininterval=1, file=sys.stderr) as bar:
            for meeting in super().meetings(first, days, per_day):
                bar.update(meeting.room.number - last)
                last = meeting.room.number
                yield meeting
            bar.update(len(self.rooms) - 1 - last)


def _fact(store: Store, name: str) -> str | None:
    with store.transaction() as rows:
        row = rows.execute("SELECT value FROM core_facts WHERE name = ?", (name,)).fetchone()
    return str(row["value"]) if row else None


def _keep(store: Store, name: str, value: str) -> None:
    with store.transaction() as rows:
        rows.execute("INSERT OR REPLACE INTO core_facts VALUES (?, ?)", (name, value))
