"""A sandbox for the whole run with a tap on its wire, and every calendar over it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from requests.auth import HTTPBasicAuth

from contract.sides import FacilitiesUnderTest, MeetingsUnderTest, SideUnderTest
from contract.wire import WireTap
from fakes.calendars import FakeFacilities, FakeMeetings
from roombooker.domain.booking import Person
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.exchange.graph.calendar import GraphMeetings
from roombooker.exchange.graph.client import GraphClient
from roombooker.settings import Settings
from roombooker.topdesk.calendar import TopdeskFacilities
from roombooker.topdesk.client import TopdeskClient, api_address
from roombooker.transport import Transport, open_session
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from sandboxes import ALICE, OPERATOR_LOGIN, OPERATOR_PASSWORD, RunningSandbox, start_sandbox

PERSON_ACCOUNT = "room.booker@contoso.example"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(rooms=12, people=20, days=3) as running:
        yield running


@pytest.fixture(scope="session")
def tap(sandbox: RunningSandbox) -> WireTap:
    return WireTap().install(sandbox)


@pytest.fixture
def calm(sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """The sandbox, with all switches, faults and rights put back afterwards."""
    yield sandbox
    sandbox.control.post("/reset").raise_for_status()


@pytest.fixture(scope="session")
def settings(sandbox: RunningSandbox) -> Settings:
    return sandbox_settings(sandbox)


def sandbox_settings(sandbox: RunningSandbox, **more: Any) -> Settings:
    return Settings(
        **({
            "topdesk_url": f"{sandbox.url}/topdesk", "topdesk_username": OPERATOR_LOGIN, "topdesk_password": OPERATOR_PASSWORD,
            "topdesk_person": PERSON_ACCOUNT, "topdesk_hook_secret": "unused", "entra_tenant_id": TENANT_ID, "entra_client_id": CLIENT_ID,
            "entra_client_secret": CLIENT_SECRET, "entra_authority": f"{sandbox.url}/entra", "graph_url": f"{sandbox.url}/graph/v1.0",
        } | more)
    )  # fmt: skip


@pytest.fixture(scope="session")
def rooms(sandbox: RunningSandbox) -> list[Room]:
    """Rooms without approval, block time or delegates, in the app's scope."""
    found = [r for r in sandbox.world.directory.rooms if not r.requires_approval and not r.block_minutes and r.in_scope]
    return [
        Room(id=f"room-{r.number}", location_id=r.location_id, mailbox=r.mailbox.lower(), name=r.name, time_zone=r.building.time_zone)
        for r in found
        if r.number not in (7, 9)
    ]


@pytest.fixture(scope="session")
def topdesk_client(sandbox: RunningSandbox, settings: Settings) -> TopdeskClient:
    session = open_session(connect_timeout_seconds=2, read_timeout_seconds=5)
    session.auth = HTTPBasicAuth(settings.topdesk_username, settings.topdesk_password)
    return TopdeskClient(Transport("topdesk", api_address(settings.topdesk_url), session, clock=now))


@pytest.fixture(scope="session")
def graph_client(sandbox: RunningSandbox, settings: Settings) -> GraphClient:
    session = open_session(connect_timeout_seconds=2, read_timeout_seconds=5)
    token = sandbox.app_token()
    return GraphClient(Transport("exchange", settings.graph_url, session, clock=now), lambda: token)


@pytest.fixture(scope="session")
def topdesk(
    sandbox: RunningSandbox, tap: WireTap, settings: Settings, topdesk_client: TopdeskClient, rooms: list[Room]
) -> FacilitiesUnderTest:
    calendar = TopdeskFacilities(topdesk_client, settings, clock=now)
    card = calendar.person_by_email(ALICE)
    assert card is not None

    def book(room: Room, slot: Slot) -> str:
        body = {
            "requester": {"id": card.id}, "plannedStartDate": slot.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "plannedEndDate": slot.end.strftime("%Y-%m-%dT%H:%M:%SZ"), "reservedFacilities": [{"location": {"id": room.location_id}}],
        }  # fmt: skip
        answer = sandbox.topdesk.post("/reservations", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def cancel(ref: str) -> None:
        sandbox.topdesk.post(f"/reservations/{ref}/cancel").raise_for_status()

    return FacilitiesUnderTest(calendar, rooms[0], rooms[1], card.person, card.id, book, cancel)


@pytest.fixture(scope="session")
def graph(sandbox: RunningSandbox, tap: WireTap, graph_client: GraphClient, rooms: list[Room]) -> MeetingsUnderTest:
    calendar = GraphMeetings(graph_client, clock=now)
    alice = sandbox.graph_as(ALICE)
    masters: dict[str, str] = {}

    def book(room: Room, slot: Slot) -> str:
        body = {
            "subject": "By hand", "start": {"dateTime": slot.start.isoformat()[:19], "timeZone": "UTC"},
            "end": {"dateTime": slot.end.isoformat()[:19], "timeZone": "UTC"},
            "attendees": [{"type": "resource", "emailAddress": {"address": room.mailbox, "name": room.name}}],
        }  # fmt: skip
        answer = alice.post("/me/events", json=body)
        assert answer.status_code == 201, answer.text
        sandbox.idle()
        ref = next(b.ref for b in calendar.listing(room, slot).bookings if b.slot == slot and b.ical_uid == answer.json()["iCalUId"])
        masters[ref] = answer.json()["id"]
        return ref

    def cancel(ref: str) -> None:
        alice.post(f"/me/events/{masters[ref]}/cancel", json={}).raise_for_status()
        sandbox.idle()

    organizer = Person(ALICE, "Alice Jansen")
    return MeetingsUnderTest(calendar, rooms[2], rooms[3], organizer, None, book, cancel, sandbox.idle)


@pytest.fixture
def fake_facilities(rooms_by_hand: tuple[Room, Room]) -> FacilitiesUnderTest:
    fake = FakeFacilities(now)
    card = fake.add_person(Person(ALICE, "Jansen, Alice"))
    return FacilitiesUnderTest(
        fake, *rooms_by_hand, card.person, card.id, lambda room, slot: fake.book(room, slot, card.person).ref, lambda ref: _drop(fake.cancel(ref))
    )  # fmt: skip


@pytest.fixture
def fake_meetings(rooms_by_hand: tuple[Room, Room]) -> MeetingsUnderTest:
    fake = FakeMeetings(now)
    alice = Person(ALICE, "Alice Jansen")
    return MeetingsUnderTest(
        fake, *rooms_by_hand, alice, None, lambda room, slot: fake.invite(room, slot, alice).ref, lambda ref: _drop(fake.cancel(ref))
    )  # fmt: skip


@pytest.fixture
def rooms_by_hand() -> tuple[Room, Room]:
    return tuple(  # type: ignore[return-value]
        Room(id=f"r{n}", location_id=f"l{n}", mailbox=f"r{n}@contoso.example", name=f"Room {n}", time_zone="Europe/Amsterdam")
        for n in (1, 2)
    )


def _drop(_: object) -> None:
    return None


@pytest.fixture
def side(request: pytest.FixtureRequest) -> SideUnderTest:
    """The calendar that the test's class is parametrised with."""
    found: SideUnderTest = request.getfixturevalue(request.param)
    return found
