"""getSchedule: what Exchange says is in rooms, twenty at a time."""

from collections.abc import Sequence
from typing import Any

from roombooker.domain.calendar import Busy
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound
from roombooker.exchange.graph.client import OUT_OF_SCOPE, SIDE, GraphClient
from roombooker.exchange.graph.zones import read_instant, write_instant

_ROOMS_AT_ONCE = 20
_NOT_FREE = ("tentative", "busy", "oof")


def free_busy(client: GraphClient, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Busy]]:
    """See domain.calendar.MeetingCalendar.free_busy. The window may be 62 days at most, else Refused."""
    found: dict[str, list[Busy]] = {}
    for start in range(0, len(rooms), _ROOMS_AT_ONCE):
        some = rooms[start : start + _ROOMS_AT_ONCE]
        by_address = {str(s.get("scheduleId", "")).lower(): s for s in _ask(client, some, slot)}
        for room in some:
            schedule = by_address.get(room.mailbox.lower())
            if schedule is None or schedule.get("error"):
                if len(rooms) == 1:
                    raise Denied(SIDE, "Exchange does not tell what is in this room.", right=OUT_OF_SCOPE)
                continue
            found[room.id] = _read(schedule, slot)
    return found


def _ask(client: GraphClient, rooms: Sequence[Room], slot: Slot) -> list[dict[str, Any]]:
    """Asked in the name of the first of these rooms that the app may see."""
    minutes = int(slot.duration.total_seconds() // 60)
    body = {
        "schedules": [room.mailbox for room in rooms],
        "startTime": write_instant(slot.start),
        "endTime": write_instant(slot.end),
        "availabilityViewInterval": max(5, min(minutes, 30)),
    }
    refusal: Denied | NotFound | None = None
    for room in rooms:
        try:
            answer = client.call("POST", "/users/{mailbox}/calendar/getSchedule", at={"mailbox": room.mailbox}, json=body, changes=False)
            return answer.records("value")
        except (Denied, NotFound) as error:
            if isinstance(error, Denied) and error.status_code != 403:
                raise
            refusal = error
    if len(rooms) == 1 and isinstance(refusal, Denied):
        raise refusal
    return []


def _read(schedule: dict[str, Any], slot: Slot) -> list[Busy]:
    items = []
    for item in schedule.get("scheduleItems") or []:
        if item.get("status") not in _NOT_FREE:
            continue
        start, end = read_instant(item.get("start")), read_instant(item.get("end"))
        if start < end and start < slot.end and slot.start < end:
            items.append(Busy(Slot(start, end), str(item["status"]), None if item.get("isPrivate") else item.get("subject") or None))
    return items
