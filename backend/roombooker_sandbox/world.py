"""Everything the parts of the sandbox share; made once, handed to each part's `blueprint(world)`."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roombooker_sandbox.clock import Clock
from roombooker_sandbox.directory import Directory
from roombooker_sandbox.scheduler import Scheduler
from roombooker_sandbox.store import Store
from roombooker_sandbox.switches import Fault, Switches

TENANT_ID = "5bd0f2c2-6a0e-4f57-9a4f-6f0c0a7b1c11"
CLIENT_ID = "0b6f3a52-2f0d-4b8e-8d2e-7c6f5e4d3c2b"  # Room Booker's registration in the stand-in Entra
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105  the sandbox's published sign-in, not a secret
OPERATOR_LOGIN = "roombooker"
OPERATOR_PASSWORD = "sandbox-app-password"  # noqa: S105  as above
PERSON_PASSWORD = "sandbox"  # noqa: S105  as above
HOOK_SECRET = "sandbox-hook-secret-7f3a9c"  # noqa: S105  what the action sequence sends to the product
OPTIONAL_RIGHTS = ("people_calendars",)  # not granted until /control/rights restores them


@dataclass
class Options:
    port: int = 8090
    tls_port: int | None = None
    rooms: int = 40
    people: int = 200
    seed: int = 7
    per_day: int = 5
    days: int = 14
    state: Path | None = None
    product_url: str = "http://localhost:8000"  # where the action sequence posts and the stand-in Outlook finds the pane
    certificates: Path = Path("var/sandbox-tls")
    host: str = "127.0.0.1"  # the address to listen on


@dataclass
class World:
    options: Options
    directory: Directory
    store: Store
    clock: Clock = field(default_factory=Clock)
    scheduler: Scheduler = field(default_factory=Scheduler)
    switches: Switches = field(default_factory=Switches)
    faults: list[Fault] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)  # "topdesk POST /reservations" -> calls
    running: Counter[str] = field(default_factory=Counter)  # side -> calls in flight; those inside a $batch each, the batch itself not
    peaks: Counter[str] = field(default_factory=Counter)  # side -> the most that were
    removed_rights: set[str] = field(default_factory=lambda: set(OPTIONAL_RIGHTS))
    password_expired: bool = False
    hooks: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)  # what a part wants to keep in memory, under its own name
    lock: threading.RLock = field(default_factory=threading.RLock)  # guards faults, counters, running, peaks and parts

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.options.port}"

    @property
    def tls_url(self) -> str:
        return f"https://localhost:{self.options.tls_port}"

    def on(self, name: str, call: Callable[[], None]) -> None:
        """Run `call` whenever `name` is fired.

        Fired by the core: "expire delta", "expire subscriptions", "expire keys", "expire password"; "clock" (after it moved), "rights"
        (after they changed), "reset" (switches, faults, rights, clock and counters are back), "reset data" (all rows of all parts are
        gone and `seed` comes next: forget what is cached); "close" (shut down pools and sessions).
        """
        self.hooks.setdefault(name, []).append(call)

    def fire(self, name: str) -> None:
        for call in self.hooks.get(name, ()):
            call()

    def close(self) -> None:
        """Stop what runs later and close the database."""
        self.scheduler.close()
        self.fire("close")
        self.store.close()
