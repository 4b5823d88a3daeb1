"""Who calls, and which mailboxes they may read or write.

App rights are those of RBAC for Applications: granted on room mailboxes, looked up at every call, in no token. What
`/control/rights` may remove: `Calendars` (all of it), `Calendars.ReadWrite` (leaves reading), `mailbox:<address>` (that
room is out of scope), `write:<address>` (that room can only be read), `MailboxSettings.Read`, `Mail.Send`, `Place.Read.All`,
`User.Read.All`. `people_calendars`, the optional scope on people's mailboxes, is removed by default; restore it to grant it.
"""

from dataclasses import dataclass
from typing import Any

from flask import g, request

from roombooker_sandbox.entra.tokens import GRAPH, InvalidToken, verify_bearer
from roombooker_sandbox.exchange.errors import GraphError, access_denied, unknown_resource
from roombooker_sandbox.exchange.mailboxes import Mailbox, Mailboxes
from roombooker_sandbox.world import World

PEOPLE = "people_calendars"  # one of world.OPTIONAL_RIGHTS


@dataclass(frozen=True)
class Caller:
    app_id: str
    oid: str
    is_app: bool
    granted: frozenset[str]  # roles of an app token, scopes of a person's


def identify(world: World) -> Caller:
    """From the bearer token; 401 InvalidAuthenticationToken."""
    try:
        claims: dict[str, Any] = verify_bearer(world, request.headers.get("Authorization"), GRAPH)
    except InvalidToken as error:
        raise GraphError(
            401, "InvalidAuthenticationToken", str(error), {"WWW-Authenticate": 'Bearer realm="", authorization_uri="", client_id=""'}
        ) from error
    scopes = str(claims.get("scp") or "").split()
    app_id = str(claims.get("azp") or claims.get("appid") or "")
    return Caller(app_id, str(claims.get("oid") or ""), not scopes, frozenset(scopes or claims.get("roles") or ()))


def caller() -> Caller:
    found: Caller = g.graph_caller
    return found


class Access:
    def __init__(self, world: World, mailboxes: Mailboxes) -> None:
        self._world = world
        self._mailboxes = mailboxes

    def mailbox(self, name: str, *, write: bool = False, right: str = "Calendars") -> Mailbox:
        """The mailbox of `/users/{name}` or `/me` (name "") if the caller may; 404 unknown, 403 ErrorAccessDenied."""
        who = caller()
        if not name:
            if who.is_app:
                raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
            name = who.oid
        found = self._mailboxes.find(name)
        if found is None:
            raise GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
        if not (self._app_may(found, write=write, right=right) if who.is_app else self._person_may(who, found, write=write, right=right)):
            raise access_denied()
        return found

    def directory(self, right: str) -> None:
        """403 Authorization_RequestDenied unless the caller may read the directory or the places."""
        who = caller()
        held = right in who.granted or (not who.is_app and right == "User.Read.All" and "User.Read" in who.granted)
        if right in self._world.removed_rights or not held:
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    def user(self, name: str) -> Mailbox:
        """A directory object, by object id or user principal name only, unlike mailboxes."""
        found = self._mailboxes.find(name)
        if found is None or name.lower() not in {found.oid, found.address.lower()}:
            raise unknown_resource(name)
        return found

    def _app_may(self, mailbox: Mailbox, *, write: bool, right: str) -> bool:
        removed = self._world.removed_rights
        if right == "Mail.Send":
            return "Mail.Send" not in removed and "Mail.Send" in caller().granted
        if right in removed or (write and "Calendars.ReadWrite" in removed):
            return False
        if mailbox.room is None:
            return PEOPLE not in removed
        if write and f"write:{mailbox.address}" in removed:
            return False
        return mailbox.room.in_scope and f"mailbox:{mailbox.address}" not in removed

    def _person_may(self, who: Caller, mailbox: Mailbox, *, write: bool, right: str) -> bool:
        if mailbox.oid != who.oid:
            return False
        prefixes = (f"{right}.ReadWrite",) if write else (f"{right}.Read", right)
        return any(scope.startswith(prefixes) for scope in who.granted)
