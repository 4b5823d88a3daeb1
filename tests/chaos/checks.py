"""What must be true when the world is whole again, asked of the two sides' own APIs and of what people were told; never of our database."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.outside import SandboxProcess
from chaos.players import PEOPLE, PERSON_ACCOUNT, RoomSeen
from stack import zulu

LIVE = ("planned", "request", "conflictingPlanned", "conflictingRequest")


@dataclass(frozen=True, order=True)
class Held:
    """One booking of one room as a side holds it; `people` are those it may be for."""

    room: str
    start: datetime
    end: datetime
    side: str
    ref: str
    people: frozenset[str]
    key: str = ""
    status: str = ""
    created: str = ""

    @property
    def slot(self) -> tuple[datetime, datetime]:
        return self.start, self.end

    def overlaps(self, other: "Held") -> bool:
        return self.room == other.room and self.start < other.end and other.start < self.end

    def __str__(self) -> str:
        who = ", ".join(sorted(p.split("@")[0] for p in self.people))
        return f"{self.side} {self.room} {self.start:%m-%d %H:%M}-{self.end:%H:%M} {who} {self.status} {self.key} {self.ref[-12:]}"


@dataclass(frozen=True)
class Difference:
    kind: str  # topdesk_only | exchange_only | people | overlap | no_key
    records: tuple[Held, ...]

    def __str__(self) -> str:
        return f"{self.kind}: " + " | ".join(str(record) for record in self.records)


def reservations(sandbox: SandboxProcess, rooms: Sequence[RoomSeen], begin: datetime, end: datetime) -> list[Held]:
    """TOPdesk's live reservations of these rooms."""
    query = f"plannedEndDate=gt={zulu(begin)};plannedStartDate=lt={zulu(end)}"
    answer = sandbox.topdesk.get("/reservations", params={"query": query, "$top": 10000})
    assert answer.status_code == 200, answer.text
    names = {room.location_id: room.name for room in rooms}
    return [
        Held(
            names[place], _instant(r["plannedStartDate"]), _instant(r["plannedEndDate"]), "TOPdesk", r["id"],
            frozenset({(r["requester"].get("email") or "").lower()}), (r.get("optionalFields1") or {}).get("text1") or "", r["status"],
            str(r.get("creationDate", "")),
        )
        for r in answer.json()["results"] if r["status"] in LIVE
        for facility in r["reservedFacilities"] if (place := (facility.get("location") or {}).get("id")) in names
    ]  # fmt: skip


def meetings(sandbox: SandboxProcess, rooms: Sequence[RoomSeen], begin: datetime, end: datetime) -> list[Held]:
    """What stands on the rooms' calendars: accepted, or organized by the room itself."""
    found: list[Held] = []
    for room in rooms:
        params = {"startDateTime": zulu(begin), "endDateTime": zulu(end), "$top": 1000}
        answer = sandbox.graph.get(f"/users/{room.mailbox}/calendarView", params=params)
        assert answer.status_code == 200, answer.text
        assert "@odata.nextLink" not in answer.json(), "more meetings than one page"
        for e in answer.json()["value"]:
            response = (e.get("responseStatus") or {}).get("response")
            if e.get("isCancelled") or e.get("showAs") == "free" or response == "declined":
                continue
            organizer = e["organizer"]["emailAddress"]["address"].lower()
            guests = {a["emailAddress"]["address"].lower() for a in e.get("attendees", ()) if a.get("type") != "resource"}
            people = frozenset(guests if organizer == room.mailbox.lower() else {organizer})
            found.append(
                Held(room.name, _graph_instant(e["start"]), _graph_instant(e["end"]), "Exchange", e["id"], people, status=str(response))
            )
    return found


def compare(topdesk: Iterable[Held], exchange: Iterable[Held], cards: set[str]) -> list[Difference]:
    """Every difference between the two, every overlap, every reservation without key. `cards`: who has one in TOPdesk."""
    found: list[Difference] = []
    topdesk, exchange = sorted(topdesk), sorted(exchange)
    left, unpaired = list(exchange), []
    for reservation in topdesk:  # whoever has a twin takes it, before anybody takes what only looks like one
        twins = [m for m in left if (m.room, *m.slot) == (reservation.room, *reservation.slot) and _is_for_the_same(reservation, m, cards)]
        if twins:
            left.remove(twins[0])
        else:
            unpaired.append(reservation)
    for reservation in unpaired:
        strangers = [m for m in left if (m.room, *m.slot) == (reservation.room, *reservation.slot)]
        if strangers:
            left.remove(strangers[0])
            found.append(Difference("people", (reservation, strangers[0])))
        else:
            found.append(Difference("topdesk_only", (reservation,)))
    found += [Difference("exchange_only", (meeting,)) for meeting in left]
    for records in (topdesk, exchange):
        found += [Difference("overlap", (a, b)) for i, a in enumerate(records) for b in records[i + 1 :] if a.overlaps(b)]
    keys = Counter(r.key for r in topdesk)
    found += [Difference("no_key", (r,)) for r in topdesk if not r.key.startswith("ORB-") or keys[r.key] > 1]
    return found


def _is_for_the_same(reservation: Held, meeting: Held, cards: set[str]) -> bool:
    """The requester is the organizer, or a guest of the room's own meeting; the person account stands for whoever has no card."""
    if PERSON_ACCOUNT in reservation.people:
        return not (meeting.people & (cards - {PERSON_ACCOUNT})) or PERSON_ACCOUNT in meeting.people
    return bool(reservation.people & meeting.people)


def difference_of(sandbox: SandboxProcess, rooms: Sequence[RoomSeen], cards: set[str], now: datetime) -> list[Difference]:
    """Both sides, from an hour ahead (what is over is history) to the end of the horizon."""
    begin, end = now + timedelta(hours=1), now + timedelta(days=150)
    return compare(reservations(sandbox, rooms, begin, end), meetings(sandbox, rooms, begin, end), cards)


def cards_of(sandbox: SandboxProcess) -> dict[str, str]:
    """The ids of people in TOPdesk by their addresses, the person account among them."""
    headers = {"Accept": "application/x.topdesk-collection-person-v2+json"}
    answer = sandbox.topdesk.get("/persons", params={"pageSize": 1000}, headers=headers)
    assert answer.status_code in (200, 206), answer.text
    return {p["email"].lower(): p["id"] for p in answer.json()["item"] if p.get("email")}


def told_of(sandbox: SandboxProcess, who: int) -> list[dict[str, Any]]:
    """Every message that has reached a person."""
    answer = sandbox.control.get(f"{sandbox.url}/graph/outbox", params={"to": PEOPLE[who], "limit": 5000})
    assert answer.status_code == 200, answer.text
    messages: list[dict[str, Any]] = answer.json()["value"]
    return messages


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _graph_instant(value: dict[str, str]) -> datetime:
    assert value["timeZone"] == "UTC", value
    return datetime.fromisoformat(value["dateTime"][:19]).replace(tzinfo=UTC)
