"""The sandbox and the product in one process, without web: a test decides when the product looks, and what time it is for both."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from roombooker import app
from roombooker.domain.booking import Booking, Side
from roombooker.domain.caller import Caller
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.services.outcome import Pass
from roombooker.settings import Settings
from roombooker.store import rooms
from roombooker.store.models import Base, JournalRow, LinkRow, WorkItemRow
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, HOOK_SECRET, OPERATOR_LOGIN, OPERATOR_PASSWORD, TENANT_ID
from sandboxes import ALICE, RunningSandbox, start_sandbox


class Joint:
    """`look` is what a notice brings about; times of a series are wall times of its zone."""

    def __init__(self, sandbox: RunningSandbox, folder: Path, **settings: Any) -> None:
        self.sandbox = sandbox
        self._used: set[str] = set()
        self.offset = timedelta()  # how far our clock is ahead of the sandbox's
        plain: dict[str, Any] = {
            "topdesk_url": f"{sandbox.url}/topdesk", "topdesk_username": OPERATOR_LOGIN, "topdesk_password": OPERATOR_PASSWORD,
            "topdesk_person": "room.booker@contoso.example", "topdesk_hook_secret": HOOK_SECRET, "entra_tenant_id": TENANT_ID,
            "entra_client_id": CLIENT_ID, "entra_client_secret": CLIENT_SECRET, "entra_authority": f"{sandbox.tls_url}/entra",
            "graph_url": f"{sandbox.url}/graph/v1.0", "ca_file": sandbox.ca_file, "log_level": "error",
            "database_url": f"sqlite:///{folder / 'joint.db'}",
        }  # fmt: skip
        self.settings = Settings(**plain | settings)
        self.product = app.build(self.settings, clock=self.now)
        self.database = self.product.database
        Base.metadata.create_all(self.database.engine)
        self.product.services.rooms.import_from_topdesk()
        self.product.services.rooms.enable_all()
        sandbox.control.patch("", json={"room_answer_ms": 0, "notices": {"delay_ms": 0}}).raise_for_status()

    def now(self) -> datetime:
        return self.sandbox.world.clock.now() + self.offset

    def room(self, zone: str = "Europe/Amsterdam", **facts: Any) -> Room:
        """The first room of that zone that nobody has used yet: no approval, block time or delegates; `facts` are set."""
        plain = {r.location_id for r in self.sandbox.world.directory.rooms
                 if r.building.time_zone == zone and not r.requires_approval and not r.block_minutes and r.in_scope and r.number not in (7, 9)}  # fmt: skip
        with self.database.write() as session:
            found = [r for r in rooms.every(session) if r.location_id in plain and r.id not in self._used]
            room = found[0]
            self._used.add(room.id)
            if facts:
                from dataclasses import replace

                room = replace(room, **facts)
                rooms.save(session, room, at=self.now())
        return room

    # what people do

    def invite(self, room: Room, first: datetime, recurrence: dict[str, Any] | None, *, person: str = ALICE, zone: str = "Europe/Amsterdam",
               minutes: int = 60, **more: Any) -> str:  # fmt: skip
        """A meeting from somebody's own calendar; `first` is a wall time of `zone`. Its Graph id."""
        body = {
            "subject": "Budget", **wall(first, zone, minutes), "recurrence": recurrence,
            "attendees": [{"type": "resource", "emailAddress": {"address": room.mailbox}}], **more,
        }  # fmt: skip
        answer = self.sandbox.graph_as(person).post("/me/events", json=body)
        assert answer.status_code == 201, answer.text
        self.sandbox.idle()
        return str(answer.json()["id"])

    def edit(self, event: str, changes: dict[str, Any], *, person: str = ALICE) -> None:
        answer = self.sandbox.graph_as(person).patch(f"/me/events/{event}", json=changes)
        assert answer.status_code == 200, answer.text
        self.sandbox.idle()

    def cancel(self, event: str, *, person: str = ALICE) -> None:
        answer = self.sandbox.graph_as(person).post(f"/me/events/{event}/cancel", json={"comment": "Not today."})
        assert answer.status_code == 202, answer.text
        self.sandbox.idle()

    def dates(self, event: str, *, person: str = ALICE, days: int = 200) -> list[dict[str, Any]]:
        """The instances of a series in the organizer's calendar."""
        start = self.now()
        window = {"startDateTime": start.isoformat(), "endDateTime": (start + timedelta(days=days)).isoformat(), "$top": "500"}
        answer = self.sandbox.graph_as(person).get(f"/me/events/{event}/instances", params=window)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["value"])

    def reserve(self, room: Room, start: datetime, minutes: int = 60) -> str:
        """Somebody at the facilities desk; the reservation's id."""
        people = self.sandbox.topdesk.get(
            "/persons", params={"pageSize": 1}, headers={"Accept": "application/x.topdesk-collection-person-v2+json"}
        )
        body = {
            "requester": {"id": people.json()["item"][0]["id"]}, "plannedStartDate": _zulu(start),
            "plannedEndDate": _zulu(start + timedelta(minutes=minutes)), "reservedFacilities": [{"location": {"id": room.location_id}}],
        }  # fmt: skip
        answer = self.sandbox.topdesk.post("/reservations", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    # what the product does

    def look(self, room: Room, cause: str = "notice") -> Pass:
        self.sandbox.idle()
        done = self.product.services.sync.sync_room(room.id, cause=cause)
        self.sandbox.idle()
        return done

    def sweep(self, room: Room) -> list[Pass]:
        self.sandbox.idle()
        sync = self.product.services.sync
        found = sync.sweep(sync.full(), cause="sweep", room_ids=[room.id])
        self.sandbox.idle()
        return found

    def settle(self, room: Room) -> None:
        """Looks until nothing is planned any more, then makes sure of it."""
        for _ in range(6):
            if not any(p.planned for p in self.sweep(room)):
                return
        raise AssertionError("the product never comes to rest")

    def book(self, key: str, body: dict[str, Any], person: str = ALICE) -> tuple[int, dict[str, Any]]:
        return self.product.services.bookings.book(self.caller(person), key, body)

    def caller(self, person: str = ALICE) -> Caller:
        found = next(p for p in self.sandbox.world.directory.people if p.mail == person)
        return Caller(TENANT_ID, found.oid, found.name, person, frozenset())

    # what came of it

    def _window(self) -> Slot:
        return Slot(self.now() - self.offset - timedelta(days=2), self.now() + timedelta(days=230))

    def reservations(self, room: Room) -> list[Booking]:
        """TOPdesk's live reservations of the room, in order."""
        listing = self.product.services.sync._reader._facilities.listing(room, self._window())
        return sorted((b for b in listing.bookings if b.is_live), key=lambda b: b.slot)

    def meetings(self, room: Room) -> list[Booking]:
        """What the room's calendar shows and is not cancelled, in order."""
        listing = self.product.services.sync._reader._meetings.listing(room, self._window())
        return sorted((b for b in listing.bookings if b.is_live), key=lambda b: b.slot)

    def starts(self, room: Room) -> list[str]:
        """UTC starts of the reservations, in order, to the minute."""
        return [_short(b.slot.start) for b in self.reservations(room)]

    def rows(self, room: Room) -> list[LinkRow]:
        with self.database.read() as session:
            found = session.query(LinkRow).filter(LinkRow.room_id == room.id).order_by(LinkRow.start_at).all()
            session.expunge_all()
            return [row for row in found if row.sides]

    def journal(self, room: Room) -> Counter[str]:
        with self.database.read() as session:
            return Counter(row.kind for row in session.query(JournalRow).filter(JournalRow.room_id == room.id))

    def work_items(self, room: Room) -> list[WorkItemRow]:
        with self.database.read() as session:
            found = session.query(WorkItemRow).filter(WorkItemRow.room_id == room.id, WorkItemRow.settled_at.is_(None)).all()
            session.expunge_all()
            return found

    def calls(self, since: Counter[str] | None = None) -> Counter[str]:
        """What the sandbox was asked, by side and route."""
        return Counter(self.sandbox.world.counters) - (since or Counter())

    def assert_in_step(self, room: Room) -> None:
        """Both sides the same, every reservation with its own key, and nothing left to do."""
        self.settle(room)
        reservations, end = self.reservations(room), self.now() + self.settings.horizon
        held = {b.slot for b in reservations}
        meetings = [b for b in self.meetings(room) if b.slot.start < end or b.slot in held]
        assert [b.slot for b in reservations] == [b.slot for b in meetings]
        keys = [b.match_key for b in reservations]
        assert None not in keys
        assert len(set(keys)) == len(keys)
        by_ref = {side.ref: row for row in self.rows(room) for side in row.sides if side.side == Side.TOPDESK}
        assert [by_ref[b.ref].match_key for b in reservations] == keys


def wall(first: datetime, zone: str, minutes: int = 60) -> dict[str, Any]:
    """Graph's start and end of a wall time."""
    end = first + timedelta(minutes=minutes)
    return {name: {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": zone} for name, at in (("start", first), ("end", end))}


def weekly(first: datetime, days: Sequence[str], *, zone: str = "Europe/Amsterdam", interval: int = 1, **span: Any) -> dict[str, Any]:
    return recurrence(first, {"type": "weekly", "interval": interval, "daysOfWeek": list(days)}, zone=zone, **span)


def recurrence(first: datetime, pattern: dict[str, Any], *, zone: str = "Europe/Amsterdam", **span: Any) -> dict[str, Any]:
    """`count=` | `until=` (a date) | neither, for no end."""
    bounds: dict[str, Any] = {"type": "noEnd"}
    if "count" in span:
        bounds = {"type": "numbered", "numberOfOccurrences": span["count"]}
    elif "until" in span:
        bounds = {"type": "endDate", "endDate": span["until"].isoformat()}
    return {"pattern": {"interval": 1, **pattern}, "range": {**bounds, "startDate": first.date().isoformat(), "recurrenceTimeZone": zone}}


def utc_of(walls: Sequence[datetime], zone: str) -> list[str]:
    """Wall times of a zone, as `starts` writes them."""
    return [_short(at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)) for at in walls]


def _short(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def start_joint(folder: Path, *, ahead: timedelta = timedelta(), **settings: Any) -> Iterator[Joint]:
    """Empty calendars; `ahead` moves both clocks."""
    with start_sandbox(tls=True, days=0, rooms=70, people=12) as sandbox:
        if ahead:
            sandbox.world.clock.advance(ahead)
        joint = Joint(sandbox, folder, **settings)
        yield joint
        joint.database.engine.dispose()
