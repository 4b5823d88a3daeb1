"""Cancel, reject, approve, reschedule: what moves a reservation from one status or slot to another."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Blueprint, Response

from roombooker_sandbox.topdesk.answers import refuse, truth
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.conflicts import heal, settle
from roombooker_sandbox.topdesk.editing import look_up
from roombooker_sandbox.topdesk.inferred import CODE_NOT_ALLOWED
from roombooker_sandbox.topdesk.moments import minute_of
from roombooker_sandbox.topdesk.reservation import Reservation, save
from roombooker_sandbox.topdesk.reservations import known, touch
from roombooker_sandbox.topdesk.reserving import check_period, check_services
from roombooker_sandbox.topdesk.rules import why_not
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk


@dataclass
class Change:
    """A reservation under change inside one transaction; `answer` is made before the lock is given back."""

    db: sqlite3.Connection
    it: Reservation
    answer: Response = field(default_factory=lambda: Response(status=204))


@contextmanager
def changing(topdesk: Topdesk, identifier: str, action: str) -> Iterator[Change]:
    """Check that the action is allowed, let the caller change, save, heal what its old slot blocked, then fire the events."""
    with topdesk.world.store.transaction() as db:
        it = known(topdesk, db, identifier)
        allow(it, action)
        old = (it.rooms, it.start, it.end)
        change = Change(db, it)
        yield change
        touch(topdesk, it)
        save(db, it)
        healed = heal(db, *old, topdesk.now_s, topdesk.world.switches)
        if action != "cancel":  # which answers 204 without a body
            change.answer = topdesk.answer_reservation(db, next((h for h in healed if h.serial == it.serial), it))
    for one in (it, *healed):
        topdesk.events.changed(one.id)


def allow(it: Reservation, action: str) -> None:
    reason = why_not(action, it.status, archived=it.archived, issued=it.is_issued, services=it.has_services, series=it.series is not None)
    if reason:
        raise refuse(CODE_NOT_ALLOWED, reason, "status")


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    world = topdesk.world

    @blueprint.post(f"{API}/reservations/<identifier>/cancel")
    @needs(world, "reservations_write")
    def cancel(identifier: str) -> Response:
        """204 without a body; a second cancel is a 400, because the status no longer allows it."""
        with changing(topdesk, identifier, "cancel") as change:
            _reason(topdesk, change.db, "reservationCancellationReasons")
            check_services(topdesk, change.db, change.it, allow_passed=bool(truth("allowPassedLeadTimes")))
            change.it.status = "cancelled"
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/reject")
    @needs(world, "reservations_write")
    def reject(identifier: str) -> Response:
        with changing(topdesk, identifier, "reject") as change:
            _reason(topdesk, change.db, "reservationRejectionReasons")
            change.it.status = "rejectedRequest"
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/approve")
    @needs(world, "reservations_write")
    def approve(identifier: str) -> Response:
        with changing(topdesk, identifier, "approve") as change:
            change.it.status = "planned"
        return change.answer

    @blueprint.post(f"{API}/reservations/<identifier>/reschedule")
    @needs(world, "reservations_write")
    def reschedule(identifier: str) -> Response:
        """A side that is left out stays. Reserved services keep their offset to the start (inferred)."""
        with changing(topdesk, identifier, "reschedule") as change:
            it, body = change.it, Body()
            body.allow("plannedStartDate", "plannedEndDate")
            start, end = body.instant("plannedStartDate"), body.instant("plannedEndDate")
            body.finish()
            it.start = it.start if start is None else minute_of(start)
            it.end = it.end if end is None else minute_of(end)
            check_period(change.db, it)
            check_services(topdesk, change.db, it, allow_passed=bool(truth("allowPassedLeadTimes")))
            settle(change.db, it, world.switches)
        return change.answer


def _reason(topdesk: Topdesk, db: sqlite3.Connection, which: str) -> None:
    """The body may be left out only when a default reason is configured (a switch)."""
    body = Body(optional=True)
    if not body.value and not body.problems:
        if not topdesk.world.switches.default_cancel_reason:
            raise refuse("value_mandatory", "A reason is mandatory, no default reason is configured", "id", "name")
        return
    look_up(db, which, body)
    body.finish()
