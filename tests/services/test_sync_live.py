"""The sync over the real adapters and the sandbox: every exchange on the wire is held against the contracts."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest

from contract.conftest import sandbox_settings
from contract.wire import WireTap
from factories import save_rooms
from roombooker.domain.booking import Booking, Standing
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.exchange.graph.calendar import GraphMeetings
from roombooker.exchange.graph.client import open_client as open_graph
from roombooker.services.applying import Applier
from roombooker.services.requester import Requesters
from roombooker.services.sync import SyncService
from roombooker.services.telling import Telling
from roombooker.store import notices
from roombooker.store.db import Database
from roombooker.topdesk.calendar import TopdeskFacilities
from roombooker.topdesk.client import open_client as open_topdesk
from sandboxes import ALICE, RunningSandbox

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
_days = count(30)


def now() -> datetime:
    return datetime.now(UTC)


def fresh_slot(hours: float = 1) -> Slot:
    """A working morning that no other test of this module uses."""
    while True:
        day = now().date() + timedelta(days=next(_days))
        if day.isoweekday() <= 5:
            start = datetime.combine(day, time(9), UTC)
            return Slot(start, start + timedelta(hours=hours))


class Live:
    """Two rooms of the sandbox, and Alice's and TOPdesk's hands."""

    def __init__(self, sandbox: RunningSandbox, database: Database) -> None:
        self.sandbox, self.database = sandbox, database
        settings = sandbox_settings(sandbox)
        self.facilities = TopdeskFacilities(open_topdesk(settings, clock=now), settings, clock=now)
        token = sandbox.app_token()
        self.meetings = GraphMeetings(open_graph(settings, lambda: token, lambda: None, clock=now), clock=now)
        usable = [r for r in sandbox.world.directory.rooms if not r.block_minutes and r.in_scope and r.number not in (7, 9)]
        self.amber, self.beryl = (_paired(r) for r in [r for r in usable if not r.requires_approval][:2])
        self.approved = _paired(next(r for r in sandbox.world.directory.rooms if r.requires_approval and r.in_scope))
        save_rooms(database, self.amber, self.beryl, self.approved)
        requesters = Requesters(database=database, facilities=self.facilities, settings=settings, clock=now)
        applier = Applier(
            database=database, facilities=self.facilities, meetings=self.meetings, requesters=requesters,
            telling=Telling(clock=now, mails=False), clock=now, alternatives=lambda _room, _booking: "",
        )  # fmt: skip
        self.sync = SyncService(
            database=database,
            facilities=self.facilities,
            meetings=self.meetings,
            applier=applier,
            settings=settings,
            clock=now,
            owner="live",
        )
        self.alice = sandbox.graph_as(ALICE)
        self.card = self.facilities.person_by_email(ALICE)
        self.follow()  # what the seed holds

    # hands

    def invite(self, room: Room, slot: Slot) -> str:
        body = {"subject": "By hand", **_times(slot), "attendees": [_resource(room)]}
        answer = self.alice.post("/me/events", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def change(self, event: str, **body: Any) -> None:
        answer = self.alice.patch(f"/me/events/{event}", json=body)
        assert answer.status_code == 200, answer.text

    def cancel(self, event: str) -> None:
        self.alice.post(f"/me/events/{event}/cancel", json={}).raise_for_status()

    def reserve(self, room: Room, slot: Slot, **more: Any) -> str:
        assert self.card is not None
        body = {"requester": {"id": self.card.id}, "plannedStartDate": _stamp(slot.start), "plannedEndDate": _stamp(slot.end),
                "reservedFacilities": [{"location": {"id": room.location_id}}], **more}  # fmt: skip
        answer = self.sandbox.topdesk.post("/reservations", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def post(self, ref: str, what: str, **body: Any) -> None:
        answer = self.sandbox.topdesk.post(f"/reservations/{ref}/{what}", json=body or None)
        assert answer.status_code < 300, answer.text

    # what follows

    def follow(self) -> None:
        self.sandbox.idle()
        for room in (self.amber, self.beryl, self.approved):
            done = self.sync.sync_room(room.id, cause="notice")
            assert not done.failed
        self.sandbox.idle()

    def noticed(self, ref: str) -> None:
        with self.database.write() as session:
            notices.add(session, side="topdesk", ref=ref, kind="changed", at=now())
        self.sync.digest_notices()
        self.sandbox.idle()

    def reservations(self, slot: Slot, room: Room | None = None) -> list[Booking]:
        return [b for b in self.facilities.listing(room or self.amber, slot).bookings if b.is_live]

    def met(self, slot: Slot, room: Room | None = None) -> list[Booking]:
        return [b for b in self.meetings.listing(room or self.amber, slot).bookings if b.is_live]

    def is_quiet(self) -> bool:
        self.sync.sweep(self.sync.full(), cause="sweep")  # what the seed and other tests have left on one side only
        self.follow()  # the delta tells our own writes once
        return not any(p.planned for p in self.sync.sweep(self.sync.full(), cause="sweep"))


def _paired(room: Any) -> Room:
    return Room(id=f"room-{room.number}", location_id=room.location_id, mailbox=room.mailbox.lower(), name=room.name,
                time_zone=room.building.time_zone, requires_approval=room.requires_approval)  # fmt: skip


def _resource(room: Room) -> dict[str, Any]:
    return {"type": "resource", "emailAddress": {"address": room.mailbox, "name": room.name}}


def _times(slot: Slot) -> dict[str, Any]:
    return {name: {"dateTime": at.isoformat()[:19], "timeZone": "UTC"} for name, at in (("start", slot.start), ("end", slot.end))}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def live(sandbox: RunningSandbox, tap: WireTap, database: Database) -> Iterator[Live]:
    tap.exchanges.clear()
    yield Live(sandbox, database)
    tap.check()


def test_an_invitation_becomes_a_reservation_that_follows_it_to_its_end(live: Live) -> None:
    slot, later = fresh_slot(), fresh_slot(0.5)
    event = live.invite(live.amber, slot)
    live.follow()
    (reservation,) = live.reservations(slot)
    assert reservation.organizer is not None
    assert reservation.organizer.email == ALICE
    assert reservation.match_key is not None
    live.change(event, **_times(later))
    live.follow()
    assert [b.ref for b in live.reservations(later)] == [reservation.ref]
    assert live.reservations(slot) == []
    live.cancel(event)
    live.follow()
    assert live.reservations(later) == []
    assert live.is_quiet()


def test_a_reservation_becomes_a_meeting_that_follows_it_to_its_end(live: Live) -> None:
    slot, later = fresh_slot(), fresh_slot(2)
    ref = live.reserve(live.amber, slot, briefDescription="Board")
    live.noticed(ref)
    (meeting,) = live.met(slot)
    assert (meeting.room_organizes, meeting.subject) == (True, "Board")
    live.post(ref, "reschedule", plannedStartDate=_stamp(later.start), plannedEndDate=_stamp(later.end))
    live.noticed(ref)
    assert [b.ref for b in live.met(later)] == [meeting.ref]
    live.post(ref, "cancel")
    live.noticed(ref)
    assert live.met(later) == []
    assert live.is_quiet()


def test_a_room_that_is_taken_in_topdesk_declines_the_invitation(live: Live) -> None:
    slot = fresh_slot()
    live.reserve(live.amber, slot)
    event = live.invite(live.amber, slot)
    live.sandbox.idle()
    live.reserve(live.beryl, slot)
    live.follow()
    other = live.invite(live.beryl, Slot(slot.start + timedelta(minutes=30), slot.end))
    live.follow()
    (attendee,) = live.alice.get(f"/me/events/{other}").json()["attendees"]
    assert attendee["status"]["response"] == "declined"
    (attendee,) = live.alice.get(f"/me/events/{event}").json()["attendees"]
    assert attendee["status"]["response"] == "accepted", "the same person at the same time is the same booking"


def test_another_room_for_the_meeting_leaves_one_reservation_there(live: Live) -> None:
    slot = fresh_slot()
    event = live.invite(live.amber, slot)
    live.follow()
    live.change(event, attendees=[_resource(live.beryl)])
    live.follow()
    live.follow()
    assert live.reservations(slot, live.amber) == []
    assert len(live.reservations(slot, live.beryl)) == 1
    assert live.is_quiet()


def test_a_reservation_moved_to_another_room_takes_its_meeting_along(live: Live) -> None:
    slot = fresh_slot()
    ref = live.reserve(live.amber, slot)
    live.noticed(ref)
    live.post(
        ref,
        "reservedFacilities/move",
        **{"from": {"location": {"id": live.amber.location_id}}, "to": {"location": {"id": live.beryl.location_id}}},
    )
    live.noticed(ref)
    assert live.met(slot, live.amber) == []
    assert len(live.met(slot, live.beryl)) == 1
    assert live.is_quiet()


def test_an_approval_and_a_rejection_reach_the_room(live: Live) -> None:
    slot, other = fresh_slot(), fresh_slot()
    approved = live.invite(live.approved, slot)
    rejected = live.invite(live.approved, other)
    live.follow()
    (first,), (second,) = live.reservations(slot, live.approved), live.reservations(other, live.approved)
    assert first.standing is second.standing is Standing.REQUESTED
    assert [b.standing for b in live.met(slot, live.approved)] == [Standing.REQUESTED]
    assert live.alice.get(f"/me/events/{rejected}").json()["attendees"][0]["status"]["response"] == "tentativelyAccepted"
    live.post(first.ref, "approve")
    live.post(second.ref, "reject")
    live.noticed(first.ref)
    live.noticed(second.ref)
    assert [b.standing for b in live.met(slot, live.approved)] == [Standing.PLANNED]
    assert live.alice.get(f"/me/events/{approved}").json()["attendees"][0]["status"]["response"] == "accepted"
    assert live.met(other, live.approved) == []
    (attendee,) = live.alice.get(f"/me/events/{rejected}").json()["attendees"]
    assert attendee["status"]["response"] == "declined"
    assert live.is_quiet()


def test_a_series_is_reserved_date_by_date_and_its_exceptions_followed(live: Live) -> None:
    slot = fresh_slot()
    body = {
        "subject": "Weekly", **_times(slot), "attendees": [_resource(live.amber)],
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [slot.start.strftime("%A").lower()]},
            "range": {"type": "numbered", "startDate": slot.start.date().isoformat(), "numberOfOccurrences": 4, "recurrenceTimeZone": "UTC"},
        },
    }  # fmt: skip
    master = live.alice.post("/me/events", json=body)
    assert master.status_code == 201, master.text
    live.follow()
    dates = [slot.shifted(timedelta(weeks=n)) for n in range(4)]
    assert [len(live.reservations(at)) for at in dates] == [1, 1, 1, 1]
    instances = live.alice.get(
        f"/me/events/{master.json()['id']}/instances", params={"startDateTime": _stamp(slot.start), "endDateTime": _stamp(dates[-1].end)}
    ).json()["value"]
    instances.sort(key=lambda e: e["start"]["dateTime"])
    moved = dates[1].shifted(timedelta(hours=3))
    live.change(instances[1]["id"], **_times(moved))
    live.cancel(instances[2]["id"])
    live.follow()
    assert [len(live.reservations(at)) for at in (dates[0], dates[1], moved, dates[2], dates[3])] == [1, 0, 1, 0, 1]
    live.cancel(master.json()["id"])
    live.follow()
    assert [len(live.reservations(at)) for at in (dates[0], moved, dates[3])] == [0, 0, 0]
    assert live.is_quiet()
