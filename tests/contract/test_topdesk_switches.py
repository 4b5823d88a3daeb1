"""TOPdesk's many ways, each turned on in the sandbox: the adapter gets along with all of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contract.conftest import PERSON_ACCOUNT, now
from contract.sides import FacilitiesUnderTest, fresh_slot
from contract.wire import WireTap, problems_of
from roombooker.domain.booking import Standing
from roombooker.domain.fingerprint import Field
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, Garbled, NotFound, OutcomeUnknown, Refused, Unavailable
from roombooker.settings import Settings
from roombooker.topdesk.calendar import TopdeskFacilities
from roombooker.topdesk.client import TopdeskClient, open_client
from roombooker.topdesk.probe import Probe
from sandboxes import ALICE, RunningSandbox


@pytest.fixture
def turn(calm: RunningSandbox) -> Any:
    def turn(**switches: Any) -> None:
        calm.control.patch("", json=switches).raise_for_status()

    return turn


@pytest.fixture
def fail(calm: RunningSandbox) -> Any:
    def fail(**fault: Any) -> None:
        calm.control.post("/fail", json={"side": "topdesk", **fault}).raise_for_status()

    return fail


@pytest.fixture
def fresh(calm: RunningSandbox, settings: Settings) -> TopdeskFacilities:
    """Without anything kept from before."""
    client = open_client(replace(settings, read_timeout_seconds=2.0), clock=now)
    return TopdeskFacilities(client, settings, clock=now)


@pytest.mark.parametrize("nulls", ["omit", "null", "empty"])
@pytest.mark.parametrize("dates", ["Z", ".000Z", ".000+0000"])
def test_every_style_of_dates_and_nulls_says_the_same(topdesk: FacilitiesUnderTest, turn: Any, dates: str, nulls: str) -> None:
    slot = fresh_slot()
    made = topdesk.create(slot)
    turn(date_style=dates, nulls=nulls)
    seen = topdesk.calendar.get(topdesk.room, made.ref)
    assert replace(seen, modified_at=None, version="") == replace(made, modified_at=None, version="")
    assert [b.ref for b in topdesk.calendar.listing(topdesk.room, slot).bookings] == [made.ref]


def test_an_overlap_is_flagged_where_topdesk_flags(topdesk: FacilitiesUnderTest, turn: Any) -> None:
    slot = fresh_slot()
    first = topdesk.create(slot)
    turn(conflict_mode="flag")
    second = topdesk.create(slot)
    assert second.standing is Standing.CONFLICTING
    assert not second.is_conflicting_request
    third = topdesk.create(slot, standing=Standing.REQUESTED)
    assert third.is_conflicting_request
    for booking, ending in ((third, Standing.REJECTED), (second, Standing.CANCELLED)):
        ended = topdesk.calendar.remove(topdesk.room, booking, "Lost the race")
        assert ended is not None
        assert ended.standing is ending
    assert [b.ref for b in topdesk.listed(slot)] == [first.ref]


def test_an_overlap_is_seen_in_the_relisting_where_topdesk_says_nothing(topdesk: FacilitiesUnderTest, turn: Any) -> None:
    slot = fresh_slot()
    turn(conflict_mode="silent")
    made = {topdesk.create(slot).ref, topdesk.create(slot).ref}
    assert {b.ref for b in topdesk.calendar.occupied([topdesk.room], slot)[topdesk.room.id]} == made


def test_a_cancellation_finds_a_reason_where_there_is_no_default(topdesk: FacilitiesUnderTest, turn: Any) -> None:
    turn(default_cancel_reason=False)
    for standing in (Standing.PLANNED, Standing.REQUESTED):
        ended = topdesk.calendar.remove(topdesk.room, topdesk.create(fresh_slot(), standing=standing), "No longer needed")
        assert ended is not None
        assert not ended.is_live


def test_a_reason_can_be_named_in_the_settings(
    topdesk: FacilitiesUnderTest, topdesk_client: TopdeskClient, settings: Settings, turn: Any
) -> None:
    turn(default_cancel_reason=False)
    reason = Probe(topdesk_client, settings).cancellation_reasons()[-1]
    named = TopdeskFacilities(topdesk_client, replace(settings, topdesk_cancel_reason=reason), clock=now)
    ended = named.remove(topdesk.room, topdesk.create(fresh_slot()), "No longer needed")
    assert ended is not None
    wrong = TopdeskFacilities(topdesk_client, replace(settings, topdesk_cancel_reason="No such reason"), clock=now)
    with pytest.raises(Refused):
        wrong.remove(topdesk.room, topdesk.create(fresh_slot()), "No longer needed")


def test_a_request_that_was_approved_meanwhile_is_cancelled_after_all(topdesk: FacilitiesUnderTest, sandbox: RunningSandbox) -> None:
    asked = topdesk.create(fresh_slot(), standing=Standing.REQUESTED)
    sandbox.topdesk.post(f"/reservations/{asked.ref}/approve").raise_for_status()
    ended = topdesk.calendar.remove(topdesk.room, asked, "No longer needed")
    assert ended is not None
    assert ended.standing is Standing.CANCELLED


@pytest.mark.parametrize("versions", ["v1", "v2", "both"])
@pytest.mark.parametrize("nulls", ["omit", "empty"])
def test_persons_are_found_in_either_version(fresh: TopdeskFacilities, turn: Any, versions: str, nulls: str) -> None:
    turn(persons_versions=versions, nulls=nulls)
    for _ in range(2):
        found = fresh.person_by_email(ALICE)
        assert found is not None
        assert found.person.email == ALICE
    account = fresh.person_account()
    assert account is not None
    assert account.person.email == PERSON_ACCOUNT
    assert fresh.person_by_email("nobody@contoso.example") is None


@pytest.mark.parametrize("versions", ["v1", "both"])
def test_the_person_account_may_be_given_by_its_id(
    topdesk_client: TopdeskClient, fresh: TopdeskFacilities, settings: Settings, turn: Any, versions: str
) -> None:
    account = fresh.person_account()
    assert account is not None
    turn(persons_versions=versions)
    client = TopdeskClient(topdesk_client.transport)
    by_id = TopdeskFacilities(client, replace(settings, topdesk_person=account.id), clock=now).person_account()
    assert by_id == account
    unknown = replace(settings, topdesk_person="00000000-0000-4000-8000-000000000000")
    assert TopdeskFacilities(TopdeskClient(topdesk_client.transport), unknown, clock=now).person_account() is None


@pytest.mark.parametrize("style", ["html", "json"])
def test_a_wrong_password_is_denied_in_either_style(fresh: TopdeskFacilities, settings: Settings, turn: Any, style: str) -> None:
    turn(unauthorized_style=style)
    client = open_client(replace(settings, topdesk_password="wörong"), clock=now)
    with pytest.raises(Denied) as caught:
        Probe(client, settings).version()
    assert caught.value.right == "sign-in"


@pytest.mark.parametrize("url", ["", "/nowhere", "/outlook"])
def test_a_wrong_address_is_no_topdesk(settings: Settings, sandbox: RunningSandbox, url: str) -> None:
    client = open_client(replace(settings, topdesk_url=sandbox.url + url), clock=now)
    with pytest.raises((NotFound, Garbled)):
        Probe(client, settings).version()


@pytest.mark.parametrize("suffix", ["", "/", "/tas/api", "/tas/api/", "/tas", "/tas/secure/login.html"])
def test_what_people_paste_as_the_address_works(settings: Settings, suffix: str, sandbox: RunningSandbox) -> None:
    client = open_client(replace(settings, topdesk_url=f"{sandbox.url}/topdesk{suffix}"), clock=now)
    assert Probe(client, settings).version()


def test_each_missing_right_is_named(topdesk_client: TopdeskClient, settings: Settings, calm: RunningSandbox) -> None:
    probe = Probe(topdesk_client, settings)
    asks = {
        "reservations_read": (probe.read_reservations, "Reservations"), "locations": (probe.read_locations, "Locations"),
        "persons": (probe.read_persons, "Persons"), "branches": (probe.branches, "Branches"),
        "cancellation_reasons": (probe.cancellation_reasons, "reasons"), "rejection_reasons": (probe.rejection_reasons, "reasons"),
    }  # fmt: skip
    for right, (ask, word) in asks.items():
        ask()
        calm.control.post("/rights", json={"remove": [right]}).raise_for_status()
        with pytest.raises(Denied) as caught:
            ask()
        assert word in str(caught.value.right)
        calm.control.post("/rights", json={"restore": [right]}).raise_for_status()


def test_the_match_field_can_be_searched_and_a_wrong_one_is_refused(topdesk_client: TopdeskClient, settings: Settings) -> None:
    Probe(topdesk_client, settings).match_field()
    with pytest.raises(Refused):
        Probe(topdesk_client, replace(settings, topdesk_match_field="optionalFields1.text9")).match_field()


@pytest.mark.parametrize("field", ["optionalFields2.text3", "optionalFields1.memo1"])
def test_the_match_key_may_live_in_another_field(
    topdesk: FacilitiesUnderTest, topdesk_client: TopdeskClient, settings: Settings, field: str
) -> None:
    calendar = TopdeskFacilities(topdesk_client, replace(settings, topdesk_match_field=field), clock=now)
    draft = topdesk.draft(fresh_slot())
    made = calendar.create(topdesk.room, draft)
    found = calendar.find(topdesk.room, draft.match_key)
    assert found is not None
    assert (found.ref, found.match_key) == (made.ref, draft.match_key)


def test_an_answer_lost_after_the_create_is_unknown_and_found_by_the_key(topdesk: FacilitiesUnderTest, fail: Any) -> None:
    draft = topdesk.draft(fresh_slot())
    for status in (0, 503):
        fail(method="POST", path="/reservations$", when="after", status=status)
        draft = topdesk.draft(fresh_slot())
        with pytest.raises(OutcomeUnknown):
            topdesk.calendar.create(topdesk.room, draft)
        found = topdesk.calendar.find(topdesk.room, draft.match_key)
        assert found is not None
        assert found.slot == draft.slot


@pytest.mark.parametrize(("fields", "error"), [({Field.SLOT, Field.PLACE}, OutcomeUnknown), ({Field.PLACE}, Unavailable)])
def test_what_was_half_done_when_topdesk_went_away_is_not_called_undone(
    topdesk: FacilitiesUnderTest, fail: Any, fields: set[Field], error: type[Exception]
) -> None:
    both = fresh_slot(2)
    middle = both.start + both.duration / 2
    made, later = topdesk.create(Slot(both.start, middle)), Slot(middle, both.end)
    fail(path="/reservedFacilities/move$", when="before", status=429, times=9)
    with pytest.raises(error):
        topdesk.calendar.change(topdesk.other_room, made, topdesk.draft(later), fields)


def test_a_short_disturbance_of_reading_is_not_noticed(topdesk: FacilitiesUnderTest, fail: Any) -> None:
    slot = fresh_slot()
    made = topdesk.create(slot)
    fail(method="GET", path="/reservations", status=502, times=2)
    assert [b.ref for b in topdesk.calendar.listing(topdesk.room, slot).bookings] == [made.ref]


def test_maintenance_is_unavailable_and_ends(fresh: TopdeskFacilities, topdesk: FacilitiesUnderTest, turn: Any) -> None:
    turn(maintenance=True)
    with pytest.raises(Unavailable):
        fresh.listing(topdesk.room, fresh_slot())


def test_room_and_time_change_together_or_not_at_all(topdesk: FacilitiesUnderTest) -> None:
    day = fresh_slot(3)
    early, late = Slot(day.start, day.start + timedelta(hours=1)), Slot(day.start + timedelta(hours=2), day.end)
    made = topdesk.create(early)
    topdesk.book(topdesk.other_room, late)
    draft = replace(topdesk.draft(late), match_key=str(made.match_key))
    with pytest.raises(Refused):
        topdesk.calendar.change(topdesk.other_room, made, draft)
    now_seen = topdesk.calendar.get(topdesk.room, made.ref)
    assert (now_seen.slot, now_seen.place) == (early, topdesk.room.location_id)


def test_nothing_is_written_where_nothing_differs(topdesk: FacilitiesUnderTest, tap: WireTap) -> None:
    made = topdesk.create(fresh_slot())
    before = len(tap.exchanges)
    same = topdesk.calendar.change(topdesk.room, made, replace(topdesk.draft(made.slot), match_key=str(made.match_key)))
    assert same == made
    assert [e.method for e in tap.exchanges[before:]] == ["GET"]


def test_a_date_of_a_series_that_gets_another_room_takes_what_was_written_along(
    topdesk: FacilitiesUnderTest, sandbox: RunningSandbox
) -> None:
    first = topdesk.create(fresh_slot())
    _, second = topdesk.calendar.make_series(topdesk.room, first, [first.slot.start.date() + timedelta(weeks=1)])
    body = {"briefDescription": "Coffee at ten", "numberOfPersons": 12}
    sandbox.topdesk.patch(f"/reservations/{second.ref}", json=body).raise_for_status()
    seen = topdesk.calendar.get(topdesk.room, second.ref)
    moved = topdesk.calendar.change(topdesk.other_room, seen, topdesk.draft(seen.slot), {Field.SLOT, Field.PLACE})
    assert (moved.place, moved.subject, moved.attendees) == (topdesk.other_room.location_id, "Coffee at ten", 12)
    assert moved.organizer == seen.organizer
    assert not topdesk.calendar.get(topdesk.room, second.ref).is_live


def test_one_room_of_several_is_left_without_ending_the_others(topdesk: FacilitiesUnderTest, sandbox: RunningSandbox) -> None:
    slot = fresh_slot()
    made = topdesk.create(slot)
    body = {"add": [{"location": {"id": topdesk.other_room.location_id}}]}
    sandbox.topdesk.post(f"/reservations/{made.ref}/reservedFacilities/add", json=body).raise_for_status()
    listed = {x.room_id: x.bookings for x in topdesk.calendar.listing_all([topdesk.room, topdesk.other_room], slot)}
    (here,), (there,) = listed[topdesk.room.id], listed[topdesk.other_room.id]
    assert here.ref != there.ref
    topdesk.calendar.remove(topdesk.room, here, "Too large")
    assert topdesk.listed(slot) == []
    assert [b.slot for b in topdesk.listed(slot, topdesk.other_room)] == [slot]


def test_a_room_that_a_reservation_has_lost_is_read_as_a_tombstone_and_never_as_its_other_room(
    topdesk: FacilitiesUnderTest, sandbox: RunningSandbox
) -> None:
    made = topdesk.create(fresh_slot())
    other = {"location": {"id": topdesk.other_room.location_id}}
    sandbox.topdesk.post(f"/reservations/{made.ref}/reservedFacilities/add", json={"add": [other]}).raise_for_status()
    here = topdesk.calendar.get(topdesk.room, made.ref)
    assert (here.place, here.is_live) == (topdesk.room.location_id, True)
    there = topdesk.calendar.get(topdesk.other_room, f"{made.ref}:{topdesk.other_room.location_id}")
    assert {here.ref, there.ref} == {here.refs[1], there.refs[1]}
    sandbox.topdesk.post(f"/reservations/{made.ref}/reservedFacilities/remove", json={"remove": [other]}).raise_for_status()
    lost = topdesk.calendar.get(topdesk.other_room, there.ref)
    assert (lost.ref, lost.place, lost.standing) == (there.ref, there.place, Standing.CANCELLED)
    alone = topdesk.calendar.get(topdesk.room, here.ref)
    assert (alone.ref, alone.place, alone.is_live) == (made.ref, topdesk.room.location_id, True)


def test_locations_tell_what_the_import_needs(topdesk: FacilitiesUnderTest, sandbox: RunningSandbox) -> None:
    found = {location.id: location for location in topdesk.calendar.locations()}
    for room in sandbox.world.directory.rooms:
        location = found[room.location_id]
        assert (location.mailbox, location.time_zone, location.branch) == (
            room.mailbox.lower(),
            room.building.time_zone,
            room.building.name,
        )
        assert (location.capacity, location.requires_approval, location.block_minutes) == (
            room.capacity,
            room.requires_approval,
            room.block_minutes,
        )
        assert location.reservable
    some = sandbox.world.directory.rooms[0]
    narrowed = topdesk.calendar.locations(branch=some.building.name)
    assert {x.branch for x in narrowed} == {some.building.name}
    assert topdesk.calendar.locations(branch=some.building.branch_id) == narrowed
    assert topdesk.calendar.locations(room_type="No such type") == []


@pytest.mark.parametrize(
    "subject", ["x" * 5000, "🙂" * 80, "<script>alert(1)</script>", "\u202eright to left", "a;b==c,'\"\\(", "two\nlines\x00", "", "   "]
)
def test_any_subject_is_taken(topdesk: FacilitiesUnderTest, subject: str) -> None:
    made = topdesk.create(fresh_slot(), subject=subject, attendees=10_000_000)
    assert made.subject is not None
    assert len(made.subject) <= 100
    assert made.attendees == 99_999
    same = topdesk.calendar.change(
        topdesk.room, made, replace(topdesk.draft(made.slot, subject=subject, attendees=99_999), match_key=str(made.match_key))
    )
    assert same.version == made.version


def test_the_person_groups_of_a_member_name_the_group_of_a_room(
    topdesk: FacilitiesUnderTest, calm: RunningSandbox, tap: WireTap, fresh: TopdeskFacilities
) -> None:
    (board,) = calm.world.directory.groups
    card = {
        "reservationManagement": {"reservableBy": "specificPersonGroup", "reservableByPersonGroup": {"id": board.id, "name": board.name}}
    }
    calm.topdesk.patch(f"/locations/id/{topdesk.other_room.location_id}", json=card).raise_for_status()
    group = next(one.person_group for one in fresh.locations() if one.id == topdesk.other_room.location_id)
    calm.topdesk.patch(
        f"/locations/id/{topdesk.other_room.location_id}", json={"reservationManagement": {"reservableBy": "everybody"}}
    ).raise_for_status()
    assert group == board.name
    member = topdesk.calendar.person_by_email("bob.devries@contoso.example")
    assert member is not None
    assert fresh.person_groups(member.id) == {board.id, board.name}
    assert topdesk.requester_id is not None
    assert fresh.person_groups(topdesk.requester_id) == frozenset()  # Alice
    asked = [exchange for exchange in tap.exchanges if exchange.path.endswith("/persongroups")]
    assert len(asked) >= 2
    assert [problem for exchange in asked for problem in problems_of(exchange)] == []


def test_person_groups_that_cannot_be_read_say_which_right_is_missing(
    topdesk: FacilitiesUnderTest, calm: RunningSandbox, fresh: TopdeskFacilities
) -> None:
    calm.control.post("/rights", json={"remove": ["person_groups"]}).raise_for_status()
    with pytest.raises(Denied) as denied:
        fresh.person_groups(str(topdesk.requester_id))
    assert denied.value.right == "Person groups: read"
    calm.control.post("/rights", json={"restore": ["person_groups"]}).raise_for_status()
    with pytest.raises(NotFound):
        fresh.person_groups("00000000-0000-0000-0000-000000000001")
