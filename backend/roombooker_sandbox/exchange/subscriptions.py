"""Subscriptions to the events of a mailbox: kept in the store, checked at creation, over when their time is."""

import ipaddress
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Row
from typing import Any
from urllib.parse import urlsplit

import requests

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError, bad_request
from roombooker_sandbox.exchange.zones import instant
from roombooker_sandbox.outgoing import poster
from roombooker_sandbox.world import World

SCHEMA = """
CREATE TABLE IF NOT EXISTS gx_subscription (
    id TEXT PRIMARY KEY, mailbox INTEGER NOT NULL, expires INTEGER NOT NULL, immutable INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS gx_subscription_mailbox ON gx_subscription (mailbox);
"""


@dataclass(frozen=True)
class Subscription:
    """`data` is what Graph shows of it, clientState included."""

    id: str
    mailbox: int
    expires: int  # epoch seconds
    immutable: bool
    data: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """Without the clientState, which Graph does not give back."""
        moment = datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"id": self.id, **self.data, "clientState": None, "expirationDateTime": moment}


class Subscriptions:
    def __init__(self, world: World) -> None:
        self._world = world
        world.store.apply(SCHEMA)

    def live(self, mailbox: int | None = None) -> list[Subscription]:
        now = int(self._world.clock.now().timestamp())
        where, values = ("AND mailbox = ?", (now, mailbox)) if mailbox is not None else ("", (now,))
        with self._world.store.transaction() as db:
            rows = db.execute(f"SELECT * FROM gx_subscription WHERE expires > ? {where} ORDER BY rowid", values).fetchall()  # noqa: S608
        return [_of(row) for row in rows]

    def find(self, name: str) -> Subscription:
        """404 ResourceNotFound, also when it has expired."""
        now = int(self._world.clock.now().timestamp())
        with self._world.store.transaction() as db:
            row = db.execute("SELECT * FROM gx_subscription WHERE id = ? AND expires > ?", (name, now)).fetchone()
        if row is None:
            raise GraphError(404, "ResourceNotFound", "The object was not found.")
        return _of(row)

    def create(self, mailbox: int, body: dict[str, Any], app_id: str, creator: str, *, immutable: bool) -> Subscription:
        """Checked, handshaken and stored. The handshake calls out, so never inside a transaction."""
        data = self._checked(body)
        expires = self._expiry(body, rich=bool(data.get("includeResourceData")))
        if len(self.live(mailbox)) >= inferred.MAX_SUBSCRIPTIONS_PER_MAILBOX:
            raise GraphError(403, "ExtensionError", "Number of subscriptions has reached its limit for the mailbox.")
        for url in (data["notificationUrl"], data["lifecycleNotificationUrl"]):
            if url:
                self._handshake(url)
        subscription = Subscription(str(uuid.uuid4()), mailbox, expires, immutable, {**data, "applicationId": app_id, "creatorId": creator})
        with self._world.store.transaction() as db:
            db.execute(
                "INSERT INTO gx_subscription VALUES (?, ?, ?, ?, ?)",
                (subscription.id, mailbox, expires, int(immutable), json.dumps(subscription.data)),
            )
        return subscription

    def renew(self, subscription: Subscription, body: dict[str, Any]) -> Subscription:
        if not body.get("expirationDateTime"):
            raise bad_request("expirationDateTime is required.", "InvalidRequest")
        expires = self._expiry(body, rich=bool(subscription.data.get("includeResourceData")))
        data = dict(subscription.data)
        if body.get("notificationUrl") and body["notificationUrl"] != data["notificationUrl"]:
            _check_url(body["notificationUrl"])
            self._handshake(body["notificationUrl"])
            data["notificationUrl"] = body["notificationUrl"]
        with self._world.store.transaction() as db:
            db.execute("UPDATE gx_subscription SET expires = ?, data = ? WHERE id = ?", (expires, json.dumps(data), subscription.id))
        return self.find(subscription.id)

    def forget_expired(self) -> None:
        """For good, so that a clock set back does not wake them."""
        with self._world.store.transaction() as db:
            db.execute("DELETE FROM gx_subscription WHERE expires <= ?", (int(self._world.clock.now().timestamp()),))

    def remove(self, name: str) -> None:
        with self._world.store.transaction() as db:
            db.execute("DELETE FROM gx_subscription WHERE id = ?", (name,))

    def _checked(self, body: dict[str, Any]) -> dict[str, Any]:
        kinds = [kind.strip() for kind in str(body.get("changeType") or "").split(",")]
        if not kinds or any(kind not in {"created", "updated", "deleted"} for kind in kinds):
            raise bad_request("Subscription validation request failed. changeType is not valid.", "InvalidRequest")
        if len(str(body.get("clientState") or "")) > 128:
            raise bad_request("clientState is longer than 128 characters.", "InvalidRequest")
        _check_url(str(body.get("notificationUrl") or ""))
        if body.get("lifecycleNotificationUrl"):
            _check_url(str(body["lifecycleNotificationUrl"]))
        if body.get("includeResourceData"):
            # Rich notices need certificates and encryption, which this product does not use; the stand-in says so instead of guessing.
            raise bad_request("The sandbox does not encrypt: includeResourceData is not offered.", "InvalidRequest")
        names = (
            "resource", "changeType", "notificationUrl", "lifecycleNotificationUrl", "clientState", "latestSupportedTlsVersion",
            "notificationQueryOptions", "encryptionCertificate", "encryptionCertificateId", "includeResourceData", "notificationUrlAppId",
        )  # fmt: skip
        defaults: dict[str, Any] = dict.fromkeys(names) | {"latestSupportedTlsVersion": "v1_2"}
        return defaults | {name: body[name] for name in names if body.get(name) is not None}

    def _expiry(self, body: dict[str, Any], *, rich: bool) -> int:
        now = self._world.clock.now().timestamp()
        wanted = instant(str(body.get("expirationDateTime") or ""), "expirationDateTime")
        longest = inferred.LONGEST_RICH_SUBSCRIPTION if rich else inferred.LONGEST_SUBSCRIPTION
        if wanted <= now:
            raise bad_request("Subscription expiration must be in the future.", "InvalidRequest")
        if wanted > now + longest.total_seconds() + 60:
            minutes = int(longest.total_seconds() // 60)
            raise bad_request(f"Subscription expiration can only be {minutes} minutes in the future.", "InvalidRequest")
        return max(wanted, int(now + inferred.SHORTEST_SUBSCRIPTION.total_seconds()))

    def _handshake(self, url: str) -> None:
        token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
        problem = None
        try:
            answer = poster(self._world).post(
                url, params={"validationToken": token}, headers={"Content-Type": "text/plain; charset=utf-8"}, data=b"",
                timeout=inferred.HANDSHAKE_TIMEOUT_S, allow_redirects=False,
            )  # fmt: skip
            if answer.status_code != 200:
                problem = f"HTTP status code is {answer.status_code}."
            elif not answer.headers.get("Content-Type", "").startswith("text/plain") or answer.text != token:
                problem = "the validation token was not echoed as plain text."
        except requests.RequestException as error:
            problem = type(error).__name__
        if problem:
            raise bad_request(
                f"Subscription validation request failed. Notification endpoint must respond with 200 OK: {problem}", "ValidationError"
            )


def _of(row: Row) -> Subscription:
    return Subscription(row["id"], row["mailbox"], row["expires"], bool(row["immutable"]), json.loads(row["data"]))


def _check_url(url: str) -> None:
    """https, or http on loopback, which the real one refuses, too."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and _is_loopback(parts.hostname):
        return
    raise bad_request("Subscription validation request failed. The notification url must use https.", "InvalidRequest")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
