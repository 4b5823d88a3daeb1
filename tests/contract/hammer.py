"""One of several processes that ask both sides as fast as they may; started by test_limits. Arguments: settings as JSON, mailboxes, seconds."""

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.exchange.graph.calendar import GraphMeetings
from roombooker.exchange.graph.client import open_client as open_graph
from roombooker.settings import Settings
from roombooker.store.db import open_database
from roombooker.store.lanes import shared_lanes
from roombooker.topdesk.client import open_client as open_topdesk


def now() -> datetime:
    return datetime.now(UTC)


def main(facts: dict[str, str], token: str, mailboxes: list[str], seconds: float) -> None:
    """Four threads: single calls and batches at Exchange, single calls at TOPdesk. Prints how many were answered, and what failed."""
    settings = Settings(**facts)  # type: ignore[arg-type]  # from JSON
    database = open_database(settings.database_url)
    graph = open_graph(settings, lambda: token, lambda: None, clock=now, shared=shared_lanes(database, "exchange", 4))
    topdesk = open_topdesk(settings, clock=now, shared=shared_lanes(database, "topdesk", 4))
    meetings = GraphMeetings(graph, clock=now)
    rooms = [Room(id=m, location_id=m, mailbox=m, name=m) for m in mailboxes]
    window = Slot(now(), now() + timedelta(days=1))
    counts = {"single": 0, "batch": 0, "topdesk": 0}
    problems: list[str] = []

    def repeat(name: str, ask: object) -> None:
        while time.monotonic() < end:
            try:
                ask()  # type: ignore[operator]
                counts[name] += 1
            except Exception as error:  # noqa: BLE001  told, and judged there
                problems.append(f"{name}: {error!r}")

    def batch() -> None:
        for answer in meetings.changes_all([(room, window, None) for room in rooms]):
            if isinstance(answer, Exception):
                raise answer

    threads = [
        threading.Thread(target=repeat, args=("single", lambda: meetings.listing(rooms[0], window))),
        threading.Thread(target=repeat, args=("single", lambda: meetings.listing(rooms[-1], window))),
        threading.Thread(target=repeat, args=("batch", batch)),
        threading.Thread(target=repeat, args=("topdesk", lambda: topdesk.call("GET", "/version", right="none"))),
        threading.Thread(target=repeat, args=("topdesk", lambda: topdesk.call("GET", "/version", right="none"))),
    ]
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.engine.dispose()
    print(json.dumps({"counts": counts, "problems": problems}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), float(sys.argv[4]))
