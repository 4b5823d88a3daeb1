"""One history from beginning to end: play it, heal the world, let it settle, and say whether both sides are one."""

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from chaos import checks, weather
from chaos.administrator import Administrator
from chaos.history import LANES, MURDER, ROOMS, WEATHER, Operation, write_history
from chaos.outside import Product, SandboxProcess
from chaos.players import PEOPLE, Players, RoomSeen, Thing
from postgres import postgres_server
from stack import eventually, free_port

ENDED = ("cancelled", "refused", "released")
UNSETTLED = ("reserving", "releasing", "moving")
SETTINGS = {
    "HOLD_MINUTES": 0.15, "VANISHED_MINUTES": 0.05, "NEAR_EVERY_SECONDS": 5, "HORIZON_EVERY_SECONDS": 20, "HORIZON_DAYS": 60,
    "READ_TIMEOUT_SECONDS": 3, "CONNECT_TIMEOUT_SECONDS": 2, "LEASE_SECONDS": 12, "MAIL_FROM": "room.booker@contoso.example",
    "LOG_LEVEL": "info", "WEB_WORKERS": 2, "WEB_THREADS": 4,
}  # fmt: skip


@dataclass
class Verdict:
    seed: int
    operations: int
    database: str
    findings: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)  # what the administrator did, item by item
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        word = "one" if self.is_good else f"{len(self.findings)} FINDINGS"
        told = ", ".join(f"{n} {name}" for name, n in self.counts.items())
        return f"seed {self.seed}, {self.operations} operations, {self.database}: {word} ({told}; {sum(self.seconds.values()):.0f} s)"


def run_history(
    seed: int, history: list[Operation], *, database: str = "sqlite", patience_s: float = 150, out: Path = Path("var/chaos")
) -> Verdict:
    """Bounded in time, and nothing is left running. The history with its outcomes is in `out`."""
    verdict = Verdict(seed, len(history), database)
    outcomes: dict[int, Any] = {}
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, _database(database, Path(name)) as url:
        folder = Path(name)
        began = time.monotonic()
        port = free_port()
        sandbox = SandboxProcess(folder, f"http://localhost:{port}", rooms=ROOMS + 1, days=3, per_day=3)
        try:
            product = Product(sandbox, folder, port, DATABASE_URL=url, **SETTINGS)
            try:
                _Run(verdict, sandbox, product, patience_s, outcomes).go(history, began)
            except Exception as error:  # noqa: BLE001  whatever ended it is a finding
                verdict.findings.append(f"the run broke: {type(error).__name__}: {error}")
            finally:
                product.stop()
                out.mkdir(parents=True, exist_ok=True)
                if verdict.findings and (folder / "roombooker.db").exists():
                    shutil.copy(folder / "roombooker.db", out / f"seed-{seed}.db")  # to be looked at, never judged by
                (out / f"seed-{seed}.log").write_text(product.logs(200_000 if verdict.findings else 2_000))
        finally:
            sandbox.stop()
    write_history(
        out / f"seed-{seed}.json",
        seed,
        history,
        outcomes,
        database=database,
        findings=verdict.findings,
        settled=verdict.settled,
        counts=verdict.counts,
        seconds=verdict.seconds,
    )
    return verdict


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'roombooker.db'}"
    else:
        with postgres_server() as address:
            yield f"{address}postgres"


class _Run:
    def __init__(self, verdict: Verdict, sandbox: SandboxProcess, product: Product, patience_s: float, outcomes: dict[int, Any]) -> None:
        self.verdict = verdict
        self.sandbox = sandbox
        self.product = product
        self.outcomes = outcomes
        self._patience_s = patience_s
        self._began = time.monotonic()

    def go(self, history: list[Operation], began: float) -> None:
        self.rooms = self._open()
        self._lap("start", began)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.cards = checks.cards_of(self.sandbox)
        self.players = Players(self.sandbox, self.product, self.rooms, self.cards, midnight)
        self._play(history)
        self._heal()
        self._settle()
        self._judge()
        voids = sum(1 for o in self.outcomes.values() if "void" in o)
        self.verdict.counts |= {"kills": self.product.deaths, "void": voids, "acknowledged": len(self.players.bookings)}

    def _lap(self, name: str, began: float) -> None:
        self.verdict.seconds[name] = round(time.monotonic() - began, 1)

    def _open(self) -> list[RoomSeen]:
        """Everything running, rooms imported and on, both calendars read once."""
        done = self.product.command("rooms", "import", "--enable", "--json")
        assert done.returncode == 0, done.stderr
        listed = self.product.command("rooms", "list", "--json")
        rooms = [
            RoomSeen(r["id"], r["mailbox"], r.get("location_id") or r["topdesk_location_id"], r["name"])
            for r in json.loads(listed.stdout)["rooms"]
        ]
        self.product.start()
        try:
            eventually(self._has_subscriptions, 90, 0.3)
        except AssertionError as error:
            raise AssertionError(f"not ready: {json.dumps(self.ready)}") from error
        assert len(rooms) > ROOMS, f"only {len(rooms)} rooms"
        return rooms

    def _has_subscriptions(self) -> bool:
        self.ready = requests.get(f"{self.product.url}/readyz", timeout=5).json()
        facts = self.ready.get("sync", {})
        return bool(facts.get("subscriptions", 0) >= facts.get("rooms_enabled", 1) and facts.get("notices_waiting") == 0)

    # Play

    def _play(self, history: list[Operation]) -> None:
        began = time.monotonic()
        acts: dict[int, Callable[[Operation], dict[str, Any]]] = dict.fromkeys(range(LANES), self.players.play)
        acts[WEATHER] = lambda o: weather.turn(self.sandbox.control, o.facts)
        acts[MURDER] = lambda o: {"killed": self.product.kill(o.facts["victim"], o.facts["number"], o.facts["down_ms"] / 1000)}
        threads = []
        for lane, act in acts.items():
            thread = threading.Thread(target=self._walk, args=([o for o in history if o.lane == lane], act, began), name=f"lane {lane}")
            threads.append(thread)
            thread.start()
        for thread in threads:
            thread.join()
        self._lap("play", began)

    def _walk(self, mine: list[Operation], act: Callable[[Operation], dict[str, Any]], began: float) -> None:
        for operation in mine:
            time.sleep(operation.pause_ms / 1000)
            at = time.monotonic() - began
            try:
                outcome = act(operation)
            except Exception as error:  # noqa: BLE001  a driver that breaks must say so, and the others go on
                outcome = {"WRONG": f"the driver broke: {type(error).__name__}: {error}"}
            self.outcomes[operation.number] = {"at_s": round(at, 2), **outcome}
            if "WRONG" in outcome:
                self.verdict.findings.append(f"operation {operation.number}: {outcome['WRONG']}")

    # Heal

    def _heal(self) -> None:
        weather.heal(self.sandbox.control)
        self.sandbox.sign_in_again()
        self.product.stand_up()

    def _settle(self) -> None:
        """Until both sides are one, or patience is at its end; what only a person can settle, the administrator settles."""
        began = time.monotonic()
        self.sandbox.idle(30)
        administrator = Administrator(self.sandbox, self.product, self.rooms)
        deadline = began + self._patience_s
        self.differences: list[checks.Difference] = []
        rounds = 0
        while True:
            rounds += 1
            said = self._one_settling()
            self.sandbox.idle(30)
            self.differences = checks.difference_of(self.sandbox, self.rooms, set(self.cards), datetime.now(UTC))
            if not self.differences and not self._unsettled() and said == (0, 0, 0):
                break
            if time.monotonic() > deadline:
                self.verdict.findings += [f"settle, sync, settle exited with {said}: {self.said}"] if said != (0, 0, 0) else []
                break
            administrator.settle(self.differences)
            time.sleep(2)
        self.verdict.counts |= {"rounds": rounds, "settled by hand": len(administrator.done)}
        self.verdict.settled = administrator.done
        self.administrator = administrator
        self._lap("settle", began)

    def _one_settling(self) -> tuple[int, int, int]:
        settled, swept, again = (
            self.product.command(*words)
            for words in (("settle", "--timeout", "60"), ("sync", "--window", "full"), ("settle", "--timeout", "60"))
        )
        self.said = (settled.stderr + swept.stderr + swept.stdout + again.stderr)[-2000:]
        return settled.returncode, 0 if "no attribute" in swept.stderr else swept.returncode, again.returncode

    def _unsettled(self) -> list[str]:
        """Acknowledged bookings that are still on their way."""
        states = {thing.made_by: self._booking(thing).get("state") for thing in self.players.bookings}
        return [f"the booking of operation {number} is still {state}" for number, state in states.items() if state in UNSETTLED]

    # Judge

    def _judge(self) -> None:
        began = time.monotonic()
        findings = self.verdict.findings
        findings += [str(difference) for difference in self.differences]
        findings += self._unsettled()
        findings += self._gone()
        findings += self._drift()
        if self.differences:
            findings += [f"open work item: {item['kind']} {item['reason']}" for item in self.administrator.items()]
        self._lap("judge", began)

    def _gone(self) -> list[str]:
        """Acknowledged bookings that hold no room any more must say so: to their owner's pane, and by mail where we ended them."""
        begin, end = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) + timedelta(days=150)
        keys = {r.key for r in checks.reservations(self.sandbox, self.rooms, begin, end)}
        missing: list[str] = []
        for thing in self.players.bookings:
            told = self._booking(thing)
            places = {p["match_key"]: p for p in [*(thing.answer or {}).get("rooms", ()), *told.get("rooms", ())]}
            if keys & set(places):
                continue
            name = f"the booking of operation {thing.made_by} ({', '.join(thing.touched) or 'untouched'})"
            if told.get("state") not in ENDED:
                missing.append(f"{name} is {told.get('state')!r} but holds no room: {json.dumps(told)[:600]}")
            elif not any(line["kind"] in _ENDINGS for line in told.get("timeline", ())):
                missing.append(
                    f"{name} ended as {told['state']} without a line in its timeline: {json.dumps(told.get('timeline', ())[-3:])}"
                )
            elif not self._was_told(thing):
                missing.append(f"{name} ended as {told['state']} and its owner got no message: {json.dumps(told.get('timeline', ())[-3:])}")
        return missing

    def _was_told(self, thing: Thing) -> bool:
        """Their own doing needs no message. Else: mail, or the room's answer, after it was booked."""
        if {"pane_cancel", "phone_cancel", "phone_no_room", "phone_other_room"} & set(thing.touched):
            return True
        since = datetime.fromtimestamp((thing.acknowledged_at or 0) - 2, UTC)
        for message in checks.told_of(self.sandbox, thing.who):
            at = datetime.fromisoformat(str(message["at"])[:19]).replace(tzinfo=UTC)
            if at >= since and message["kind"] in ("mail", "declined", "cancellation"):
                return True
        return False

    def _drift(self) -> list[str]:
        done = self.product.command("drift", "--json")
        if done.returncode == 0:
            return []
        if "no attribute" in done.stderr or "Traceback" in done.stderr:
            return [f"drift broke: {done.stderr.splitlines()[-1]}"]
        return [f"drift says {done.returncode}: {done.stdout[:1500]}"]

    def _booking(self, thing: Thing) -> dict[str, Any]:
        with suppress(requests.RequestException):
            token = self.sandbox.person_token(PEOPLE[thing.who])
            answer = requests.get(
                f"{self.product.url}/api/v1/bookings/{(thing.answer or {}).get('id')}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            )
            return answer.json()
        return {}


_ENDINGS = ("cancelled", "refused", "rejected", "released", "declined", "ended", "removed", "taken", "undone")
