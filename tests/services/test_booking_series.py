"""Series: one reservation per date, clashing dates reported one by one, the rest protected at once."""

from typing import Any

import pytest

from factories import booking_request, slot_at
from people import ALICE, BOB, caller
from roombooker.errors import InvalidInput, OutcomeUnknown, SlotTaken
from roombooker.store import links
from services.desk import Desk

ME = caller(ALICE)


def _weekly(count: int, **span: Any) -> dict[str, Any]:
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-11-24", "numberOfOccurrences": count, "recurrenceTimeZone": "Europe/Amsterdam"}
        | span,
    }


def _book(desk: Desk, recurrence: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return desk.bookings.book(ME, "key-series", booking_request(desk.amber, recurrence=recurrence))


def test_every_date_gets_a_reservation_and_a_key_of_its_own(desk: Desk) -> None:
    status, answer = _book(desk, _weekly(3))
    assert status == 201
    assert desk.live() == [slot_at(24 * 7 * week) for week in range(3)]
    assert len({room["match_key"] for room in answer["rooms"]}) == 3
    with desk.database.read() as session:
        rows = links.of_booking(session, answer["id"])
        assert [(row.series_id, row.original_start_at) for row in rows] == [(answer["id"], row.start_at) for row in rows]


def test_a_date_that_clashes_is_reported_and_the_others_stand(desk: Desk) -> None:
    desk.topdesk.book(desk.amber, slot_at(24 * 7), BOB)
    status, answer = _book(desk, _weekly(3))
    assert status == 201
    assert [room["state"] for room in answer["rooms"]] == ["awaiting_appointment", "refused", "awaiting_appointment"]
    assert answer["rooms"][1]["reason"]["code"] == "slot_taken"
    assert answer["rooms"][1]["start"] == "2026-12-01T09:00:00Z"
    assert len(desk.live()) == 3


def test_a_date_that_we_know_is_taken_costs_no_call(desk: Desk) -> None:
    desk.bookings.book(caller(BOB), "key-bob", booking_request(desk.amber, slot=slot_at(24 * 7), organizer=BOB))
    desk.topdesk.calls.clear()
    _, answer = _book(desk, _weekly(3))
    assert desk.topdesk.calls.count("create") == 2
    assert [room["state"] for room in answer["rooms"]] == ["awaiting_appointment", "refused", "awaiting_appointment"]


def test_a_series_of_which_no_date_is_free_is_taken(desk: Desk) -> None:
    desk.topdesk.book(desk.amber, slot_at(), BOB)
    desk.topdesk.book(desk.amber, slot_at(24 * 7), BOB)
    with pytest.raises(SlotTaken):
        _book(desk, _weekly(2))
    assert len(desk.live()) == 2


def test_a_series_costs_four_calls_and_two_per_date(desk: Desk) -> None:
    _book(desk, _weekly(20))
    assert len(desk.calls()) <= 4 + 2 * 20


def test_an_unknown_outcome_in_the_middle_is_finished_by_the_same_key(desk: Desk) -> None:
    desk.topdesk.fail("create", OutcomeUnknown("topdesk", "Lost."), nth=2, when="after")
    assert _book(desk, _weekly(3))[0] == 202
    assert _book(desk, _weekly(3))[0] == 201
    assert len(desk.live()) == 3


def test_a_series_that_takes_long_is_answered_and_finished_by_the_worker(desk: Desk) -> None:
    def slow(method: str) -> None:
        if method == "create":
            desk.clock.advance(desk.settings.hold / 90)  # twenty seconds

    desk.topdesk.on_call = slow
    status, answer = _book(desk, _weekly(4))
    assert (status, answer["state"]) == (202, "reserving")
    assert 0 < len(desk.live()) < 4
    desk.clock.advance(desk.settings.hold / 10)
    desk.bookings.finish_due()
    assert len(desk.live()) == 4


def test_a_wall_clock_time_is_kept_across_the_change_of_clocks(desk: Desk) -> None:
    weeks = 19  # to 30 March 2027, past the last Sunday of March
    _book(desk, _weekly(weeks))
    assert desk.live()[-2].start.hour == 9
    assert desk.live()[-1].start.hour == 8


def test_a_recurrence_that_makes_no_sense_is_named(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        _book(desk, _weekly(3, recurrenceTimeZone="Nowhere/Land"))
