"""Whose a booking is, and who may book for whom."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from roombooker.domain.booking import Side
from roombooker.domain.calendar import MeetingCalendar
from roombooker.domain.caller import Caller
from roombooker.errors import Denied, InProgress, NotAllowed, NotFound, SideError
from roombooker.settings import Settings
from roombooker.store import links, people
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

ADDRESSES_FRESH = timedelta(minutes=10)
_SPARED = timedelta(minutes=1)  # a directory that is away is not waited for at each look at one's bookings
_MOST_REMEMBERED = 10_000


class Ownership:
    def __init__(self, *, database: Database, meetings: MeetingCalendar, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._meetings = meetings
        self._settings = settings
        self._clock = clock
        self._asked_in_vain: dict[str, datetime] = {}  # caller -> when to ask again

    def check_organizer(self, caller: Caller, organizer: str) -> None:
        """Only for oneself, by any of the addresses that the directory knows; NotAllowed otherwise.

        The sign-in name needs no look-up, which spares most bookings one call."""
        if self._settings.on_behalf == "anyone" or organizer == caller.email:
            return
        kept = self._kept(caller)
        known = kept[0] if kept is not None and self._is_fresh(kept[1]) else self._look_up(caller)
        if organizer not in known:
            raise NotAllowed("You can book for yourself only; the organizer is somebody else.")

    def check_owner(self, caller: Caller, booking_id: str) -> None:
        """NotFound for what is not there, and for what is somebody else's. The directory is asked only about what the caller did not book
        through us."""
        with self._database.read() as session:
            rows = links.of_booking(session, booking_id)
        if any(row.caller == caller.key for row in rows):
            return
        organizers = {row.organizer_email for row in rows} - {None}
        if not organizers or not organizers & self.addresses(caller):
            raise NotFound("There is no such booking.")

    def addresses(self, caller: Caller) -> frozenset[str]:
        """What is booked for one of these is the caller's. The directory is asked by who they are (oid), at most once in ten minutes: a
        sign-in name need not be an address of theirs, and may be somebody's who had it before. While the directory is away counts
        what it said last; where it never said anything, nothing does, and they see what they have booked through us."""
        kept, now = self._kept(caller), self._clock()
        if kept is not None and self._is_fresh(kept[1]):
            return kept[0]
        if self._asked_in_vain.get(caller.key, now) <= now:
            try:
                return self._look_up(caller)
            except SideError:
                if len(self._asked_in_vain) >= _MOST_REMEMBERED:
                    self._asked_in_vain.clear()
                self._asked_in_vain[caller.key] = now + _SPARED
        return kept[0] if kept is not None else frozenset()

    def _kept(self, caller: Caller) -> tuple[frozenset[str], datetime] | None:
        with self._database.read() as session:
            return people.addresses(session, caller.key)

    def _is_fresh(self, at: datetime) -> bool:
        return at >= self._clock() - ADDRESSES_FRESH

    def _look_up(self, caller: Caller) -> frozenset[str]:
        try:
            person = self._meetings.person(caller.oid)
            found = person.addresses if person else frozenset()
        except Denied:  # without User.Read.All the sign-in name is all that there is
            found = frozenset({caller.email} if caller.email else ())
        with self._database.write() as session:
            people.keep_addresses(session, caller.key, found, at=self._clock())
        return found


def standing(rows: Sequence[LinkRow]) -> list[LinkRow]:
    """Those that can be changed: NotFound where all have ended, InProgress where one is being worked on."""
    alive = [row for row in rows if row.state not in links.ENDED]
    if not alive:
        raise NotFound("This booking has ended.")
    if any(row.state in ("reserving", "releasing") or not any(s.side == Side.TOPDESK for s in row.sides) for row in alive):
        raise InProgress("This booking is being worked on; ask again in a moment.")
    return alive
