"""What leaves after its time, on both databases, and what stays whatever its age."""

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select

from conftest import ManualClock
from factories import make_room, make_settings, save_rooms
from people import ALICE, BOB
from roombooker.domain.booking import Booking, Person, Side, Standing, new_match_key
from roombooker.domain.slot import Slot
from roombooker.services.retention import Retention
from roombooker.store import journal, links, occupancy, people, sightings, work_items
from roombooker.store.db import Database
from roombooker.store.models import IntentRow, JournalRow, LinkRow, LinkSideRow, OccupancyRow, PersonRow, WorkItemRow, occupancy_day

ROOM = make_room()


@pytest.fixture
def retention(database: Database, clock: ManualClock) -> Retention:
    save_rooms(database, ROOM)
    return Retention(database=database, settings=make_settings(log_days=30), clock=clock)


def _book(database: Database, clock: ManualClock, days_from_now: int, email: str = ALICE.email, booking_id: str = "b") -> str:
    start = clock() + timedelta(days=days_from_now)
    with database.write() as session:
        row = links.new_link(
            session, booking_id=booking_id, match_key=new_match_key(), room_id=ROOM.id, start_at=start, end_at=start + timedelta(hours=1), at=min(start, clock()),
            organizer_email=email, subject="Budget", attendees=2, private=False, caller="t:o",
        )  # fmt: skip
        row.state, row.updated_at = "confirmed", min(start, clock())
        row.sides.append(LinkSideRow(link_id=row.id, side="topdesk", ref=row.match_key, seen_at=clock()))
        journal.write(
            session,
            kind="booked",
            message="Booked.",
            at=min(start, clock()),
            caused_by="t:o",
            booking_id=booking_id,
            email=email,
            after={"organizer": email},
        )
        return row.id


def _count(database: Database, model: type | Table) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def _seen(clock: ManualClock, ref: str, days_from_now: float, organizer: Person = ALICE, side: Side = Side.EXCHANGE) -> Booking:
    start = clock() + timedelta(days=days_from_now)
    return Booking(
        side=side, ref=ref, place="place", room_id=ROOM.id, slot=Slot(start, start + timedelta(hours=1)), standing=Standing.PLANNED,
        version="1", organizer=organizer, subject="Budget",
    )  # fmt: skip


def _index(database: Database, clock: ManualClock, *bookings: Booking) -> None:
    with database.write() as session:
        for booking in bookings:
            occupancy.put(session, ROOM, booking, seen_at=clock())


def _shown(database: Database) -> dict[str, str | None]:
    """Whom the index names, by ref."""
    with database.read() as session:
        return {row.ref: row.shown_by for row in session.scalars(select(OccupancyRow))}


def test_the_old_leaves_and_the_recent_stays(retention: Retention, database: Database, clock: ManualClock) -> None:
    old, recent = _book(database, clock, -40, booking_id="old"), _book(database, clock, -10, booking_id="recent")
    left = retention.trim()
    assert (left["bookings"], left["journal"]) == (1, 1)
    with database.read() as session:
        assert session.get(LinkRow, old) is None
        assert session.get(LinkRow, recent) is not None
    assert _count(database, LinkSideRow) == 1
    assert retention.trim()["bookings"] == 0


def test_what_waits_for_a_person_stays_whatever_its_age(retention: Retention, database: Database, clock: ManualClock) -> None:
    old = _book(database, clock, -40)
    with database.write() as session:
        item = work_items.open_item(
            session, kind="conflict", dedupe="x", reason="Why", at=clock() - timedelta(days=40), room_id=ROOM.id, link_id=old
        )
    assert (retention.trim()["bookings"], _count(database, WorkItemRow)) == (0, 1)
    with database.write() as session:
        work_items.settle(session, session.get_one(WorkItemRow, item.id), at=clock() - timedelta(days=31), by="carol", outcome="Done")
    retention.trim()
    assert _count(database, WorkItemRow) == 0
    retention.trim()
    assert _count(database, LinkRow) == 0


def test_the_index_forgets_the_past(retention: Retention, database: Database, clock: ManualClock) -> None:
    """Found by an audit: its names stayed for ever, and so did its days."""
    _index(
        database, clock, _seen(clock, "long ago", -200), _seen(clock, "over", -3.5), _seen(clock, "yesterday", -1), _seen(clock, "ahead", 5)
    )
    assert retention.trim()["index"] == 2
    assert _shown(database) == {"yesterday": ALICE.name, "ahead": ALICE.name}
    assert _count(database, occupancy_day) == 2


def test_people_who_were_not_looked_up_for_long_are_forgotten(retention: Retention, database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        people.keep_requester(session, ALICE.email, "1", name="Alice", at=clock() - timedelta(days=31))
        people.keep_requester(session, BOB.email, "2", name="Bob", at=clock())
    assert retention.trim()["people"] == 1
    with database.read() as session:
        assert session.get(PersonRow, BOB.email) is not None


def test_an_export_holds_all_of_a_person_and_nothing_of_another(retention: Retention, database: Database, clock: ManualClock) -> None:
    _book(database, clock, -1, booking_id="hers")
    _book(database, clock, -1, email=BOB.email, booking_id="his")
    told = retention.export(ALICE.email.upper())
    assert [b["id"] for b in told["bookings"]] == ["hers"]
    assert len(told["journal"]) == 1
    assert BOB.email not in str(told)
    assert told["bookings"][0]["start"].endswith("Z")


def _ask(database: Database, clock: ManualClock, intent_id: str, asked_by: str, organizer: str, booking_id: str) -> None:
    """A finished request of the pane."""
    request = {"organizer": organizer, "subject": f"Subject of {intent_id}", "attendees": 2, "private": False, "caused_by": asked_by}
    with database.write() as session:
        session.add(IntentRow(id=intent_id, caller=asked_by, key=intent_id, kind="book", request_fingerprint="f", request=request,
                              booking_id=booking_id, state="done", created_at=clock(), finished_at=clock()))  # fmt: skip


def test_an_export_shows_every_kind_of_trace(retention: Retention, database: Database, clock: ManualClock) -> None:
    """Found by an audit: it left out what `erase` knows of."""
    hers, his = _book(database, clock, -1, booking_id="hers"), _book(database, clock, -1, email=BOB.email, booking_id="his")
    _ask(database, clock, "for her", "t:bob", ALICE.email, "hers")
    _ask(database, clock, "came to nothing", "t:bob", ALICE.email, "gone")
    _ask(database, clock, "by her", "t:alice", "", "elsewhere")
    _ask(database, clock, "not hers", "t:bob", BOB.email, "his")
    sighted = [_seen(clock, "s1", -1), _seen(clock, "s2", 1, BOB)]
    _index(database, clock, *sighted, _seen(clock, "by address", 2, Person(ALICE.email)))
    with database.write() as session:
        sightings.remember(session, Side.EXCHANGE, sighted)
        people.keep_addresses(session, "t:alice", {ALICE.email}, at=clock())
        shown = [{"side": "exchange", "ref": "s1", "organizer": ALICE.name}, _stranger()]
        for dedupe, link_id, candidates in (("1", hers, []), ("2", his, shown), ("3", his, [_stranger()])):
            work_items.open_item(
                session, kind=f"kind {dedupe}", dedupe=dedupe, reason="Why", at=clock(), link_id=link_id, candidates=candidates
            )
        done = work_items.open_item(session, kind="kind 4", dedupe="4", reason="Why", at=clock(), link_id=his)
        work_items.settle(session, done, at=clock(), by="t:alice", outcome="Done")
        journal.write(session, kind="taken over", message="Now Bob's.", at=clock(), caused_by="sweep", email=BOB.email,
                      before={"organizer": ALICE.name}, after={"organizer": BOB.name})  # fmt: skip
    told = retention.export(ALICE.email)
    assert sorted(r["request"]["subject"] for r in told["requests"]) == [
        "Subject of by her",
        "Subject of came to nothing",
        "Subject of for her",
    ]
    assert sorted(w["kind"] for w in told["work_items"]) == ["kind 1", "kind 2", "kind 4"]
    assert [(s["room_id"], s["subject"]) for s in told["sightings"]] == [(ROOM.id, "Budget")]
    assert [row["shown_by"] for row in told["index"]] == [ALICE.name, ALICE.email]
    (taken_over,) = [line for line in told["journal"] if line["kind"] == "taken over"]
    assert (taken_over["before"], taken_over["after"]) == ({"organizer": ALICE.name}, {"organizer": None})
    assert {line["kind"]: line["after"] for line in told["journal"]}["booked"] == {"organizer": ALICE.email}
    assert not [word for word in (BOB.email, BOB.name, "t:bob") if word in str(told)]


def test_an_export_does_not_show_a_namesake(retention: Retention, database: Database, clock: ManualClock) -> None:
    _book(database, clock, -1, booking_id="hers")
    with database.write() as session:
        people.keep_requester(session, ALICE.email, "1", name=ALICE.name, at=clock())
    _index(database, clock, _seen(clock, "whose", 1))
    assert [row["shown_by"] for row in retention.export(ALICE.email)["index"]] == [ALICE.name]
    with database.write() as session:
        people.keep_requester(session, "alice.jansen.2@contoso.example", "2", name=ALICE.name, at=clock())
    assert retention.export(ALICE.email)["index"] == []


def test_who_has_no_name_is_erased_from_the_index_too(retention: Retention, database: Database, clock: ManualClock) -> None:
    """Found by an audit: such an organizer is shown there by address, and only names were looked for."""
    _book(database, clock, -1)
    nameless = Person(ALICE.email)
    _index(database, clock, _seen(clock, "over", -1, nameless), _seen(clock, "ahead", 1, nameless), _seen(clock, "his", -1.5, BOB))
    assert retention.erase(ALICE.email)["erased"]["index"] == 1
    assert _shown(database) == {"over": None, "ahead": ALICE.email, "his": BOB.name}


def test_the_name_of_a_meeting_that_was_never_linked_is_erased_too(retention: Retention, database: Database, clock: ManualClock) -> None:
    unlinked = _seen(clock, "over", -1)
    _index(database, clock, unlinked)
    with database.write() as session:
        sightings.remember(session, Side.EXCHANGE, [unlinked])
    retention.erase(ALICE.email)
    assert _shown(database) == {"over": None}


def test_a_request_that_came_to_nothing_is_erased_with_its_organizer(retention: Retention, database: Database, clock: ManualClock) -> None:
    _ask(database, clock, "hers", "t:assistant", ALICE.email, "gone")
    _ask(database, clock, "his", "t:assistant", BOB.email, "gone too")
    assert retention.erase(ALICE.email)["erased"]["requests"] == 1
    with database.read() as session:
        assert session.scalars(select(IntentRow.id)).all() == ["his"]


def test_the_erased_are_named_nowhere_but_in_what_is_still_ahead(retention: Retention, database: Database, clock: ManualClock) -> None:
    _book(database, clock, -1, booking_id="over")
    _book(database, clock, 1, booking_id="ahead")
    _book(database, clock, -1, email=BOB.email, booking_id="his")
    report = retention.erase(ALICE.email)
    assert (report["erased"]["bookings"], report["kept"]) == (1, 1)
    with database.read() as session:
        named = session.scalars(select(LinkRow.booking_id).where(LinkRow.organizer_email == ALICE.email)).all()
        entries = session.scalars(select(JournalRow).where(JournalRow.email == ALICE.email)).all()
        his = session.scalars(select(JournalRow).where(JournalRow.email == BOB.email)).all()
    assert named == ["ahead"]
    assert entries == []
    assert len(his) == 1
    clock.advance(timedelta(days=2))
    assert retention.erase(ALICE.email)["kept"] == 0
    assert retention.export(ALICE.email)["bookings"] == []


def _stranger() -> dict[str, str]:
    return {"side": "topdesk", "ref": "r", "organizer": BOB.name}


def test_erasing_reaches_work_items_sign_ins_and_who_did_what(retention: Retention, database: Database, clock: ManualClock) -> None:
    over, ahead = _book(database, clock, -1, booking_id="over"), _book(database, clock, 1, booking_id="ahead")
    with database.write() as session:
        session.get_one(LinkRow, over).organizer_name = session.get_one(LinkRow, ahead).organizer_name = ALICE.name
        people.keep_addresses(session, "t:alice", {ALICE.email, "a@contoso.example"}, at=clock())
        people.keep_addresses(session, "t:bob", {BOB.email}, at=clock())
        session.get_one(LinkRow, over).caller = "t:bob"  # booked for her
        for name in (ALICE.name, ALICE.email):
            hers = [{"side": "exchange", "ref": "e", "organizer": name}, _stranger()]
            work_items.open_item(session, kind="ambiguous", dedupe=f"1{name}", reason="Why", at=clock(), link_id="other", candidates=hers)
        kept = work_items.open_item(session, kind="conflict", dedupe="2", reason="Why", at=clock(), link_id=ahead, candidates=hers)
        settled = work_items.open_item(session, kind="conflict", dedupe="3", reason="Why", at=clock(), candidates=hers)
        work_items.settle(session, settled, at=clock(), by=ALICE.email, outcome="Done")
        for cause in ("t:alice", ALICE.email, "t:bob"):
            journal.write(session, kind="asked", message="Asked.", at=clock(), caused_by=cause, booking_id="somebody else's")
        journal.write(session, kind="moved", message="Moved.", at=clock(), caused_by="sweep", before={"organizer": ALICE.name})
        kept_id = kept.id
    assert [row["id"] for row in retention.export(ALICE.email)["sign_ins"]] == ["t:alice"]
    retention.erase(ALICE.email)
    with database.read() as session:
        items = session.scalars(select(WorkItemRow)).all()
        shown = [c["organizer"] for item in items if item.id != kept_id for c in item.candidates]
        assert set(shown) == {None, BOB.name}
        assert session.get_one(WorkItemRow, kept_id).candidates[0]["organizer"] == ALICE.email, "a person must still be able to settle it"
        assert [item.settled_by for item in items if item.settled_at] == [None]
        assert session.get(PersonRow, "t:alice") is None
        assert session.get(PersonRow, "t:bob") is not None, "an assistant is somebody else"
        causes = session.scalars(select(JournalRow.caused_by).where(JournalRow.booking_id == "somebody else's")).all()
        assert sorted(causes) == ["", "", "t:bob"]
        everything = [str(vars(row)) for row in session.scalars(select(JournalRow).where(JournalRow.booking_id.is_distinct_from("ahead")))]
    assert not [line for line in everything if ALICE.email in line or ALICE.name in line or "t:alice" in line]
