"""`roombooker doctor`: tests each connection, right and setting, and says of each fault what to do."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, Garbled, NotFound, Refused, RoomBookerError, Unavailable
from roombooker.services.inbox import HOOK_ACCEPTED, HOOK_REFUSED
from roombooker.settings import Settings
from roombooker.store import rooms
from roombooker.store.db import Database
from roombooker.store.models import CursorRow


class TopdeskProbe(Protocol):
    """One question each; raises what is missing."""

    def version(self) -> str: ...
    def read_reservations(self) -> None: ...
    def write_reservations(self) -> None: ...
    def read_locations(self) -> None: ...
    def branches(self) -> dict[str, str]: ...
    def read_persons(self) -> None: ...
    def cancellation_reasons(self) -> list[str]: ...
    def rejection_reasons(self) -> list[str]: ...
    def match_field(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Check:
    check: str
    ok: bool
    fault: str | None = None
    advice: str | None = None


class _Found(Exception):
    def __init__(self, fault: str, advice: str) -> None:
        super().__init__(fault)
        self.fault = fault
        self.advice = advice


class Doctor:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, probe: TopdeskProbe, settings: Settings,
                 clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._probe = probe
        self._settings = settings
        self._clock = clock

    def examine(self) -> dict[str, Any]:
        """{"ok", "checks": [{"check", "ok", "fault", "advice"}]}; never raises for what it is there to find."""
        checks = list(self._checks())
        return {
            "ok": all(c.ok for c in checks),
            "checks": [{"check": c.check, "ok": c.ok, "fault": c.fault, "advice": c.advice} for c in checks],
        }

    def _checks(self) -> Iterator[Check]:
        reachable = yield from self._ask("TOPdesk answers and knows us", self._topdesk)
        if reachable:
            yield from self._ask("TOPdesk: reservations may be read", lambda: self._right("reservations", self._probe.read_reservations))
            yield from self._ask(
                "TOPdesk: reservations may be made",
                lambda: self._right("reservations_write", self._probe.write_reservations, to="make and change reservations"),
            )
            yield from self._ask("TOPdesk: locations may be read", lambda: self._right("locations", self._probe.read_locations))
            yield from self._ask("TOPdesk: persons may be read", lambda: self._right("persons", self._probe.read_persons))
            yield from self._ask(
                "TOPdesk: cancellation reasons may be read", lambda: self._right("cancellation_reasons", self._probe.cancellation_reasons)
            )
            yield from self._ask(
                "TOPdesk: rejection reasons may be read", lambda: self._right("rejection_reasons", self._probe.rejection_reasons)
            )
            yield from self._ask("TOPdesk: the match field can be searched", self._match_field)
            yield from self._ask("TOPdesk: the person account is there", self._person_account)
            yield from self._ask(
                "TOPdesk: the person groups that rooms are kept for may be read", lambda: self._right("person_groups", self._person_groups)
            )
            yield from self._ask("TOPdesk: every paired location is visible", self._locations)
        yield from self._ask("TOPdesk: the application password is not about to expire", self._expiry)
        yield from self._ask("TOPdesk's notices bring the right secret", self._hooks)
        if (yield from self._ask("Microsoft Graph: places may be read", self._places)):
            yield from self._ask("Exchange: every paired room mailbox is within our rights", self._mailboxes)
            yield from self._ask("Microsoft Graph: people's addresses may be read", self._people)

    def _ask(self, name: str, question: Callable[[], object]) -> Generator[Check, None, bool]:
        """Yields the check; its value tells the caller whether it went well."""
        try:
            question()
        except _Found as found:
            yield Check(name, ok=False, fault=found.fault, advice=found.advice)
            return False
        except RoomBookerError as error:
            yield Check(name, ok=False, fault=error.code, advice=error.message)
            return False
        yield Check(name, ok=True)
        return True

    def _topdesk(self) -> None:
        try:
            self._probe.version()
        except Unavailable as error:
            if error.status_code is None:
                raise _Found(
                    "port_closed",
                    f"Nothing answers at ROOMBOOKER_TOPDESK_URL ({self._settings.topdesk_url}): check the address, its port and the firewall between us.",
                ) from error
            raise
        except (NotFound, Garbled) as error:
            raise _Found(
                "url_wrong", f"There is no TOPdesk at ROOMBOOKER_TOPDESK_URL ({self._settings.topdesk_url}): {error.message}"
            ) from error
        except Denied as error:
            raise self._password(error) from error

    def _password(self, error: Denied) -> _Found:
        """TOPdesk answers 401 to a wrong and to an expired password alike."""
        if error.status_code == 403:
            return _Found(
                "right_missing:rest_api",
                "Give the operator's permission group the rights 'REST API' (read) and 'Use application passwords' (write).",
            )
        expires_on = self._settings.topdesk_password_expires_on
        if expires_on is not None and expires_on <= self._today():
            return _Found(
                "password_expired",
                f"The application password expired on {expires_on}: make a new one in TOPdesk and set ROOMBOOKER_TOPDESK_PASSWORD.",
            )
        return _Found(
            "password_wrong",
            "TOPdesk does not accept ROOMBOOKER_TOPDESK_USERNAME with ROOMBOOKER_TOPDESK_PASSWORD: it must be an application password of that operator (it may also have expired).",
        )

    def _right(self, right: str, question: Callable[[], object], *, to: str = "") -> None:
        try:
            question()
        except Denied as error:
            raise _Found(
                f"right_missing:{right}",
                f"Give the operator's permission group the right to {to or 'read ' + right.replace('_', ' ')} in TOPdesk. ({error.message})",
            ) from error

    def _match_field(self) -> None:
        try:
            self._probe.match_field()
        except Refused as error:
            raise _Found(
                "match_field_hidden",
                f"TOPdesk cannot search reservations by {self._settings.topdesk_match_field}: show that field on the reservation card, or set ROOMBOOKER_TOPDESK_MATCH_FIELD to another text field.",
            ) from error

    def _person_account(self) -> None:
        if self._facilities.person_account() is None:
            raise _Found(
                "person_account_missing",
                f"There is no active TOPdesk person {self._settings.topdesk_person!r}: make one, or set ROOMBOOKER_TOPDESK_PERSON to its id or e-mail.",
            )

    def _person_groups(self) -> None:
        with self._database.read() as session:
            is_needed = any(room.person_group for room in rooms.every(session, enabled_only=True))
        account = self._facilities.person_account() if is_needed else None
        if account is not None:
            self._facilities.person_groups(account.id)

    def _locations(self) -> None:
        with self._database.read() as session:
            paired = rooms.every(session)
        if not paired:
            return
        visible = {location.id for location in self._facilities.locations()}
        hidden = [room for room in paired if room.location_id not in visible]
        if not hidden:
            return
        branches = self._probe.branches()
        names = ", ".join(room.name for room in hidden[:5]) + (" …" if len(hidden) > 5 else "")
        lost = {room.branch_id for room in hidden if room.branch_id and room.branch_id not in branches}
        if lost:
            raise _Found(
                "branch_hidden",
                f"A branch filter hides {len(lost)} branch(es) from our operator, so {names} cannot be seen: widen the operator's branch filter.",
            )
        raise _Found(
            "room_type_missing",
            f"TOPdesk does not show {names} to our operator: a category filter hides their room type, or the locations were archived.",
        )

    def _expiry(self) -> None:
        expires_on = self._settings.topdesk_password_expires_on
        if expires_on is not None and expires_on <= self._today():
            raise _Found(
                "password_expired",
                f"The application password expired on {expires_on}: make a new one in TOPdesk and set ROOMBOOKER_TOPDESK_PASSWORD.",
            )

    def _hooks(self) -> None:
        with self._database.read() as session:
            found = session.execute(select(CursorRow.name, CursorRow.read_at).where(CursorRow.name.in_([HOOK_REFUSED, HOOK_ACCEPTED])))
            read_at = {name: at for name, at in found}  # noqa: C416  rows are no pairs to the type checker
        refused, accepted = read_at.get(HOOK_REFUSED), read_at.get(HOOK_ACCEPTED)
        if refused is not None and (accepted is None or accepted < refused):
            raise _Found(
                "hook_secret_wrong",
                "Notices arrive at /hooks/topdesk with another secret than ROOMBOOKER_TOPDESK_HOOK_SECRET: set the same one in TOPdesk's action sequence (variable HookSecret).",
            )

    def _places(self) -> None:
        try:
            self._meetings.places()
        except Unavailable as error:
            if error.status_code is None:
                raise _Found(
                    "port_closed",
                    f"Microsoft Graph or Entra does not answer ({self._settings.graph_url}): check the addresses and the firewall.",
                ) from error
            raise
        except Denied as error:
            if error.side == "entra":
                raise _Found("client_secret_wrong", error.message) from error
            raise _Found(
                "right_missing:Place.Read.All", "Grant the application permission Place.Read.All and give admin consent."
            ) from error

    def _mailboxes(self) -> None:
        with self._database.read() as session:
            paired = rooms.every(session, enabled_only=True)
        now = self._clock()
        hour = Slot(now, now + timedelta(hours=1))
        outside = []
        for room in paired:
            try:
                self._meetings.listing(room, hour)
            except (Denied, NotFound):
                outside.append(room.mailbox)
        if outside:
            names = ", ".join(outside[:5]) + (" …" if len(outside) > 5 else "")
            raise _Found(
                "mailbox_out_of_scope",
                f"Exchange does not let us read {names}: put the mailbox into the management scope of our role assignment (RBAC for Applications), and check that it still exists.",
            )

    def _people(self) -> None:
        try:
            self._meetings.person(self._settings.topdesk_person)
        except Denied as error:
            raise _Found(
                "right_missing:User.Read.All",
                "Grant User.Read.All: without it only a caller's sign-in name is known, not their other addresses.",
            ) from error
        except NotFound:
            return

    def _today(self) -> date:
        return self._clock().date()
