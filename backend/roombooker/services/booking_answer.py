"""A booking as the outside sees it: interface.md's JSON, from links."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roombooker.domain.booking import Side
from roombooker.domain.room import Room
from roombooker.domain.saga import Phase, Saga
from roombooker.services.catalogue import public
from roombooker.store.models import JournalRow, LinkRow

# The first of these that any room of the booking is in is the booking's own state: what needs attention comes first.
_ORDER = (
    "on_hold",
    "reserving",
    "moving",
    "releasing",
    "awaiting_approval",
    "awaiting_appointment",
    "confirmed",
    "refused",
    "released",
    "cancelled",
)


def iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def booking_json(
    rows: Sequence[LinkRow], rooms: Mapping[str, Room], *, subject: str | None = None, saga: Saga | None = None
) -> dict[str, Any]:
    """All links of one booking, at least one. `saga`: the one at work on it, for where it is going."""
    alive = [row for row in rows if row.state not in ("refused", "released", "cancelled")] or list(rows)
    first = min(alive, key=lambda row: (row.start_at, row.room_id))
    state = next(s for s in _ORDER if any(row.state == s for row in alive))
    told = next((row for row in (*alive, *rows) if row.reason), None)
    held = [row.held_until for row in alive if row.held_until]
    answer: dict[str, Any] = {
        "id": first.booking_id,
        "state": state,
        "start": iso(first.start_at),
        "end": iso(first.end_at),
        "subject": subject if subject is not None else first.subject or None,
        "organizer": first.organizer_email,
        "attendees": first.attendees,
        "private": first.private,
        "held_until": iso(min(held)) if held else None,
        "rooms": [
            _room_of(row, rooms[row.room_id]) for row in sorted(rows, key=lambda r: (r.start_at, r.room_id)) if _is_shown(row, alive)
        ],
        "reason": {"code": told.reason_code or state, "message": told.reason} if told and told.reason else None,
    }
    targets = [item.slot for item in saga.items if item.moves] if saga is not None and saga.phase in (Phase.SECURE, Phase.AWAIT) else []
    if targets and state == "moving":
        target = min(targets)
        answer["moving_to"] = {"start": iso(target.start), "end": iso(target.end)}
    return answer


def timeline(entries: Sequence[JournalRow], caller: str) -> list[dict[str, Any]]:
    """Oldest first; `by` is "you" or what caused it, never somebody else's id."""
    return [
        {"at": iso(entry.at), "kind": entry.kind, "message": entry.message, "by": _by(entry.caused_by, caller), "side": entry.side}
        for entry in entries
    ]


def _by(caused_by: str, caller: str) -> str | None:
    if caused_by == caller:
        return "you"
    return None if ":" in caused_by or not caused_by else caused_by


def _is_shown(row: LinkRow, alive: Sequence[LinkRow]) -> bool:
    """A room that left the booking is history; a date of a series that could not be had is news."""
    return row in alive or (row.state == "refused" and row.series_id is not None)


def _room_of(row: LinkRow, room: Room) -> dict[str, Any]:
    topdesk = next((side for side in row.sides if side.side == Side.TOPDESK), None)
    return {
        "room": public(room),
        "match_key": row.match_key,
        "reservation": {"id": topdesk.ref, "number": topdesk.number} if topdesk else None,
        "state": row.state,
        "start": iso(row.start_at),
        "end": iso(row.end_at),
        "reason": {"code": row.reason_code or row.state, "message": row.reason} if row.reason else None,
    }
