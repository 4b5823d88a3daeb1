"""Whose a booking is, and who may book for whom."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from roombooker.domain.booking import Side
from roombooker.domain.calendar import MeetingCalendar
from roombooker.domain.caller import Caller
from roombooker.errors import Denied, InProgress, NotAllowed, NotFound
from roombooker.settings import Settings
from roombooker.store import links, people
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

ADDRESSES_FRESH = timedelta(minutes=10)


class Ownership:
    def __init__(self, *, database: Database, meetings: MeetingCalendar, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._meetings = meetings
        self._settings = settings
        self._clock = clock

    def check_organizer(self, caller: Caller, organizer: str) -> None:
        """Only for oneself, by any of the addresses that the directory knows; NotAllowed otherwise.

        The sign-in name needs no look-up, which spares most bookings one call."""
        if self._settings.on_behalf == "anyone" or organizer == caller.email:
            return
        now = self._clock()
        with self._database.read() as session:
            known = people.addresses(session, caller.key, since=now - ADDRESSES_FRESH)
        if known is None:
            known = self._directory_addresses(caller)
            with self._database.write() as session:
                people.keep_addresses(session, caller.key, known, at=now)
        if organizer not in known:
            raise NotAllowed("You can book for yourself only; the organizer is somebody else.")

    def _directory_addresses(self, caller: Caller) -> frozenset[str]:
        try:
            person = self._meetings.person(caller.oid)
        except Denied:
            return frozenset()  # without User.Read.All only the sign-in name is known
        return person.addresses if person else frozenset()


def rows_of(session: Session, caller: Caller, booking_id: str) -> list[LinkRow]:
    """NotFound for what is not there, and for what is somebody else's."""
    rows = links.of_booking(session, booking_id)
    if not any(row.caller == caller.key or (caller.email and row.organizer_email == caller.email) for row in rows):
        raise NotFound("There is no such booking.")
    return rows


def standing(rows: Sequence[LinkRow]) -> list[LinkRow]:
    """Those that can be changed: NotFound where all have ended, InProgress where one is being worked on."""
    alive = [row for row in rows if row.state not in links.ENDED]
    if not alive:
        raise NotFound("This booking has ended.")
    if any(row.state in ("reserving", "releasing") or not any(s.side == Side.TOPDESK for s in row.sides) for row in alive):
        raise InProgress("This booking is being worked on; ask again in a moment.")
    return alive
