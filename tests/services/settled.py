"""Settling a work item as Carol would, and what its tests look at."""

from typing import Any

from people import ALICE, BOB, CAROL, caller
from roombooker.domain.booking import Booking
from roombooker.domain.slot import Slot
from roombooker.services.worklist import WorkList
from services.twin import Twin

Sides = tuple[list[tuple[Slot, str]], list[tuple[Slot, str]]]
A, B = ALICE.email, BOB.email


def work_list(twin: Twin) -> WorkList:
    return WorkList(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock,
                    hold=twin.settings.hold)  # fmt: skip


def the_item(twin: Twin, kind: str) -> dict[str, Any]:
    (item,) = work_list(twin).listed()
    assert item["kind"] == kind
    return item


def settle(twin: Twin, kind: str, action: str, candidate: str | None = None) -> dict[str, Any]:
    """As Carol chooses; then everything is looked at once more."""
    item = the_item(twin, kind)
    work_list(twin).settle(caller(CAROL), item["id"], action, candidate)
    twin.sweep()
    return work_list(twin).one(item["id"])


def both(twin: Twin) -> Sides:
    """(slot, organizer's address) of what lives in TOPdesk and in Exchange."""
    return _whose(twin.reservations()), _whose(twin.meetings())


def _whose(found: list[Booking]) -> list[tuple[Slot, str]]:
    return [(b.slot, b.organizer.email if b.organizer else "") for b in found]


def is_settled(twin: Twin, item: dict[str, Any]) -> bool:
    """By Carol, nothing else is open, and another look finds nothing to do."""
    return item["settled_by"] == CAROL.email and item["actions"] == [] and work_list(twin).listed() == [] and twin.is_quiet()
