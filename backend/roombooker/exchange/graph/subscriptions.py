"""Change notifications of Graph on room mailboxes: made, renewed, listed and ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roombooker.domain.room import Room
from roombooker.errors import Garbled, NotFound
from roombooker.exchange.graph.client import SIDE, GraphClient
from roombooker.exchange.graph.zones import read_stamp, write_stamp


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    resource: str
    expires_at: datetime
    notification_url: str

    def is_of(self, room: Room) -> bool:
        return self.resource.strip("/").lower() == resource_of(room).strip("/").lower()


def resource_of(room: Room) -> str:
    return f"/users/{room.mailbox}/events"


class Subscriptions:
    """Graph allows 10,080 minutes at most and asks our address for an echo before it answers a create."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    def create(self, room: Room, *, notification_url: str, client_state: str, expires_at: datetime) -> Subscription:
        """The same address gets notices and lifecycle notices. Refused where Graph cannot reach it, Denied outside the app's scope."""
        body = {
            "changeType": "created,updated,deleted",
            "resource": resource_of(room),
            "notificationUrl": notification_url,
            "lifecycleNotificationUrl": notification_url,
            "expirationDateTime": write_stamp(expires_at),
            "clientState": client_state,
            "latestSupportedTlsVersion": "v1_2",
        }
        return _read(self._client.call("POST", "/subscriptions", json=body).record())

    def renew(self, ident: str, expires_at: datetime) -> Subscription:
        """NotFound: it is gone, make another one."""
        body = {"expirationDateTime": write_stamp(expires_at)}
        return _read(self._client.call("PATCH", "/subscriptions/{id}", at={"id": ident}, json=body, changes=False).record())

    def reauthorize(self, ident: str) -> None:
        self._client.call("POST", "/subscriptions/{id}/reauthorize", at={"id": ident}, changes=False)

    def delete(self, ident: str) -> None:
        """Gone already is success."""
        try:
            self._client.call("DELETE", "/subscriptions/{id}", at={"id": ident}, changes=False)
        except NotFound:
            return

    def list(self) -> list[Subscription]:
        """All of this app's."""
        return [_read(raw) for raw in self._client.pages("/subscriptions")]


def _read(raw: Mapping[str, Any]) -> Subscription:
    expires_at = read_stamp(raw.get("expirationDateTime"))
    if not raw.get("id") or expires_at is None:
        raise Garbled(SIDE, "Exchange gave a subscription without an id or an expiry.")
    return Subscription(str(raw["id"]), str(raw.get("resource") or ""), expires_at, str(raw.get("notificationUrl") or ""))
