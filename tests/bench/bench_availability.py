"""Availability over whole estates: the HTTP answer against a bare hello of the same gunicorn, and series against their bare SQL."""

import random
import sqlite3
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from estate import DAYS, estate, first_day
from result import Result
from web import HELLO, Client, alternate, gunicorn

from postgres import NoPostgres, postgres_server
from roombooker.domain.slot import Slot
from roombooker.store.daybits import masks
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, HOOK_SECRET, OPERATOR_LOGIN, OPERATOR_PASSWORD, TENANT_ID
from sandboxes import start_sandbox

LIMITS = {40: 4.0, 1000: 6.0, 5000: 14.0}
_POSTGRES_ROOMS = 1000
_ASKED = 200
_SERIES = 40


def run() -> list[Result]:
    results: list[Result] = []
    with ExitStack() as stack:
        sandbox = stack.enter_context(start_sandbox(rooms=1))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roombooker-bench-", ignore_cleanup_errors=True)))
        (folder / "hello.py").write_text(HELLO)
        bare = stack.enter_context(gunicorn("hello:app", folder))
        token = sandbox.person_token()
        for count, limit in LIMITS.items():
            results += _measure(count, estate(count), limit, folder, bare, sandbox.url, token)
        results += _on_postgres(folder, bare, sandbox.url, token)
    return results


def _measure(count: int, address: str, limit: float | None, folder: Path, bare: int, outside: str, token: str) -> list[Result]:
    kind = "SQLite" if address.startswith("sqlite") else "PostgreSQL"
    with gunicorn("roombooker.wsgi:app", folder, _environment(address, outside)) as port:
        ours, hello_client = Client(port, token), Client(bare)  # fresh: building an estate outlasts a connection
        dice = random.Random(7)
        hello, answer = alternate(hello_client, ours, [_question(dice) for _ in range(_ASKED)])
        one = Result(f"availability, one slot, {count} rooms, {kind}", answer / hello, limit, _times(answer, hello))
        asked = [_series_question(dice) for _ in range(_SERIES)]
        hello, answer = alternate(hello_client, ours, asked)
        ours.close()
        hello_client.close()
    if kind == "PostgreSQL":
        return [one, Result(f"26 weekly dates, {count} rooms, {kind}", answer / hello, None, _times(answer, hello))]
    sql = _bare_series(address.removeprefix("sqlite:///"), asked)
    detail = f"{answer * 1000:.2f} ms, its SQL {sql * 1000:.2f} ms"
    # With 40 rooms the SQL takes less time than HTTP itself: reported, and judged where the question has a size.
    return [one, Result(f"26 weekly dates, {count} rooms, against bare SQL", answer / sql, 3.0 if count >= 1000 else None, detail)]


def _on_postgres(folder: Path, bare: int, outside: str, token: str) -> list[Result]:
    try:
        with postgres_server() as server:
            import psycopg

            with psycopg.connect(server + "postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE estate")
            return _measure(_POSTGRES_ROOMS, estate(_POSTGRES_ROOMS, server + "estate"), None, folder, bare, outside, token)
    except NoPostgres:
        return []


def _question(dice: random.Random) -> dict[str, Any]:
    """Somewhere in the half year, in working hours, with changing wishes."""
    start = first_day() + timedelta(days=dice.randrange(DAYS - 1), hours=dice.randrange(7, 17), minutes=dice.choice([0, 15, 30, 45]))
    end = start + timedelta(minutes=dice.choice([30, 60, 90]))
    filters: dict[str, Any] = {"capacity": dice.choice([2, 4, 6])}
    if dice.random() < 0.5:
        filters["equipment"] = [dice.choice(["Screen", "Whiteboard"])]
    if dice.random() < 0.3:
        filters["buildings"] = [f"Building {n}" for n in dice.sample(range(10), 4)]
    return {"start": start.isoformat(), "end": end.isoformat(), "attendees": dice.choice([2, 4, 6, 8, 10]), "filters": filters}


def _series_question(dice: random.Random) -> dict[str, Any]:
    """26 weeks do not fit into 180 days; the last date of an early start does."""
    start = first_day() + timedelta(days=dice.randrange(0, 4), hours=dice.randrange(7, 17))
    slots = [start + timedelta(weeks=week) for week in range(26)]
    return {"slots": [{"start": at.isoformat(), "end": (at + timedelta(hours=1)).isoformat()} for at in slots], "attendees": 4}


def _bare_series(path: str, asked: list[dict[str, Any]]) -> float:
    """p50 seconds of the plain question: which rooms clash on which of the dates."""
    taken = []
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA mmap_size=1073741824")
        connection.execute("PRAGMA cache_size=-65536")
        for question in asked:
            days, hours = [], {}
            for one in question["slots"]:
                slot = Slot(_instant(one["start"]), _instant(one["end"]))
                ((day, hours),) = masks(slot).items()
                days.append(day)
            blocked = " | ".join(f"(h{hour:02} & {bits})" for hour, bits in hours.items())
            query = f"SELECT room_no, day FROM occupancy_day WHERE day IN ({', '.join(map(str, days))}) AND ({blocked}) <> 0"  # noqa: S608
            began = perf_counter()
            connection.execute(query).fetchall()
            taken.append(perf_counter() - began)
    connection.close()
    return median(taken)


def _instant(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


def _times(answer: float, hello: float) -> str:
    return f"{answer * 1000:.2f} ms, hello {hello * 1000:.2f} ms"


def _environment(address: str, outside: str) -> dict[str, str]:
    named = {
        "DATABASE_URL": address, "TOPDESK_URL": f"{outside}/topdesk", "TOPDESK_USERNAME": OPERATOR_LOGIN,
        "TOPDESK_PASSWORD": OPERATOR_PASSWORD, "TOPDESK_PERSON": "roombooker@contoso.example", "TOPDESK_HOOK_SECRET": HOOK_SECRET,
        "ENTRA_TENANT_ID": TENANT_ID, "ENTRA_CLIENT_ID": CLIENT_ID, "ENTRA_CLIENT_SECRET": CLIENT_SECRET,
        "ENTRA_AUTHORITY": f"{outside}/entra", "GRAPH_URL": f"{outside}/graph/v1.0", "RATE_LIMIT": "1000000 per minute",
        "HORIZON_DAYS": "200",
    }  # fmt: skip
    return {f"ROOMBOOKER_{name}": value for name, value in named.items()}
