"""People: what was looked up about an address, kept for a while, and what somebody likes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from roombooker.store.models import PersonRow
from roombooker.store.upsert import upsert

_MANY = 500  # values in one IN


def requester(session: Session, email: str, *, since: datetime) -> tuple[bool, str | None]:
    """(known, TOPdesk id): known and None means that TOPdesk has no card for this address."""
    row = session.execute(select(PersonRow.topdesk_id, PersonRow.looked_up_at).where(PersonRow.email == email)).one_or_none()
    if row is None or row.looked_up_at is None or row.looked_up_at < since:
        return False, None
    return True, row.topdesk_id


def keep_requester(session: Session, email: str, topdesk_id: str | None, *, name: str, at: datetime) -> None:
    _upsert(session, {"email": email, "topdesk_id": topdesk_id, "looked_up_at": at, "name": name[:255]})


def addresses(session: Session, key: str) -> tuple[frozenset[str], datetime] | None:
    """A caller's addresses as the directory told them, and when; `key` is tid:oid. None: it never did."""
    row = session.get(PersonRow, key)
    if row is None or row.addresses_at is None:
        return None
    return frozenset(row.addresses), row.addresses_at


def known_addresses(session: Session, emails: Sequence[str]) -> dict[str, tuple[frozenset[str], datetime]]:
    """The same of whoever goes by one of these addresses, as far as somebody has asked."""
    found: dict[str, tuple[frozenset[str], datetime]] = {}
    for at in range(0, len(emails), _MANY):
        some = PersonRow.email.in_(emails[at : at + _MANY])
        rows = session.execute(select(PersonRow.email, PersonRow.addresses, PersonRow.addresses_at).where(some))
        found |= {row.email: (frozenset(row.addresses), row.addresses_at) for row in rows if row.addresses_at is not None}
    return found


def keep_addresses(session: Session, key: str, found: Iterable[str], *, at: datetime) -> None:
    """`key`: tid:oid of a caller, or the address that somebody is known by."""
    _upsert(session, {"email": key, "addresses": sorted(found), "addresses_at": at})


def groups(session: Session, email: str) -> tuple[frozenset[str], datetime] | None:
    """Ids and names of the person groups that TOPdesk told, and when; None: never."""
    row = session.get(PersonRow, email)
    return None if row is None or row.groups_at is None else (frozenset(row.groups), row.groups_at)


def keep_groups(session: Session, email: str, found: Iterable[str], *, at: datetime) -> None:
    _upsert(session, {"email": email, "groups": sorted(found), "groups_at": at})


def last_room(session: Session, email: str, *, building: str, floor: str) -> None:
    """Where somebody booked last, which ranks their next search."""
    _upsert(session, {"email": email, "last_building": building, "last_floor": floor})


def _upsert(session: Session, values: dict[str, object]) -> None:
    defaults = {"name": "", "addresses": [], "favourites": [], "groups": []}
    upsert(session, PersonRow.__table__, [defaults | values], ["email"], only=values.keys() - {"email"})
    stale = session.identity_map.get(identity_key(PersonRow, values["email"]))
    if stale is not None:
        session.expire(stale)
