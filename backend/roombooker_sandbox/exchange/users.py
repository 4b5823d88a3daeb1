"""Users of the directory (people, room and shared mailboxes) and their mailbox settings."""

import re
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange.access import caller
from roombooker_sandbox.exchange.errors import GraphError, bad_request
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.odata import collection, page_size, query, root, selected
from roombooker_sandbox.exchange.routes import API, MailboxRoutes
from roombooker_sandbox.exchange.service import Exchange
from roombooker_sandbox.exchange.zones import windows_name

_DEFAULT = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname",
    "userPrincipalName", "id",
)  # fmt: skip
_EXACT = re.compile(
    r"\s*(mail|userPrincipalName|id)\s+eq\s+'([^']*)'\s*|\s*proxyAddresses/any\(\s*(\w+)\s*:\s*\3\s+eq\s+'(?:smtp:)?([^']*)'\s*\)\s*",
    re.IGNORECASE,
)
_LARGEST = 999


def user_json(mailbox: Mailbox) -> dict[str, Any]:
    person = mailbox.person
    return {
        "id": mailbox.oid, "displayName": mailbox.name, "mail": mailbox.address, "userPrincipalName": mailbox.address,
        "givenName": person.first if person else None, "surname": person.last if person else None, "businessPhones": [],
        "jobTitle": None, "mobilePhone": None, "officeLocation": person.building.name if person else None, "preferredLanguage": None,
        "department": person.department if person else None, "proxyAddresses": [f"SMTP:{mailbox.address}", *(f"smtp:{a}" for a in mailbox.aliases)],
        "otherMails": [], "accountEnabled": person is not None, "userType": "Member",
    }  # fmt: skip


def settings_json(mailbox: Mailbox) -> dict[str, Any]:
    zone = windows_name(mailbox.zone)
    return {
        "archiveFolder": "", "timeZone": zone, "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly", "dateFormat": "yyyy-MM-dd",
        "timeFormat": "HH:mm",
        "automaticRepliesSetting": {
            "status": "disabled", "externalAudience": "all", "internalReplyMessage": "", "externalReplyMessage": "",
        },
        "language": {"locale": "en-GB", "displayName": "English (United Kingdom)"},
        "workingHours": working_hours(mailbox),
        "userPurpose": mailbox.kind,
    }  # fmt: skip


def working_hours(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
        "timeZone": {"name": windows_name(mailbox.zone)},
    }  # fmt: skip


def register(part: Blueprint, route: MailboxRoutes, exchange: Exchange) -> None:
    mailboxes = exchange.mailboxes

    @part.get(f"{API}/users")
    def list_users() -> ResponseReturnValue:
        exchange.access.directory("User.Read.All")
        wanted = query(_LARGEST)
        found = _candidates(exchange, request.args.get("$filter", ""))
        text = request.args.get("$search")
        if text is not None:
            found = _search(found, text)
        if not wanted.select:
            page = collection(
                found, _plain if not wanted.matches else user_json, wanted, size=page_size(wanted.top, 100, _LARGEST), context="users"
            )
            page["value"] = [{k: v for k, v in user.items() if k in _DEFAULT} for user in page["value"]]
        else:
            page = collection(found, user_json, wanted, size=page_size(wanted.top, 100, _LARGEST), context="users")
        return jsonify(page)

    @part.get(f"{API}/users/<user>")
    @part.get(f"{API}/me", endpoint="me")
    def get_user(user: str = "") -> ResponseReturnValue:
        who = caller()
        if not user and who.is_app:
            raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        if who.is_app or (user and mailboxes.find(user) != mailboxes.find(who.oid)):
            exchange.access.directory("User.Read.All")
        found = exchange.access.user(user or who.oid)
        kept = selected(user_json(found), query().select or _DEFAULT)
        return jsonify({"@odata.context": f"{root()}$metadata#users/$entity", **kept})

    @route("GET", "/mailboxSettings", right="MailboxSettings.Read")
    def mailbox_settings(mailbox: Mailbox) -> ResponseReturnValue:
        return jsonify({"@odata.context": f"{root()}$metadata#users('{mailbox.oid}')/mailboxSettings", **settings_json(mailbox)})


def _plain(mailbox: Mailbox) -> dict[str, Any]:
    return user_json(mailbox)


def _candidates(exchange: Exchange, text: str) -> list[Mailbox]:
    """Exact look-ups by the index; everything else by reading all."""
    exact = _EXACT.fullmatch(text)
    if exact is None:
        return list(exchange.mailboxes.all)
    found = exchange.mailboxes.find(exact[2] or exact[4] or "")
    return [found] if found else []


def _search(found: list[Mailbox], text: str) -> list[Mailbox]:
    """`"displayName:ann"` and the like; needs ConsistencyLevel: eventual, as the real one does."""
    if request.headers.get("ConsistencyLevel", "").lower() != "eventual":
        raise bad_request(
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
            "Request_UnsupportedQuery",
        )
    match = re.fullmatch(r'\s*"(displayName|mail|userPrincipalName):(.*)"\s*', text)
    if not match:
        raise bad_request("Syntax error in $search.", "Request_BadRequest")
    name, start = match.groups()
    words = start.casefold()
    if name == "displayName":
        return [m for m in found if any(word.startswith(words) for word in (m.name.casefold(), *m.name.casefold().split()))]
    return [m for m in found if m.address.startswith(words)]
