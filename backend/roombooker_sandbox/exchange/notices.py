"""Change and lifecycle notices on their way to subscribers: never blocking a request, delivered with the bad luck that /control asks for."""

import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.ids import ItemRef, etag
from roombooker_sandbox.exchange.items import Change, Items
from roombooker_sandbox.exchange.subscriptions import Subscription, Subscriptions
from roombooker_sandbox.exchange.zones import stamp
from roombooker_sandbox.outgoing import poster
from roombooker_sandbox.world import TENANT_ID, World

_SENDERS = 16
_POST_TIMEOUT_S = 10.0


class Notices:
    def __init__(self, world: World, items: Items, subscriptions: Subscriptions) -> None:
        self._world = world
        self._items = items
        self._subscriptions = subscriptions
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="graph-notice")
        self.retry_delays_s = inferred.NOTICE_RETRY_DELAYS_S  # an attribute, so that a test can be quicker
        self._chance = random.Random(world.options.seed)

    def tell(self, changes: list[Change]) -> None:
        """Give every subscriber of these mailboxes its notices, after the delay and with the losses of the switches."""
        switches = self._world.switches.notices
        for change in changes:
            for subscription in self._subscriptions.live(change.mailbox):
                if change.kind not in str(subscription.data["changeType"]):
                    continue
                if self._chance.random() < switches.drop:
                    continue
                times = 2 if self._chance.random() < switches.double else 1
                late_s = 3 * switches.delay_ms / 1000 + 0.2 if self._chance.random() < switches.reorder else 0.0
                for _ in range(times):
                    self._send(
                        subscription,
                        subscription.data["notificationUrl"],
                        self._notice(subscription, change),
                        switches.delay_ms / 1000 + late_s,
                    )

    def lifecycle(self, subscription: Subscription, event: str) -> None:
        """missed | subscriptionRemoved | reauthorizationRequired, to the lifecycleNotificationUrl if there is one."""
        url = subscription.data.get("lifecycleNotificationUrl")
        if url:
            self._send(subscription, url, {**self._frame(subscription), "lifecycleEvent": event}, 0.0, is_lifecycle=True)

    def expire_all(self) -> None:
        """All subscriptions are gone at once; each hears subscriptionRemoved."""
        for subscription in self._subscriptions.live():
            self._subscriptions.remove(subscription.id)
            self.lifecycle(subscription, "subscriptionRemoved")

    def ask_again(self) -> None:
        """Every subscription hears reauthorizationRequired, as when the app's rights changed."""
        for subscription in self._subscriptions.live():
            self.lifecycle(subscription, "reauthorizationRequired")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _frame(self, subscription: Subscription) -> dict[str, Any]:
        mailbox = self._items.mailboxes.of(subscription.mailbox)
        return {
            "subscriptionId": subscription.id, "subscriptionExpirationDateTime": stamp(subscription.expires), "tenantId": TENANT_ID,
            "clientState": subscription.data.get("clientState"), "id": str(uuid.uuid4()), "resource": f"Users/{mailbox.oid}/Events",
        }  # fmt: skip

    def _notice(self, subscription: Subscription, change: Change) -> dict[str, Any]:
        mailbox = self._items.mailboxes.of(change.mailbox)
        event = self._items.id_for(ItemRef(change.mailbox, change.item), immutable=subscription.immutable)
        resource = f"Users/{mailbox.oid}/Events/{event}"
        data = {
            "@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": etag(change.item, change.version), "id": event,
        }  # fmt: skip
        return {**self._frame(subscription), "changeType": change.kind, "resource": resource, "resourceData": data}

    def _send(
        self, subscription: Subscription, url: str, notice: dict[str, Any], delay_s: float, attempt: int = 0, *, is_lifecycle: bool = False
    ) -> None:
        def post() -> None:
            if self._post(url, notice):
                return
            if attempt < len(self.retry_delays_s):
                wait_s = self.retry_delays_s[attempt]
                self._send(subscription, url, notice, wait_s, attempt + 1, is_lifecycle=is_lifecycle)
            elif not is_lifecycle:
                self.lifecycle(subscription, "missed")

        self._world.scheduler.later(delay_s, post, on=self._pool)

    def _post(self, url: str, notice: dict[str, Any]) -> bool:
        try:
            answer = poster(self._world).post(
                url, data=json.dumps({"value": [notice]}), headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=_POST_TIMEOUT_S, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException:
            return False
        return answer.status_code < 300
