"""Service windows: the hours in which a room may be had, in its branch's local time; the API shows their names, never their hours."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.inferred import WINDOW_BINDS_OPERATORS
from roombooker_sandbox.topdesk.moments import from_minute


@dataclass(frozen=True)
class Window:
    id: str
    name: str
    opens: time
    closes: time


DAYTIME = Window(stable_id("service-window", "daytime"), "Daytime 07:00-22:00", time(7), time(22))
OFFICE = Window(stable_id("service-window", "office"), "Office hours 08:00-18:00", time(8), time(18))
WINDOWS = {window.id: window for window in (DAYTIME, OFFICE)}


def is_open(db: sqlite3.Connection, location: Card, start: int, end: int) -> bool:
    """Whether a booking (minutes since 1970) lies inside the room's window, or the room has none that binds operators."""
    management = location["reservationManagement"]
    window = WINDOWS.get((management.get("serviceWindow") or {}).get("id", ""))
    if window is None or management.get("serviceWindowAppliesTo") not in WINDOW_BINDS_OPERATORS:
        return True
    zone = branch_zone(db, location["branch"]["id"])
    local_start, local_end = (from_minute(minute).astimezone(zone) for minute in (start, end))
    # Documented: both ends lie inside the window. A booking over several days is therefore judged by its ends alone.
    return window.opens <= local_start.time() < window.closes and window.opens < local_end.time() <= window.closes


def branch_zone(db: sqlite3.Connection, branch_id: str) -> ZoneInfo:
    row = db.execute("SELECT card FROM topdesk_branches WHERE id = ?", (branch_id,)).fetchone()
    return ZoneInfo((json.loads(row["card"]).get("timeZone") if row else None) or "UTC")
