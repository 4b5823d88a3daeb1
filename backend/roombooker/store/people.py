"""People: what was looked up about an address, kept for a while, and what somebody likes."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from roombooker.store.models import PersonRow
from roombooker.store.upsert import upsert


def requester(session: Session, email: str, *, since: datetime) -> tuple[bool, str | None]:
    """(known, TOPdesk id): known and None means that TOPdesk has no card for this address."""
    row = session.get(PersonRow, email)
    if row is None or row.looked_up_at is None or row.looked_up_at < since:
        return False, None
    return True, row.topdesk_id


def keep_requester(session: Session, email: str, topdesk_id: str | None, *, name: str, at: datetime) -> None:
    values: dict[str, object] = {"email": email, "topdesk_id": topdesk_id, "looked_up_at": at}
    _upsert(session, values | ({"name": name[:255]} if name else {"name": ""}))


def addresses(session: Session, key: str, *, since: datetime) -> frozenset[str] | None:
    """A caller's addresses as the directory told them; `key` is tid:oid. None: not known, or too long ago."""
    row = session.get(PersonRow, key)
    if row is None or row.addresses_at is None or row.addresses_at < since:
        return None
    return frozenset(row.addresses)


def keep_addresses(session: Session, key: str, found: Iterable[str], *, at: datetime) -> None:
    _upsert(session, {"email": key, "addresses": sorted(found), "addresses_at": at})


def last_room(session: Session, email: str, *, building: str, floor: str) -> None:
    """Where somebody booked last, which ranks their next search."""
    _upsert(session, {"email": email, "last_building": building, "last_floor": floor})


def _upsert(session: Session, values: dict[str, object]) -> None:
    row = session.get(PersonRow, values["email"])
    if row is None:
        defaults = {"name": "", "addresses": [], "favourites": []}
        upsert(session, PersonRow.__table__, [defaults | values], ["email"])
        session.expire_all()
        return
    for name, value in values.items():
        setattr(row, name, value)
