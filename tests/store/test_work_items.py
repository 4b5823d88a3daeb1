"""One open work item per cause, whoever finds it first."""

import threading
import time
from datetime import UTC, datetime

from roombooker.store import work_items
from roombooker.store.db import Database

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_two_who_find_the_same_at_the_same_moment_open_one_item(database: Database) -> None:
    """The second looks before the first has committed, and inserts after it has looked."""
    opened: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with database.write() as session:
            opened.append(work_items.open_item(session, kind="conflict", dedupe="conflict:1", reason="second", at=AT).id)

    thread = threading.Thread(target=second)
    with database.write() as session:
        opened.append(work_items.open_item(session, kind="conflict", dedupe="conflict:1", reason="first", at=AT).id)
        thread.start()
        begun.wait()
        time.sleep(0.3)  # it has looked by now, and waits for us
    thread.join(20)
    assert len(opened) == 2
    assert len(set(opened)) == 1
    with database.read() as session:
        (item,) = work_items.listed(session)
        assert item.reason == "second"
