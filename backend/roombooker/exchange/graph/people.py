"""People of the directory with all their addresses."""

from collections.abc import Mapping
from typing import Any

from roombooker.domain.booking import Person
from roombooker.errors import NotFound, Refused
from roombooker.exchange.graph.client import USERS, GraphClient

_SELECT = "id,displayName,mail,userPrincipalName,proxyAddresses"


def find_person(client: GraphClient, address_or_id: str) -> Person | None:
    """By id, sign-in name, mail address or any other address; None where there is nobody. Denied without User.Read.All."""
    wanted = address_or_id.strip()
    if not wanted:
        return None
    try:
        answer = client.call("GET", "/users/{user}", at={"user": wanted}, params={"$select": _SELECT}, right=USERS)
        return _read(answer.record())
    except (NotFound, Refused):  # Graph answers 400 to what can be no id or sign-in name
        pass
    if "@" not in wanted:
        return None
    quoted = wanted.replace("'", "''")
    for condition in (f"mail eq '{quoted}'", f"proxyAddresses/any(p:p eq 'smtp:{quoted}')"):
        params = {"$filter": condition, "$select": _SELECT, "$top": 2}
        for raw in client.call("GET", "/users", params=params, right=USERS).records("value"):
            return _read(raw)
    return None


def _read(raw: Mapping[str, Any]) -> Person | None:
    proxies = [str(a).partition(":")[2] for a in raw.get("proxyAddresses") or [] if str(a).lower().startswith("smtp:")]
    # A sign-in name that is none of their addresses may be somebody else's, and tells whose a booking is to nobody.
    addresses = [a for a in (raw.get("mail"), *proxies) if a] or [a for a in (raw.get("userPrincipalName"),) if a]
    if not addresses:
        return None
    return Person(str(addresses[0]), str(raw.get("displayName") or ""), frozenset(map(str, addresses)))
