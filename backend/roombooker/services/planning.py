"""From a reading to a plan: the rules that hold at this moment, and all that is known of who is who."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from roombooker.domain.actions import Action
from roombooker.domain.addresses import unsure
from roombooker.domain.calendar import MeetingCalendar
from roombooker.domain.plan import Rules, plan
from roombooker.domain.slot import Slot
from roombooker.services.addresses import Addresses
from roombooker.services.reading import Reading
from roombooker.services.rules import rules_for
from roombooker.settings import Settings
from roombooker.store import loading
from roombooker.store.db import Database

FIRST_LOADS = ("going live", "preview", "rebuild")  # causes
_PAD = timedelta(hours=1)  # that a pass may take


class Planner:
    def __init__(self, *, database: Database, meetings: MeetingCalendar, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._addresses = Addresses(database=database, meetings=meetings, clock=clock)
        self._settings = settings
        self._clock = clock

    def rules(self, reading: Reading, cause: str) -> Rules:
        """Until a room is loaded, whoever looks at it (a sweep, a notice) finds what was there before it came on."""
        now = self._clock()
        is_first_load = cause in FIRST_LOADS
        if not is_first_load:
            with self._database.read() as session:
                is_first_load = loading.is_on(session, reading.room.id, now)
        rules = rules_for(reading.room, self._settings, now, reading.live_keys)
        return replace(rules, windows=reading.windows, is_first_load=is_first_load)

    def plan(self, reading: Reading, rules: Rules) -> tuple[Action, ...]:
        """The same person may go by one address in TOPdesk and by another one in Exchange."""
        asked = unsure(reading.links, reading.topdesk, reading.exchange, rules)
        exchange = replace(reading.exchange, bookings=self._addresses.fill(reading.exchange.bookings, asked)) if asked else reading.exchange
        return plan(reading.links, reading.topdesk, exchange, rules)

    def conclude(self, session: Session, reading: Reading, cause: str) -> None:
        """A first load that saw all of the room, and left nothing to be tried again, is over."""
        now = self._clock()
        ahead = Slot(now, now + self._settings.horizon - _PAD)
        if cause in FIRST_LOADS and any(window.contains(ahead) for window in reading.windows):
            loading.end(session, [reading.room.id])
