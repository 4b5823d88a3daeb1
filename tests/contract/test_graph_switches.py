"""Exchange's many ways, over the sandbox: series, scope, throttling, expired tokens, lost answers, subscriptions, people, mail."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contract.conftest import now
from contract.sides import MeetingsUnderTest, fresh_slot
from contract.wire import WireTap
from roombooker.domain.booking import Booking, Person, Standing, new_match_key
from roombooker.domain.calendar import Changes
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound, Refused, Unavailable
from roombooker.exchange.graph.calendar import GraphMeetings
from roombooker.exchange.graph.client import GraphClient
from roombooker.exchange.graph.subscriptions import Subscriptions
from roombooker.settings import Settings
from roombooker.transport import Transport, open_session
from sandboxes import ALICE, BOB, RunningSandbox


@pytest.fixture
def fail(calm: RunningSandbox) -> Any:
    def fail(**fault: Any) -> None:
        calm.control.post("/fail", json={"side": "graph", **fault}).raise_for_status()

    return fail


@pytest.fixture
def remove(calm: RunningSandbox) -> Any:
    def remove(*rights: str) -> None:
        calm.control.post("/rights", json={"remove": list(rights)}).raise_for_status()

    return remove


def weekly(sandbox: RunningSandbox, room: Room, slot: Slot, times: int = 4) -> tuple[str, Slot]:
    """Alice invites the room to a weekly meeting; its id in her calendar, and a window that holds all its dates."""
    zone = {"timeZone": "Europe/Amsterdam"}
    body = {
        "subject": "Weekly", "start": {"dateTime": slot.start.isoformat()[:19], **zone}, "end": {"dateTime": slot.end.isoformat()[:19], **zone},
        "attendees": [{"type": "resource", "emailAddress": {"address": room.mailbox}}, {"type": "required", "emailAddress": {"address": BOB}}],
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [slot.start.strftime("%A").lower()], "firstDayOfWeek": "monday"},
            "range": {"type": "numbered", "numberOfOccurrences": times, "startDate": slot.start.date().isoformat(), "recurrenceTimeZone": "W. Europe Standard Time"},
        },
    }  # fmt: skip
    answer = sandbox.graph_as(ALICE).post("/me/events", json=body)
    assert answer.status_code == 201, answer.text
    sandbox.idle()
    return answer.json()["id"], Slot(slot.start - timedelta(days=1), slot.end + timedelta(days=7 * times))


def near(slot: Slot) -> Slot:
    """The same hour within the booking window of rooms, so that a whole series fits."""
    start = slot.start
    while start - now() > timedelta(days=100):
        start -= timedelta(days=7 * 11)
    return Slot(start, start + slot.duration)


def mine(bookings: tuple[Booking, ...], uid_of: Booking) -> list[Booking]:
    return sorted((b for b in bookings if b.series_ref == uid_of.series_ref), key=lambda b: b.slot)


def test_a_series_is_told_date_by_date_and_its_changes_too(graph: MeetingsUnderTest, sandbox: RunningSandbox, rooms: list[Room]) -> None:
    room = rooms[4]
    master, window = weekly(sandbox, room, near(fresh_slot()))
    full = graph.calendar.changes(room, window, None)
    listed = [b for b in graph.calendar.listing(room, window).bookings if b.series_ref]
    told = mine(full.bookings, listed[0])
    assert told == mine(tuple(listed), listed[0])
    assert len(told) == 4
    assert all(b.organizer and b.organizer.email == ALICE and b.original_start == b.slot.start for b in told)
    assert all(b.attendees == 2 for b in told)

    alice = sandbox.graph_as(ALICE)
    instances = alice.get(
        f"/me/events/{master}/instances", params={"startDateTime": _stamp(window.start), "endDateTime": _stamp(window.end)}
    ).json()["value"]
    moved = {"start": {"dateTime": told[1].slot.end.isoformat()[:19], "timeZone": "UTC"},
             "end": {"dateTime": (told[1].slot.end + timedelta(hours=1)).isoformat()[:19], "timeZone": "UTC"}}  # fmt: skip
    by_start = sorted(instances, key=lambda i: i["start"]["dateTime"])
    alice.patch(f"/me/events/{by_start[1]['id']}", json=moved).raise_for_status()
    alice.post(f"/me/events/{by_start[2]['id']}/cancel", json={}).raise_for_status()
    sandbox.idle()

    after = graph.calendar.changes(room, window, full.cursor)
    assert after.restated == (told[0].series_ref,)
    live = [b for b in mine(after.bookings, told[0]) if b.is_live]
    exception = next(b for b in live if b.slot.start == told[1].slot.end)
    assert exception.original_start == told[1].slot.start
    assert {b.slot.start for b in live} == {told[0].slot.start, told[1].slot.end, told[3].slot.start}
    now_listed = [b for b in graph.calendar.listing(room, window).bookings if b.series_ref == told[0].series_ref and b.is_live]
    assert sorted(b.ref for b in now_listed) == sorted(b.ref for b in live)


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_expired_cursor_gives_the_whole_window_again(graph: MeetingsUnderTest, calm: RunningSandbox) -> None:
    slot = fresh_slot()
    ref = graph.book(graph.room, slot)
    cursor = graph.calendar.changes(graph.room, slot, None).cursor
    calm.control.post("/expire", json={"what": "delta"}).raise_for_status()
    again = graph.calendar.changes(graph.room, slot, cursor)
    assert (again.is_full, [b.ref for b in again.bookings]) == (True, [ref])
    calm.control.post("/expire", json={"what": "delta"}).raise_for_status()
    (batched,) = graph.calendar.changes_all([(graph.room, slot, again.cursor)])
    assert isinstance(batched, Changes)
    assert (batched.is_full, [b.ref for b in batched.bookings]) == (True, [ref])
    (nonsense,) = graph.calendar.changes_all([(graph.room, slot, again.cursor.replace("deltatoken=", "deltatoken=x"))])
    assert isinstance(nonsense, Changes)
    assert nonsense.is_full


def test_many_rooms_are_asked_in_batches_of_twenty(graph: MeetingsUnderTest, rooms: list[Room], tap: WireTap) -> None:
    slot = fresh_slot()
    cursors = [(room, slot, graph.calendar.changes(room, slot, None).cursor) for room in rooms]
    asks = list(itertools.islice(itertools.cycle(cursors), 41))
    before = tap.count("POST", r"/\$batch$")
    found = list(graph.calendar.changes_all(asks))
    assert [f.room_id for f in found if isinstance(f, Changes)] == [room.id for room, _, _ in asks]
    assert tap.count("POST", r"/\$batch$") - before == 3


def test_whole_calendars_are_read_four_at_a_time_so_that_few_are_in_memory(
    graph: MeetingsUnderTest, rooms: list[Room], tap: WireTap
) -> None:
    slot = fresh_slot()
    asks = list(itertools.islice(itertools.cycle([(room, slot, None) for room in rooms]), 9))
    before = tap.count("POST", r"/\$batch$")
    found = list(graph.calendar.changes_all(asks))
    assert [f.room_id for f in found if isinstance(f, Changes) and f.is_full] == [room.id for room, _, _ in asks]
    assert tap.count("POST", r"/\$batch$") - before == 3


def test_many_stamps_go_in_batches_of_twenty_each_with_its_own_outcome(graph: MeetingsUnderTest, tap: WireTap) -> None:
    meetings = [graph.book(graph.room, fresh_slot()) for _ in range(21)]
    stamps = [(graph.calendar.get(graph.room, ref), new_match_key()) for ref in meetings]
    unknown = replace(stamps[3][0], ref=stamps[3][0].ref[:-8] + "AAAAAAA=")
    stamps[3] = (unknown, stamps[3][1])
    before = tap.count("POST", r"/\$batch$")
    told = graph.calendar.stamp_all(graph.room, stamps)
    assert tap.count("POST", r"/\$batch$") - before == 2
    assert [n for n, error in enumerate(told) if error is not None] == [3]
    assert isinstance(told[3], Refused)
    for number, (seen, key) in enumerate(stamps):
        if number != 3:
            found = graph.calendar.find(graph.room, key)
            assert found is not None
            assert found.ref == seen.ref


def test_a_room_outside_the_scope_is_denied_and_the_others_still_answer(graph: MeetingsUnderTest, remove: Any) -> None:
    slot = fresh_slot()
    remove(f"mailbox:{graph.room.mailbox}")
    for ask in (
        lambda: graph.calendar.listing(graph.room, slot),
        lambda: graph.calendar.free_busy([graph.room], slot),
        lambda: graph.calendar.changes(graph.room, slot, None),
        lambda: graph.calendar.get(graph.room, "AAMk"),
    ):
        with pytest.raises(Denied) as caught:
            ask()
        assert caught.value.right == "mailbox_out_of_scope"
    assert graph.other_room.id in graph.calendar.free_busy([graph.room, graph.other_room], slot)
    denied, other = graph.calendar.changes_all([(graph.room, slot, None), (graph.other_room, slot, None)])
    assert isinstance(denied, Denied)
    assert isinstance(other, Changes)


def test_with_reading_rights_only_every_write_is_denied(graph: MeetingsUnderTest, remove: Any) -> None:
    slot = fresh_slot()
    seen = graph.calendar.get(graph.room, graph.book(graph.room, slot))
    own = graph.create(fresh_slot())
    remove("Calendars.ReadWrite")
    for write in (
        lambda: graph.create(fresh_slot()),
        lambda: graph.calendar.stamp(graph.room, seen, new_match_key()),
        lambda: graph.calendar.decline(graph.room, seen, "No"),
        lambda: graph.calendar.accept(graph.room, seen),
        lambda: graph.calendar.remove(graph.room, own, "No"),
        lambda: graph.calendar.change(graph.room, own, graph.draft(fresh_slot())),
    ):
        with pytest.raises(Denied) as caught:
            write()
        assert caught.value.right == "Application Calendars.ReadWrite"
    assert graph.listed(slot)


def test_a_lost_answer_to_a_create_doubles_nothing(graph: MeetingsUnderTest, fail: Any) -> None:
    for status in (0, 503):
        slot = fresh_slot()
        fail(method="POST", path="/events$", when="after", status=status)
        made = graph.create(slot)
        assert [b.ref for b in graph.listed(slot)] == [made.ref]


def test_throttled_requests_are_asked_again(graph: MeetingsUnderTest, fail: Any) -> None:
    slot = fresh_slot()
    ref = graph.book(graph.room, slot)
    fail(method="GET", path="calendarView", status=429, retry_after_s=1)
    assert [b.ref for b in graph.calendar.listing(graph.room, slot).bookings] == [ref]
    fail(method="GET", path="calendarView/delta", status=429, retry_after_s=1, times=2)
    found = list(graph.calendar.changes_all([(graph.room, slot, None), (graph.other_room, slot, None)]))
    assert all(isinstance(f, Changes) for f in found)


def test_an_hour_of_throttling_is_told(graph: MeetingsUnderTest, fail: Any) -> None:
    fail(method="GET", path="calendarView", status=429, retry_after_s=3600)
    with pytest.raises(Unavailable) as caught:
        graph.calendar.listing(graph.room, fresh_slot())
    assert caught.value.retry_after == timedelta(hours=1)


def test_a_token_that_is_not_taken_is_renewed_once(sandbox: RunningSandbox, settings: Settings, rooms: list[Room]) -> None:
    tokens = ["stale", sandbox.app_token()]
    session = open_session(connect_timeout_seconds=2, read_timeout_seconds=5)
    client = GraphClient(Transport("exchange", settings.graph_url, session, clock=now), lambda: tokens[0], lambda: tokens.pop(0) and None)
    slot = fresh_slot()
    assert GraphMeetings(client, clock=now).listing(rooms[0], slot).is_complete
    tokens[:] = ["stale", "stale too"]
    with pytest.raises(Denied) as caught:
        GraphMeetings(client, clock=now).listing(rooms[0], slot)
    assert caught.value.status_code == 401
    session.close()


def test_a_meeting_of_the_rooms_own_invites_its_people_and_tells_them_when_it_ends(
    graph: MeetingsUnderTest, sandbox: RunningSandbox
) -> None:
    slot = fresh_slot()
    made = graph.create(slot, guests=(Person(BOB, "Bob"),))
    sandbox.idle()

    def at(person: str) -> list[dict[str, Any]]:
        window = {"startDateTime": _stamp(slot.start), "endDateTime": _stamp(slot.end)}
        found: list[dict[str, Any]] = sandbox.graph_as(person).get("/me/calendarView", params=window).json()["value"]
        return [e for e in found if e["iCalUId"] == made.ical_uid]

    assert len(at(ALICE)) == len(at(BOB)) == 1
    graph.calendar.remove(graph.room, made, "Cancelled in TOPdesk")
    sandbox.idle()
    assert [e["isCancelled"] for e in (*at(ALICE), *at(BOB))] in ([True, True], [])


def test_a_meeting_without_people_is_deleted_where_it_cannot_be_cancelled(graph: MeetingsUnderTest) -> None:
    slot = fresh_slot()
    made = graph.create(slot, organizer=None)
    assert made.organizer is None
    graph.calendar.remove(graph.room, made, "Not needed")
    assert graph.listed(slot) == []


def test_a_requested_meeting_is_pencilled_in(graph: MeetingsUnderTest) -> None:
    slot = fresh_slot()
    made = graph.create(slot, standing=Standing.REQUESTED)
    assert made.standing is Standing.REQUESTED
    assert [b.status for b in graph.calendar.free_busy([graph.room], slot)[graph.room.id]] == ["tentative"]
    approved = graph.calendar.change(graph.room, made, replace(graph.draft(slot), match_key=str(made.match_key)))
    assert approved.standing is Standing.PLANNED


def test_a_delta_knows_the_key_of_our_own_meetings(graph: MeetingsUnderTest) -> None:
    made = graph.create(fresh_slot())
    assert [b.match_key for b in graph.calendar.changes(graph.room, made.slot, None).bookings] == [made.match_key]


@pytest.mark.parametrize("spelling", [ALICE, ALICE.upper()])
def test_people_are_found_by_any_of_their_addresses(graph: MeetingsUnderTest, sandbox: RunningSandbox, spelling: str) -> None:
    alice = next(p for p in sandbox.world.directory.people if p.mail == ALICE)
    for asked in (spelling, alice.oid, alice.proxy):
        found = graph.calendar.person(asked)
        assert found is not None
        assert found.addresses == {ALICE, alice.proxy}
    for nobody in ("nobody@contoso.example", "o'brien' or '1@contoso.example", "", "../me", "no-such-id"):
        assert graph.calendar.person(nobody) is None


def test_missing_directory_rights_are_named(graph: MeetingsUnderTest, remove: Any) -> None:
    remove("User.Read.All", "Place.Read.All", "Mail.Send")
    graph_calls = {
        "User.Read.All": lambda: graph.calendar.person(ALICE), "Place.Read.All": graph.calendar.places,
        "Mail.Send": lambda: graph.calendar.send_mail(ALICE, Person(BOB), "Hello", "Text"),
    }  # fmt: skip
    for right, ask in graph_calls.items():
        with pytest.raises(Denied) as caught:
            ask()
        assert caught.value.right == right


def test_places_tell_what_the_mapping_needs(graph: MeetingsUnderTest, sandbox: RunningSandbox) -> None:
    found = {place.mailbox: place for place in graph.calendar.places()}
    for room in sandbox.world.directory.rooms:
        place = found[room.mailbox.lower()]
        assert (place.name, place.capacity, place.building, place.wheelchair_accessible) == (
            room.name,
            room.capacity,
            room.building.name,
            room.wheelchair,
        )


def test_free_busy_of_more_than_twenty_rooms_is_asked_in_chunks(graph: MeetingsUnderTest, rooms: list[Room], tap: WireTap) -> None:
    many = [replace(rooms[n % len(rooms)], id=f"many-{n}") for n in range(45)]
    before = tap.count("POST", "getSchedule$")
    assert set(graph.calendar.free_busy(many, fresh_slot())) == {room.id for room in many}
    assert tap.count("POST", "getSchedule$") - before == 3


@pytest.fixture
def echo() -> Iterator[str]:
    """An address of ours that passes Graph's handshake."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0].encode()
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200 if token else 202)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(token)))
            self.end_headers()
            self.wfile.write(token)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/hooks/graph"
    server.shutdown()
    server.server_close()


def test_a_subscription_lives_from_its_making_to_its_end(graph_client: GraphClient, rooms: list[Room], echo: str, tap: WireTap) -> None:
    subscriptions = Subscriptions(graph_client)
    later = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    made = subscriptions.create(rooms[0], notification_url=echo, client_state="s" * 64, expires_at=later)
    assert (made.expires_at, made.notification_url) == (later, echo)
    assert made.is_of(rooms[0])
    assert not made.is_of(rooms[1])
    assert made.id in {s.id for s in subscriptions.list()}
    renewed = subscriptions.renew(made.id, later + timedelta(days=2))
    assert renewed.expires_at == later + timedelta(days=2)
    subscriptions.reauthorize(made.id)
    subscriptions.delete(made.id)
    subscriptions.delete(made.id)
    with pytest.raises(NotFound):
        subscriptions.renew(made.id, later)


def test_an_address_that_does_not_answer_gets_no_subscription(graph_client: GraphClient, rooms: list[Room], echo: str) -> None:
    subscriptions = Subscriptions(graph_client)
    later = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(Refused):
        subscriptions.create(rooms[0], notification_url="http://localhost:9/hooks/graph", client_state="s", expires_at=later)
    with pytest.raises(Refused):
        subscriptions.create(rooms[0], notification_url=echo, client_state="s", expires_at=later + timedelta(days=30))


def test_mail_goes_out_from_the_mailbox(graph: MeetingsUnderTest, sandbox: RunningSandbox) -> None:
    graph.calendar.send_mail(ALICE, Person(BOB, "Bob"), "Your room\nwas moved", "It is now Beryl.")
    sent = sandbox.graph.get(f"{sandbox.url}/graph/outbox", params={"to": BOB, "kind": "mail"}).json()["value"]
    assert ("Your room was moved", "It is now Beryl.") in {(m["subject"], m["body"]) for m in sent}
