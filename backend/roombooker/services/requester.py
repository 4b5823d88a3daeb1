"""Who is requester of a reservation: the organizer's TOPdesk person, or else the person account; looked up once in ten minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from roombooker.domain.booking import Person
from roombooker.domain.calendar import Facilities
from roombooker.errors import Refused
from roombooker.settings import Settings
from roombooker.store import people
from roombooker.store.db import Database

FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What TOPdesk said of a person (`key`: their address) or of the account; no id: there is no card."""

    key: str
    topdesk_id: str | None
    name: str


class Requesters:
    def __init__(self, *, database: Database, facilities: Facilities, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._facilities = facilities
        self._settings = settings
        self._clock = clock

    def requester_id(self, organizer: Person | None) -> str:
        """TOPdesk's id of the requester; Refused where not even the person account is there."""
        found, looked_up = self.find(organizer)
        if looked_up is not None:
            self._keep(looked_up)
        return found

    def find(self, organizer: Person | None) -> tuple[str, LookedUp | None]:
        """As `requester_id`, and what the caller is to keep in a commit of its own, if TOPdesk was asked. Where the organizer has no card
        it is the account's answer that is told here; theirs is kept at once."""
        if organizer is not None and self._settings.topdesk_requester == "organizer":
            known, found = self._kept(organizer.email)
            if found is not None:
                return found, None
            if not known:
                card = self._facilities.person_by_email(organizer.email)
                looked_up = LookedUp(organizer.email, card.id if card else None, card.person.name if card else "")
                if card is not None:
                    return card.id, looked_up
                self._keep(looked_up)
        return self._account()

    def person_id(self, email: str) -> str | None:
        """TOPdesk's id of that person; None where there is no card."""
        known, found = self._kept(email)
        if known:
            return found
        card = self._facilities.person_by_email(email)
        self._keep(LookedUp(email, card.id if card else None, card.person.name if card else ""))
        return card.id if card else None

    def account_id(self) -> str:
        found, looked_up = self._account()
        if looked_up is not None:
            self._keep(looked_up)
        return found

    def _account(self) -> tuple[str, LookedUp | None]:
        key = f"account:{self._settings.topdesk_person}"[:320]
        known, found = self._kept(key)
        if known and found is not None:
            return found, None
        card = self._facilities.person_account()
        if card is None:
            raise Refused(
                "topdesk", "TOPdesk has no person account for Room Booker, so nobody can be the requester; tell your administrator."
            )
        return card.id, LookedUp(key, card.id, "")

    def _kept(self, key: str) -> tuple[bool, str | None]:
        with self._database.read() as session:
            return people.requester(session, key, since=self._clock() - FRESH)

    def _keep(self, looked_up: LookedUp) -> None:
        with self._database.write() as session:
            people.keep_requester(session, looked_up.key, looked_up.topdesk_id, name=looked_up.name, at=self._clock())
