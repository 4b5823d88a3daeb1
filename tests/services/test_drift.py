"""What `drift` calls a difference, and what it only mentions."""

from factories import slot_at
from people import ALICE, BOB
from roombooker.domain.booking import Standing
from roombooker.services.drift import DriftService
from services.twin import Twin


def drift(twin: Twin) -> DriftService:
    return DriftService(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, settings=twin.settings, clock=twin.clock)


def test_a_reservation_that_topdesk_marks_is_mentioned_but_both_sides_are_one(twin: Twin) -> None:
    """Found by chaos, seed 1: an operator's reservation met another one's set-up time, and drift could never be 0 again."""
    twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.sweep()
    twin.topdesk.edit(twin.reservations()[0].ref, standing=Standing.CONFLICTING)
    report = drift(twin).compare()
    assert (report["in_step"], report["differences"]) == (True, [])
    assert [c["topdesk"]["standing"] for c in report["conflicting"]] == ["conflicting"]


def test_two_in_one_slot_are_a_difference(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.topdesk.conflict_mode = "silent"
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.sweep()
    report = drift(twin).compare()
    assert report["in_step"] is False
    assert {d["kind"] for d in report["differences"]} == {"overlap", "only_in_topdesk"}
