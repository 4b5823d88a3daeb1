"""What `drift` calls a difference, and what it only mentions."""

from collections.abc import Sequence

from factories import make_room, save_rooms, slot_at
from people import ALICE, BOB
from roombooker.domain.booking import Standing
from roombooker.domain.calendar import Listing
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.services.drift import DriftService
from roombooker.topdesk.calendar import _ROOMS_IN_A_QUERY
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


def test_with_no_room_switched_on_nothing_can_be_told(twin: Twin) -> None:
    """So it looks after a lost database: a monitor must not take it for sound."""
    for room in (twin.amber, twin.beryl):
        twin.change_room(room, enabled=False)
    report = drift(twin).compare()
    assert (report["in_step"], report["checked"]) == (None, 0)
    assert [one["room"] for one in report["unknown"]] == [""]
    assert "No room is switched on" in report["unknown"][0]["reason"]


def test_topdesk_is_never_read_for_rooms_that_are_not_asked_about(twin: Twin) -> None:
    """With more rooms in one question than fit into its address, all of TOPdesk would be read, once per question."""
    save_rooms(twin.database, *(make_room(f"Room{number:03}") for number in range(120)))
    asked: list[int] = []
    shown: list[tuple[int, int]] = []
    listing_all = twin.topdesk.listing_all

    def counted(some: Sequence[Room], window: Slot) -> list[Listing]:
        asked.append(len(some))
        return listing_all(some, window)

    twin.topdesk.listing_all = counted  # type: ignore[method-assign]
    report = drift(twin).compare(lambda done, whole: shown.append((done, whole)))
    assert report["in_step"] is True
    assert (sum(asked), max(asked) <= _ROOMS_IN_A_QUERY) == (122, True)
    assert (shown[0], shown[-1], len(shown)) == ((0, 122), (121, 122), 122)
