"""Whose a booking is: by who somebody is and by the addresses that the directory knows of them, never by a sign-in name alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.domain.booking import Person
from roombooker.domain.caller import Caller
from roombooker.errors import Denied, NotAllowed, NotFound, Unavailable
from services.twin import Twin

ALICE_SIGNS_IN_AS = "p12345@contoso.example"
ALICE_NOW = replace(caller(ALICE), email=ALICE_SIGNS_IN_AS)


def _by_phone(twin: Twin, organizer: Person = ALICE, hour: float = 0) -> None:
    twin.exchange.invite(twin.amber, slot_at(hour), organizer)
    twin.follow()


def _ids(twin: Twin, who: Caller) -> list[str]:
    return [booking["id"] for booking in twin.bookings.mine(who)]


def _looks(twin: Twin) -> int:
    return twin.exchange.calls.count("person")


def test_bookings_from_the_phone_are_ones_own_whatever_the_sign_in_name(twin: Twin) -> None:
    _by_phone(twin)
    (booking_id,) = _ids(twin, ALICE_NOW)
    assert twin.bookings.one(ALICE_NOW, booking_id)["id"] == booking_id
    status, _ = twin.bookings.cancel(ALICE_NOW, "key-1", booking_id)
    assert status == 200


def test_an_alias_is_ones_own_too(twin: Twin) -> None:
    _by_phone(twin, Person("a.jansen@contoso.example"))
    assert len(_ids(twin, ALICE_NOW)) == 1


def test_a_sign_in_name_that_was_somebody_elses_shows_nothing_of_theirs(twin: Twin) -> None:
    _by_phone(twin, BOB)
    heir = replace(caller(ALICE), email=BOB.email)
    assert _ids(twin, heir) == []
    (his,) = _ids(twin, caller(BOB))
    for act in (
        lambda: twin.bookings.one(heir, his), lambda: twin.bookings.cancel(heir, "key-1", his), lambda: twin.bookings.extend_hold(heir, his),
        lambda: twin.bookings.move(heir, "key-2", his, {"start": slot_at(3).start, "end": slot_at(3).end}),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            act()
    assert len(twin.reservations()) == 1


def test_the_directory_is_asked_once_in_ten_minutes(twin: Twin) -> None:
    _by_phone(twin)
    before = _looks(twin)
    for _ in range(5):
        twin.bookings.mine(ALICE_NOW)
        twin.later(minutes=1)
    assert _looks(twin) - before == 1
    twin.later(minutes=10)
    twin.bookings.mine(ALICE_NOW)
    assert _looks(twin) - before == 2


def test_booking_and_cancelling_what_one_booked_oneself_asks_nobody(twin: Twin) -> None:
    me = caller(ALICE)
    _, booked = twin.bookings.book(me, "key-1", booking_request(twin.amber))
    twin.bookings.one(me, booked["id"])
    twin.bookings.cancel(me, "key-2", booked["id"])
    assert _looks(twin) == 0


def test_while_the_directory_is_away_what_it_said_last_counts(twin: Twin) -> None:
    _by_phone(twin)
    _ids(twin, ALICE_NOW)
    twin.later(minutes=30)
    twin.exchange.fail("person", Unavailable("exchange", "Away."), times=100)
    assert len(_ids(twin, ALICE_NOW)) == 1


def test_where_it_never_said_anything_only_what_was_booked_here_is_shown(twin: Twin) -> None:
    _by_phone(twin)
    me = caller(ALICE)
    twin.exchange.fail("person", Unavailable("exchange", "Away."), times=1)
    _, booked = twin.bookings.book(me, "key-1", booking_request(twin.amber, slot=slot_at(3)))
    assert _ids(twin, me) == [booked["id"]]
    twin.later(minutes=2)
    assert len(_ids(twin, me)) == 2, "it is back"


def test_a_directory_that_is_away_is_not_waited_for_at_each_look(twin: Twin) -> None:
    twin.exchange.fail("person", Unavailable("exchange", "Away."), times=100)
    before = _looks(twin)
    for _ in range(5):
        twin.bookings.mine(ALICE_NOW)
        twin.later(seconds=10)
    assert _looks(twin) - before == 1
    with pytest.raises(Unavailable):
        twin.bookings.book(ALICE_NOW, "key-1", booking_request(twin.amber))


def test_without_the_right_to_ask_the_sign_in_name_is_all_there_is(twin: Twin) -> None:
    _by_phone(twin)
    twin.exchange.fail("person", Denied("exchange", "No right.", right="User.Read.All"), times=100)
    assert len(_ids(twin, caller(ALICE))) == 1
    twin.later(minutes=11)
    assert _ids(twin, ALICE_NOW) == []


def test_an_address_that_was_taken_away_is_ones_own_no_longer(twin: Twin) -> None:
    _by_phone(twin)
    _ids(twin, ALICE_NOW)
    twin.exchange.directory = [Person("new@contoso.example", aliases=frozenset({ALICE_NOW.oid}))]
    assert len(_ids(twin, ALICE_NOW)) == 1
    twin.later(seconds=timedelta(minutes=10).total_seconds() + 1)
    assert _ids(twin, ALICE_NOW) == []


@pytest.mark.parametrize("organizer", [BOB.email, "stranger@contoso.example"])
def test_booking_for_an_address_that_is_not_ones_own_stays_forbidden(twin: Twin, organizer: Any) -> None:
    with pytest.raises(NotAllowed):
        twin.bookings.book(ALICE_NOW, "key-1", booking_request(twin.amber, organizer=Person(organizer)))
