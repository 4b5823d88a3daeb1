"""Histories: what everybody is going to do, drawn from a seed before anything runs, so that a seed is a history."""

import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOMS = 5  # of the sandbox's first rooms; the fewer, the more people want the same one
PEOPLE = 4  # players.PEOPLE
LANES = 3  # people who act at the same time; the weather and the murderer have lanes of their own
WEATHER, MURDER = LANES, LANES + 1
_DAYS = (1, 2, 3, 9)  # ahead: in the near window, beyond it, and after the seeded days
_LENGTHS = (30, 30, 60, 60, 90)


@dataclass
class Operation:
    """One thing that somebody does. `of` is the number of the operation whose meeting, booking or reservation it is about."""

    number: int
    lane: int
    kind: str
    who: int = 0
    of: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    pause_ms: int = 0  # before it


Draw = Callable[[random.Random], dict[str, Any]]


def _slot(chance: random.Random) -> dict[str, Any]:
    """Half hours of an office day (UTC); the start of the run's day is 0."""
    return {"day": chance.choice(_DAYS), "minute": 30 * chance.randrange(16, 32), "length": chance.choice(_LENGTHS)}


def _place(chance: random.Random) -> dict[str, Any]:
    return _slot(chance) | {"room": chance.randrange(ROOMS)}


def _shift(chance: random.Random) -> dict[str, Any]:
    """By how much, or to quite another slot."""
    return _slot(chance) if chance.random() < 0.3 else {"by": chance.choice((-60, -30, 30, 60, 90))}


def _nothing(chance: random.Random) -> dict[str, Any]:
    del chance
    return {}


# kind -> (weight, what it needs an earlier operation of, what it draws)
PEOPLES: dict[str, tuple[float, tuple[str, ...], Draw]] = {
    "pane_book": (16, (), lambda c: _place(c) | {"attendees": c.randint(1, 3), "private": c.random() < 0.1}),
    "pane_book_two": (2, (), lambda c: _place(c) | {"second": c.randrange(ROOMS)}),
    "pane_send": (14, ("pane_book",), lambda c: {"shift": c.choice((0, 0, 0, 0, 30, 60))}),
    "pane_again": (3, ("pane_book",), _nothing),
    "pane_move": (5, ("pane_book",), lambda c: _shift(c) | {"follows": c.random() < 0.8}),
    "pane_cancel": (4, ("pane_book",), _nothing),
    "pane_hold": (1, ("pane_book",), _nothing),
    "phone_invite": (12, (), lambda c: _place(c) | {"private": c.random() < 0.1}),
    "phone_move": (8, ("phone_invite", "pane_send"), _shift),
    "phone_other_room": (4, ("phone_invite", "pane_send"), lambda c: {"room": c.randrange(ROOMS)}),
    "phone_no_room": (3, ("phone_invite", "pane_send"), _nothing),
    "phone_cancel": (6, ("phone_invite", "pane_send"), _nothing),
    "phone_words": (2, ("phone_invite", "pane_send"), lambda c: {"subject": f"Words {c.randrange(99)}"}),
    "phone_series": (2, (), lambda c: _place(c) | {"count": c.randint(2, 4)}),
    "phone_move_date": (2, ("phone_series",), lambda c: {"date": c.randrange(4), "by": c.choice((-30, 30, 60))}),
    "phone_cancel_date": (1, ("phone_series",), lambda c: {"date": c.randrange(4)}),
    "phone_cancel_series": (1, ("phone_series",), _nothing),
    "operator_reserve": (9, (), lambda c: _place(c) | {"careful": c.random() < 0.7}),
    "operator_move": (4, ("operator_reserve", "pane_book"), _shift),
    "operator_other_room": (2, ("operator_reserve", "pane_book"), lambda c: {"room": c.randrange(ROOMS)}),
    "operator_cancel": (5, ("operator_reserve", "pane_book"), _nothing),
    "operator_count": (2, ("operator_reserve", "pane_book"), lambda c: {"attendees": c.randint(1, 9)}),
    "approver_approve": (4, ("pane_book", "operator_reserve"), _nothing),
    "approver_reject": (2, ("pane_book", "operator_reserve"), _nothing),
}

_SIDES = ("topdesk", "graph")
_WINDOWS = {"topdesk": (500, 502, 503), "graph": (500, 503, 504)}
_CHANGES = {
    "topdesk": (("POST", "/reservations$"), ("POST", "/cancel$"), ("POST", "/reschedule$"), ("PATCH", "/reservations/")),
    "graph": (("PATCH", "/events/"), ("POST", "/decline$"), ("POST", "/events$"), ("POST", "/cancel$"), ("DELETE", "/events/")),
}


def _latency(chance: random.Random) -> dict[str, Any]:
    return {"switches": {"latency_ms": chance.choice((30, 100, 400))}, "for_ms": chance.randint(500, 2500)}


def _storm(chance: random.Random) -> dict[str, Any]:
    fault = {"side": chance.choice(_SIDES), "status": 429, "times": chance.randint(3, 15), "retry_after_s": chance.choice((0, 1, 2))}
    return {"faults": [fault], "for_ms": chance.randint(500, 2000)}


def _window(chance: random.Random) -> dict[str, Any]:
    side = chance.choice(_SIDES)
    fault = {"side": side, "status": chance.choice(_WINDOWS[side]), "times": chance.randint(2, 15)}
    return {"faults": [fault], "for_ms": chance.randint(500, 2000)}


def _lost(chance: random.Random) -> dict[str, Any]:
    side = chance.choice(_SIDES)
    method, path = chance.choice(_CHANGES[side])
    status = chance.choice((0, 0, 504, 500))
    fault = {"side": side, "method": method, "path": path, "when": "after", "status": status, "times": chance.randint(1, 2)}
    return {"faults": [fault], "for_ms": chance.randint(1000, 3000)}


def _notices(chance: random.Random) -> dict[str, Any]:
    names = chance.sample(("drop", "double", "reorder"), chance.randint(1, 3))
    shares = {name: chance.choice((0.3, 0.7, 1.0)) for name in names}
    return {"switches": {"notices": shares | {"delay_ms": chance.choice((0, 200, 1500))}}, "for_ms": chance.randint(1000, 4000)}


_KINDS_OF_WEATHER: dict[str, tuple[float, Draw]] = {
    "latency": (3, _latency),
    "storm": (3, _storm),
    "window": (4, _window),
    "lost": (6, _lost),
    "notices": (5, _notices),
    "maintenance": (1, lambda c: {"switches": {"maintenance": True}, "for_ms": c.randint(500, 2000)}),
    "expire": (2, lambda c: {"expire": c.choice(("delta", "delta", "subscriptions", "subscriptions", "keys"))}),
    "climate": (
        3,
        lambda c: {
            "climate": {
                "conflict_mode": c.choice(("reject", "flag", "silent")),
                "date_style": c.choice(("Z", ".000Z", ".000+0000")),
                "nulls": c.choice(("omit", "null", "empty")),
                "remove_canceled_meetings": c.random() < 0.3,
                "default_cancel_reason": c.random() < 0.7,
                "unknown_parameter": c.choice(("ignore", "400")),
            }
        },
    ),
}  # fmt: skip
_VICTIMS = ("worker", "worker", "web child", "web", "both")


def draw_history(seed: int, operations: int) -> list[Operation]:
    """The same seed and number is the same history, on any machine."""
    chance = random.Random(f"room booker {seed}")
    made: list[Operation] = [_climate_at_first(chance)]
    while len(made) < operations:
        number = len(made)
        roll = chance.random()
        if roll < 0.05:
            facts = {"victim": chance.choice(_VICTIMS), "number": chance.randrange(4), "down_ms": chance.choice((0, 100, 800))}
            made.append(Operation(number, MURDER, "kill", facts=facts, pause_ms=chance.randint(500, 6000)))
        elif roll < 0.16:
            kind = _weighted(chance, {name: weight for name, (weight, _) in _KINDS_OF_WEATHER.items()})
            facts = _KINDS_OF_WEATHER[kind][1](chance)
            made.append(Operation(number, WEATHER, f"weather_{kind}", facts=facts, pause_ms=chance.randint(0, 2500)))
        else:
            made.append(_of_a_person(chance, number, made))
    return made


def _climate_at_first(chance: random.Random) -> Operation:
    return Operation(0, WEATHER, "weather_climate", facts=_KINDS_OF_WEATHER["climate"][1](chance))


def _of_a_person(chance: random.Random, number: int, before: list[Operation]) -> Operation:
    while True:
        kind = _weighted(chance, {name: weight for name, (weight, _, _) in PEOPLES.items()})
        _, needs, draw = PEOPLES[kind]
        of = None
        who = chance.randrange(PEOPLE)
        if needs:
            makers = [o for o in before if o.kind in needs][-15:]  # what is on people's minds
            if not makers:
                continue
            maker = chance.choice(makers)
            of, who = maker.number, maker.who
        lane = chance.randrange(LANES)
        return Operation(number, lane, kind, who, of, draw(chance), pause_ms=chance.choice((0, 0, 100, 400, 1000, 2000)))


def _weighted(chance: random.Random, weights: dict[str, float]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def write_history(path: Path, seed: int, history: list[Operation], outcomes: dict[int, Any], **facts: Any) -> None:
    """For looking at and replaying: each operation with what came of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [asdict(operation) | {"outcome": outcomes.get(operation.number)} for operation in history]
    path.write_text(json.dumps({"seed": seed, **facts, "operations": told}, indent=1, ensure_ascii=False, default=str) + "\n")


def read_history(path: Path) -> list[Operation]:
    """Operations of a file that was written by a run, or cut down by hand."""
    told = json.loads(path.read_text())["operations"]
    return [Operation(**{name: value for name, value in entry.items() if name != "outcome"}) for entry in told]
