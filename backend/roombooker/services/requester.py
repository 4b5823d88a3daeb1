"""Who is requester of a reservation: the organizer's TOPdesk person, or else the person account; looked up once in ten minutes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from roombooker.domain.booking import Person
from roombooker.domain.calendar import Facilities
from roombooker.errors import Refused
from roombooker.settings import Settings
from roombooker.store import people
from roombooker.store.db import Database

FRESH = timedelta(minutes=10)


class Requesters:
    def __init__(self, *, database: Database, facilities: Facilities, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._facilities = facilities
        self._settings = settings
        self._clock = clock

    def requester_id(self, organizer: Person | None) -> str:
        """TOPdesk's id of the requester; Refused where not even the person account is there."""
        if organizer is not None and self._settings.topdesk_requester == "organizer":
            found = self._by_email(organizer.email)
            if found is not None:
                return found
        return self._account()

    def account_id(self) -> str:
        return self._account()

    def _by_email(self, email: str) -> str | None:
        known, found = self._kept(email)
        if known:
            return found
        card = self._facilities.person_by_email(email)
        self._keep(email, card.id if card else None, card.person.name if card else "")
        return card.id if card else None

    def _account(self) -> str:
        key = f"account:{self._settings.topdesk_person}"[:320]
        known, found = self._kept(key)
        if known and found is not None:
            return found
        card = self._facilities.person_account()
        if card is None:
            raise Refused(
                "topdesk", "TOPdesk has no person account for Room Booker, so nobody can be the requester; tell your administrator."
            )
        self._keep(key, card.id, "")
        return card.id

    def _kept(self, key: str) -> tuple[bool, str | None]:
        with self._database.read() as session:
            return people.requester(session, key, since=self._clock() - FRESH)

    def _keep(self, key: str, topdesk_id: str | None, name: str) -> None:
        with self._database.write() as session:
            people.keep_requester(session, key, topdesk_id, name=name, at=self._clock())
