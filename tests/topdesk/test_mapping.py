"""Reservations as TOPdesk might send them, odd ones included."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roombooker.domain.booking import Draft, Person, Standing, new_match_key
from roombooker.domain.slot import Slot
from roombooker.errors import Garbled
from roombooker.topdesk.mapping import Dialect, read_bookings, read_moment, value_at, write_moment, write_reservation

DIALECT = Dialect("optionalFields1.text1", "room.booker@contoso.example")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = new_match_key()


def card(**more: Any) -> dict[str, Any]:
    return {
        "id": "res-1", "status": "planned", "number": "R 2603 001", "briefDescription": "Quarterly review", "archived": False,
        "requester": {"id": "p-1", "name": "Jansen, Alice", "email": "Alice.Jansen@contoso.example"}, "numberOfPersons": 6,
        "plannedStartDate": "2026-03-02T09:00:00Z", "plannedEndDate": "2026-03-02T10:00:00Z",
        "reservedFacilities": [{"id": "f", "location": {"id": "loc-1"}, "reservedServices": []}],
        "optionalFields1": {"text1": KEY}, "modificationDate": "2026-02-20T08:00:00Z",
    } | more  # fmt: skip


def read(**more: Any) -> Any:
    (booking,) = read_bookings(card(**more), {"loc-1": "room-1"}, DIALECT)
    return booking


def test_a_whole_reservation_is_read() -> None:
    booking = read()
    assert booking.slot == Slot(START, START + timedelta(hours=1))
    assert (booking.ref, booking.place, booking.room_id, booking.number) == ("res-1", "loc-1", "room-1", "R 2603 001")
    assert (booking.organizer, booking.attendees, booking.match_key) == (Person("alice.jansen@contoso.example", "Jansen, Alice"), 6, KEY)
    assert booking.modified_at == datetime(2026, 2, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize("blank", [None, "", "absent"])
@pytest.mark.parametrize(
    "name", ["number", "briefDescription", "archived", "requester", "numberOfPersons", "optionalFields1", "modificationDate", "series"]
)
def test_what_is_left_out_null_or_empty_is_all_the_same(name: str, blank: str | None) -> None:
    whole = card(**{name: blank})
    if blank == "absent":
        whole.pop(name)
    (booking,) = read_bookings(whole, {"loc-1": "room-1"}, DIALECT)
    empty = {"number": booking.number, "requester": booking.organizer, "numberOfPersons": booking.attendees, "optionalFields1": booking.match_key,
             "modificationDate": booking.modified_at, "series": booking.series_ref}.get(name)  # fmt: skip
    assert empty is None
    assert not booking.is_archived


@pytest.mark.parametrize(
    ("status", "standing", "is_request"),
    [("planned", Standing.PLANNED, False), ("request", Standing.REQUESTED, False), ("conflictingPlanned", Standing.CONFLICTING, False),
     ("conflictingRequest", Standing.CONFLICTING, True), ("cancelled", Standing.CANCELLED, False), ("rejectedRequest", Standing.REJECTED, False)],
)  # fmt: skip
def test_every_status_has_its_standing(status: str, standing: Standing, is_request: bool) -> None:
    booking = read(status=status)
    assert (booking.standing, booking.is_conflicting_request) == (standing, is_request)


@pytest.mark.parametrize("requester", [{"id": "x", "email": "ROOM.Booker@contoso.example"}, {"id": "x"}, {"id": "x", "email": "  "}, None])
def test_the_person_account_and_the_unknown_are_nobody(requester: Any) -> None:
    assert read(requester=requester).organizer is None


def test_the_person_account_may_be_known_by_its_id() -> None:
    dialect = Dialect("optionalFields1.text1", "P-1")
    assert read_bookings(card(), {}, dialect)[0].organizer is None


@pytest.mark.parametrize(
    ("field", "key"),
    [(f"see {KEY}.", KEY), ("ORB-short", None), (7, None), ({"id": KEY}, None)],
    ids=["a key", "too short", "a number", "an object"],
)
def test_our_key_is_found_in_whatever_the_field_holds(field: Any, key: str | None) -> None:
    assert read(optionalFields1={"text1": field}).match_key == key


def test_a_reservation_of_several_rooms_is_one_booking_for_each() -> None:
    facilities = [
        {"location": {"id": "loc-1"}},
        {"location": {"id": "loc-2"}, "reservedServices": [{"id": "s"}]},
        {"object": {"id": "beamer"}},
    ]
    one, two = read_bookings(card(reservedFacilities=facilities), {"loc-1": "room-1"}, DIALECT)
    assert (one.ref, one.room_id, one.has_services) == ("res-1:loc-1", "room-1", False)
    assert (two.ref, two.room_id, two.has_services) == ("res-1:loc-2", "", True)


@pytest.mark.parametrize("facilities", [None, [], [None], [{"object": {"id": "beamer"}}], [{"location": None}]])
def test_a_reservation_without_a_room_is_no_booking(facilities: Any) -> None:
    assert read_bookings(card(reservedFacilities=facilities), {}, DIALECT) == []


@pytest.mark.parametrize(
    "wrong",
    [{"status": "new in 2027"}, {"status": None}, {"id": None}, {"plannedStartDate": None}, {"plannedStartDate": "soon"},
     {"plannedEndDate": "2026-03-02T09:00:30Z"}, {"plannedEndDate": "2026-03-02T08:00:00Z"}, {"plannedStartDate": "2026-13-40T09:00:00Z"}],
)  # fmt: skip
def test_what_makes_no_sense_is_garbled(wrong: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        read(**wrong)


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000Z", "2026-03-02T09:00:00.000+0000", "2026-03-02T09:00:00+00:00", "2026-03-02T10:00:00.1234567+01:00",
     "2026-03-02T09:00Z", "2026-03-02T09:00:00", "2026-03-02 09:00:00", " 2026-03-02T04:00:00-0500 "],
)  # fmt: skip
def test_every_style_of_moments_is_read(text: str) -> None:
    assert read_moment(text) == START


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  Hypothesis wants naive bounds
def test_a_moment_survives_writing_and_reading(moment: datetime) -> None:
    assert read_moment(write_moment(moment)) == moment.replace(microsecond=0)


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_answer_is_a_booking_or_garbled_and_nothing_else(value: Any) -> None:
    for name in card():
        try:
            read_bookings(card(**{name: value}), {}, DIALECT)
        except Garbled:
            continue


def test_a_draft_becomes_the_body_of_a_create() -> None:
    draft = Draft(room_id="room-1", slot=Slot(START, START + timedelta(hours=1)), match_key=KEY, subject="Layoffs", private=True, attendees=0,
                  standing=Standing.REQUESTED, note="By Outlook")  # fmt: skip
    assert write_reservation(draft, "loc-1", "p-1", Dialect("optionalFields2.memo3", "x")) == {
        "requester": {"id": "p-1"}, "plannedStartDate": "2026-03-02T09:00:00Z", "plannedEndDate": "2026-03-02T10:00:00Z",
        "reservedFacilities": [{"location": {"id": "loc-1"}}], "briefDescription": "Private", "status": "request", "numberOfPersons": 0,
        "notes": "By Outlook", "optionalFields2": {"memo3": KEY},
    }  # fmt: skip


def test_a_path_may_lead_nowhere() -> None:
    for path in ("a", "a.b", "a.b.c"):
        assert value_at({"a": {"b": ""}} if path != "a" else {"a": None}, path) is None
