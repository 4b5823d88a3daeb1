"""TOPdesk's persons, locations and branches."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from roombooker.domain.booking import Person
from roombooker.domain.calendar import Location, PersonCard
from roombooker.errors import NotFound, Refused
from roombooker.settings import Settings
from roombooker.topdesk import fiql
from roombooker.topdesk.client import TopdeskClient
from roombooker.topdesk.mapping import value_at

PERSONS, LOCATIONS, BRANCHES = "Persons: read", "Locations: read", "Branches: read"
GROUPS = "Person groups: read"
_V2_LIST = "application/x.topdesk-collection-person-v2+json"
_V2_GROUPS = "application/x.topdesk-collection-person-group-v2+json"
_V2_ONE = "application/x.topdesk-person-v2+json"
_PERSON_FIELDS = "id,dynamicName,email,archived"
_MOST_GROUPS = 5000
_TEN_MINUTES, _HOUR = 600.0, 3600.0


class Directory:
    def __init__(self, client: TopdeskClient, settings: Settings) -> None:
        self._client = client
        self._account = settings.topdesk_person
        self._mailbox_field = settings.topdesk_mailbox_field

    def person_by_email(self, email: str) -> PersonCard | None:
        """Compared without regard to case: asked as given, then in lower case, since TOPdesk's own comparison depends on its database."""
        for spelling in dict.fromkeys((email.strip(), email.strip().lower())):
            found = [c for c in self._persons(spelling) if str(value_at(c, "email") or "").strip().lower() == email.strip().lower()]
            if found:
                return _person(min(found, key=lambda c: str(c.get("id"))))
        return None

    def person_groups(self, person_id: str) -> frozenset[str]:
        """A room names its group by both; the most that a page holds is asked for, since nobody is in more groups."""
        params = {"query": fiql.equals("archived", value=False), "fields": "id,name", "pageSize": _MOST_GROUPS}
        answer = self._client.call(
            "GET", "/persons/{id}/persongroups", at={"id": person_id}, params=params, right=GROUPS, accept=_V2_GROUPS
        )
        cards = answer.records("item")
        return frozenset(str(card[name]) for card in cards for name in ("id", "name") if card.get(name))

    def person_account(self) -> PersonCard | None:
        """By id or e-mail, as the setting has it; kept for ten minutes."""
        card = self._client.kept("person account", _TEN_MINUTES, self._read_account)
        return card if isinstance(card, PersonCard) else None

    def locations(self, branch: str | None = None, room_type: str | None = None) -> list[Location]:
        """Reservable locations and archived ones, of one branch and one type (each an id or a name) where these are given."""
        query = fiql.all_of(
            fiql.equals("reservationManagement.reservable", value=True),
            _by_id_or_name("branch", branch) if branch else "",
            _by_id_or_name("type", room_type) if room_type else "",
        )
        tab = self._mailbox_field.partition(".")[0]
        fields = f"id,name,roomNumber,status,branch,type,buildingZone,capacity,reservationManagement,{tab}"
        cards = self._client.call("GET", "/locations", params={"query": query, "$fields": fields}, right=LOCATIONS).records()
        zones = self._time_zones()
        return [_location(card, self._mailbox_field, zones) for card in cards if value_at(card, "id")]

    def _time_zones(self) -> dict[str, str]:
        """Branch id -> IANA name; TOPdesk has these per branch alone."""

        def read() -> dict[str, str]:
            cards = self._client.call("GET", "/branches", params={"$fields": "id,name,timeZone"}, right=BRANCHES).records()
            return {str(c["id"]): str(c.get("timeZone") or "") for c in cards if value_at(c, "id")}

        found: dict[str, str] = self._client.kept("time zones", _HOUR, read)
        return found

    def _persons(self, email: str) -> list[dict[str, Any]]:
        """Unarchived cards with that address. A TOPdesk without version 2 answers 406 and gets the question in version 1."""
        by_email = fiql.equals("email", email)
        if not self._is_old():
            query = fiql.all_of(by_email, fiql.equals("archived", value=False))
            params = {"query": query, "fields": _PERSON_FIELDS, "pageSize": 10}
            try:
                answer = self._client.call("GET", "/persons", params=params, right=PERSONS, accept=_V2_LIST)
                return [c for c in answer.records("item") if c.get("archived") is not True]
            except Refused as refused:
                if refused.status_code != 406:
                    raise
                self._remember_old()
        # Version 1 has no `archived`: `status` is "person" for an active card.
        params = {"query": by_email, "$fields": "id,dynamicName,email,status", "page_size": 10}
        cards = self._client.call("GET", "/persons", params=params, right=PERSONS).records()
        return [c for c in cards if c.get("status") in (None, "", "person")]

    def _read_account(self) -> PersonCard | None:
        try:
            ident = str(UUID(self._account))
        except ValueError:
            return self.person_by_email(self._account)
        try:
            if not self._is_old():
                try:
                    params = {"fields": _PERSON_FIELDS}
                    card = self._client.call(
                        "GET", "/persons/{id}", at={"id": ident}, params=params, right=PERSONS, accept=_V2_ONE
                    ).record()
                    return None if card.get("archived") is True else _person(card)
                except Refused as refused:
                    if refused.status_code != 406:
                        raise
                    self._remember_old()
            card = self._client.call("GET", "/persons/id/{id}", at={"id": ident}, right=PERSONS).record()
            return _person(card) if card.get("status") in (None, "", "person") else None
        except NotFound:
            return None

    def _is_old(self) -> bool:
        return bool(self._client.kept("persons v1 only", _HOUR, lambda: False))

    def _remember_old(self) -> None:
        self._client.keep("persons v1 only", value=True)


def _by_id_or_name(field: str, value: str) -> str:
    try:
        return fiql.equals(f"{field}.id", str(UUID(value)))
    except ValueError:
        return fiql.equals(f"{field}.name", value)


def _person(card: Mapping[str, Any]) -> PersonCard:
    return PersonCard(str(card["id"]), Person(str(value_at(card, "email") or ""), str(value_at(card, "dynamicName") or "")))


def _group(card: Mapping[str, Any]) -> str | None:
    """By name, which people know; by id where TOPdesk leaves the name out."""
    group = "reservationManagement.reservableByPersonGroup"
    return value_at(card, f"{group}.name") or value_at(card, f"{group}.id") or None


def _location(card: Mapping[str, Any], mailbox_field: str, zones: Mapping[str, str]) -> Location:
    capacity, block = value_at(card, "capacity"), value_at(card, "reservationManagement.blockTime")
    branch_id = str(value_at(card, "branch.id") or "")
    is_for_group = value_at(card, "reservationManagement.reservableBy") == "specificPersonGroup"
    zone = zones.get(branch_id, "")
    return Location(
        id=str(card["id"]),
        name=str(value_at(card, "name") or ""),
        number=str(value_at(card, "roomNumber") or ""),
        branch_id=branch_id,
        branch=str(value_at(card, "branch.name") or ""),
        floor=str(value_at(card, "buildingZone.name") or ""),
        room_type=str(value_at(card, "type.name") or ""),
        capacity=int(capacity) if isinstance(capacity, int | float) and capacity > 0 else None,
        mailbox=str(value_at(card, mailbox_field) or "").strip().lower(),
        time_zone=zone if zone in available_timezones() else "UTC",
        requires_approval=value_at(card, "reservationManagement.requiresApproval") is True,
        block_minutes=int(block) if isinstance(block, int | float) and block > 0 else 0,
        reservable=value_at(card, "reservationManagement.reservable") is True,
        archived=card.get("status") == "archived",
        person_group=_group(card) if is_for_group else None,
    )
